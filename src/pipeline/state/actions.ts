/** Everything that a person can do: the only handle that a screen or a command line has on the pipeline. */
import type { StageId } from '../ports/stages.ts'
import type { TraceQuery } from '../ports/trace.ts'
import type { AudienceRules } from './state.ts'

/**
 * What became of an action. Actions never block: `ok` means that the work has begun (or that nothing had to be done),
 * its outcome is seen in the store. A refused action has done nothing.
 */
export type ActionResult =
  | { readonly ok: true /** One line for a person: what happens now. */; readonly message: string }
  | { readonly ok: false /** One line for a person: why not, and what to do. */; readonly reason: string }

/**
 * Each action also writes a line of `you` to the log, and its effect reaches the store at once. Before there is a
 * target, what starts stages is taken all the same and carried out once they are known; a toggle takes it back.
 */
export interface Actions {
  /** Starts a stage; one that runs or starts is left alone. Also tries again after a failure. */
  start(stage: StageId): ActionResult
  /** Stops a stage; cancels a start under way. One that is stopped or stops is left alone. */
  stop(stage: StageId): ActionResult
  /** Stops what runs or starts, starts what is stopped or failed. What the keys 1–5 do. */
  toggle(stage: StageId): ActionResult
  /** Starts all stages in order; each begins as soon as the one before it was accepted. */
  startAll(): ActionResult
  /**
   * Stops all stages in reverse order. A stage that cannot be stopped does not keep the others from it.
   * @param why for the log, where no person asked for it.
   */
  stopAll(why?: string): ActionResult
  /** Sets the number of stations, 1 … {@link MAX_STATIONS}. */
  setStations(count: number): ActionResult
  /** Multiplies the number of stations; `+` is 2, `−` is 0.5. The result is rounded and kept within the limits. */
  scaleStations(factor: number): ActionResult
  /** Sets how often each station reports, in milliseconds, within {@link INTERVALS}. */
  setInterval(ms: number): ActionResult
  /** Lets every station report `factor` times as often for a while (default ×10 for 10 s). Again: starts anew. */
  burst(options?: { factor?: number; durationMs?: number }): ActionResult
  /** Sets the share of readings that are corrupted on purpose, 0..1. */
  setCorruption(share: number): ActionResult
  /** Dirty data off if it is on, else on with the last share (default {@link DEFAULT_CORRUPTION}). */
  toggleCorruption(): ActionResult
  /**
   * Breaks something on purpose; see src/pipeline/faults/registry.ts. Local target only.
   * @param durationMs ends by itself after that time; undefined: until {@link mendFaults}.
   */
  injectFault(name: string, durationMs?: number): ActionResult
  /** Mends what is broken on purpose; what it has made fail is started again. @param name undefined: everything. */
  mendFaults(name?: string): ActionResult
  /** Follows an event until nothing of it is to come any more. */
  trace(query: TraceQuery): ActionResult
  /** Stops following. */
  endTrace(): ActionResult
  /** Sends one reading of a person's own, with the real SDK, and follows it. */
  sendOne(reading: OwnReading): ActionResult
  /** Undefined: a recording. */
  audience?: AudienceActions
  /** Undefined: not a recording. */
  replay?: ReplayActions
  /** Undefined: there are no lessons here. */
  lessons?: LessonActions
}

/** What the presenter does with the room for phones. Phones are told. */
export interface AudienceActions {
  /** Opens it, where no address was named after asking for one; or closes it. */
  toggle(): ActionResult
  /** @param address one of those that are offered. */
  choose(address: string): ActionResult
  change(rules: Partial<AudienceRules>): ActionResult
  /** Takes a phone out. @param name as the screen shows it, in any letters. */
  remove(name: string): ActionResult
  /** Every phone gets the name of an animal. */
  clearNames(): ActionResult
}

/** Each says at once whether it was taken. */
export interface LessonActions {
  begin(name: string): ActionResult
  /** Goes on, whether the step's claim was seen or not; behind the last step it ends. */
  next(): ActionResult
  back(): ActionResult
  /** Shows one line only, or all of it again. */
  pause(): ActionResult
  /** @param option index of the answer that is bet on. */
  bet(option: number): ActionResult
  end(): ActionResult
}

/** Each says at once whether it was taken. */
export interface ReplayActions {
  /** Pauses, or plays again; at the end: from the start. */
  pause(): ActionResult
  /** @param ms forwards; negative: backwards. */
  seek(ms: number): ActionResult
  /** @param steps up the ladder of speeds; negative: down. */
  faster(steps: number): ActionResult
}

/** What a person types; it is sent as it is, right or wrong. */
export interface OwnReading {
  city: string
  temperature: string
  humidity: string
}

/** Most stations that the generator takes. */
export const MAX_STATIONS = 1_000_000
/** Bounds of the interval at which each station reports (ms). */
export const INTERVALS = { least: 100, most: 86_400_000 } as const
/** Until the settings are known. */
export const DEFAULT_STATIONS = 100
/** Until the settings are known. */
export const DEFAULT_INTERVAL_MS = 10_000
/** Share of corrupted readings when dirty data is switched on without a number. */
export const DEFAULT_CORRUPTION = 0.05
/** Bounds of the readings a second that a phone may send. */
export const PHONE_RATES = { least: 1, most: 50 } as const
/** Of the key; the command line can say otherwise. */
export const DEFAULT_BURST = { factor: 10, durationMs: 10_000 } as const

/** Why an action is refused. */
export const READ_ONLY = 'Read-only: every control is off. Start without --read-only.'
/** Why an action is refused. */
export const RECORDING = 'This is a recording: space pauses, , and . seek, < and > change the speed.'
/** Why the tables cannot be asked. */
export const NO_TABLES = 'A recording has what the screen showed, and no tables to ask.'
/** Why an action is refused. */
export const NOT_CONNECTED = 'Still connecting; if it stays so, the log says why.'

/** The message is for the person who did it. */
export const accepted = (message: string): ActionResult => ({ ok: true, message })
/** The reason is for the person who did it. */
export const refused = (reason: string): ActionResult => ({ ok: false, reason })
