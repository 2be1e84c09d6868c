/** Runs as Synapse describes them: of a pipeline, and of the notebook activity in it. */
import type { RunRecord, RunState } from '../notebook-runs/run-history.ts'
import { sevenDigits, WORKSPACE_ID } from './api.ts'

/** Both as of one moment. */
export interface SeenRun {
  record: RunRecord
  state: RunState
  /** None that repeats it came after it. */
  isLatest: boolean
}

/** Of the one activity that a pipeline has here. */
export const ACTIVITY_TYPE = 'SynapseNotebook'

const STATUSES: Readonly<Record<Exclude<RunState, 'ended'>, string>> = {
  queued: 'Queued',
  starting: 'Queued',
  running: 'InProgress',
  stopping: 'Canceling',
  cancelled: 'Canceling',
  failed: 'InProgress',
}

/** Status of a pipeline run. */
export function statusOf({ record, state }: SeenRun): string {
  if (state !== 'ended') return STATUSES[state]
  return record.end === 'cancelled' || record.end === 'skipped' ? 'Cancelled' : 'Failed'
}

/** When anything about the run last changed (epoch ms). */
export const lastUpdated = ({ record }: SeenRun) =>
  record.endedAt ?? record.progress?.at ?? record.startedAt ?? record.createdAt

/** A run that waits has the time at which it was asked for as its start. */
export function describePipelineRun(run: SeenRun): object {
  const { record } = run
  const from = record.startedAt ?? record.createdAt
  return {
    id: `${WORKSPACE_ID.toUpperCase()}/pipelineruns/${record.id}`,
    runId: record.id,
    debugRunId: null,
    runGroupId: record.group ?? record.id,
    isLatest: run.isLatest,
    pipelineName: record.owner,
    parameters: record.parameters ?? {},
    invokedBy: { id: '', name: 'Manual', invokedByType: 'Manual' },
    runStart: iso(from),
    runEnd: iso(record.endedAt),
    durationInMs: record.endedAt === undefined ? null : record.endedAt - from,
    lastUpdated: iso(lastUpdated(run)),
    status: statusOf(run),
    message: record.error === undefined ? '' : `Operation on target notebook failed: ${record.error}`,
    output: null,
    annotations: [],
    runDimension: {},
  }
}

/** Activities have no status for waiting behind other runs; pipelines do. */
export function describeActivity(run: SeenRun, activityName: string): object {
  const { record } = run
  const from = record.startedAt ?? record.createdAt
  const { error, progress } = record
  return {
    pipelineName: record.owner,
    pipelineRunId: record.id,
    activityName,
    activityType: ACTIVITY_TYPE,
    activityRunId: record.id,
    status: statusOf(run),
    activityRunStart: iso(from),
    activityRunEnd: iso(record.endedAt),
    durationInMs: record.endedAt === undefined ? null : record.endedAt - from,
    input: {},
    output: progress
      ? { status: { Status: 1, Output: { status: 'ok', result: { exitValue: JSON.stringify(progress) } } } }
      : {},
    error: {
      errorCode: error === undefined ? '' : '6002',
      message: error ?? '',
      failureType: error === undefined ? '' : 'UserError',
      target: activityName,
    },
  }
}

const iso = (time: number | undefined) => (time === undefined ? null : sevenDigits(time))
