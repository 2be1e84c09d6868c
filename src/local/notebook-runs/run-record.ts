/** What a service keeps of a run. */
import type { BatchProgress, NotebookName, NotebookRun } from '../engine/api/engine.ts'

/**
 * How a run ended. `skipped`: it never began, as others were under way; `unqueued`: nor could it wait for them.
 * `timed-out`: it took longer than it may. `lost`: the process ended under it.
 */
export type RunEnd = 'cancelled' | 'failed' | 'timed-out' | 'skipped' | 'unqueued' | 'lost'

/** How a run went before it was begun again. */
export interface Attempt {
  createdAt: number
  startedAt: number | undefined
  endedAt: number
  end: RunEnd | undefined
  error: string | undefined
  /** It was begun again by itself; undefined: because somebody asked for it. */
  isRetried?: true
}

/** How long a run may take, and how often it is begun again by itself. What is left out has no bound, or does not happen. */
export interface RunPolicy {
  /** Of the run with all its attempts (ms). */
  timeoutMs?: number
  /** Of one attempt (ms). */
  attemptTimeoutMs?: number
  /** -1: without end. */
  maxRetries?: number
  /** From the begin of an attempt, or from its end, to the begin of the next (ms). */
  retryIntervalMs?: number
  intervalFrom?: 'begin' | 'end'
  retriesOnTimeout?: boolean
}

/** Why a run was told to end: by somebody, or because it, or its present attempt, took too long. */
export type Told = 'cancelled' | 'run' | 'attempt'

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
  policy?: RunPolicy
  /** Of a run that was skipped: as many as were allowed at a time. */
  limit?: number | undefined
  /** It was told to end, and has not ended since. Undefined: nobody told it. */
  told?: Told | undefined
  /** The oldest first, without the one that is under way or was the last; undefined when it was begun once. */
  attempts?: readonly Attempt[]
  /** Retries between the first of these and the second, of which nothing is kept; undefined: none. */
  attemptsDropped?: number
}

/** `waiting`: for its next attempt. `ended` says nothing about how: that is in the record. */
export type RunState = 'queued' | 'waiting' | NotebookRun['state'] | 'ended'

/** Ended runs that are kept, over all owners. */
const KEPT = 100
/** Of one run. */
const KEPT_ATTEMPTS = 100

/** It waits for another run of its owner to end, and not for its own next attempt. */
export const isQueued = ({ startedAt, endedAt, attempts }: RunRecord): boolean =>
  startedAt === undefined && endedAt === undefined && !attempts?.at(-1)?.isRetried

/**
 * The record after the process that ran it has ended. What had been told to end has ended so; what waited, for other runs or for its
 * next attempt, still does: the queue is the service's, and a driver that is lost takes none of it along.
 * @param now epoch ms.
 */
export function lost(record: RunRecord, now: number): RunRecord {
  const { startedAt, told } = record
  if (startedAt === undefined) return record
  const end = told === 'cancelled' ? 'cancelled' : told === undefined ? 'lost' : 'timed-out'
  return {
    ...record,
    endedAt: now,
    end,
    error: end === 'lost' ? 'The driver was lost: the process that ran the notebook has ended.' : undefined,
  }
}

/** Drops the oldest ended runs; active runs always stay. */
export function bounded(records: RunRecord[]): RunRecord[] {
  let ended = 0
  return records.filter((record) => record.endedAt === undefined || ++ended <= KEPT)
}

/** Retries since somebody asked for the run, or for its repair. */
export function retriesOf({ attempts = [] }: RunRecord): number {
  const asked = attempts.findLastIndex(({ isRetried }) => !isRetried)
  return attempts.length - 1 - asked
}

/** When the first attempt began since somebody asked for the run, or for its repair (epoch ms); undefined: none has. */
export function begunAt({ attempts = [], startedAt }: RunRecord): number | undefined {
  const asked = attempts.findLastIndex(({ isRetried }) => !isRetried)
  return asked === attempts.length - 1 ? startedAt : attempts[asked + 1]?.startedAt
}

/** Repairs that the run has had. */
export const repairsOf = ({ attempts = [] }: RunRecord): number =>
  attempts.filter(({ isRetried }) => !isRetried).length

/**
 * The run as one that has not begun its next attempt.
 * @param before how the last one went. @param now epoch ms.
 */
export function begunAgain(record: RunRecord, before: Attempt, now: number): Partial<RunRecord> {
  const attempts = [...(record.attempts ?? []), before]
  const { attemptsDropped = 0 } = record
  // The first tells when the run began, and repairs are few: a retry goes.
  const old =
    attempts.length > KEPT_ATTEMPTS ? attempts.findIndex(({ isRetried }, at) => at > 0 && isRetried) : -1
  return {
    attempts: attempts.filter((_, at) => at !== old),
    ...(old < 0 ? {} : { attemptsDropped: attemptsDropped + 1 }),
    createdAt: now,
    startedAt: undefined,
    endedAt: undefined,
    end: undefined,
    error: undefined,
    progress: undefined,
    told: undefined,
  }
}

/** One of a run’s attempts, the last one too. */
export interface NumberedAttempt extends Omit<Attempt, 'endedAt'> {
  endedAt: number | undefined
  /** From 0 on. */
  number: number
}

/** All attempts of the run that are kept, the oldest first. */
export function attemptsOf(record: RunRecord): NumberedAttempt[] {
  const { attempts = [], attemptsDropped = 0, createdAt, startedAt, endedAt, end, error } = record
  const all = [...attempts, { createdAt, startedAt, endedAt, end, error }]
  return all.map((attempt, at) => ({ ...attempt, number: at === 0 ? 0 : at + attemptsDropped }))
}
