/** One stage that a service runs: commands that are idempotent and can be cancelled, and polls that never hurry a service. */
import { type Clock, pause } from './clock.ts'
import type { Log } from './log.ts'
import { ServiceError, type StageId, type StageService, type StageState, type StageStatus } from './ports.ts'
import type { StageSlice } from './state.ts'

export interface StageTimes {
  /** Poll while something changes, and while nothing does (ms). */
  changingMs: number
  steadyMs: number
  /** How long a start or stop usually takes, shown beside the elapsed time (ms). */
  usualStartMs: number
  usualStopMs: number
  /** After this a command has failed (ms). */
  commandTimeoutMs: number
  /** A refused start is tried again for this long: new roles need minutes to arrive. 0: never. */
  retryAuthorizationMs: number
}

export interface StageOptions {
  id: StageId
  service: StageService
  times: StageTimes
  clock: Clock
  log: Log
  get: () => StageSlice
  set: (slice: StageSlice) => void
}

type Command = 'start' | 'stop'

const LONGEST_BACKOFF_MS = 30_000
const AUTHORIZATION_RETRY_MS = 15_000

const isUp = (state: StageState) => state === 'running' || state === 'degraded'
const isDown = (state: StageState) => state === 'stopped' || state === 'failed'

export class StageController {
  readonly #options: StageOptions
  readonly #closed = new AbortController()
  #command:
    | { kind: Command; abort: AbortController; done: Promise<void>; startedAt: number; accepted: boolean }
    | undefined
  #wake: (() => void) | undefined
  #polling: Promise<void> | undefined
  #failures = 0
  #isRefused = false

  constructor(options: StageOptions) {
    this.#options = options
  }

  /** Asks once, then goes on asking. */
  async open(): Promise<void> {
    await this.#poll()
    void this.#pollForever()
  }

  start(): void {
    this.#run('start')
  }

  stop(): void {
    this.#run('stop')
  }

  /** Resolves when no command and no poll is under way. */
  async idle(): Promise<void> {
    await this.#command?.done
    await this.#polling
  }

  /** Resolves when the service has accepted the present command, or refused it. */
  async accepted(): Promise<void> {
    await this.#command?.done
  }

  async close(): Promise<void> {
    this.#closed.abort()
    this.#command?.abort.abort()
    this.#wake?.()
    await this.idle()
  }

