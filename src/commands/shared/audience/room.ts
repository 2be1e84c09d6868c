/** The room for phones in its own thread, as the pipeline sees it. */
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { encode } from 'uqr'
import type { FromRoom, RoomInput, ToRoom } from '../../../audience/messages.ts'
import type { AudienceRoom, AudienceVisitors } from '../../../pipeline/audience/venue.ts'

const HEAP_MB = 128
/** A room that does not close by itself (ms). */
const CLOSE_MS = 3000

const isSource = import.meta.url.endsWith('.ts')
const workerFile = () =>
  new URL(isSource ? '../../../audience/worker.ts' : './audience-worker.js', import.meta.url)

/** Where the page's files lie: beside the bundle. */
export const pageFolder = (): string => fileURLToPath(new URL('./audience/', import.meta.url))

/** Modules around the code that stay light: cameras find its edge by them (ISO/IEC 18004). */
const QUIET_ZONE = 4

/**
 * The address as rows of half blocks, dark modules drawn. In capitals, which is the same address: a code of capitals is
 * smaller, and fits a terminal of 24 rows.
 */
export function qrRows(url: string): string[] {
  const { data } = encode(url.toUpperCase(), { border: QUIET_ZONE })
  const isDark = (row: number, column: number) => data[row]?.[column] === true
  return Array.from({ length: Math.ceil(data.length / 2) }, (_, pair) =>
    Array.from({ length: data.length }, (_, column) => {
      const [upper, lower] = [isDark(2 * pair, column), isDark(2 * pair + 1, column)]
      return upper ? (lower ? '█' : '▀') : lower ? '▄' : ' '
    }).join(''),
  )
}

/** The thread begins at once; that it is open, or cannot, the visitors are told. */
export function audienceRoom(input: RoomInput, visitors: AudienceVisitors): AudienceRoom {
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
    else if (message.type === 'phones') visitors.phones(message.phones, message.connected)
    else if (message.type === 'log') visitors.trouble(message.message)
    else if (message.type === 'failed') visitors.failed(message.message)
  })
  worker.on('error', (error) => visitors.failed(error.message))
  return {
    progress: (progress) => send({ type: 'progress', progress: [...progress] }),
    board: (board) => send({ type: 'board', board }),
    full: (isFull) => send({ type: 'full', isFull }),
    rules: (rules) => send({ type: 'rules', rules }),
    remove: (deviceId) => send({ type: 'remove', deviceId }),
    clearNames: () => send({ type: 'clearNames' }),
    close: async () => {
      send({ type: 'close' })
      const timer = setTimeout(() => void worker.terminate(), CLOSE_MS)
      await ended
      clearTimeout(timer)
    },
  }
}
