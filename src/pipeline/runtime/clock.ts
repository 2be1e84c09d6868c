import { uptime } from 'node:os'

/** Time, injected: the pipeline never asks the system, so tests advance a clock instead of sleeping. */
export interface Clock {
  /** Epoch milliseconds, for what people and tables see. May jump when the system's clock is set. */
  now(): number
  /** Milliseconds since some fixed moment; never goes back. For durations, rates and schedules. */
  monotonic(): number
  /**
   * Milliseconds since the machine was started; never goes back, and goes on while the machine sleeps, as the monotonic clock of
   * Linux and macOS does not. For what runs elsewhere meanwhile, and is billed.
   */
  sinceBoot(): number
  /** Calls back once after `ms` milliseconds; the returned function cancels. Does not keep the process alive. */
  after(ms: number, callback: () => void): () => void
}

/** Its timers keep no process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sinceBoot: () => uptime() * 1000,
  after(ms, callback) {
    const timer = setTimeout(callback, ms)
    timer.unref()
    return () => clearTimeout(timer)
  },
}

/** One moment by both clocks, so that the time since then can be told whatever the wall clock is set to. */
export interface Moment {
  /** Epoch milliseconds. */
  readonly time: number
  readonly monotonic: number
}

/** Both clocks as of now. */
export const momentOf = (clock: Pick<Clock, 'now' | 'monotonic'>): Moment => ({
  time: clock.now(),
  monotonic: clock.monotonic(),
})

/** Less than this is the two clocks' own drift, and rounding (ms). */
const SET_BY_MS = 1000

/**
 * When a moment was, as the wall clock is set now: what the screen shows is the time since then, by the monotonic clock.
 * @returns epoch milliseconds; the same ones until the clock is set.
 */
export function restated(then: Moment, now: Moment): number {
  const setBy = now.time - then.time - (now.monotonic - then.monotonic)
  return Math.abs(setBy) > SET_BY_MS ? then.time + setBy : then.time
}

/** Resolves after `ms`, or at once when the signal aborts: the caller looks at the signal. Never rejects. */
export function pause(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const done = () => {
      cancel()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const cancel = clock.after(ms, done)
    signal?.addEventListener('abort', done, { once: true })
  })
}

/** @returns what the promise brings; undefined when it takes longer than `ms`: it is left behind. Rejects as the promise does. */
export function within<T>(clock: Clock, ms: number, promise: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => resolve(undefined))
    promise.then(resolve, reject).finally(cancel)
  })
}
