/** Wall clock in epoch milliseconds; injected so that tests decide what time it is. */
export interface Clock {
  now(): number
}

export const systemClock: Clock = { now: () => Date.now() }
