/** A job as the Jobs API describes it: what was sent, and what the service fills in. */
import { USER_NAME } from './discovery.ts'
import type { JobSettings, JobTask } from './job-settings.ts'
import type { Job } from './job-store.ts'
import { isLong, partIn, partsOf } from './parts.ts'
import { asFields } from './single-task.ts'

/** The whole job. */
function describeJob({ settings, ...job }: Job) {
  const filled: JobSettings = { ...filledIn(settings), format: 'MULTI_TASK' }
  return { ...job, creator_user_name: USER_NAME, run_as_user_name: USER_NAME, settings: filled }
}

/** As version 2.1 tells it: one with a long list of tasks comes without any, and nothing says so (OpenMetadata's issue 33200). */
export const describeShortJob = (job: Job) => describeJob(withoutLong(job))

function withoutLong(job: Job): Job {
  const { tasks, ...settings } = job.settings
  return isLong(tasks) ? { ...job, settings } : job
}

/** As version 2.0 tells it. */
export function describeOldJob(job: Job): object {
  const { settings: filled, run_as_user_name: _, ...described } = describeShortJob(job)
  return { ...described, settings: asFields({ ...filled, format: job.settings.format }) }
}

/** Lists leave the tasks out until they are asked for. */
export function jobWithoutTasks(job: Job): object {
  const { settings, ...described } = describeJob(job)
  const { tasks: _, job_clusters: __, ...rest } = settings
  return { ...described, settings: rest }
}

/** Lists of a job that version 2.2 tells in parts. */
const IN_PARTS = ['tasks', 'job_clusters', 'environments', 'parameters']

/** A job in version 2.2 of the API, as `parts.ts` says. @throws HttpError 400 for a token that is not ours. */
export function jobInParts(job: Job, token: string | null): object {
  const { described, hasMore, next } = partOf(job, partIn(token))
  return { ...described, ...(hasMore ? { next_page_token: next } : {}) }
}

/** The first part, in a list of jobs: the others are asked for by the job itself. */
export function firstPart(job: Job): object {
  const { described, hasMore } = partOf(job, 0)
  return { ...described, ...(hasMore ? { has_more: true } : {}) }
}

function partOf(job: Job, from: number) {
  const { settings, ...described } = describeJob(job)
  const { lists, ...more } = partsOf(settings, IN_PARTS, from)
  return { described: { ...described, settings: { ...settings, ...lists } }, ...more }
}

const filledIn = ({ tasks, ...settings }: JobSettings): JobSettings => ({
  ...DEFAULTS,
  run_as: { user_name: USER_NAME },
  ...settings,
  ...(tasks ? { tasks: tasks.map(withTaskDefaults) } : {}),
})

const withTaskDefaults = (task: JobTask): JobTask => ({
  run_if: 'ALL_SUCCESS',
  ...DEFAULTS_OF_TASK,
  ...task,
})

const DEFAULTS_OF_TASK = { timeout_seconds: 0, email_notifications: {}, webhook_notifications: {} }

/** A job waits behind its own runs only if it says so: `queue` tells how it will be. */
const DEFAULTS = {
  ...DEFAULTS_OF_TASK,
  max_concurrent_runs: 1,
  queue: { enabled: false },
  format: 'MULTI_TASK',
}
