/** The state machine of a stage: what is known of it and what is asked of it, as a pure reducer. */

import type { ServiceError } from '../ports/errors.ts'
import type { StageState, StageStatus } from '../ports/stages.ts'
import { type Moment, restated } from '../runtime/clock.ts'
import { errorText } from '../runtime/error-text.ts'
import type { StageSlice } from '../state/state.ts'

/** The two that every stage has. */
export type CommandKind = 'start' | 'stop'

/** Times ending in `At` are epoch ms, where nothing else is said. */
export interface StageModel {
  /** The service's last answer. */
  readonly observed: StageStatus | undefined
  readonly observedAt: number | undefined
  /** When the present run began; undefined: it is not up, or was so before anybody looked and the service does not say. */
  readonly run: Run | undefined
  readonly command: Command | undefined
  /** How the last command failed; holds until the next one, or until the service moves. */
  readonly failure: { readonly kind: CommandKind; readonly text: string } | undefined
  /** Why the service gives no answer at present. */
  readonly silence: { readonly error: ServiceError; readonly times: number } | undefined
}

interface Run {
  /** Epoch milliseconds, as the clock was set when it was first seen or told. */
  readonly begun: number
  /** When that was; `monotonic` since the machine was started: a run goes on while a laptop sleeps. */
  readonly seen: Moment
  /** Epoch milliseconds, as the clock was set when the service was last heard. */
  readonly since: number
  /** As the service says it. */
  readonly told: number | undefined
}

interface Command {
  readonly kind: CommandKind
  /** Epoch milliseconds, as the clock was set when the service was last heard. */
  readonly startedAt: number
  /** When it was given, by both clocks. */
  readonly given: Moment
  readonly usualMs: number
  /** When the service took it, by the monotonic clock; undefined: not yet. */
  readonly acceptedAt: number | undefined
  /** Why it is still being tried. */
  readonly note: string | undefined
  /** What the service said when the command was given: an answer that only repeats it is not an outcome. */
  readonly before: StageStatus | undefined
  /** The service was seen to act on it. */
  readonly hasMoved: boolean
}

/** Everything that can change the model. */
export type StageEvent =
  | { type: 'commanded'; kind: CommandKind; at: number; monotonic: number; usualMs: number }
  | { type: 'accepted'; monotonic: number }
  | { type: 'retrying'; reason: string }
  | { type: 'refused'; reason: string }
  | { type: 'timed out'; afterMs: number }
  /** `isNews`: asked after the service had taken the present command; older answers say nothing of its outcome. */
  | {
      type: 'observed'
      status: StageStatus
      isNews: boolean
      at: number
      monotonic: number
      sinceBoot: number
    }
  | { type: 'unanswered'; error: ServiceError }

/** After this long, a service that took a command and shows no trace of it is believed (ms). */
const SETTLE_MS = 15_000
/** Unanswered polls after which the last answer counts as out of date. */
const SILENT_TIMES = 3

/** Before the first answer. */
export const UNKNOWN_STAGE: StageModel = {
  observed: undefined,
  observedAt: undefined,
  run: undefined,
  command: undefined,
  failure: undefined,
  silence: undefined,
}

/** @returns the model as it is after the event. */
export function reduceStage(model: StageModel, event: StageEvent): StageModel {
  const { command } = model
  switch (event.type) {
    case 'commanded':
      return { ...model, failure: undefined, command: newCommand(event, model.observed) }
    case 'accepted':
      return command
        ? { ...model, command: { ...command, acceptedAt: event.monotonic, note: undefined } }
        : model
    case 'retrying':
      return command ? { ...model, command: { ...command, note: event.reason } } : model
    case 'refused':
      return command ? ended(model, { kind: command.kind, text: event.reason }) : model
    case 'timed out':
      return command ? ended(model, { kind: command.kind, text: timeoutText(model, event.afterMs) }) : model
    case 'unanswered':
      return { ...model, silence: { error: event.error, times: (model.silence?.times ?? 0) + 1 } }
    case 'observed':
      return observe(model, event)
  }
}

function newCommand(
  { kind, at, monotonic, usualMs }: Extract<StageEvent, { type: 'commanded' }>,
  before: StageStatus | undefined,
): Command {
  const given = { time: at, monotonic }
  return {
    kind,
    startedAt: at,
    given,
    usualMs,
    acceptedAt: undefined,
    note: undefined,
    before,
    hasMoved: false,
  }
}

const ended = (model: StageModel, failure: StageModel['failure']): StageModel => ({
  ...model,
  command: undefined,
  failure,
})

