/** A run as the Jobs API describes it: today's `status`, and the `state` that it replaced and older clients read. */
import { attemptsOf, type RunEnd, type RunRecord, type RunState } from '../notebook-runs/run-record.ts'
import { USER_NAME } from './discovery.ts'
import { invalid } from './errors.ts'
import type { JobSettings } from './job-settings.ts'
import type { Job } from './job-store.ts'
import { partIn, partsOf } from './parts.ts'
import { policyFields } from './run-policy.ts'
import { isSubmitted } from './submitted-run.ts'

interface Ending {
  code: string
  type: 'SUCCESS' | 'CLIENT_ERROR' | 'INTERNAL_ERROR'
  message: string
  lifeCycle: string
  result: string
}

const ENDINGS: Readonly<Record<RunEnd, Ending>> = {
  cancelled: {
    code: 'USER_CANCELED',
    type: 'SUCCESS',
    message: 'Run cancelled.',
    lifeCycle: 'TERMINATED',
    result: 'CANCELED',
  },
  failed: {
    code: 'RUN_EXECUTION_ERROR',
    type: 'CLIENT_ERROR',
    message: 'The notebook failed.',
    lifeCycle: 'TERMINATED',
    result: 'FAILED',
  },
  'timed-out': {
    // Of the documented codes this is that of a run which the platform ended, for example because it took too long.
    code: 'CANCELED',
    type: 'CLIENT_ERROR',
    message: 'The run took longer than its timeout.',
    lifeCycle: 'TERMINATED',
    result: 'TIMEDOUT',
  },
  skipped: {
    code: 'MAX_CONCURRENT_RUNS_EXCEEDED',
    type: 'CLIENT_ERROR',
    message: 'An active run for the same job is already running, and the job allows no more at a time.',
    lifeCycle: 'SKIPPED',
    result: 'MAXIMUM_CONCURRENT_RUNS_REACHED',
  },
  unqueued: {
    code: 'MAX_JOB_QUEUE_SIZE_EXCEEDED',
    type: 'CLIENT_ERROR',
    message: 'Too many runs of the job wait already.',
    lifeCycle: 'SKIPPED',
    result: 'MAXIMUM_CONCURRENT_RUNS_REACHED',
  },
  lost: {
    code: 'DRIVER_ERROR',
    type: 'INTERNAL_ERROR',
    message: 'The driver was lost.',
    lifeCycle: 'INTERNAL_ERROR',
    result: 'FAILED',
  },
}

const STATES: Readonly<Record<Exclude<RunState, 'ended'>, string>> = {
  queued: 'QUEUED',
  waiting: 'WAITING',
  starting: 'PENDING',
  running: 'RUNNING',
  stopping: 'TERMINATING',
  cancelled: 'TERMINATING',
  failed: 'TERMINATING',
}

/** The id of the task's run is the job run's id, shifted into a range of its own for each attempt. */
const TASK_OFFSET = 1_000_000_000
const taskRunId = (run_id: number, attempt: number) => TASK_OFFSET * (attempt + 1) + run_id
/** From the id of a run or of its one task, which clients may ask for as well. */
export const jobRunId = (id: number) => id % TASK_OFFSET

/** Characters of a task's key in a run. */
const MAX_KEY = 100

/** Repairs that one run may have. */
export const MAX_REPAIRS = 99
/** An id that no other repair has. @param attempt 1 is the first repair. */
export const repairId = (record: RunRecord, attempt: number): number => Number(record.id) * 100 + attempt

/** When it began for the first time, or was asked for (epoch ms). */
export const startOf = (record: RunRecord): number => {
  const { startedAt, createdAt } = record.attempts?.[0] ?? record
  return startedAt ?? createdAt
}

/** A run without a job tells of one all the same, which nobody can find. */
const JOB_OFFSET = 2_000_000_000

/** As runs/list tells them apart. */
export const runTypeOf = (record: RunRecord): string => (isSubmitted(record) ? 'SUBMIT_RUN' : 'JOB_RUN')

