/** Runs of notebooks as a service keeps them: those under way, those that wait, and a bounded history that outlives the process. */
import type { Logger } from 'pino'
import type { BatchProgress, NotebookEngine, NotebookName, NotebookRun } from '../engine/api/engine.ts'
import type { Clock } from '../runtime/clock.ts'
import { hasKeys, readStateFile, writeJsonAtomically } from '../storage/state-file.ts'

/**
 * How a run ended. `skipped`: it never began, as others were under way; `unqueued`: nor could it wait for them.
 * `lost`: the process ended under it.
 */
export type RunEnd = 'cancelled' | 'failed' | 'skipped' | 'unqueued' | 'lost'

/** How a run went before it was begun again. */
export interface Attempt {
  createdAt: number
  startedAt: number | undefined
  endedAt: number
  end: RunEnd | undefined
  error: string | undefined
}

/** One run, as it is kept in the state file. */
export interface RunRecord {
  id: string
  /** The job or pipeline that it is a run of. */
  owner: string
  notebook: NotebookName
  idempotencyToken: string | undefined
  /** What its start gave it, as its service describes it; undefined in records of earlier versions. */
  parameters?: Readonly<Record<string, unknown>>
  /** What is to run, of a run that came without a job; undefined for all others. */
  submitted?: Readonly<Record<string, unknown>>
  /** Id of the run that it repeats, or that this one repeats in turn; undefined for all others. */
  group?: string
  /** When it was asked for (epoch ms). */
  createdAt: number
  /** When it began; undefined while it waits (epoch ms). */
  startedAt: number | undefined
  endedAt: number | undefined
  end: RunEnd | undefined
  error: string | undefined
  /** The last micro-batch. */
  progress: BatchProgress | undefined
  /** Nobody is told of it any more. */
  isDeleted?: true
  /** The oldest first, without the one that is under way or was the last; undefined when it was begun once. */
  attempts?: readonly Attempt[]
}

/** `ended` says nothing about how: that is in the record. */
export type RunState = 'queued' | NotebookRun['state'] | 'ended'

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
}

const isHistory = (found: unknown) =>
  Array.isArray(found) && found.every((record) => hasKeys(record, ['id', 'owner', 'notebook', 'createdAt']))

/** Ended runs that are kept, over all owners. */
const KEPT = 100
const MAX_QUEUED = 20

/** Runs that were under way when the process ended come back as `lost`, those that waited as cancelled. */
export class RunHistory {
  readonly #options: RunHistoryOptions
  readonly #live = new Map<string, NotebookRun>()
  /** Newest first. */
  #records: RunRecord[]

