/** The recording of a session: gzip over lines of JSON, a header first; docs/recording.md describes it. */
import type { AppState } from '../pipeline/state/state.ts'
import type { Patch } from './patch.ts'

/** By which a file is known, whatever its name. */
export const RECORDING_FORMAT = 'rtstream-recording'
/** Increased when older programs can no longer read the format. */
export const RECORDING_VERSION = 1

/** First line of the file. */
export interface RecordingHeader {
  format: typeof RECORDING_FORMAT
  version: number
  /** Version of the program that made the recording. */
  program: string
  /** Epoch milliseconds. */
  startedAt: number
}

/** One state that the screen was shown. */
export interface RecordedFrame {
  /** Milliseconds since the recording began, whatever the clock was set to meanwhile. */
  t: number
  /** Change from the state before; the first is a whole state. */
  p: Patch
}

/** A file that is not a recording, or is from a newer program. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError'
  /** What a person can do. */
  readonly hint: string
  constructor(message: string, hint: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.hint = hint
  }
}

/**
 * The state as a recording keeps it. Endpoints may contain keys, which are masked on the screen. The room's code outlives the
 * session: whoever was given the recording could enter the next one.
 */
export const withoutSecrets = (state: AppState): AppState => ({
  ...state,
  endpoints: [],
  audience: state.audience && { ...state.audience, url: undefined, code: undefined, qr: [] },
})
