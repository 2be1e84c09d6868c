/** Writes what the screen shows to a file as it happens, with limits on rate and size. */
import { createWriteStream } from 'node:fs'
import { constants, createGzip } from 'node:zlib'
import type { Clock } from '../pipeline/runtime/clock.ts'
import type { ReadonlyStore } from '../pipeline/session/session-types.ts'
import type { AppState } from '../pipeline/state/state.ts'
import {
  RECORDING_FORMAT,
  RECORDING_VERSION,
  type RecordedFrame,
  type RecordingHeader,
  withoutSecrets,
} from './format.ts'
import { diff } from './patch.ts'

export interface RecorderOptions {
  store: ReadonlyStore
  file: string
  clock: Clock
  /** Largest file (bytes); everything later is left out. */
  limitBytes?: number
  /** Writing has failed, or the file is full; called once. @param cause the system's error, where there is one. */
  onProblem: (message: string, cause?: Error) => void
}

export interface Recorder {
  /** What is not packed yet; it counts as if it could not be made smaller (bytes). */
  readonly unpackedBytes: number
  /** Writing has failed: the file ends before the session, or is not there. One that is full has not failed. */
  readonly hasFailed: boolean
  /** Writes the last state and closes the file. Safe to call twice. */
  close(): Promise<void>
}

/** Shortest time between two states (ms): presenter mode shows two a second. */
const FRAME_EVERY_MS = 500
/** Everything older than this is readable, whatever happens to the process (ms). */
const FLUSH_EVERY_MS = 5000
const DEFAULT_LIMIT_BYTES = 200_000_000
/** Growth of the file: so many bytes a minute, and so many ahead of it. Beyond that, states are left out. */
export const BYTES_PER_MINUTE = 1_000_000
export const BYTES_AHEAD = 250_000

/** Begins at once, with the store as it is. */
export function record(options: RecorderOptions): Recorder {
  const { store, file, clock, onProblem, limitBytes = DEFAULT_LIMIT_BYTES } = options
  const gzip = createGzip({ level: 6 })
  const output = createWriteStream(file)
  const startedAt = clock.now()
  let before: AppState | undefined
  let nextAt = Number.NEGATIVE_INFINITY
  const begunAt = clock.monotonic()
  let flushedAt = begunAt
  let packed = 0
  /** Not flushed yet: at most as many bytes in the file. */
  let unpacked = 0
  let cancel: (() => void) | undefined
  let isOver = false
  let hasFailed = false
  let closing: Promise<void> | undefined
  const ended = new Promise<void>((resolve) => output.once('close', () => resolve()))
  const fail = (message: string, cause?: Error) => {
    if (isOver) return
    isOver = true
    onProblem(message, cause)
  }
  const broken = (error: Error) => {
    hasFailed = true
    fail(`The recording ${file} cannot be written: ${error.message}.`, error)
  }
  output.on('error', broken)
  gzip.on('error', broken)
  gzip.on('data', (chunk: Buffer) => {
    packed += chunk.length
  })
  gzip.pipe(output)

  const write = (value: RecordingHeader | RecordedFrame) => {
    const line = Buffer.from(`${JSON.stringify(value)}\n`)
    unpacked += line.length
    gzip.write(line)
  }
  const flush = () => {
    const before = unpacked
    flushedAt = clock.monotonic()
    gzip.flush(constants.Z_SYNC_FLUSH, () => {
      unpacked -= before
    })
  }
  /** When the file may grow again. */
  const affordedAt = () => begunAt + ((packed + unpacked - BYTES_AHEAD) / BYTES_PER_MINUTE) * 60_000
  const look = () => {
    cancel = undefined
    if (isOver) return
    const state = withoutSecrets(store.getState())
    const patch = diff(before, state)
    before = state
    // By the clock that nobody sets: each state comes behind the one before.
    if (patch !== undefined) write({ t: Math.round(clock.monotonic() - begunAt), p: patch })
    if (clock.monotonic() - flushedAt >= FLUSH_EVERY_MS || unpacked >= BYTES_AHEAD / 2) flush()
    nextAt = Math.max(clock.monotonic() + FRAME_EVERY_MS, affordedAt())
    if (output.bytesWritten >= limitBytes)
      fail(`The recording ${file} has reached ${limitBytes / 1e6} MB; it ends here.`)
  }
  write({
    format: RECORDING_FORMAT,
    version: RECORDING_VERSION,
    program: store.getState().session.version,
    startedAt,
  })
  look()
  const unsubscribe = store.subscribe(() => {
    if (isOver || cancel) return
    const wait = nextAt - clock.monotonic()
    if (wait <= 0) look()
    else cancel = clock.after(wait, look)
  })
  return {
    get unpackedBytes() {
      return unpacked
    },
    get hasFailed() {
      return hasFailed
    },
    close: () => {
      closing ??= (async () => {
        unsubscribe()
        cancel?.()
        look()
        gzip.end()
        await ended
      })()
      return closing
    },
  }
}
