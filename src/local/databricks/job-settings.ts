/** The settings of a job: those we use are validated, all others are kept as sent. */
import { isObject } from '../http/body.ts'
import { invalid, malformed, otherType } from './errors.ts'
import { checkPolicy } from './run-policy.ts'
import { checkClusters, checkGraph, checkKeys } from './task-checks.ts'

/** The part that decides what runs here. */
export interface JobSettings {
  name?: string
  max_concurrent_runs?: number
  queue?: { enabled?: boolean }
  tasks?: JobTask[]
  [setting: string]: unknown
}

/** What is to run. Members that are not named here are kept and have no effect. */
export interface JobTask {
  task_key?: string
  notebook_task?: { notebook_path?: string; [setting: string]: unknown }
  [setting: string]: unknown
}

/**
 * JSON's null is the field left out, as in the service. Who may do what is no setting, though it may stand among them.
 * @throws HttpError 400 that names the setting.
 */
export function parseSettings(given: Record<string, unknown>): JobSettings {
  const settings = Object.fromEntries(
    Object.entries(given).filter(([name, value]) => value !== null && name !== 'access_control_list'),
  )
  const { name, max_concurrent_runs: most = 1, queue = {}, tasks = [] } = settings
  if (name !== undefined && (typeof name !== 'string' || name.length > 4096))
    throw invalid('name must be a text of at most 4096 characters.')
  if (!Number.isInteger(most) || Number(most) < 0 || Number(most) > 1000)
    throw invalid('max_concurrent_runs must be between 0 and 1000.')
  if (!isObject(queue)) throw otherType('object', 'queue', queue)
  if (!Array.isArray(tasks)) throw otherType('array', 'tasks', tasks)
  if (tasks.length > MAX_TASKS) throw invalid(`A job has at most ${MAX_TASKS} tasks, not ${tasks.length}.`)
  for (const [index, task] of tasks.entries()) checkTask(task, `tasks[${index}]`)
  checkKeys(tasks)
  checkGraph(tasks)
  checkClusters(settings.job_clusters, tasks)
  checkPolicy(settings, '')
  checkSchedule(settings.schedule)
  for (const name of STARTERS) checkStarter(name, settings[name])
  return settings
}

/** https://docs.databricks.com/jobs/large-jobs */
const MAX_TASKS = 1000

/** What starts runs by itself on the service, unless it is paused. */
const STARTERS = ['schedule', 'continuous', 'trigger']

/**
 * A schedule is whole, paused or not, and stands for itself in an update (databricks-cli, issue 606). Its expression is of Quartz, whose days
 * are those of the month or of the week, the other of them being `?`; the sentence is the service's (azure-docs, issue 44132).
 * @throws HttpError 400
 */
function checkSchedule(schedule: unknown): void {
  if (schedule === undefined) return
  if (!isObject(schedule)) throw otherType('object', 'schedule', schedule)
  const { quartz_cron_expression: times, timezone_id: zone } = schedule
  for (const [name, value] of Object.entries({ quartz_cron_expression: times, timezone_id: zone }))
    if (typeof value !== 'string') throw invalid(`Missing required field: settings.schedule.${name}`)
  const fields = String(times).trim().split(/\s+/)
  const [, , , dayOfMonth, , dayOfWeek] = fields
  if (fields.length < 6 || fields.length > 7 || (dayOfMonth === '?') === (dayOfWeek === '?'))
    throw invalid(
      `Invalid quartz_cron_expression: ${String(times).slice(0, MAX_SHOWN)}. Databricks uses Quartz cron syntax, which is different from the standard cron syntax. See http://www.quartz-scheduler.org/documentation/quartz-2.1.x/tutorials/crontrigger.html for more details.`,
    )
}

/** Characters of an expression in a refusal. */
const MAX_SHOWN = 100

/** Nobody would notice that a job never runs. @throws HttpError 400 */
function checkStarter(name: string, starter: unknown): void {
  if (starter === undefined || (isObject(starter) && starter.pause_status === 'PAUSED')) return
  throw invalid(
    `${name}: no run starts by itself here, jobs/run-now starts one. With "pause_status": "PAUSED" it is kept.`,
  )
}

function checkTask(task: unknown, at: string): void {
  if (!isObject(task)) throw otherType('object', at, task)
  const { task_key: key = '', notebook_task: notebook } = task
  if (typeof key !== 'string') throw malformed(`${at}.task_key must be a text.`)
  checkPolicy(task, `${at}.`)
  if (notebook === undefined || notebook === null) return
  if (!isObject(notebook)) throw otherType('object', `${at}.notebook_task`, notebook)
  if (typeof notebook.notebook_path !== 'string')
    throw invalid(`${at}.notebook_task.notebook_path must be a text.`)
}

/** Lists whose entries are told apart by a key of their own: an update replaces or adds entries, it does not replace the list. */
const KEYED: Readonly<Record<string, string>> = { tasks: 'task_key', job_clusters: 'job_cluster_key' }

/** The settings after an update: named ones are replaced, all others stay. @throws HttpError 400 */
export function updatedSettings(
  settings: JobSettings,
  changes: Record<string, unknown>,
  removed: readonly string[],
): Record<string, unknown> {
  const updated: Record<string, unknown> = { ...settings }
  for (const field of removed) remove(updated, field)
  for (const [field, value] of Object.entries(changes)) {
    const [before, key] = [updated[field], KEYED[field]]
    updated[field] =
      key !== undefined && Array.isArray(before) && Array.isArray(value) ? merged(before, value, key) : value
  }
  return updated
}

/** A setting by its name, or one entry of a list by its key: `tasks/silver`. @throws HttpError 400 */
function remove(settings: Record<string, unknown>, field: string): void {
  const slash = field.indexOf('/')
  if (slash < 0) {
    delete settings[field]
    return
  }
  const [name, entry] = [field.slice(0, slash), field.slice(slash + 1)]
  const key = KEYED[name]
  if (key === undefined)
    throw invalid(
      `fields_to_remove: nothing is removed from ${name} alone; tasks/KEY and job_clusters/KEY are.`,
    )
  const list = settings[name]
  if (Array.isArray(list)) settings[name] = list.filter((one) => keyOf(one, key) !== entry)
}

function merged(before: readonly unknown[], changes: readonly unknown[], key: string): unknown[] {
  const changed = new Set(changes.map((entry) => keyOf(entry, key)))
  return [...before.filter((entry) => !changed.has(keyOf(entry, key))), ...changes]
}

const keyOf = (entry: unknown, key: string) => (entry as Record<string, unknown> | null)?.[key]
