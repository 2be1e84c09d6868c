/** The room for phones in its own thread, as the pipeline sees it. */
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { renderUnicodeCompact } from 'uqr'
import type { FromRoom, RoomInput, ToRoom } from '../../audience/messages.ts'
import type { AudienceRoom, OpenRoom } from '../../pipeline/audience/hall.ts'

const HEAP_MB = 128
/** A room that does not close by itself (ms). */
const CLOSE_MS = 3000

const isSource = import.meta.url.endsWith('.ts')
const workerFile = () =>
  new URL(isSource ? '../../audience/worker.ts' : './audience-worker.js', import.meta.url)

/** Where the page's files lie: beside the bundle. */
export const pageFolder = (): string => fileURLToPath(new URL('./audience/', import.meta.url))

/**
 * The address as rows of half blocks. In capitals, which is the same address: a code of capitals is smaller, and fits a
 * terminal of 24 rows.
 */
export const qrRows = (url: string): string[] =>
  renderUnicodeCompact(url.toUpperCase(), { border: 1 }).split('\n')

export const audienceRoom =
  (input: RoomInput): OpenRoom =>
  (visitors): AudienceRoom => {
    const worker = new Worker(workerFile(), {
      workerData: input,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
      stdout: true,
      stderr: true,
    })
    worker.stdout.resume()
    worker.stderr.resume()
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
    const send = (message: ToRoom) => worker.postMessage(message)
    worker.on('message', (message: FromRoom) => {
      if (message.type === 'opened')
        visitors.opened({
          ...message,
          qr: qrRows(message.url),
        })
      else if (message.type === 'readings') visitors.readings(message.readings)
      else if (message.type === 'phones') visitors.phones(message.names, message.connected)
      else if (message.type === 'log') visitors.trouble(message.message)
      else if (message.type === 'failed') visitors.failed(message.message)
    })
    worker.on('error', (error) => visitors.failed(error.message))
    return {
      progress: (progress) => send({ type: 'progress', progress: [...progress] }),
      board: (board) => send({ type: 'board', board }),
      full: (isFull) => send({ type: 'full', isFull }),
      close: async () => {
        send({ type: 'close' })
        const timer = setTimeout(() => void worker.terminate(), CLOSE_MS)
        await ended
        clearTimeout(timer)
      },
    }
  }
