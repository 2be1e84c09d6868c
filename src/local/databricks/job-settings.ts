/** The settings of a job: those we use are validated, all others are kept as sent. */
import { invalid, malformed } from './errors.ts'
import { checkPolicy } from './run-policy.ts'

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
  if (!isObject(queue)) throw malformed('queue must be an object.')
  if (!Array.isArray(tasks)) throw malformed('tasks must be a list.')
  if (tasks.length > MAX_TASKS) throw invalid(`A job has at most ${MAX_TASKS} tasks, not ${tasks.length}.`)
  for (const [index, task] of tasks.entries()) checkTask(task, `tasks[${index}]`)
  checkKeys(tasks)
  checkPolicy(settings, '')
  for (const name of STARTERS) checkStarter(name, settings[name])
  return settings
}

/** https://docs.databricks.com/jobs/large-jobs */
const MAX_TASKS = 1000

/** What starts runs by itself on the service, unless it is paused. */
const STARTERS = ['schedule', 'continuous', 'trigger']

/** Nobody would notice that a job never runs. @throws HttpError 400 */
function checkStarter(name: string, starter: unknown): void {
  if (starter === undefined || (isObject(starter) && starter.pause_status === 'PAUSED')) return
  throw invalid(
    `${name}: no run starts by itself here, jobs/run-now starts one. With "pause_status": "PAUSED" it is kept.`,
  )
}

/** @throws HttpError 400 */
function checkKeys(tasks: readonly JobTask[]): void {
  const keys = new Set<string>()
  for (const { task_key } of tasks) {
    if (task_key === undefined) continue
    if (!/^[\w-]+$/.test(task_key))
      throw invalid(
        `Task key '${task_key.slice(0, MAX_SHOWN)}' contains an invalid character. Only alphanumeric, - and _ characters are permitted.`,
      )
    if (keys.has(task_key)) throw invalid(`Task key '${task_key.slice(0, MAX_SHOWN)}' is that of two tasks.`)
    keys.add(task_key)
  }
}

/** Characters of a key in a refusal. */
const MAX_SHOWN = 100

function checkTask(task: unknown, at: string): void {
  if (!isObject(task)) throw malformed(`${at} must be an object.`)
  const { task_key: key = '', notebook_task: notebook } = task
  if (typeof key !== 'string') throw malformed(`${at}.task_key must be a text.`)
  checkPolicy(task, `${at}.`)
  if (notebook === undefined || notebook === null) return
  if (!isObject(notebook)) throw malformed(`${at}.notebook_task must be an object.`)
  if (typeof notebook.notebook_path !== 'string')
    throw invalid(`${at}.notebook_task.notebook_path must be a text.`)
}

/** For members of a request's JSON, which may be anything. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

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
