/** How long runs of a job may take, and how often its task is tried again: `timeout_seconds`, `max_retries` and what belongs to them. */
import type { RunPolicy } from '../notebook-runs/run-record.ts'
import { invalid } from './errors.ts'

/** The whole numbers that a task takes, with their least; a job and a run without a job take the first. */
const NUMBERS = { timeout_seconds: 0, max_retries: -1, min_retry_interval_millis: 0 } as const

/** @param at where the settings stand, for a refusal: `tasks[0].`, or nothing for the job's own. @throws HttpError 400 */
export function checkPolicy(settings: Readonly<Record<string, unknown>>, at: string): void {
  for (const [name, least] of Object.entries(NUMBERS)) {
    const value = settings[name] ?? undefined
    if (value !== undefined && !(Number.isSafeInteger(value) && Number(value) >= least))
      throw invalid(`${at}${name} must be a whole number from ${least} on.`)
  }
  const { retry_on_timeout: isRetried = null } = settings
  if (isRetried !== null && typeof isRetried !== 'boolean')
    throw invalid(`${at}retry_on_timeout must be true or false.`)
}

/**
 * By the documentation of the Jobs API: the job's time holds for a run with all its attempts, a task's for each of them; a run
 * that took too long is tried again only where the task says so; the interval is that between the begins of two attempts.
 * @param settings of a job, or of a run without one, that {@link checkPolicy} took.
 */
export function policyOf(settings: Readonly<Record<string, unknown>>): RunPolicy | undefined {
  const task = taskOf(settings)
  const [timeoutMs, attemptTimeoutMs] = [settings, task].map(
    ({ timeout_seconds }) => 1000 * Number(timeout_seconds ?? 0),
  )
  const maxRetries = Number(task.max_retries ?? 0)
  if (!timeoutMs && !attemptTimeoutMs && maxRetries === 0) return undefined
  return {
    // 0 is no bound.
    ...(timeoutMs ? { timeoutMs } : {}),
    ...(attemptTimeoutMs ? { attemptTimeoutMs } : {}),
    maxRetries,
    retryIntervalMs: Number(task.min_retry_interval_millis ?? 0),
    intervalFrom: 'begin',
    retriesOnTimeout: task.retry_on_timeout === true,
  }
}

function taskOf({ tasks }: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return (Array.isArray(tasks) ? tasks[0] : undefined) ?? {}
}

/** Of a task, as its runs tell it too. */
export function policyFields(task: Readonly<Record<string, unknown>>): object {
  const names = [...Object.keys(NUMBERS), 'retry_on_timeout']
  return Object.fromEntries(
    names.flatMap((name) => ((task[name] ?? null) === null ? [] : [[name, task[name]]])),
  )
}
