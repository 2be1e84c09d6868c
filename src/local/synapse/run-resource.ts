/** Runs as Synapse describes them: of a pipeline, and of the notebook activity in it. */
import { createHash } from 'node:crypto'
import { attemptsOf, type RunRecord, type RunState } from '../notebook-runs/run-record.ts'
import { sevenDigits, WORKSPACE_ID } from './api.ts'

/** Both as of one moment. */
export interface SeenRun {
  record: RunRecord
  state: RunState
  /** None that repeats it came after it. */
  isLatest: boolean
}

/** What has started a run: there are no triggers here. */
export const STARTER = 'Manual'

/** Id of the first run that it repeats, or its own. */
export const groupOf = ({ record }: SeenRun): string => record.group ?? record.id

/** Of the one activity that a pipeline has here. */
export const ACTIVITY_TYPE = 'SynapseNotebook'

const STATUSES: Readonly<Record<Exclude<RunState, 'ended'>, string>> = {
  queued: 'Queued',
  waiting: 'InProgress',
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
    runGroupId: groupOf(run),
    isLatest: run.isLatest,
    pipelineName: record.owner,
    parameters: record.parameters ?? {},
    invokedBy: { id: uuidOf(record.id).replaceAll('-', ''), name: STARTER, invokedByType: 'Manual' },
    runStart: iso(from),
    runEnd: iso(record.endedAt),
    durationInMs: record.endedAt === undefined ? null : record.endedAt - from,
    lastUpdated: iso(lastUpdated(run)),
    status: statusOf(run),
    message: errorOf(record) === undefined ? '' : `Operation on target notebook failed: ${errorOf(record)}`,
    output: null,
    annotations: [],
    runDimension: {},
  }
}

const errorOf = ({ end, error }: RunRecord) =>
  error ?? (end === 'timed-out' ? 'The activity took longer than the timeout of its policy.' : undefined)

/** A run of its activity: one for each attempt, the oldest first. */
export interface SeenActivity extends SeenRun {
  /** 0 is the first attempt. */
  attempt: number
}

/** While it waits, for other runs or for its next attempt, a run has no activity yet. */
export const activitiesOf = ({ record, state, isLatest }: SeenRun): SeenActivity[] =>
  attemptsOf(record)
    .filter(({ startedAt }) => startedAt !== undefined)
    .map(({ number, ...attempt }) => ({
      record: {
        ...record,
        ...attempt,
        ...(attempt.endedAt === record.endedAt ? {} : { progress: undefined }),
      },
      state: attempt.endedAt === undefined ? state : 'ended',
      isLatest,
      attempt: number,
    }))

/** Status of an activity, which knows no waiting behind other runs. */
export const activityStatusOf = (run: SeenRun): string =>
  run.state === 'ended' && run.record.end === 'timed-out' ? 'TimedOut' : statusOf(run)

/** An activity run as `queryactivityruns` lists it. */
export function describeActivity(run: SeenActivity, activityName: string): object {
  const { record, attempt } = run
  const from = record.startedAt ?? record.createdAt
  const { progress } = record
  const error = errorOf(record)
  return {
    pipelineName: record.owner,
    pipelineRunId: record.id,
    activityName,
    activityType: ACTIVITY_TYPE,
    activityRunId: attempt === 0 ? record.id : uuidOf(`${record.id} ${attempt}`),
    retryAttempt: attempt === 0 ? null : attempt,
    status: activityStatusOf(run),
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

/** The same for the same text. */
const uuidOf = (text: string) =>
  createHash('sha256')
    .update(text)
    .digest('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5')

const iso = (time: number | undefined) => (time === undefined ? null : sevenDigits(time))
