/** A job as the Jobs API describes it: what was sent, and what the service fills in. */
import { USER_NAME } from './discovery.ts'
import type { JobSettings, JobTask } from './job-settings.ts'
import type { Job } from './job-store.ts'

/** The answer of `jobs/get`, and one entry of `jobs/list`. */
export function describeJob({ settings, ...job }: Job) {
  return { ...job, creator_user_name: USER_NAME, run_as_user_name: USER_NAME, settings: filledIn(settings) }
}

/** Lists leave the tasks out until they are asked for. */
export function jobWithoutTasks(job: Job): object {
  const { settings, ...described } = describeJob(job)
  const { tasks: _, job_clusters: __, ...rest } = settings
  return { ...described, settings: rest }
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
