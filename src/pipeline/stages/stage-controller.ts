/** Drives one stage: gives commands that are idempotent and can be cancelled, and watches what comes of them. */

import { ServiceError } from '../ports/errors.ts'
import type { StageId, StageService } from '../ports/stages.ts'
import { backoff } from '../runtime/backoff.ts'
import { type Clock, pause } from '../runtime/clock.ts'
import { errorText } from '../runtime/error-text.ts'
import type { IdleTracker } from '../runtime/idle-tracker.ts'
import { Poller } from '../runtime/poller.ts'
import type { Log } from '../state/log.ts'
import {
  type CommandKind,
  isAtRest,
  isUp,
  reduceStage,
  type StageEvent,
  type StageModel,
  type StageView,
  UNKNOWN_STAGE,
  viewStage,
} from './stage.ts'
import type { StageTimes } from './timing.ts'

/** One stage, its service, and who is told of it. */
export interface StageControllerOptions {
  id: StageId
  service: StageService
  times: StageTimes
  /** Nothing runs anywhere: it can wait. */
  isQuiet: () => boolean
  onView: (view: StageView) => void
  clock: Clock
  log: Log
  idle: IdleTracker
}

const FIRST_RETRY_MS = 500
/** A resource that is in the wrong state for a command may be on its way to the right one. */
const CONFLICT_RETRY_MS = 2000
const CONFLICT_PATIENCE_MS = 30_000
const AUTHORIZATION_RETRY_MS = 15_000
const OVERTAKEN_PATIENCE_MS = 10_000

/** The latest command counts: a new one gives up the wait of the one before. */
export class StageController {
  readonly #options: StageControllerOptions
  readonly #poller: Poller
  readonly #closing = new AbortController()
  #model: StageModel = UNKNOWN_STAGE
  #view: StageView = viewStage(UNKNOWN_STAGE)
  #command:
    | { kind: CommandKind; abort: AbortController; accepted: Promise<boolean>; end: () => void }
    | undefined

  #callUnderWay: { abort: AbortController; settled: Promise<void> } | undefined

