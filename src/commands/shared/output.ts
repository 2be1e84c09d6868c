/** The program's output, and what happens when it cannot be written: `| head`, a closed terminal, a full disk. */

import { once } from 'node:events'
import { grouped } from '../../contract/grouped.ts'
import { UserError } from './user-error.ts'

/** Standard output and standard error of the process. */
export interface Output {
  write(text: string): void
  writeError(text: string): void
  /** Resolves when the reader has room again: whoever writes much waits for it. Rejects when the output is lost or the signal says so. */
  drained(signal: AbortSignal): Promise<void>
  /** Aborts with the first line that cannot be written. What follows is dropped; commands end in order. */
  lost: AbortSignal
  /** Resolves when all is written; with an error if it could not be, for another reason than a reader who had enough. */
  flush(): Promise<UserError | undefined>
}

type Stream = Pick<
  NodeJS.WriteStream,
  'write' | 'on' | 'once' | 'off' | 'writableLength' | 'writableNeedDrain'
>

/** So that a reader who has stopped neither holds up the end nor fills the memory. */
export interface OutputLimits {
  /** Longest wait at the end for a reader who takes nothing (ms). */
  idleMs: number
  /** Bytes that are kept for a reader who is slower than the program. */
  pending: number
}

const LIMITS: OutputLimits = { idleMs: 60_000, pending: 16_000_000 }

/** A program that reads may be busy for a while; a terminal that takes nothing is one that nobody sees. */
export const limitsFor = ({ isTTY }: Pick<NodeJS.WriteStream, 'isTTY'>): OutputLimits =>
  isTTY ? { ...LIMITS, idleMs: 5_000 } : LIMITS

/** The reader or the terminal is gone: no one can be told. */
const NOBODY_READS = ['EPIPE', 'EIO', 'ECONNRESET']

/** Takes over both streams. @param limits what is kept for a slow reader, and how long its end is waited for. */
export function openOutput(stdout: Stream, stderr: Stream, limits: OutputLimits = LIMITS): Output {
  const lost = new AbortController()
  let refusal: UserError | undefined
  let isGivenUp = false
  // Without a listener the process would end here, in the middle of everything.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (lost.signal.aborted) return
    if (!NOBODY_READS.includes(error.code ?? ''))
      refusal = new UserError(`The output cannot be written: ${error.message}.`, undefined, { cause: error })
    lost.abort(error)
  })
  stderr.on('error', () => {})
  function giveUp(): void {
    isGivenUp = true
    refusal = new UserError(
      `Nobody reads the output: ${grouped(stdout.writableLength)} bytes of it are left and given up.`,
      'Write it into a file (> FILE), or end the program that should read it.',
    )
    lost.abort(refusal)
  }
  return {
    write(text) {
      if (lost.signal.aborted) return
      stdout.write(text)
      if (stdout.writableLength > limits.pending) giveUp()
    },
    writeError: (text) => void stderr.write(text),
    async drained(signal) {
      if (!stdout.writableNeedDrain) return
      try {
        await once(stdout as NodeJS.WriteStream, 'drain', { signal })
      } catch (error) {
        // Why it was aborted, not that it was.
        signal.throwIfAborted()
        throw error
      }
    },
    lost: lost.signal,
    async flush() {
      const [isRead] = await Promise.all([
        isGivenUp || arrived(stdout, limits.idleMs),
        arrived(stderr, limits.idleMs),
      ])
      if (!isRead) giveUp()
      return refusal
    },
  }
}

/** @returns false when nothing was taken of what is left for so long (ms). */
async function arrived(stream: Stream, idleMs: number): Promise<boolean> {
  let isWritten = false
  const written = new Promise<void>((done) => stream.write('', () => done())).then(() => {
    isWritten = true
  })
  for (;;) {
    const left = stream.writableLength
    let timer: NodeJS.Timeout | undefined
    const idle = new Promise<void>((done) => {
      timer = setTimeout(done, idleMs)
    })
    await Promise.race([written, idle])
    clearTimeout(timer)
    if (isWritten) return true
    if (stream.writableLength >= left) return false
  }
}
