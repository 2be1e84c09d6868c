/** The recording of a session: gzip over lines of JSON, a header first; docs/recording.md describes it. */
import type { AppState } from '../pipeline/state/state.ts'
import type { Patch } from './patch.ts'

export const RECORDING_FORMAT = 'rtstream-recording'
/** Goes up when an older program could no longer read it. */
export const RECORDING_VERSION = 1

export interface RecordingHeader {
  format: typeof RECORDING_FORMAT
  version: number
  /** Version of the program that has recorded. */
  program: string
  /** Epoch milliseconds. */
  startedAt: number
}

/** One state that the screen was shown. */
export interface RecordedFrame {
  /** Milliseconds since `startedAt`. */
  t: number
  /** From the state before; the first is whole. */
  p: Patch
}

/** A file that is no recording, or one of a newer program. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError'
  readonly hint: string
  constructor(message: string, hint: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.hint = hint
  }
}

/** Endpoints may carry keys, which are masked on the screen, and addresses that are of no use later. */
export const withoutEndpoints = (state: AppState): AppState => ({ ...state, endpoints: [] })
