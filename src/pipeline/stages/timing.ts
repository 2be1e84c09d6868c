/** How often each target is asked, and how long its commands may take. All in milliseconds. */
import type { StageId } from '../ports/stages.ts'
import type { Target } from '../ports/target.ts'

/** Of one stage on one target. */
export interface StageTimes {
  /** From poll to poll: while a command is under way, while the stage just is, and while nothing runs anywhere. */
  changingMs: number
  steadyMs: number
  quietMs: number
  longestBackOffMs: number
  /** What a start and a stop usually take, shown beside the elapsed time. */
  usualStartMs: number
  usualStopMs: number
  /** After this, a command is given up. */
  commandTimeoutMs: number
  /** A refused start is tried again for this long, as new roles take minutes to arrive. 0: never. */
  retryAuthorizationOnStartMs: number
}

/** From poll to poll. */
export interface Cadence {
  hub: number
  lake: number
  metrics: number
  /** The same while few events flow, see {@link CALM_RATE}. */
  calm: { hub: number; lake: number; metrics: number }
  /** The same while nothing runs anywhere and nothing has changed. */
  quiet: { hub: number; lake: number; metrics: number }
  longestBackOffMs: number
}

const SECOND = 1000
const MINUTE = 60 * SECOND

/** Below this (events per second) a few seconds show all there is to see, and looking more often would be most of the work. */
export const CALM_RATE = 50

/** On Azure each poll is a call that counts against a limit; here it costs a little CPU. */
export const CADENCE: Record<Target['name'], Cadence> = {
  local: {
    hub: SECOND,
    lake: SECOND,
    metrics: 5 * SECOND,
    calm: { hub: 2 * SECOND, lake: 2 * SECOND, metrics: 5 * SECOND },
    quiet: { hub: 5 * SECOND, lake: 10 * SECOND, metrics: 10 * SECOND },
    longestBackOffMs: SECOND,
  },
  azure: {
    hub: 2 * SECOND,
    lake: 5 * SECOND,
    metrics: 30 * SECOND,
    calm: { hub: 2 * SECOND, lake: 5 * SECOND, metrics: 30 * SECOND },
    quiet: { hub: 30 * SECOND, lake: 30 * SECOND, metrics: MINUTE },
    longestBackOffMs: 30 * SECOND,
  },
}

/** The same on both targets, as it runs in this process. */
export const GENERATOR_TIMES: StageTimes = {
  changingMs: SECOND,
  steadyMs: SECOND,
  quietMs: 10 * SECOND,
  longestBackOffMs: SECOND,
  usualStartMs: 200,
  usualStopMs: 200,
  commandTimeoutMs: 5 * MINUTE,
  retryAuthorizationOnStartMs: 0,
}

const LOCAL_TIMES: StageTimes = {
  changingMs: SECOND / 2,
  steadyMs: 3 * SECOND,
  quietMs: 10 * SECOND,
  longestBackOffMs: 2 * SECOND,
  usualStartMs: 2 * SECOND,
  usualStopMs: SECOND,
  commandTimeoutMs: MINUTE,
  retryAuthorizationOnStartMs: 0,
}

/** Usual times as seen on Azure: a job one to two minutes, a single-node cluster four to five, a Spark pool three. */
const USUAL_AZURE_START: Record<Exclude<StageId, 'generator'>, number> = {
  streamAnalytics: 1.5 * MINUTE,
  silver: 5 * MINUTE,
  gold: 5 * MINUTE,
  aggregate: 3 * MINUTE,
}

/** @param engine Spark processes start in half a minute where DuckDB needs a second. */
export function stageTimes(
  target: Target['name'],
  stage: Exclude<StageId, 'generator'>,
  engine: 'duckdb' | 'spark',
): StageTimes {
  if (target === 'local') {
    const isSpark = engine === 'spark' && stage !== 'streamAnalytics'
    return isSpark
      ? { ...LOCAL_TIMES, usualStartMs: 30 * SECOND, usualStopMs: 10 * SECOND, commandTimeoutMs: 5 * MINUTE }
      : LOCAL_TIMES
  }
  return {
    changingMs: 2 * SECOND,
    steadyMs: 5 * SECOND,
    quietMs: 30 * SECOND,
    longestBackOffMs: 30 * SECOND,
    usualStartMs: USUAL_AZURE_START[stage],
    usualStopMs: MINUTE,
    commandTimeoutMs: 20 * MINUTE,
    retryAuthorizationOnStartMs: 10 * MINUTE,
  }
}
