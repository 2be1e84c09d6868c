/** A clock that stands still until the test moves it. */
import type { Clock } from '../../src/pipeline/runtime/clock.ts'

interface Timer {
  at: number
  order: number
  callback: () => void
}

/** Lets everything that is ready to run do so: promises, and what they set off. */
export async function settle(): Promise<void> {
  for (let round = 0; round < 4; round++) await new Promise((resolve) => setImmediate(resolve))
}

export class FakeClock implements Clock {
  #elapsed = 0
  #suspended = 0
  #order = 0
  #timers: Timer[] = []
  #epoch: number

  constructor(epoch = Date.UTC(2026, 10, 24, 12, 0, 0)) {
    this.#epoch = epoch
  }

  now(): number {
    return this.#epoch + this.#elapsed + this.#suspended
  }

  monotonic(): number {
    return this.#elapsed
  }

  sinceBoot(): number {
    return this.#elapsed + this.#suspended
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#elapsed + Math.max(0, ms), order: this.#order++, callback }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((one) => one !== timer)
    }
  }

  /** Somebody sets the wall clock; the monotonic one goes on. */
  set(byMs: number): void {
    this.#epoch += byMs
  }

  /** The process is stopped: time goes on, and no timer fires until it is over. */
  sleep(ms: number): void {
    this.#elapsed += ms
  }

  /** The laptop sleeps: the monotonic clock stands still, and timers with it. */
  suspend(ms: number): void {
    this.#suspended += ms
  }

  get pending(): number {
    return this.#timers.length
  }

  /** Moves on, timer by timer; whatever a timer sets off is over before the next one fires. */
  async advance(ms: number): Promise<void> {
    const target = this.#elapsed + ms
    await settle()
    for (;;) {
      const next = this.#timers
        .filter((timer) => timer.at <= target)
        .sort((a, b) => a.at - b.at || a.order - b.order)[0]
      if (!next) break
      this.#timers = this.#timers.filter((one) => one !== next)
      // Not back, where it is late.
      this.#elapsed = Math.max(this.#elapsed, next.at)
      next.callback()
      await settle()
    }
    this.#elapsed = target
  }

  /** Moves on until the condition holds. @throws Error if it does not within `limitMs`. */
  async until(condition: () => boolean, limitMs = 60_000, stepMs = 50): Promise<void> {
    await settle()
    for (let waited = 0; !condition(); waited += stepMs) {
      if (waited >= limitMs) throw new Error(`not so after ${limitMs} ms of the fake clock: ${condition}`)
      await this.advance(stepMs)
    }
  }
}
