/** The `policy` of a pipeline's activity: how long it may take, and how often it is tried again. */
import { HttpError } from '../http/errors.ts'
import type { RunPolicy } from '../notebook-runs/run-record.ts'

/** As documented for an activity's policy (s). */
const INTERVAL = { least: 30, most: 86_400, default: 30 }
/** `[D.]HH:MM:SS`. */
const TIMEOUT = /^(?:(\d{1,5})\.)?(\d\d):(60|[0-5]\d):(60|[0-5]\d)$/

/**
 * One that names no timeout has none here: the documentation tells two defaults of it, twelve hours and seven days.
 * @param activity its name, for a refusal. @throws HttpError 400, also for an expression, which nobody here evaluates.
 */
export function activityPolicy(activity: string, policy: unknown): RunPolicy | undefined {
  const { timeout, retry, retryIntervalInSeconds } = (policy ?? {}) as Readonly<Record<string, unknown>>
  const refuse = (what: string) => new HttpError(400, 'BadRequest', `Activity '${activity}': policy.${what}`)
  const attemptTimeoutMs = timeout === undefined || timeout === null ? undefined : timespan(timeout)
  if (attemptTimeoutMs === 'none') throw refuse('timeout must be a time like 0.12:00:00.')
  const maxRetries = retry ?? 0
  if (!Number.isSafeInteger(maxRetries) || Number(maxRetries) < 0)
    throw refuse('retry must be a whole number from 0 on.')
  const seconds = retryIntervalInSeconds ?? INTERVAL.default
  if (!Number.isInteger(seconds) || Number(seconds) < INTERVAL.least || Number(seconds) > INTERVAL.most)
    throw refuse(`retryIntervalInSeconds must be between ${INTERVAL.least} and ${INTERVAL.most}.`)
  if (attemptTimeoutMs === undefined && maxRetries === 0) return undefined
  return {
    ...(attemptTimeoutMs === undefined ? {} : { attemptTimeoutMs }),
    maxRetries: Number(maxRetries),
    retryIntervalMs: 1000 * Number(seconds),
    intervalFrom: 'end',
    retriesOnTimeout: true,
  }
}

/** In milliseconds. */
function timespan(text: unknown): number | 'none' {
  const found = typeof text === 'string' ? TIMEOUT.exec(text) : null
  if (!found) return 'none'
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = found.slice(1).map((part) => Number(part ?? 0))
  return 1000 * (seconds + 60 * (minutes + 60 * (hours + 24 * days)))
}
