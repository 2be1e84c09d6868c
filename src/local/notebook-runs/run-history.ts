/** Runs of notebooks as a service keeps them: those under way, those that wait, and a bounded history that outlives the process. */
import type { Logger } from 'pino'
import type { NotebookEngine, NotebookName, NotebookRun } from '../engine/api/engine.ts'
import type { Clock } from '../runtime/clock.ts'
import { hasKeys, readStateFile, writeJsonAtomically } from '../storage/state-file.ts'
import {
  type Attempt,
  begunAgain,
  begunAt,
  bounded,
  isQueued,
  lost,
  type RunEnd,
  type RunPolicy,
  type RunRecord,
  type RunState,
  retriesOf,
  type Told,
} from './run-record.ts'
import { type After, RunTimers } from './run-timers.ts'

/** How a service treats a start that comes again, or while another run is active. */
export interface StartOptions {
  idempotencyToken?: string | undefined
  /** Runs of one owner at the same time. */
  maxConcurrent: number
  /** What happens to a run above that limit. */
  whenBusy: 'queue' | 'skip'
  /** What happens to one that finds too many waiting; default: it is refused. */
  whenFull?: 'refuse' | 'skip'
  /** Kept with the run; nothing here reads them. */
  parameters?: Readonly<Record<string, unknown>>
  /** As in {@link RunRecord}. */
  submitted?: Readonly<Record<string, unknown>>
  /** As in {@link RunRecord}. */
  group?: string | undefined
  /** Kept with the run, also when its job has another one later. */
  policy?: RunPolicy | undefined
  /** One that no run has; undefined: the next. */
  id?: string | undefined
}

/** The token belongs to a run that has been deleted since. */
export class DeletedRunError extends Error {
  override readonly name = 'DeletedRunError'
}

/** As many runs of the owner are under way as may be, and this one may not wait. */
export class BusyError extends Error {
  override readonly name = 'BusyError'
}

/** Too many runs of the owner wait already. */
export class QueueFullError extends Error {
  override readonly name = 'QueueFullError'
}

export interface RunHistoryOptions {
  engine: NotebookEngine
  stateFile: string
  clock: Clock
  logger: Pick<Logger, 'warn' | 'error'>
  /** @param records newest first. */
  nextId: (records: readonly RunRecord[]) => string
  /** A run has begun, ended, or was told to. */
  onChange?: (() => void) | undefined
  /** For tests. */
  after?: After | undefined
}

const isHistory = (found: unknown) =>
  Array.isArray(found) && found.every((record) => hasKeys(record, ['id', 'owner', 'notebook', 'createdAt']))

const MAX_QUEUED = 20
/** From the begin of an attempt to the next, whatever the policy says (ms): a driver of the service takes longer to come. */
const LEAST_INTERVAL_MS = 1000

/**
 * Runs that were under way when the process ended come back as `lost`, those that waited wait on; {@link recover} tries those again
 * whose policy says so, and begins what has waited for the others.
 */
export class RunHistory {
  readonly #options: RunHistoryOptions
  readonly #live = new Map<string, NotebookRun>()
  readonly #timers: RunTimers
  #isClosing = false
  /** Newest first. */
  #records: RunRecord[]
  /** Ids of runs that the process before has left. */
  #left: ReadonlySet<string>

  /** @throws StateFileError */
  constructor(options: RunHistoryOptions) {
    this.#options = options
    this.#timers = new RunTimers(options.after)
    const now = options.clock.now()
    const kept = readStateFile<RunRecord[]>(options.stateFile, isHistory) ?? []
    const isLeft = ({ endedAt }: RunRecord) => endedAt === undefined
    this.#left = new Set(kept.filter(isLeft).map(({ id }) => id))
    this.#records = kept.map((record) => (isLeft(record) ? lost(record, now) : record))
  }

  /**
   * Tries runs again that the process before has lost, or that waited for it, as their policies say, and goes on with the queues: once,
   * when the service is open. A failure of the driver counts like one of the notebook: the Jobs API retries a run that ends as FAILED
   * or as INTERNAL_ERROR, and an activity's policy does not tell failures apart.
   */
  recover(): void {
    const left = this.#records.filter(({ id }) => this.#left.has(id))
    this.#left = new Set()
    for (const record of left) {
      const { end, error, told } = record
      record.told = undefined
      if (isQueued(record)) continue
      // What waits for its next attempt has no end.
      const isWaiting = record.endedAt === undefined
      if (!isWaiting && !(end && this.#isRetried(record, end, told))) continue
      this.#resumeTimeout(record)
      const before = record.attempts?.at(-1)
      if (!isWaiting && end) this.#retry(record, end, error)
      else if (before) this.#await(record, before)
    }
    for (const owner of new Set(left.filter(isQueued).map((record) => record.owner)))
      this.#resumeQueue(
        owner,
        left.filter((record) => record.owner === owner && record.endedAt !== undefined).length,
      )
    if (left.length > 0) this.#save()
  }

  /** @param ended runs whose places are free since the process before has ended. */
  #resumeQueue(owner: string, ended: number): void {
    const places = this.#underWay(owner) === 0 ? Math.max(1, ended) : ended
    for (let place = 0; place < places; place++) this.#beginNext(owner)
  }

