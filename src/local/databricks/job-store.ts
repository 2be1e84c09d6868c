/** The jobs of the workspace. The two of the pipeline are there from the first start on, as setup would make them. */

import type { NotebookName } from '../engine/api/engine.ts'
import { HttpError } from '../http/errors.ts'
import { notebookAt } from '../notebook-runs/notebook-name.ts'
import type { Clock } from '../runtime/clock.ts'
import { LOCAL_NAMES } from '../runtime/options.ts'
import { StateMap, StateMapFullError } from '../storage/state-map.ts'
import { invalid } from './errors.ts'
import { type JobSettings, parseSettings, updatedSettings } from './job-settings.ts'

/** As it is kept, and as the API tells it. */
export interface Job {
  job_id: number
  /** Epoch ms. */
  created_time: number
  settings: JobSettings
}

const MAX_JOBS = 100
const MAX_BYTES = 1_000_000
const FIRST_ID = 1001
/** Silver and gold. */
const OWN_JOBS = 2

/** A bounded number of jobs, kept in a state file. */
export class JobStore {
  readonly #jobs: StateMap<Job>
  readonly #clock: Clock

  constructor(file: string, clock: Clock) {
    this.#clock = clock
    const first = (job_id: number, name: string, notebook: NotebookName): [string, Job] => [
      String(job_id),
      { job_id, created_time: clock.now(), settings: settingsOf(name, notebook) },
    ]
    this.#jobs = new StateMap<Job>({
      file,
      initial: () => [
        first(FIRST_ID, LOCAL_NAMES.silverJob, 'silver'),
        first(FIRST_ID + 1, LOCAL_NAMES.goldJob, 'gold'),
      ],
      keys: ['job_id', 'created_time', 'settings'],
      maxEntries: MAX_JOBS,
      maxBytes: MAX_BYTES,
    })
  }

  /** Newest first, as the service lists them. */
  list(): Job[] {
    return this.#jobs
      .entries()
      .map(([, job]) => job)
      .sort((one, other) => other.job_id - one.job_id)
  }

  /** @throws HttpError 400, as the service answers for a job that is not there. */
  find(id: unknown): Job {
    if (id === undefined || id === null) throw invalid('job_id is missing.')
    const job = this.#jobs.get(String(id))
    if (!job) throw invalid(`Job ${String(id).slice(0, 40)} does not exist.`)
    return job
  }

  /** @throws HttpError 400 for settings that cannot run here, or when there are too many jobs. */
  create(settings: Record<string, unknown>): Job {
    const created_time = this.#clock.now()
    // Derived from the time: the id of a deleted job, which may still have runs, is not reused.
    const job_id = Math.max(created_time, 1 + Math.max(FIRST_ID, ...this.list().map((job) => job.job_id)))
    return this.#put({ job_id, created_time, settings: parseSettings(settings) })
  }

  /** All settings are replaced. @throws HttpError 400 */
  reset(id: unknown, settings: Record<string, unknown>): void {
    this.#put({ ...this.find(id), settings: parseSettings(settings) })
  }

  /** @param removed names of settings to remove from the job. */
  update(id: unknown, changes: Record<string, unknown>, removed: readonly string[]): void {
    const job = this.find(id)
    this.#put({ ...job, settings: parseSettings(updatedSettings(job.settings, changes, removed)) })
  }

  /** @returns what it was. @throws HttpError 400 when it is not there, 403 for the two of the pipeline. */
  delete(id: unknown): Job {
    const job = this.find(id)
    if (job.job_id < FIRST_ID + OWN_JOBS)
      throw new HttpError(
        403,
        'PERMISSION_DENIED',
        `Job ${job.job_id} is a stage of the control room, which could not run without it.`,
      )
    this.#jobs.delete(String(job.job_id))
    return job
  }

  #put(job: Job): Job {
    try {
      this.#jobs.set(String(job.job_id), job)
    } catch (error) {
      if (!(error instanceof StateMapFullError)) throw error
      throw new HttpError(400, 'QUOTA_EXCEEDED', `The workspace takes no more jobs. ${error.message}`)
    }
    return job
  }
}

/**
 * Which of the engine's notebooks the job runs. @param what it is, for a refusal.
 * @throws HttpError 400 for a job of which the engine would run a part only.
 */
export function notebookOf(settings: JobSettings, what: string): NotebookName {
  const [task, ...others] = settings.tasks ?? []
  if (others.length > 0)
    throw invalid(`${what} has ${1 + others.length} tasks: the local engine runs jobs of one notebook task.`)
  const path = task?.notebook_task?.notebook_path
  const notebook = notebookAt(path ?? '')
  if (notebook) return notebook
  throw invalid(
    path === undefined
      ? `${what} has no notebook task.`
      : `The local engine has no notebook ${path}: it runs those named silver, gold and aggregate.`,
  )
}

const settingsOf = (name: string, notebook: NotebookName): JobSettings => ({
  name,
  max_concurrent_runs: 1,
  queue: { enabled: true },
  tasks: [
    {
      task_key: notebook,
      notebook_task: { notebook_path: `/Shared/rtstream-tui/${notebook}`, source: 'WORKSPACE' },
    },
  ],
  format: 'MULTI_TASK',
})
