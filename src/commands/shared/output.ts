/** The program's output, and what happens when it cannot be written: `| head`, a closed terminal, a full disk. */
import { UserError } from './user-error.ts'

export interface Output {
  write(text: string): void
  writeError(text: string): void
  /** Aborts with the first line that cannot be written. What follows is dropped; commands end in order. */
  lost: AbortSignal
  /** Resolves when all is written; with an error if it could not be, for another reason than a reader who had enough. */
  flush(): Promise<UserError | undefined>
}

type Stream = Pick<NodeJS.WriteStream, 'write' | 'on'>

/** The reader or the terminal is gone: no one can be told. */
const NOBODY_READS = ['EPIPE', 'EIO', 'ECONNRESET']

export function openOutput(stdout: Stream, stderr: Stream): Output {
  const lost = new AbortController()
  let refusal: UserError | undefined
  // Without a listener the process would end here, in the middle of everything.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (lost.signal.aborted) return
    if (!NOBODY_READS.includes(error.code ?? ''))
      refusal = new UserError(`The output cannot be written: ${error.message}.`, undefined, { cause: error })
    lost.abort(error)
  })
  stderr.on('error', () => {})
  const written = (stream: Stream) => new Promise<void>((done) => stream.write('', () => done()))
  return {
    write: (text) => void (lost.signal.aborted || stdout.write(text)),
    writeError: (text) => void stderr.write(text),
    lost: lost.signal,
    async flush() {
      await Promise.all([written(stdout), written(stderr)])
      return refusal
    },
  }
}