  constructor(options: StageControllerOptions) {
    this.#options = options
    const { id, times, clock, idle, log } = options
    this.#poller = new Poller({
      ask: (signal) => this.#ask(signal),
      everyMs: () => this.#paceMs(),
      longestMs: times.longestBackOffMs,
      onFailure: (error, failures) => {
        if (failures === 1) log.warn(id, errorText(error))
        this.#apply({ type: 'unanswered', error })
      },
      onRecovery: () => log.info(id, 'answers again'),
      service: id,
      clock,
      idle,
    })
  }

  /** As it was told last. */
  get view(): StageView {
    return this.#view
  }

  /** Looks what is there already, and goes on watching. Resolves with the first answer, or failure. */
  open(): Promise<void> {
    return this.#poller.open()
  }

  /** Resolves to true when the service has accepted the start; to false when it refused, or a stop came in between. */
  start(): Promise<boolean> {
    return this.#give('start')
  }

  /** Likewise; ends a start that is under way. */
  stop(): Promise<boolean> {
    return this.#give('stop')
  }

  /** Asks now; nobody waits for the answer. */
  refresh(): void {
    void this.#poller.refresh()
  }

  /** See {@link Poller.resetInterval}. */
  resetInterval(): void {
    this.#poller.resetInterval()
  }

  /** See {@link Poller.retryRefused}. */
  retryRefused(): void {
    this.#poller.retryRefused()
  }

  /** Leaves the stage as it is. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#poller.close()
    await this.#command?.accepted
  }

  #give(kind: CommandKind): Promise<boolean> {
    if (this.#command?.kind === kind && this.#model.command) return this.#command.accepted
    this.#end()
    const { clock, times, idle } = this.#options
    const abort = new AbortController()
    const usualMs = kind === 'start' ? times.usualStartMs : times.usualStopMs
    this.#apply({ type: 'commanded', kind, at: clock.now(), monotonic: clock.monotonic(), usualMs })
    const signal = AbortSignal.any([abort.signal, this.#closing.signal])
    const over = Promise.withResolvers<void>()
    void idle.track(over.promise)
    this.#closing.signal.addEventListener('abort', () => over.resolve(), { once: true })
    const command = { kind, abort, accepted: Promise.resolve(false), end: over.resolve }
    this.#command = command
    this.#limit(kind, abort.signal)
    command.accepted = this.#execute(kind, signal)
    return command.accepted
  }

  /** A command that comes to no end is given up with a word of what the service says. */
  #limit(kind: CommandKind, over: AbortSignal): void {
    const { clock, times, log, id } = this.#options
    const cancel = clock.after(times.commandTimeoutMs, () => {
      if (over.aborted || !this.#model.command) return
      this.#apply({ type: 'timed out', afterMs: times.commandTimeoutMs })
      log.error(id, this.#view.detail ?? `${kind} timed out`)
    })
    over.addEventListener('abort', cancel, { once: true })
    this.#closing.signal.addEventListener('abort', cancel, { once: true })
  }

  async #execute(kind: CommandKind, signal: AbortSignal): Promise<boolean> {
    const { clock, times, log, id } = this.#options
    const begun = clock.monotonic()
    const waits = { first: FIRST_RETRY_MS, longest: times.longestBackOffMs }
    let failures = 0
    while (!signal.aborted) {
      try {
        if (kind === 'start') await this.#untilNotStopping(signal)
        if (signal.aborted) break
        await this.#call(kind, signal)
        if (signal.aborted) break
        this.#apply({ type: 'accepted', monotonic: clock.monotonic() })
        void this.#poller.refresh()
        return true
      } catch (cause) {
        if (signal.aborted) break
        const error =
          cause instanceof ServiceError ? cause : new ServiceError('service', id, errorText(cause), { cause })
        const delay = backoff(++failures, waits)
        const retry = retryOf(error, kind, times, clock.monotonic() - begun, delay)
        if (!retry) {
          log.error(id, `${kind} refused: ${errorText(error)}`, error)
          this.#apply({ type: 'refused', reason: errorText(error) })
          void this.#poller.refresh()
          return false
        }
        if (this.#model.command?.note !== retry.note) log.warn(id, retry.note)
        this.#apply({ type: 'retrying', reason: retry.note })
        await pause(clock, retry.afterMs, signal)
      }
    }
    return false
  }

  /**
   * An overtaken call may finish first: cut off, it might take effect after the newer one, and leave
   * a stage running that was stopped.
   */
  async #call(kind: CommandKind, signal: AbortSignal): Promise<void> {
    const { service, clock } = this.#options
    const before = this.#callUnderWay
    if (before) {
      await Promise.race([before.settled, pause(clock, OVERTAKEN_PATIENCE_MS, signal)])
      before.abort.abort()
      if (signal.aborted) return
    }
    const abort = new AbortController()
    const answer = service[kind](AbortSignal.any([abort.signal, this.#closing.signal]))
    const call = { abort, settled: answer.catch(() => {}) }
    this.#callUnderWay = call
    try {
      await answer
    } finally {
      if (this.#callUnderWay === call) this.#callUnderWay = undefined
    }
  }

  /** What is still on its way down is not started again by a start: services take that for "runs already". */
  async #untilNotStopping(signal: AbortSignal): Promise<void> {
    const { service, clock, times } = this.#options
    const { observed } = this.#model
    if (observed && isAtRest(observed.state)) return
    while (!signal.aborted && (await service.status(signal)).state === 'stopping')
      await pause(clock, times.changingMs, signal)
  }

  async #ask(signal: AbortSignal): Promise<void> {
    const { service, clock } = this.#options
    const accepted = this.#model.command?.acceptedAt === undefined ? undefined : this.#command
    const status = await service.status(signal)
    const isNews = accepted !== undefined && accepted === this.#command
    if (!signal.aborted)
      this.#apply({
        type: 'observed',
        status,
        isNews,
        at: clock.now(),
        monotonic: clock.monotonic(),
        sinceBoot: clock.sinceBoot(),
      })
  }

  #paceMs(): number {
    const { times, isQuiet } = this.#options
    const { state } = this.#view
    if (this.#model.command || state === 'starting' || state === 'stopping') return times.changingMs
    return isQuiet() ? times.quietMs : times.steadyMs
  }

  #apply(event: StageEvent): void {
    const before = this.#view
    this.#model = reduceStage(this.#model, event)
    this.#view = viewStage(this.#model)
    if (!this.#model.command) this.#end()
    this.#announce(before, event)
    this.#options.onView(this.#view)
  }

  /** Ends the present command here; the service is not told. */
  #end(): void {
    const command = this.#command
    this.#command = undefined
    command?.abort.abort()
    command?.end()
  }

  #announce(before: StageView, event: StageEvent): void {
    const { id, log } = this.#options
    const { state, providerStatus, detail } = this.#view
    if (event.type !== 'observed' || state === before.state) return
    if (before.updatedAt === undefined) {
      if (isUp(state)) log.info(id, `runs already, adopted: ${providerStatus}`)
    } else if (state === 'failed') log.error(id, detail ?? providerStatus)
    else if (state === 'degraded') log.warn(id, detail ?? providerStatus)
    else if (state === 'running' || state === 'stopped' || state === 'unknown')
      log.info(id, saying(state, providerStatus))
  }
}

/** `runs`, `is stopped (TERMINATED USER_CANCELED)`: the service's own providerStatus where they say more than ours. */
function saying(state: 'running' | 'stopped' | 'unknown', providerStatus: string): string {
  const ours = { running: 'runs', stopped: 'is stopped', unknown: 'is in a state that nobody knows' }[state]
  return providerStatus === '' || providerStatus.toLowerCase() === state
    ? ours
    : `${ours} (${providerStatus})`
}

/** When and why to try again; undefined: it cannot help. */
function retryOf(
  error: ServiceError,
  kind: CommandKind,
  times: StageTimes,
  elapsedMs: number,
  delayMs: number,
): { afterMs: number; note: string } | undefined {
  const left = times.retryAuthorizationOnStartMs - elapsedMs
  const isSettled = error.needsSignIn || error.isExplained
  switch (error.kind) {
    case 'throttled':
    case 'unreachable':
      return { afterMs: Math.max(delayMs, error.retryAfterMs ?? 0), note: errorText(error) }
    case 'conflict':
      if (elapsedMs > CONFLICT_PATIENCE_MS || isSettled) return undefined
      return { afterMs: CONFLICT_RETRY_MS, note: errorText(error) }
    case 'authorization':
      if (kind === 'stop' || left <= 0 || isSettled) return undefined
      return {
        afterMs: AUTHORIZATION_RETRY_MS,
        note: `New roles take a few minutes to arrive; trying for ${Math.ceil(times.retryAuthorizationOnStartMs / 60_000)} min. ${errorText(error)}`,
      }
    default:
      return undefined
  }
}