/** With all that the API tells of it. */
export interface RunResource {
  run_id: number
  tasks: { run_id: number; [field: string]: unknown }[]
  [field: string]: unknown
}

/** @param job undefined when it has been deleted since. */
export function describeRun(record: RunRecord, state: RunState, job: Job | undefined): RunResource {
  const run_id = Number(record.id)
  const settings: JobSettings | undefined = record.submitted ?? job?.settings
  const task = settings?.tasks?.[0]
  return {
    job_id: isSubmitted(record) ? JOB_OFFSET + run_id : Number(record.owner),
    run_id,
    job_run_id: run_id,
    number_in_job: run_id,
    original_attempt_run_id: run_id,
    run_name: settings?.name ?? record.notebook,
    run_type: runTypeOf(record),
    trigger: 'ONE_TIME',
    format: 'MULTI_TASK',
    run_page_url: '',
    creator_user_name: USER_NAME,
    ...record.parameters,
    ...timesOfRun(record),
    ...statusOf(record, state),
    // Zero for a run with tasks: see its `run_duration`.
    setup_duration: 0,
    execution_duration: 0,
    cleanup_duration: 0,
    // A repaired task is there once for each attempt: clients take the one that began last.
    tasks: attemptsOf(record).map(({ number: attempt_number, ...attempt }) => ({
      run_id: taskRunId(run_id, attempt_number),
      // As users report of the service, whose jobs take longer ones.
      task_key: (task?.task_key ?? record.notebook).slice(0, MAX_KEY),
      ...(task?.notebook_task ? { notebook_task: task.notebook_task } : {}),
      run_if: 'ALL_SUCCESS',
      ...policyFields(task ?? {}),
      attempt_number,
      ...timesOf(attempt),
      ...statusOf({ ...attempt, limit: record.limit }, attempt.endedAt === undefined ? state : 'ended'),
      ...durationsOf(attempt),
    })),
  }
}

/** The run as it began, and each of its repairs, all with their retries. */
export function withHistory(record: RunRecord, run: RunResource): object {
  const asked = attemptsOf(record).map((_, at, all) => at === 0 || !all[at - 1]?.isRetried)
  const begins = asked.flatMap((isAsked, at) => (isAsked ? [at] : []))
  const repair_history = begins.map((begin, repair) => {
    const tasks = run.tasks.slice(begin, begins[repair + 1])
    const last = tasks.at(-1)
    return {
      type: repair === 0 ? 'ORIGINAL' : 'REPAIR',
      ...(repair === 0 ? {} : { id: repairId(record, repair) }),
      start_time: tasks[0]?.start_time,
      end_time: last?.end_time,
      state: last?.state,
      status: last?.status,
      task_run_ids: tasks.map(({ run_id }) => run_id),
    }
  })
  return { ...run, repair_history }
}

/**
 * The run of a task, which is one of its own, as `job_run_id` is documented.
 * @param id as it was asked for. @throws HttpError 400 when the run has no such task.
 */
export function runOfTask({ tasks, ...run }: RunResource, id: number): object {
  const task = tasks.find(({ run_id }) => run_id === id)
  if (!task) throw missingRun(id)
  return { ...run, ...task, number_in_job: id, original_attempt_run_id: tasks[0]?.run_id }
}

/** In the service's words, as recorded. */
export const missingRun = (id: unknown) =>
  invalid(`Run: ${String(id).slice(0, 40)} in job: any doesn't exist.`)

/**
 * What the run of a task left behind. A run itself has no output, not even with one task: the service refuses it too.
 * @param id as it was asked for. @throws HttpError 400
 */
export function outputOf(record: RunRecord, id: number, run: RunResource): object {
  const { tasks, run_id } = run
  if (id === run_id)
    throw invalid(
      `Retrieving the output of runs with multiple tasks is not supported. Please retrieve the output of each individual task run instead. Run ${id} has ${tasks.map((task) => task.run_id).join(', ')}.`,
    )
  const metadata = runOfTask(run, id)
  const at = tasks.findIndex((task) => task.run_id === id)
  const { error } = attemptsOf(record)[at] ?? record
  const progress = at === tasks.length - 1 ? record.progress : undefined
  return {
    metadata,
    ...(error === undefined ? {} : { error, error_trace: error }),
    notebook_output: progress ? { result: JSON.stringify(progress), truncated: false } : {},
  }
}

