/** A recording in memory, with the state at any moment. */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { constants, createGunzip } from 'node:zlib'
import { initialState } from '../pipeline/state/initial-state.ts'
import type { AppState } from '../pipeline/state/state.ts'
import {
  RECORDING_FORMAT,
  RECORDING_VERSION,
  type RecordedFrame,
  RecordingError,
  type RecordingHeader,
} from './format.ts'
import { applyPatch, type Patch } from './patch.ts'

const WHAT_TO_NAME = 'Name a file that was written with --record.'
/** Error codes of a path that cannot be read as a file, in words. */
const NO_FILE: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EISDIR: 'is a folder',
}

/** Whole states kept between patches: they limit how many patches a seek applies. */
const FRAMES_PER_SNAPSHOT = 200

/** States are made when they are asked for; a few are kept, so that steps back are quick. */
export class Recording {
  readonly header: RecordingHeader
  readonly #file: string
  readonly #frames: readonly RecordedFrame[]
  readonly #snapshots = new Map<number, AppState>()
  #last: { index: number; state: AppState } | undefined

  /** @param file for messages. @param frames at least one, in the order of their times. */
  constructor(file: string, header: RecordingHeader, frames: readonly RecordedFrame[]) {
    this.#file = file
    this.header = header
    this.#frames = frames
  }

  /** Frames. */
  get length(): number {
    return this.#frames.length
  }

  /** Time of the last state, since the first (ms). */
  get durationMs(): number {
    return this.timeOf(this.length - 1)
  }

  /** Since the first state (ms). */
  timeOf(index: number): number {
    return (this.#frames[index]?.t ?? 0) - (this.#frames[0]?.t ?? 0)
  }

  /** The last state shown at or before that time (ms since the first). */
  indexAt(time: number): number {
    let [low, high] = [0, this.length - 1]
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if (this.timeOf(middle) <= time) low = middle
      else high = middle - 1
    }
    return low
  }

  /** @param index of the frame, from 0. @throws RecordingError where a part does not fit what was before. */
  state(index: number): AppState {
    let from = Math.floor(index / FRAMES_PER_SNAPSHOT) * FRAMES_PER_SNAPSHOT
    while (from > 0 && !this.#snapshots.has(from)) from -= FRAMES_PER_SNAPSHOT
    let state: unknown = this.#snapshots.get(from)
    let next = state === undefined ? 0 : from + 1
    if (this.#last && this.#last.index <= index && this.#last.index >= next - 1) {
      state = this.#last.state
      next = this.#last.index + 1
    }
    for (; next <= index; next++) {
      state = this.#applied(state, next)
      if (next % FRAMES_PER_SNAPSHOT === 0) this.#snapshots.set(next, state as AppState)
    }
    this.#last = { index, state: state as AppState }
    return state as AppState
  }

  #applied(state: unknown, index: number): unknown {
    try {
      return applyPatch(state, this.#frames[index]?.p as Patch)
    } catch (cause) {
      throw new RecordingError(
        `${this.#file} is damaged: its part ${index + 1} of ${this.length} does not fit what was before.`,
        'Take another copy of it; the session cannot be recorded anew.',
        { cause },
      )
    }
  }

  /** Every state, oldest first. */
  *states(): Generator<{ time: number; state: AppState }> {
    for (let index = 0; index < this.length; index++)
      yield { time: this.timeOf(index), state: this.state(index) }
  }
}

/**
 * Reads a whole file. A file cut off by a crash or a full disk is read as far as it goes.
 * @throws RecordingError, also when there is no such file; or the disk's error.
 */
export async function openRecording(file: string): Promise<Recording> {
  let header: RecordingHeader | undefined
  const frames: RecordedFrame[] = []
  const problem = await eachLine(file, (line) => {
    const value = parse(line)
    if (value === undefined) return false
    if (header === undefined) {
      header = checked(file, value)
      return header !== undefined
    }
    if (!isFrame(value)) return false
    frames.push(value)
    return true
  })
  if (header && frames.length > 0) return shownHere(file, header, frames)
  if (problem instanceof RecordingError) throw problem
  const { code, syscall } = (problem ?? {}) as NodeJS.ErrnoException
  const reason = NO_FILE[code ?? '']
  if (reason !== undefined) throw new RecordingError(`${file} ${reason}.`, WHAT_TO_NAME, { cause: problem })
  if (syscall !== undefined) throw problem
  throw new RecordingError(`${file} is not a recording of rtstream-tui.`, WHAT_TO_NAME, { cause: problem })
}

const isFrame = (value: unknown): value is RecordedFrame => {
  const { t, p } = (value ?? {}) as Partial<RecordedFrame>
  return typeof t === 'number' && typeof p === 'object' && p !== null
}

/** What every state has, and the screen needs. */
const SLICES = Object.entries(initialState()).flatMap(([name, slice]) => (slice === undefined ? [] : [name]))

/** @throws RecordingError for one of a version that had less to show. */
function shownHere(file: string, header: RecordingHeader, frames: readonly RecordedFrame[]): Recording {
  const recording = new Recording(file, header, frames)
  const first = (recording.state(0) ?? {}) as unknown as Record<string, unknown>
  const lacking = SLICES.filter((name) => first[name] === undefined)
  if (lacking.length === 0) return recording
  throw new RecordingError(
    `${file} was recorded by rtstream-tui ${header.program}, and this version cannot show it: it lacks ${lacking.join(', ')}.`,
    `Play it with the version that recorded it: npx rtstream-tui@${header.program} replay ${file}`,
  )
}

/**
 * @returns why it ended early; undefined if it did not. Everything unpacked before is passed on in any case.
 */
async function eachLine(file: string, take: (line: string) => boolean): Promise<unknown> {
  const packed = createReadStream(file)
  const unpacked = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH })
  packed.on('error', (error) => unpacked.destroy(error))
  const lines = createInterface({ input: packed.pipe(unpacked), crlfDelay: Number.POSITIVE_INFINITY })
  try {
    for await (const line of lines) if (!take(line)) break
    return undefined
  } catch (error) {
    return error
  } finally {
    packed.destroy()
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function checked(file: string, value: unknown): RecordingHeader | undefined {
  const header = value as Partial<RecordingHeader> | null
  if (header?.format !== RECORDING_FORMAT) return undefined
  if ((header.version ?? 0) > RECORDING_VERSION)
    throw new RecordingError(
      `${file} was recorded by a newer program (format ${header.version}; this one reads up to ${RECORDING_VERSION}).`,
      'Update: npm install --global rtstream-tui.',
    )
  return typeof header.program === 'string' ? (header as RecordingHeader) : undefined
}
