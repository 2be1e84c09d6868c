/** The Jobs API, 2.0 to 2.2: jobs and their runs. */
import { isObject, readJson } from '../http/body.ts'
import { HttpError } from '../http/errors.ts'
import type { Answer, Call, Route } from '../http/router.ts'
import { DeletedRunError, type RunHistory, type StartOptions } from '../notebook-runs/run-history.ts'
import type { RunRecord } from '../notebook-runs/run-record.ts'
import { invalid, otherType } from './errors.ts'
import { withBodyParameters } from './get-parameters.ts'
import { describeOldJob, describeShortJob, firstPart, jobInParts, jobWithoutTasks } from './job-resource.ts'
import { type JobSettings, updatedSettings } from './job-settings.ts'
import { type Job, type JobStore, notebookOf } from './job-store.ts'
import { type PageRules, pageOf } from './pages.ts'
import { refuseLong } from './parts.ts'
import { accessListIn, type JobPermissions } from './permissions.ts'
import { isTrue, runFilter } from './run-filter.ts'
import { parametersIn } from './run-parameters.ts'
import { policyOf } from './run-policy.ts'
import { repair } from './run-repair.ts'
import {
  describeRun,
  firstPartOfRun,
  jobRunId,
  missingRun,
  outputOf,
  type RunResource,
  runInParts,
  runOfTask,
  withHistory,
  withoutTasks,
} from './run-resource.ts'
import { asFields, asTasks, isSingle, runAsFields } from './single-task.ts'
import { submit } from './submitted-run.ts'

const MAX_TOKEN = 64
const JOBS_PAGE: PageRules = { name: 'jobs', defaultLimit: 20, maxLimit: 100, maxOffset: 1000 }
const OLD_RUNS_PAGE = { maxLimit: 1000 }
const RUNS_PAGE: PageRules = {
  name: 'runs',
  defaultLimit: 20,
  maxLimit: 25,
  maxOffset: 10_000,
  isZeroTheMost: true,
}

export interface JobsApiOptions {
  jobs: JobStore
  permissions: JobPermissions
  runs: RunHistory
  /** Throws HttpError 429. */
  checkRate: () => void
}

type Handlers = Record<string, (call: Call) => Promise<Answer> | Answer>

/** Each request counts against the rate limit, also one that is then refused. */
export function jobsRoutes({ jobs, permissions, runs, checkRate }: JobsApiOptions): Route[] {
  const handlers = {
    ...jobHandlers(jobs, permissions, runs),
    ...runHandlers(jobs, runs),
    ...changesOfRuns(jobs, runs),
  }
  return Object.entries(handlers).flatMap(([name, handle]) => {
    const [method = '', path = ''] = name.split(' ')
    return ['2.0', '2.1', '2.2'].map((version) => ({
      method,
      pattern: `/databricks/api/${version}/${path}`,
      handle: async (call: Call) => {
        checkRate()
        return handle(await withBodyParameters(call))
      },
    }))
  })
}

const ownerOf = (job: Job) => String(job.job_id)
/** From version 2.2 on a job with long lists comes in parts, and a new one queues its runs. */
const isOfToday = (path: string) => path.startsWith('/databricks/api/2.2/')
/** Its jobs may be in the single-task format, and its lists come otherwise. */
const isOld = (path: string) => path.startsWith('/databricks/api/2.0/')
const toldBy = (path: string) => (isOfToday(path) ? 'token' : 'flag')

/** @throws HttpError 400 */
function inFormat(settings: Record<string, unknown>, path: string): Record<string, unknown> {
  if (!isOfToday(path)) refuseLong(settings.tasks)
  return isOld(path) ? asTasks(settings) : settings
}

/** @returns undefined for settings that are left out. @throws HttpError 400 for what is none. */
function settingsIn(given: unknown): Record<string, unknown> | undefined {
  if (given === undefined || given === null) return undefined
  if (!isObject(given)) throw otherType('object', 'new_settings', given)
  return given
}

/** Runs of a job that version 2.2 makes wait in the queue, unless it says otherwise; so do they after a reset, which makes it anew. */
const withQueue = (settings: Record<string, unknown>, path: string) => ({
  ...settings,
  queue: settings.queue ?? (isOfToday(path) ? { enabled: true } : null),
})