/** Lists of a run that version 2.2 tells in parts. */
const IN_PARTS = ['tasks', 'job_clusters', 'job_parameters', 'repair_history']

/** A run in version 2.2 of the API, as `parts.ts` says. @throws HttpError 400 for a token that is not ours. */
export function runInParts(run: object, token: string | null): object {
  const { lists, hasMore, next } = partsOf({ ...run }, IN_PARTS, partIn(token))
  return { ...run, ...lists, ...(hasMore ? { next_page_token: next } : {}) }
}

/** The first part, in a list of runs: the others are asked for by the run itself. */
export function firstPartOfRun(run: object): object {
  const { lists, hasMore } = partsOf({ ...run }, IN_PARTS, 0)
  return { ...run, ...lists, ...(hasMore ? { has_more: true } : {}) }
}

/** As lists show a run, unless they are asked for its tasks. */
export const withoutTasks = ({ tasks: _, ...run }: RunResource): object => run

/** Of a run and all its repairs. */
function timesOfRun(record: RunRecord): object {
  const run_duration = attemptsOf(record).reduce(
    (sum, { createdAt, startedAt, endedAt = 0 }) => sum + endedAt - (startedAt ?? createdAt),
    0,
  )
  return {
    ...timesOf(record),
    start_time: startOf(record),
    ...(record.endedAt === undefined ? {} : { run_duration }),
  }
}

type Times = Pick<RunRecord, 'createdAt' | 'startedAt' | 'endedAt'>

function timesOf({ createdAt, startedAt, endedAt }: Times): object {
  const from = startedAt ?? createdAt
  return {
    start_time: from,
    end_time: endedAt ?? 0,
    ...(startedAt !== undefined && startedAt > createdAt ? { queue_duration: startedAt - createdAt } : {}),
    ...(endedAt === undefined ? {} : { run_duration: endedAt - from }),
  }
}

/** The driver is there at once: a run takes no time to set up or to clean up. */
const durationsOf = ({ createdAt, startedAt, endedAt }: Times) => ({
  setup_duration: 0,
  execution_duration: endedAt === undefined ? 0 : endedAt - (startedAt ?? createdAt),
  cleanup_duration: 0,
})

/** In the service's words, which its command line shows; undefined in records of earlier versions, too. */
const skippedBecauseOf = ({ end, limit }: Pick<RunRecord, 'end' | 'limit'>) =>
  end === 'skipped' && limit !== undefined
    ? `Skipping this run because the limit of ${limit} maximum concurrent runs has been reached.`
    : undefined

function statusOf(record: Pick<RunRecord, 'end' | 'error' | 'limit'>, state: RunState): object {
  if (state !== 'ended') {
    const word = STATES[state]
    const queue_details = {
      code: 'MAX_CONCURRENT_RUNS_REACHED',
      message: 'Another run of the job is under way.',
    }
    return {
      status: { state: word, ...(state === 'queued' ? { queue_details } : {}) },
      state: {
        life_cycle_state: state === 'waiting' ? 'WAITING_FOR_RETRY' : word,
        state_message: '',
        user_cancelled_or_timedout: false,
        ...(state === 'queued' ? { queue_reason: queue_details.message } : {}),
      },
    }
  }
  const { code, type, lifeCycle, result, ...ending } = ENDINGS[record.end ?? 'lost']
  const message = record.error ?? skippedBecauseOf(record) ?? ending.message
  return {
    status: { state: 'TERMINATED', termination_details: { code, type, message } },
    state: {
      life_cycle_state: lifeCycle,
      result_state: result,
      state_message: message,
      user_cancelled_or_timedout: record.end === 'cancelled' || record.end === 'timed-out',
    },
  }
}