function observe(
  model: StageModel,
  { status, isNews, at, monotonic, sinceBoot }: Extract<StageEvent, { type: 'observed' }>,
): StageModel {
  const startedAt = model.command && restated(model.command.given, { time: at, monotonic })
  const heard = {
    ...model,
    command: model.command && { ...model.command, startedAt: startedAt ?? at },
    observed: status,
    observedAt: at,
    run: runOf(model, status, { time: at, monotonic: sinceBoot }),
    silence: undefined,
  }
  const { command, failure } = heard
  if (!command) {
    // A failed command is forgotten as soon as the stage does something else than it did.
    const isOver = failure && status.state !== model.observed?.state && status.state !== 'stopped'
    return isOver ? { ...heard, failure: undefined } : heard
  }
  const { acceptedAt, before } = command
  if (acceptedAt === undefined || !isNews) return heard
  const hasMoved = command.hasMoved || status.state !== before?.state || status.runId !== before?.runId
  if (isOutcome(command.kind, status.state, hasMoved)) return { ...heard, command: undefined }
  if (isAtRest(status.state) && monotonic - acceptedAt > SETTLE_MS)
    return ended(heard, {
      kind: command.kind,
      text: `The ${command.kind} was accepted, but the service still says: ${status.providerStatus}`,
    })
  return { ...heard, command: { ...command, hasMoved } }
}

/** The same run keeps its age when somebody sets the clock. */
function runOf({ observed, run }: StageModel, { state, since }: StageStatus, now: Moment): Run | undefined {
  const told = since?.getTime()
  if (told === undefined && !isUp(state)) return undefined
  const cameUp = observed !== undefined && observed.state !== 'unknown' && !isUp(observed.state)
  if (run && run.told === told && (told !== undefined || !cameUp))
    return { ...run, since: run.begun + restated(run.seen, now) - run.seen.time }
  // A service that does not say since when it runs, as Stream Analytics, was seen to begin.
  const begun = told ?? (cameUp ? now.time : run?.since)
  return begun === undefined ? undefined : { begun, seen: now, since: begun, told }
}

/** Does the answer end the command? A start may end in a failure too, if it is not the one from before. */
function isOutcome(kind: CommandKind, state: StageState, hasMoved: boolean): boolean {
  if (kind === 'stop') return isAtRest(state)
  return isUp(state) || (hasMoved && isAtRest(state))
}

function timeoutText({ command, observed }: StageModel, afterMs: number): string {
  const minutes = afterMs / 60_000
  const time = minutes >= 1 ? `${Math.round(minutes)} min` : `${Math.round(afterMs / 1000)} s`
  const words = observed?.providerStatus
    ? `the service says: ${observed.providerStatus}`
    : 'the service has not answered'
  return `The ${command?.kind} has not come to an end after ${time}; ${words}`
}

/** Whether data moves, well or not. */
export const isUp = (state: StageState): boolean => state === 'running' || state === 'degraded'
/** Whether nothing happens until somebody does something. */
export const isAtRest = (state: StageState): boolean => state === 'stopped' || state === 'failed'

/** What the screen shows of it. */
export type StageView = Pick<
  StageSlice,
  'state' | 'providerStatus' | 'detail' | 'since' | 'runId' | 'history' | 'command' | 'updatedAt'
>

/** What the screen shows of it: what was observed, under what was commanded since. */
export function viewStage(model: StageModel): StageView {
  const { observed, command } = model
  const state = stateOf(model)
  return {
    state,
    providerStatus: observed?.providerStatus ?? '',
    detail: detailOf(model),
    since: isUp(state) || state === 'starting' ? model.run?.since : undefined,
    runId: observed?.runId,
    history: observed?.history ?? [],
    command: command && { kind: command.kind, startedAt: command.startedAt, usualMs: command.usualMs },
    updatedAt: model.observedAt,
  }
}

function stateOf({ observed, command, failure, silence }: StageModel): StageState {
  if (command) return command.kind === 'start' ? 'starting' : 'stopping'
  if (silence?.error.kind === 'authorization') return 'unknown'
  if (silence?.error.kind === 'not-found') return 'failed'
  if (silence && silence.times >= SILENT_TIMES) return 'unknown'
  if (failure?.kind === 'start' && (!observed || isAtRest(observed.state))) return 'failed'
  return observed?.state ?? 'unknown'
}

function detailOf({ observed, command, failure, silence }: StageModel): string | undefined {
  if (command?.note) return command.note
  if (silence) return errorText(silence.error)
  if (command) return observed?.state === 'failed' ? undefined : observed?.detail
  return failure?.text ?? observed?.detail
}
