/** `jobs/runs/repair`: an ended run is begun again under its id, as people and Airflow do after a failure. */

import { isObject } from '../http/body.ts'
import { HttpError } from '../http/errors.ts'
import { BusyError, QueueFullError, type RunHistory } from '../notebook-runs/run-history.ts'
import { type RunRecord, repairsOf } from '../notebook-runs/run-record.ts'
import { invalid } from './errors.ts'
import type { JobSettings } from './job-settings.ts'
import { notebookOf } from './job-store.ts'
import { parametersIn } from './run-parameters.ts'
import { policyOf } from './run-policy.ts'
import { MAX_REPAIRS, repairId } from './run-resource.ts'

/**
 * Runs the one task again, by the settings that the job has today. Every run that has ended can be repaired: its notebook streams,
 * so it never ends by itself but by a failure, or because somebody ended it.
 * @param body of the request. @returns the repair's id. @throws HttpError 400
 */
export function repair(
  runs: RunHistory,
  record: RunRecord,
  settings: JobSettings,
  body: Record<string, unknown>,
): number {
  if (record.endedAt === undefined)
    throw new HttpError(
      400,
      'INVALID_STATE',
      `Run ${record.id} is active: it can be repaired once it has ended.`,
    )
  checkTasks(body, settings)
  const before = repairsOf(record)
  checkLatest(body.latest_repair_id, before === 0 ? undefined : repairId(record, before))
  if (before >= MAX_REPAIRS)
    throw invalid(`Run ${record.id} was repaired ${before} times: jobs/run-now begins another one.`)
  const maxConcurrent = settings.max_concurrent_runs ?? (record.submitted ? Number.POSITIVE_INFINITY : 1)
  const mayQueue =
    (isObject(settings.queue) ? settings.queue : undefined)?.enabled === true && maxConcurrent > 0
  const given = parametersIn(body, settings)
  try {
    runs.repair(record, notebookOf(settings, `Run ${record.id}`), {
      maxConcurrent,
      whenBusy: mayQueue ? 'queue' : 'skip',
      // What it began with stays, but for what the repair gives it.
      parameters: { ...given, ...record.parameters, ...namedBy(body, given) },
      policy: policyOf(settings),
    })
  } catch (error) {
    if (!(error instanceof BusyError || error instanceof QueueFullError)) throw error
    throw new HttpError(400, 'INVALID_STATE', `Run ${record.id} is not repaired now. ${error.message}`)
  }
  return repairId(record, before + 1)
}

/** Those of the parameters that the request itself has. */
const namedBy = ({ job_parameters }: Record<string, unknown>, given: Record<string, unknown>) => ({
  ...(given.overriding_parameters ? { overriding_parameters: given.overriding_parameters } : {}),
  ...(job_parameters ? { job_parameters: given.job_parameters } : {}),
})

/** Either all that failed, or tasks by their key. @throws HttpError 400 */
function checkTasks(
  { rerun_tasks, rerun_all_failed_tasks }: Record<string, unknown>,
  settings: JobSettings,
): void {
  const named = rerun_tasks ?? undefined
  if (named !== undefined && rerun_all_failed_tasks === true)
    throw invalid('Only one of rerun_tasks and rerun_all_failed_tasks can be used.')
  if (rerun_all_failed_tasks === true) return
  if (!Array.isArray(named) || named.length === 0)
    throw invalid('A repair needs rerun_tasks, with the keys of tasks, or rerun_all_failed_tasks.')
  // Told by the service: a run has its task once for each attempt, and clients that gather keys have them twice.
  if (new Set(named).size < named.length) throw invalid('rerun_tasks cannot contain duplicate task keys.')
  const keys = new Set(settings.tasks?.map(({ task_key }) => task_key))
  const missing = named.find((key) => !keys.has(key))
  if (missing !== undefined) throw invalid(`rerun_tasks: there is no task ${String(missing).slice(0, 100)}.`)
}

/** So that two people do not repair the same failure. @throws HttpError 400 */
function checkLatest(given: unknown, latest: number | undefined): void {
  const named = given === undefined || given === null ? undefined : Number(given)
  if (named === latest) return
  throw invalid(
    latest === undefined
      ? 'latest_repair_id names a repair, and the run was not repaired yet.'
      : `The latest repair ID needs to be provided in order to create a new repair: it is ${latest}.`,
  )
}