  /** The time of a run goes on while nobody runs it. */
  #resumeTimeout(record: RunRecord): void {
    const { timeoutMs } = record.policy ?? {}
    const begun = begunAt(record)
    if (timeoutMs === undefined || begun === undefined) return
    // The clock may have been set back meanwhile.
    const left = Math.min(timeoutMs, begun + timeoutMs - this.#options.clock.now())
    this.#timers.set(record.id, 'run', Math.max(0, left), () => this.#tell(record, 'run'))
  }

  /** Newest first. */
  list(owner?: string): readonly RunRecord[] {
    for (const [id, run] of this.#live) this.#note(id, run)
    return this.#records.filter(
      (record) => !record.isDeleted && (owner === undefined || record.owner === owner),
    )
  }

  /** Undefined also for a run that is too old to be kept. */
  find(id: string): RunRecord | undefined {
    return this.list().find((record) => record.id === id)
  }

  /** `queued`: another run of its owner has to end first. */
  stateOf(record: RunRecord): RunState {
    if (record.endedAt !== undefined) return 'ended'
    return this.#live.get(record.id)?.state ?? (this.#timers.has(record.id, 'retry') ? 'waiting' : 'queued')
  }

  /**
   * Begins a run, lets it wait, or skips it. A token that is known already gives the run that it was used for.
   * @throws QueueFullError, DeletedRunError
   */
  start(owner: string, notebook: NotebookName, options: StartOptions): RunRecord {
    const { idempotencyToken, maxConcurrent, whenBusy, parameters = {}, submitted, group, policy } = options
    const known = idempotencyToken === undefined ? undefined : this.#byToken(owner, idempotencyToken)
    if (known?.isDeleted) throw new DeletedRunError(`Run ${known.id}, which the token began, was deleted.`)
    if (known) return known
    const isBusy = this.#underWay(owner) >= maxConcurrent
    const isFull = isBusy && whenBusy === 'queue' && this.#waiting(owner).length >= MAX_QUEUED
    if (isFull && options.whenFull !== 'skip') throw new QueueFullError(`${MAX_QUEUED} runs wait already.`)
    const now = this.#options.clock.now()
    const record: RunRecord = {
      id: options.id ?? this.#options.nextId(this.#records),
      owner,
      notebook,
      idempotencyToken,
      parameters,
      ...(submitted && { submitted }),
      ...(group !== undefined && { group }),
      ...(policy && { policy }),
      createdAt: now,
      startedAt: undefined,
      endedAt: undefined,
      end: undefined,
      error: undefined,
      progress: undefined,
    }
    this.#records = bounded([record, ...this.#records])
    if (!isBusy) this.#begin(record)
    else if (whenBusy === 'skip') {
      record.limit = maxConcurrent
      this.#finish(record, 'skipped', undefined)
    } else if (isFull) this.#finish(record, 'unqueued', undefined)
    this.#save()
    return record
  }

