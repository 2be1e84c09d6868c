/** Wall clock in epoch milliseconds; injected so that tests decide what time it is. */
export interface Clock {
  now(): number
  /** Milliseconds that never go back, for durations. A test's clock that nobody sets may leave it out. */
  monotonic?(): number
}

/** The program's own. */
export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() }

/** What a duration is measured by. */
export const monotonicOf = (clock: Clock): number => clock.monotonic?.() ?? clock.now()
