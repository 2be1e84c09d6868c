/**
 * The single-task format, which version 2.0 of the Jobs API makes and tells: what stands in a task elsewhere stands among the
 * job's settings. It is kept as a job of one task; version 2.1 and later tell every job so, as documented.
 */

import { isObject } from '../http/body.ts'
import type { JobSettings } from './job-settings.ts'

const SINGLE = 'SINGLE_TASK'
/** By which a job in this format is known. */
const WORK = [
  'notebook_task',
  'spark_jar_task',
  'spark_python_task',
  'spark_submit_task',
  'pipeline_task',
  'python_wheel_task',
]
const CLUSTER = ['existing_cluster_id', 'new_cluster', 'libraries']
/** Here a run is its only attempt: its time is the task's. */
const FIELDS = [
  ...WORK,
  ...CLUSTER,
  'timeout_seconds',
  'max_retries',
  'min_retry_interval_millis',
  'retry_on_timeout',
]
/** Of a job without a name. */
const KEY = 'main'

/** Of a job or of a submitted run. */
export const isSingle = ({ format, tasks }: Readonly<Record<string, unknown>>): boolean =>
  format === SINGLE && Array.isArray(tasks) && tasks.length === 1

/** @param given settings in either format. @returns them with tasks; anything but an object or `tasks` is for others to refuse. */
export function asTasks(given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  if (Array.isArray(given.tasks) || !WORK.some((name) => isObject(given[name]))) return { ...given }
  const entries = Object.entries(given)
  const name = typeof given.name === 'string' ? given.name.replace(/[^\w-]/g, '_') : ''
  const task = Object.fromEntries(entries.filter(([field]) => FIELDS.includes(field)))
  return {
    ...Object.fromEntries(entries.filter(([field]) => !FIELDS.includes(field))),
    tasks: [{ task_key: name || KEY, ...task }],
    format: SINGLE,
  }
}

/** The settings as this format has them; those of a job with tasks stay. */
export function asFields(settings: JobSettings): JobSettings {
  if (!isSingle(settings)) return { ...settings, format: 'MULTI_TASK' }
  const { tasks = [], ...rest } = settings
  const { task_key: _, run_if: __, ...task } = tasks[0] ?? {}
  return { ...rest, ...task, format: SINGLE }
}

/** As the API tells of a run, as far as it is told otherwise here. */
interface RunOfTasks {
  tasks: { run_id: number; [field: string]: unknown }[]
  [field: string]: unknown
}

/** A run as this format has it: its last attempt. @param settings by which it ran; undefined: the job is gone. */
export function runAsFields(run: RunOfTasks, settings: JobSettings | undefined): object {
  if (!settings || !isSingle(settings)) return run
  const { tasks, job_run_id: _, ...rest } = run
  const last = tasks.at(-1) ?? { run_id: 0 }
  const own = Object.entries(settings.tasks?.[0] ?? {})
  const { attempt_number, setup_duration, execution_duration, cleanup_duration } = last
  return {
    ...rest,
    attempt_number,
    setup_duration,
    execution_duration,
    cleanup_duration,
    task: Object.fromEntries(own.filter(([name]) => WORK.includes(name))),
    cluster_spec: Object.fromEntries(own.filter(([name]) => CLUSTER.includes(name))),
    format: SINGLE,
  }
}
