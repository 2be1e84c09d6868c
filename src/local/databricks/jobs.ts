/** Databricks Jobs REST (2.1 and 2.2): jobs, runs, their documented states and termination codes. */
import { readFileSync } from 'node:fs'
import type { NotebookName } from '../engine/engine.ts'
import type { RunHistory, RunRecord } from '../engine/run-history.ts'
import { readJson } from '../http/body.ts'
import { HttpError } from '../http/errors.ts'
import type { Answer, Call, Route } from '../http/router.ts'
import { LOCAL_NAMES } from '../options.ts'
import { writeJsonAtomically } from '../state-file.ts'

interface Job {
  job_id: number
  created_time: number
  settings: { name?: string; tasks?: unknown[]; max_concurrent_runs?: number; [setting: string]: unknown }
}

/** `runs/list` and `jobs/list` give no more at once. */
const MAX_PAGE = 25
const MAX_JOBS = 100

export interface DatabricksOptions {
  runs: RunHistory
  stateFile: string
  now: () => number
}

export function databricksRoutes(options: DatabricksOptions): Route[] {
  const { runs } = options
  const jobs = loadJobs(options)
  const save = () => writeJsonAtomically(options.stateFile, jobs)

  const jobOf = (id: unknown): Job => {
    const job = jobs.find((one) => one.job_id === Number(id))
    if (!job) throw new HttpError(400, 'INVALID_PARAMETER_VALUE', `Job ${String(id)} does not exist.`)
    return job
  }
  const runOf = (id: unknown): RunRecord => {
    const run = runs.find(String(id))
    if (!run) throw new HttpError(400, 'INVALID_PARAMETER_VALUE', `Run ${String(id)} does not exist.`)
    return run
  }
  const ownerOf = (job: Job) => String(job.job_id)

  const handlers: Record<string, [string, (call: Call) => Promise<Answer> | Answer]> = {
    'jobs/create': [
      'POST',
      async ({ request }) => {
        if (jobs.length >= MAX_JOBS)
          throw new HttpError(400, 'QUOTA_EXCEEDED', `The workspace has ${MAX_JOBS} jobs already.`)
        const settings = (await readJson(request)) as Job['settings']
        const job: Job = {
          job_id: 1 + Math.max(1000, ...jobs.map((one) => one.job_id)),
          created_time: options.now(),
          settings,
        }
        jobs.push(job)
        save()
        return { body: { job_id: job.job_id } }
      },
    ],
    'jobs/reset': [
      'POST',
      async ({ request }) => {
        const { job_id, new_settings } = await readJson(request)
        jobOf(job_id).settings = (new_settings ?? {}) as Job['settings']
        save()
        return { body: {} }
      },
    ],
    'jobs/get': ['GET', ({ query }) => ({ body: jobOf(query.get('job_id')) })],
    'jobs/list': [
      'GET',
      ({ query }) => {
        const name = query.get('name')
        const found = jobs.filter(
          (job) => name === null || job.settings.name?.toLowerCase() === name.toLowerCase(),
        )
        return { body: page(found, query, 'jobs') }
      },
    ],
    'jobs/run-now': [
      'POST',
      async ({ request }) => {
        const body = await readJson(request)
        const job = jobOf(body.job_id)
        const token = body.idempotency_token === undefined ? undefined : String(body.idempotency_token)
        const known =
          token === undefined
            ? undefined
            : runs.list(ownerOf(job)).find((run) => run.idempotencyToken === token)
        if (known) return { body: { run_id: Number(known.id), number_in_job: Number(known.id) } }
        if (runs.active(ownerOf(job)))
          throw new HttpError(
            409,
            'RESOURCE_CONFLICT',
            `Job ${job.job_id} already has its one concurrent run.`,
          )
        const run = runs.start(ownerOf(job), notebookOf(job), token)
        return { body: { run_id: Number(run.id), number_in_job: Number(run.id) } }
      },
    ],
    'jobs/runs/get': ['GET', ({ query }) => ({ body: describe(runOf(query.get('run_id'))) })],
    'jobs/runs/get-output': [
      'GET',
      ({ query }) => {
        const run = runOf(query.get('run_id'))
        const progress = run.live?.progress
        return {
          body: {
            metadata: describe(run),
            ...(run.error === undefined ? {} : { error: run.error }),
            notebook_output: progress ? { result: JSON.stringify(progress), truncated: false } : {},
          },
        }
      },
    ],
    'jobs/runs/list': [
      'GET',
      ({ query }) => {
        const id = query.get('job_id')
        const active = query.get('active_only') === 'true'
        const found = runs
          .list(id === null ? undefined : ownerOf(jobOf(id)))
          .filter((run) => !active || run.endedAt === undefined)
        return { body: page(found.map(describe), query, 'runs') }
      },
    ],
    'jobs/runs/cancel': [
      'POST',
      async ({ request }) => {
        const run = runOf((await readJson(request)).run_id)
        // Asynchronous, as in the service: the answer comes before the run has ended.
        void run.live?.cancel()
        return { body: {} }
      },
    ],
  }
  return ['2.1', '2.2'].flatMap((version) =>
    Object.entries(handlers).map(([path, [method, handle]]) => ({
      method,
      pattern: `/databricks/api/${version}/${path}`,
      handle,
    })),
  )
}