  /**
   * Begins an ended run once more under its id, or lets it wait. Unlike a new one it is never skipped: it has ended once.
   * @throws BusyError, QueueFullError
   */
  repair(record: RunRecord, notebook: NotebookName, options: StartOptions): void {
    const { owner, createdAt, startedAt, endedAt, end, error } = record
    if (endedAt === undefined) throw new BusyError(`Run ${record.id} is under way.`)
    const isBusy = this.#underWay(owner) >= options.maxConcurrent
    if (isBusy && options.whenBusy === 'skip')
      throw new BusyError('Another run is under way, and no more are allowed at a time.')
    if (isBusy && this.#waiting(owner).length >= MAX_QUEUED)
      throw new QueueFullError(`${MAX_QUEUED} runs wait already.`)
    Object.assign(
      record,
      begunAgain(record, { createdAt, startedAt, endedAt, end, error }, this.#options.clock.now()),
      {
        notebook,
        parameters: options.parameters ?? record.parameters,
        policy: options.policy,
      },
    )
    if (!isBusy) this.#begin(record)
    this.#save()
  }

  /** Asks the run to stop; one that waits is over at once, one that has ended stays as it is. */
  cancel(record: RunRecord): void {
    if (record.endedAt === undefined) this.#tell(record, 'cancelled')
  }

  /** An ended run is told of no more. Its id and its token stay taken. */
  forget(record: RunRecord): void {
    record.isDeleted = true
    this.#save()
  }

  /** Cancels everything, and resolves when it has ended. */
  async close(): Promise<void> {
    this.#isClosing = true
    for (const record of this.#records) {
      if (!this.#live.has(record.id)) this.cancel(record)
      // Also when the process is killed before they have ended.
      else record.told ??= 'cancelled'
    }
    if (this.#live.size > 0) this.#save()
    await Promise.all([...this.#live.values()].map((run) => run.cancel().then(() => run.ended)))
  }

  #begin(record: RunRecord): void {
    const { id, policy: { timeoutMs, attemptTimeoutMs } = {} } = record
    const run = this.#options.engine.run(record.notebook)
    record.startedAt = this.#options.clock.now()
    this.#live.set(id, run)
    // That of the run goes on over its attempts.
    if (timeoutMs !== undefined && !this.#timers.has(id, 'run'))
      this.#timers.set(id, 'run', timeoutMs, () => this.#tell(record, 'run'))
    if (attemptTimeoutMs !== undefined)
      this.#timers.set(id, 'attempt', attemptTimeoutMs, () => this.#tell(record, 'attempt'))
    void run.ended.then(() => this.#onEnd(record, run))
  }

  /** Tells a run to end, the first time for a reason that stays; one without a process is over at once. */
  #tell(record: RunRecord, why: Told): void {
    const run = this.#live.get(record.id)
    if (run) {
      // Somebody's word counts beside a time that has passed, so that it is not begun again.
      if (record.told === undefined || why !== 'attempt') record.told = why
      this.#save()
      void run.cancel()
      return
    }
    const hadPlace = this.#timers.has(record.id, 'retry')
    this.#finish(record, why === 'cancelled' ? 'cancelled' : 'timed-out', undefined)
    if (hadPlace) this.#beginNext(record.owner)
    this.#save()
  }

  #onEnd(record: RunRecord, run: NotebookRun): void {
    const { id, told } = record
    this.#note(id, run)
    this.#live.delete(id)
    record.told = undefined
    this.#timers.clear(id, 'attempt')
    const isLate = told === 'run' || told === 'attempt'
    const end = run.state === 'failed' ? 'failed' : isLate ? 'timed-out' : 'cancelled'
    if (this.#isRetried(record, end, told)) this.#retry(record, end, run.error)
    else {
      this.#finish(record, end, run.error)
      this.#beginNext(record.owner)
    }
    this.#save()
  }

  #isRetried(record: RunRecord, end: RunEnd, told: Told | undefined): boolean {
    if (told === 'cancelled' || told === 'run' || this.#isClosing) return false
    const { maxRetries = 0, retriesOnTimeout = false } = record.policy ?? {}
    const isOf = end === 'failed' || end === 'lost' || (end === 'timed-out' && retriesOnTimeout)
    return isOf && (maxRetries === -1 || retriesOf(record) < maxRetries)
  }

  /** It keeps its place among the runs of its owner while it waits. */
  #retry(record: RunRecord, end: RunEnd, error: string | undefined): void {
    const now = this.#options.clock.now()
    const { createdAt, startedAt } = record
    if (error !== undefined) this.#warn(record, error)
    const before = { createdAt, startedAt, endedAt: now, end, error, isRetried: true } as const
    Object.assign(record, begunAgain(record, before, now))
    this.#await(record, before)
  }

  /** @param before the attempt that has ended. */
  #await(record: RunRecord, { createdAt, startedAt = createdAt, endedAt }: Attempt): void {
    const { retryIntervalMs = 0, intervalFrom } = record.policy ?? {}
    const from = intervalFrom === 'end' ? endedAt : startedAt
    const due = Math.max(from + retryIntervalMs, startedAt + LEAST_INTERVAL_MS)
    // The clock may have been set back meanwhile.
    const wait = Math.min(
      Math.max(0, due - this.#options.clock.now()),
      Math.max(retryIntervalMs, LEAST_INTERVAL_MS),
    )
    this.#timers.set(record.id, 'retry', wait, () => {
      this.#begin(record)
      this.#save()
    })
  }

  #beginNext(owner: string): void {
    const next = this.#waiting(owner).at(-1)
    if (next && !this.#isClosing) this.#begin(next)
  }

  #finish(record: RunRecord, end: RunEnd, error: string | undefined): void {
    this.#timers.clear(record.id, 'run', 'attempt', 'retry')
    record.endedAt = this.#options.clock.now()
    record.end = end
    record.error = error
    if (error !== undefined) this.#warn(record, error)
  }

  #warn({ id, notebook }: RunRecord, reason: string): void {
    this.#options.logger.error({ run: id, notebook, reason }, 'a notebook run failed')
  }

  #note(id: string, run: NotebookRun): void {
    const record = this.#records.find((one) => one.id === id)
    if (record) record.progress = run.progress
  }

  #byToken(owner: string, token: string): RunRecord | undefined {
    return this.#records.find((record) => record.owner === owner && record.idempotencyToken === token)
  }

  #underWay(owner: string): number {
    return this.#records.filter(
      (record) => record.owner === owner && !['queued', 'ended'].includes(this.stateOf(record)),
    ).length
  }

  /** Newest first. */
  #waiting(owner: string): RunRecord[] {
    return this.#records.filter((record) => record.owner === owner && this.stateOf(record) === 'queued')
  }

  #save(): void {
    this.#options.onChange?.()
    try {
      writeJsonAtomically(this.#options.stateFile, this.#records)
    } catch (error) {
      // The runs themselves go on; only their history would be shorter after a restart.
      this.#options.logger.warn({ reason: (error as Error).message }, 'the history of runs was not written')
    }
  }
}