  #run(kind: Command): void {
    if (this.#command?.kind === kind && !this.#command.accepted) return
    this.#command?.abort.abort()
    const { clock, times } = this.#options
    const abort = new AbortController()
    const command = { kind, abort, done: Promise.resolve(), startedAt: clock.now(), accepted: false }
    this.#command = command
    this.#isRefused = false
    this.#patch({
      state: kind === 'start' ? 'starting' : 'stopping',
      detail: undefined,
      command: {
        kind,
        startedAt: command.startedAt,
        usualMs: kind === 'start' ? times.usualStartMs : times.usualStopMs,
      },
    })
    command.done = this.#execute(kind, abort.signal).then(() => {
      command.accepted = true
      this.#wake?.()
    })
  }

  async #execute(kind: Command, cancelled: AbortSignal): Promise<void> {
    const { service, clock, times, log, id } = this.#options
    const signal = AbortSignal.any([cancelled, this.#closed.signal])
    const retryUntil = clock.monotonic() + (kind === 'start' ? times.retryAuthorizationMs : 0)
    let backoff = 500
    for (;;) {
      try {
        await (kind === 'start' ? service.start(signal) : service.stop(signal))
        return
      } catch (error) {
        if (signal.aborted) return
        const failure = asServiceError(error, id)
        const wait = waitAfter(failure, backoff)
        const mayComeYet = failure.kind === 'authorization' && clock.monotonic() < retryUntil
        const elapsed = clock.now() - (this.#command?.startedAt ?? 0)
        if (
          (failure.kind === 'authorization' && !mayComeYet) ||
          wait === undefined ||
          elapsed > times.commandTimeoutMs
        ) {
          log.error(id, `${kind} failed: ${failure.message}`, failure)
          this.#command = undefined
          this.#patch({
            state: 'failed',
            words: this.#options.get().words,
            detail: oneLine(failure),
            command: undefined,
          })
          return
        }
        this.#patch({ detail: mayComeYet ? `waiting for roles: ${failure.message}` : failure.message })
        await pause(clock, mayComeYet ? AUTHORIZATION_RETRY_MS : wait, signal)
        backoff = Math.min(LONGEST_BACKOFF_MS, backoff * 2)
      }
    }
  }

  async #pollForever(): Promise<void> {
    const { clock, times } = this.#options
    while (!this.#closed.signal.aborted) {
      const { state } = this.#options.get()
      const isChanging = this.#command !== undefined || state === 'starting' || state === 'stopping'
      const steady = isChanging ? times.changingMs : times.steadyMs
      const wait = Math.min(LONGEST_BACKOFF_MS, steady * 2 ** Math.min(this.#failures, 5))
      await this.#sleep(clock, this.#isRefused ? Number.POSITIVE_INFINITY : wait)
      if (!this.#closed.signal.aborted) await this.#poll()
    }
  }

  /** Until the time has passed, or a command wants to know how it went. */
  async #sleep(clock: Clock, ms: number): Promise<void> {
    const woken = new AbortController()
    this.#wake = () => woken.abort()
    if (Number.isFinite(ms)) await pause(clock, ms, AbortSignal.any([woken.signal, this.#closed.signal]))
    else
      await new Promise<void>((resolve) =>
        woken.signal.addEventListener('abort', () => resolve(), { once: true }),
      )
    this.#wake = undefined
  }

  #poll(): Promise<void> {
    this.#polling = this.#ask().finally(() => {
      this.#polling = undefined
    })
    return this.#polling
  }

  async #ask(): Promise<void> {
    const { service, clock, log, id } = this.#options
    try {
      const status = await service.status(this.#closed.signal)
      if (this.#failures > 0 || this.#isRefused) log.info(id, 'answers again')
      this.#failures = 0
      this.#isRefused = false
      this.#apply(status, clock.now())
    } catch (error) {
      if (this.#closed.signal.aborted) return
      const failure = asServiceError(error, id)
      if (this.#failures++ === 0) log.warn(id, failure.message)
      // Asking again would only be refused again: the operator's next command asks.
      this.#isRefused = failure.kind === 'authorization' && this.#command === undefined
      const { updatedAt } = this.#options.get()
      // One missed answer is no reason for alarm; the age of the last one is shown.
      if (updatedAt === undefined || this.#failures >= 3 || this.#isRefused)
        this.#patch({ state: 'unknown', detail: oneLine(failure) })
    }
  }

  #apply(status: StageStatus, now: number): void {
    const { times, log, id } = this.#options
    const before = this.#options.get()
    let { state, detail } = status
    const command = this.#command
    if (command) {
      const reached =
        command.kind === 'start' ? isUp(state) || (command.accepted && state === 'failed') : isDown(state)
      const tooLate = now - command.startedAt > times.commandTimeoutMs
      if (reached || tooLate) this.#command = undefined
      if (tooLate && !reached) {
        detail = `${command.kind === 'start' ? 'start' : 'stop'} not finished after ${Math.round(times.commandTimeoutMs / 60_000)} min: ${status.words}`
        log.warn(id, detail)
      } else if (!reached) {
        // Until the service has taken the command up, its old word says nothing about it.
        state = command.kind === 'start' ? 'starting' : 'stopping'
        detail ??= before.detail
      }
    }
    if (state !== before.state || (state === 'failed' && detail !== before.detail))
      announce(log, id, before, state, status.words, detail)
    this.#patch({
      state,
      words: status.words,
      detail,
      since: status.since?.getTime() ?? (isUp(state) ? (before.since ?? now) : undefined),
      runId: status.runId,
      history: status.history ?? [],
      command: this.#command ? before.command : undefined,
      updatedAt: now,
    })
  }

  #patch(changes: Partial<StageSlice>): void {
    this.#options.set({ ...this.#options.get(), ...changes })
  }
}

function announce(
  log: Log,
  id: StageId,
  before: StageSlice,
  state: StageState,
  words: string,
  detail: string | undefined,
): void {
  if (state === 'failed') log.error(id, `failed: ${detail ?? words}`)
  else if (before.state === 'unknown' && before.updatedAt === undefined) {
    if (isUp(state)) log.info(id, `adopted: ${words}`)
  } else if (!['starting', 'stopping'].includes(state)) log.info(id, words === '' ? state : words)
}

/** How long to wait before the next try; undefined: trying again cannot help. */
function waitAfter(failure: ServiceError, backoff: number): number | undefined {
  if (failure.kind === 'not-found' || failure.kind === 'conflict') return undefined
  if (failure.kind === 'service') return undefined
  return failure.retryAfterMs ?? backoff
}

const asServiceError = (error: unknown, id: StageId): ServiceError =>
  error instanceof ServiceError
    ? error
    : new ServiceError('service', id, (error as Error)?.message ?? String(error), { cause: error })

const oneLine = (failure: ServiceError) =>
  failure.hint ? `${failure.message} ${failure.hint}` : failure.message