  /** @throws StateFileError */
  constructor(options: RunHistoryOptions) {
    this.#options = options
    const now = options.clock.now()
    this.#records = (readStateFile<RunRecord[]>(options.stateFile, isHistory) ?? []).map((record) =>
      record.endedAt === undefined ? lost(record, now) : record,
    )
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
    return this.#live.get(record.id)?.state ?? 'queued'
  }

  /**
   * Begins a run, lets it wait, or skips it. A token that is known already gives the run that it was used for.
   * @throws QueueFullError, DeletedRunError
   */
  start(owner: string, notebook: NotebookName, options: StartOptions): RunRecord {
    const { idempotencyToken, maxConcurrent, whenBusy, parameters = {}, submitted, group } = options
    const known = idempotencyToken === undefined ? undefined : this.#byToken(owner, idempotencyToken)
    if (known?.isDeleted) throw new DeletedRunError(`Run ${known.id}, which the token began, was deleted.`)
    if (known) return known
    const isBusy = this.#underWay(owner) >= maxConcurrent
    const isFull = isBusy && whenBusy === 'queue' && this.#waiting(owner).length >= MAX_QUEUED
    if (isFull && options.whenFull !== 'skip') throw new QueueFullError(`${MAX_QUEUED} runs wait already.`)
    const now = this.#options.clock.now()
    const record: RunRecord = {
      id: this.#options.nextId(this.#records),
      owner,
      notebook,
      idempotencyToken,
      parameters,
      ...(submitted && { submitted }),
      ...(group !== undefined && { group }),
      createdAt: now,
      startedAt: undefined,
      endedAt: undefined,
      end: undefined,
      error: undefined,
      progress: undefined,
    }
    this.#records = bounded([record, ...this.#records])
    if (!isBusy) this.#begin(record)
    else if (whenBusy === 'skip') this.#finish(record, 'skipped', undefined)
    else if (isFull) this.#finish(record, 'unqueued', undefined)
    this.#save()
    return record
  }

  /**
   * Begins an ended run once more under its id, or lets it wait. Unlike a new one it is never skipped: it has ended once.
   * @throws BusyError, QueueFullError
   */
  repair(record: RunRecord, notebook: NotebookName, options: StartOptions): void {
    const { owner, createdAt, startedAt, endedAt, end, error, attempts = [] } = record
    if (endedAt === undefined) throw new BusyError(`Run ${record.id} is under way.`)
    const isBusy = this.#underWay(owner) >= options.maxConcurrent
    if (isBusy && options.whenBusy === 'skip')
      throw new BusyError('Another run is under way, and no more are allowed at a time.')
    if (isBusy && this.#waiting(owner).length >= MAX_QUEUED)
      throw new QueueFullError(`${MAX_QUEUED} runs wait already.`)
    Object.assign(record, {
      notebook,
      parameters: options.parameters ?? record.parameters,
      attempts: [...attempts, { createdAt, startedAt, endedAt, end, error }],
      createdAt: this.#options.clock.now(),
      startedAt: undefined,
      endedAt: undefined,
      end: undefined,
      error: undefined,
      progress: undefined,
    })
    if (!isBusy) this.#begin(record)
    this.#save()
  }

  /** Asks the run to stop; one that waits is over at once, one that has ended stays as it is. */
  cancel(record: RunRecord): void {
    if (record.endedAt !== undefined) return
    const run = this.#live.get(record.id)
    if (run) {
      this.#options.onChange?.()
      void run.cancel()
      return
    }
    this.#finish(record, 'cancelled', undefined)
    this.#save()
  }

  /** An ended run is told of no more. Its id and its token stay taken. */
  forget(record: RunRecord): void {
    record.isDeleted = true
    this.#save()
  }

  /** Cancels everything, and resolves when it has ended. */
  async close(): Promise<void> {
    for (const record of this.#records) if (this.stateOf(record) === 'queued') this.cancel(record)
    await Promise.all([...this.#live.values()].map((run) => run.cancel().then(() => run.ended)))
  }

  #begin(record: RunRecord): void {
    const run = this.#options.engine.run(record.notebook)
    record.startedAt = this.#options.clock.now()
    this.#live.set(record.id, run)
    void run.ended.then(() => {
      this.#note(record.id, run)
      this.#live.delete(record.id)
      this.#finish(record, run.state === 'failed' ? 'failed' : 'cancelled', run.error)
      const next = this.#waiting(record.owner).at(-1)
      if (next) this.#begin(next)
      this.#save()
    })
  }

  #finish(record: RunRecord, end: RunEnd, error: string | undefined): void {
    record.endedAt = this.#options.clock.now()
    record.end = end
    record.error = error
    if (error !== undefined)
      this.#options.logger.error(
        { run: record.id, notebook: record.notebook, reason: error },
        'a notebook run failed',
      )
  }

  #note(id: string, run: NotebookRun): void {
    const record = this.#records.find((one) => one.id === id)
    if (record) record.progress = run.progress
  }

  #byToken(owner: string, token: string): RunRecord | undefined {
    return this.#records.find((record) => record.owner === owner && record.idempotencyToken === token)
  }

  #underWay(owner: string): number {
    return this.#records.filter((record) => record.owner === owner && this.#live.has(record.id)).length
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

const lost = (record: RunRecord, now: number): RunRecord => ({
  ...record,
  endedAt: now,
  end: record.startedAt === undefined ? 'cancelled' : 'lost',
  error:
    record.startedAt === undefined
      ? undefined
      : 'The driver was lost: the process that ran the notebook has ended.',
})

/** Drops the oldest ended runs; active runs always stay. */
function bounded(records: RunRecord[]): RunRecord[] {
  let ended = 0
  return records.filter((record) => record.endedAt === undefined || ++ended <= KEPT)
}