const jobHandlers = (jobs: JobStore, permissions: JobPermissions, runs: RunHistory): Handlers => ({
  'POST jobs/create': async ({ request, path }) => {
    const settings = inFormat(await readJson(request), path)
    const access = accessListIn(settings.access_control_list ?? [])
    const { job_id } = jobs.create(withQueue(settings, path))
    if (access.length > 0) permissions.begin(job_id, access)
    return { body: { job_id } }
  },
  'POST jobs/reset': async ({ request, path }) => {
    const { job_id, new_settings } = await readJson(request)
    const settings = settingsIn(new_settings)
    if (!settings) throw invalid('new_settings is missing.')
    jobs.reset(job_id, withQueue(inFormat(settings, path), path))
    return { body: {} }
  },
  'POST jobs/update': async ({ request, path }) => {
    const { job_id, new_settings, fields_to_remove } = await readJson(request)
    const removed = fields_to_remove ?? []
    if (!Array.isArray(removed)) throw otherType('array', 'fields_to_remove', removed)
    const changes = settingsIn(new_settings) ?? {}
    if (!isOfToday(path)) refuseLong(changes.tasks)
    const { settings } = jobs.find(job_id)
    if (isOld(path) && isSingle(settings))
      jobs.reset(job_id, asTasks(updatedSettings(asFields(settings), changes, removed.map(String))))
    else jobs.update(job_id, changes, removed.map(String))
    return { body: {} }
  },
  'POST jobs/delete': async ({ request }) => {
    const job = jobs.delete((await readJson(request)).job_id)
    // Nobody could find them any more.
    for (const record of runs.list(ownerOf(job))) runs.cancel(record)
    permissions.forget(job.job_id)
    return { body: {} }
  },
  'GET jobs/get': ({ query, path }) => {
    const job = jobs.find(query.get('job_id'))
    if (isOld(path)) return { body: describeOldJob(job) }
    return { body: isOfToday(path) ? jobInParts(job, query.get('page_token')) : describeShortJob(job) }
  },
  'GET jobs/list': ({ query, path }) => {
    // All at once, and with their tasks.
    if (isOld(path)) return { body: { jobs: jobs.list().map(describeOldJob) } }
    const name = query.get('name')?.toLowerCase()
    const found = jobs
      .list()
      .filter(({ settings }) => name === undefined || settings.name?.toLowerCase() === name)
    const whole = isOfToday(path) ? firstPart : describeShortJob
    const shown = isTrue(query, 'expand_tasks') ? whole : jobWithoutTasks
    const items = found.map((job) => ({ id: job.job_id, body: () => shown(job) }))
    return { body: pageOf(items, query, JOBS_PAGE, toldBy(path)) }
  },
})

/** @param id of a run or of its task. @throws HttpError 400 */
function findRun(runs: RunHistory, id: unknown): RunRecord {
  if (id === undefined || id === null) throw invalid('run_id is missing.')
  const record = runs.find(String(jobRunId(Number(id))))
  if (!record) throw missingRun(id)
  return record
}

function runHandlers(jobs: JobStore, runs: RunHistory): Handlers {
  const describe = (record: RunRecord) =>
    describeRun(
      record,
      runs.stateOf(record),
      jobs.list().find((job) => ownerOf(job) === record.owner),
    )
  const runOf = (id: unknown) => findRun(runs, id)
  const settingsOf = (record: RunRecord): JobSettings | undefined =>
    record.submitted ?? jobs.list().find((job) => ownerOf(job) === record.owner)?.settings
  /** As the version of the path tells it. */
  const inForm = (record: RunRecord, run: RunResource, path: string) =>
    isOld(path) ? runAsFields(run, settingsOf(record)) : run
  return {
    'POST jobs/run-now': async ({ request }) => {
      const body = await readJson(request)
      const { job_id, idempotency_token, queue } = body
      const job = jobs.find(job_id)
      checkOnly(body.only, job)
      const record = start(runs, job, {
        idempotencyToken: tokenIn(idempotency_token),
        mayQueue: (isObject(queue) ? queue : job.settings.queue)?.enabled === true,
        parameters: parametersIn(body, job.settings),
      })
      return { body: { run_id: Number(record.id), number_in_job: Number(record.id) } }
    },
    'POST jobs/runs/submit': async ({ request }) => {
      const body = await readJson(request)
      const record = submit(runs, body, tokenIn(body.idempotency_token))
      return { body: { run_id: Number(record.id) } }
    },
    'GET jobs/runs/get': ({ query, path }) => {
      const id = query.get('run_id')
      const record = runOf(id)
      const run = describe(record)
      const whole = isTrue(query, 'include_history') ? withHistory(record, run) : inForm(record, run, path)
      const body = id === record.id ? whole : runOfTask(run, Number(id))
      return { body: isOfToday(path) ? runInParts(body, query.get('page_token')) : body }
    },
    'GET jobs/runs/get-output': ({ query, path }) => {
      const id = query.get('run_id')
      const record = runOf(id)
      const run = describe(record)
      const old = inForm(record, run, path)
      if (old === run || id !== record.id) return { body: outputOf(record, Number(id), run) }
      // In the single-task format the run has the output itself.
      return { body: { ...outputOf(record, run.tasks.at(-1)?.run_id ?? 0, run), metadata: old } }
    },
    'GET jobs/runs/list': ({ query, path }) => {
      const id = query.get('job_id')
      const found = runs.list(id === null ? undefined : ownerOf(jobs.find(id))).filter(runFilter(query))
      const shown = (record: RunRecord): object => {
        const run = describe(record)
        if (isOld(path)) return inForm(record, run, path)
        const shown = isTrue(query, 'expand_tasks') ? run : withoutTasks(run)
        return isOfToday(path) ? firstPartOfRun(shown) : shown
      }
      const items = found.map((record) => ({ id: Number(record.id), body: () => shown(record) }))
      const rules = isOld(path) ? { ...RUNS_PAGE, ...OLD_RUNS_PAGE } : RUNS_PAGE
      return { body: pageOf(items, query, rules, toldBy(path)) }
    },
  }
}

