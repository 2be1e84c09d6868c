/** Databricks' limit on requests per second, as a bucket that refills. */

import { HttpError } from '../http/errors.ts'
import { type Clock, monotonicOf } from '../runtime/clock.ts'

/** Of all clients together. */
export interface RateLimit {
  perSecond: number
  /** Requests that may come at once after a quiet time. */
  burst: number
}

/** The service's own: 30 requests a second for most of its API. */
export const WORKSPACE_LIMIT: RateLimit = { perSecond: 30, burst: 60 }

/** @returns a check that throws HttpError 429 with `Retry-After`. */
export function rateLimiter({ perSecond, burst }: RateLimit, clock: Clock): () => void {
  let tokens = burst
  let filledAt = monotonicOf(clock)
  return () => {
    const now = monotonicOf(clock)
    tokens = Math.min(burst, tokens + ((now - filledAt) / 1000) * perSecond)
    filledAt = now
    if (tokens < 1)
      throw new HttpError(
        429,
        'REQUEST_LIMIT_EXCEEDED',
        `Your request was rejected since the workspace has exceeded the rate limit of ${perSecond} requests per second.`,
        { headers: { 'retry-after': '1' } },
      )
    tokens--
  }
}