/** The two jobs of the pipeline are there from the first start on, as setup would make them. */
function loadJobs({ stateFile, now }: DatabricksOptions): Job[] {
  try {
    return JSON.parse(readFileSync(stateFile, 'utf8')) as Job[]
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const job = (job_id: number, name: string, notebook: NotebookName): Job => ({
    job_id,
    created_time: now(),
    settings: {
      name,
      max_concurrent_runs: 1,
      tasks: [
        {
          task_key: notebook,
          notebook_task: { notebook_path: `/Shared/rtstream/${notebook}`, source: 'WORKSPACE' },
        },
      ],
    },
  })
  return [job(1001, LOCAL_NAMES.silverJob, 'silver'), job(1002, LOCAL_NAMES.goldJob, 'gold')]
}

/** The last part of the task's notebook path says which of the engine's notebooks it is. */
function notebookOf(job: Job): NotebookName {
  const [task] = (job.settings.tasks ?? []) as { notebook_task?: { notebook_path?: string } }[]
  const path = task?.notebook_task?.notebook_path ?? ''
  const name = path.split('/').at(-1)?.replace(/\.py$/, '')
  if (name === 'silver' || name === 'gold' || name === 'aggregate') return name
  throw new HttpError(
    400,
    'INVALID_PARAMETER_VALUE',
    `The local engine has no notebook ${path || '(the job has no notebook task)'}.`,
  )
}

function describe(run: RunRecord): object {
  return {
    run_id: Number(run.id),
    job_id: Number(run.owner),
    run_name: run.notebook,
    number_in_job: Number(run.id),
    start_time: run.startedAt,
    ...(run.endedAt === undefined
      ? {}
      : { end_time: run.endedAt, run_duration: run.endedAt - run.startedAt }),
    trigger: 'ONE_TIME',
    run_type: 'JOB_RUN',
    status: status(run),
  }
}

function status(run: RunRecord): object {
  if (run.live) {
    const words = {
      starting: 'PENDING',
      running: 'RUNNING',
      stopping: 'TERMINATING',
      cancelled: 'TERMINATING',
      failed: 'TERMINATING',
    }
    return { state: words[run.live.state] }
  }
  const codes = { cancelled: 'USER_CANCELED', failed: 'RUN_EXECUTION_ERROR', lost: 'DRIVER_ERROR' }
  const types = { cancelled: 'SUCCESS', failed: 'CLIENT_ERROR', lost: 'INTERNAL_ERROR' }
  const end = run.end ?? 'lost'
  return {
    state: 'TERMINATED',
    termination_details: {
      code: codes[end],
      type: types[end],
      message: run.error ?? (end === 'cancelled' ? 'Run cancelled.' : ''),
    },
  }
}

function page<T>(items: readonly T[], query: URLSearchParams, name: string): object {
  const limit = Number(query.get('limit') ?? 20)
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE)
    throw new HttpError(400, 'INVALID_PARAMETER_VALUE', `limit must be between 1 and ${MAX_PAGE}.`)
  const offset = Number(query.get('page_token') ?? query.get('offset') ?? 0) || 0
  const more = offset + limit < items.length
  return {
    [name]: items.slice(offset, offset + limit),
    has_more: more,
    ...(more ? { next_page_token: String(offset + limit) } : {}),
  }
}