/** What is done to runs that there are. */
function changesOfRuns(jobs: JobStore, runs: RunHistory): Handlers {
  const runOf = (id: unknown) => findRun(runs, id)
  return {
    'POST jobs/runs/repair': async ({ request }) => {
      const body = await readJson(request)
      const record = runOf(body.run_id)
      const settings = record.submitted ?? jobs.find(record.owner).settings
      return { body: { repair_id: repair(runs, record, settings, body) } }
    },
    'POST jobs/runs/cancel': async ({ request }) => {
      // Asynchronous, as in the service: the answer comes before the run has ended.
      runs.cancel(runOf((await readJson(request)).run_id))
      return { body: {} }
    },
    'POST jobs/runs/delete': async ({ request }) => {
      const record = runOf((await readJson(request)).run_id)
      if (record.endedAt === undefined)
        throw new HttpError(
          400,
          'INVALID_STATE',
          `Run ${record.id} is active: cancel it before it is deleted.`,
        )
      runs.forget(record)
      return { body: {} }
    },
    'POST jobs/runs/cancel-all': async ({ request }) => {
      const { job_id, all_queued_runs } = await readJson(request)
      const of = job_id === undefined && all_queued_runs === true ? undefined : ownerOf(jobs.find(job_id))
      for (const record of runs.list(of))
        if (all_queued_runs !== true || runs.stateOf(record) === 'queued') runs.cancel(record)
      return { body: {} }
    },
  }
}

function start(
  runs: RunHistory,
  job: Job,
  { mayQueue, ...given }: Pick<StartOptions, 'idempotencyToken' | 'parameters'> & { mayQueue: boolean },
): RunRecord {
  const maxConcurrent = job.settings.max_concurrent_runs ?? 1
  // A limit of 0 skips every run, queue or not.
  const whenBusy = mayQueue && maxConcurrent > 0 ? 'queue' : 'skip'
  try {
    const options = {
      ...given,
      maxConcurrent,
      whenBusy,
      whenFull: 'skip',
      policy: policyOf(job.settings),
    } as const
    return runs.start(ownerOf(job), notebookOf(job.settings, `Job ${job.job_id}`), options)
  } catch (error) {
    throw error instanceof DeletedRunError ? invalid(error.message) : error
  }
}

/** Tasks that alone are to run; here a job has one. @throws HttpError 400 for one that it has not. */
function checkOnly(only: unknown, { job_id, settings }: Job): void {
  if (only === undefined || only === null) return
  if (!Array.isArray(only)) throw otherType('array', 'only', only)
  const keys = new Set(settings.tasks?.map(({ task_key }) => task_key))
  const missing = only.find((key) => !keys.has(key))
  if (missing !== undefined)
    throw invalid(`only: job ${job_id} has no task ${String(missing).slice(0, 100)}.`)
}

function tokenIn(token: unknown): string | undefined {
  if (token === undefined || token === null || token === '') return undefined
  if (typeof token !== 'string' || token.length > MAX_TOKEN)
    throw invalid(`idempotency_token must be a text of at most ${MAX_TOKEN} characters.`)
  return token
}
