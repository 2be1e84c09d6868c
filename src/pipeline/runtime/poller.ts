/** Polls one service: never twice at a time, slower after failures, not at all after a refusal. */

import { ServiceError } from '../ports/errors.ts'
import { backoff } from './backoff.ts'
import type { Clock } from './clock.ts'
import { errorText } from './error-text.ts'
import type { IdleTracker } from './idle-tracker.ts'

/** Whom it asks, how often, and whom it tells. */
export interface PollerOptions {
  ask: (signal: AbortSignal) => Promise<void>
  /** Time from one question to the next (ms); looked at anew each time. */
  everyMs: () => number
  /** The longest wait after repeated failures (ms). */
  longestMs: number
  /** @param times how often in a row. */
  onFailure: (error: ServiceError, times: number) => void
  onRecovery: () => void
  /** As a person calls it, for errors that are not the service's own. */
  service: string
  clock: Clock
  idle: IdleTracker
}

/** A refusal (authorization) ends the polling until {@link retryRefused}. */
export class Poller {
  readonly #options: PollerOptions
  readonly #closing = new AbortController()
  #asking: Promise<void> | undefined
  /** Another question follows the one under way. */
  #isAskedAgain = false
  #failures = 0
  #isOpen = false
  #isRefused = false
  #cancel: (() => void) | undefined

  constructor(options: PollerOptions) {
    this.#options = options
  }

  /** Asks at once, and goes on by itself. Resolves with the first answer, or failure. */
  open(): Promise<void> {
    this.#isOpen = true
    return this.refresh()
  }

  /** Asks now, also after a refusal; if a question is under way, another one follows it. Resolves with the answer. */
  async refresh(): Promise<void> {
    if (!this.#isOpen || this.#closing.signal.aborted) return
    if (this.#asking !== undefined) {
      this.#isAskedAgain = true
      await this.#asking
      return this.#asking
    }
    this.#cancel?.()
    this.#asking = this.#options.idle.track(this.#ask()).finally(() => {
      this.#asking = undefined
      if (this.#closing.signal.aborted) return
      if (this.#isAskedAgain) {
        this.#isAskedAgain = false
        void this.refresh()
      }
    })
    return this.#asking
  }

  /** The pace may have changed: the next question comes no later than it says. */
  resetInterval(): void {
    if (!this.#asking && this.#cancel && this.#failures === 0) this.#schedule(this.#options.everyMs())
  }

  /** Asks once more after a refusal: the person may have signed in again, or been given a role. */
  retryRefused(): void {
    if (this.#isRefused) void this.refresh()
  }

  /** Resolves when the question under way has ended, which is given up. */
  async close(): Promise<void> {
    this.#closing.abort()
    this.#cancel?.()
    await this.#asking
  }

  async #ask(): Promise<void> {
    const { ask, clock, everyMs, longestMs, onFailure, onRecovery, service } = this.#options
    const { signal } = this.#closing
    const begun = clock.monotonic()
    this.#isRefused = false
    try {
      await ask(signal)
      if (signal.aborted) return
      if (this.#failures > 0) onRecovery()
      this.#failures = 0
      this.#schedule(aligned(clock, everyMs(), clock.monotonic() - begun))
    } catch (cause) {
      if (signal.aborted) return
      const error =
        cause instanceof ServiceError
          ? cause
          : new ServiceError('service', service, errorText(cause), { cause })
      this.#failures++
      onFailure(error, this.#failures)
      // A refusal would be repeated: the person's next command asks again.
      this.#isRefused = error.kind === 'authorization'
      if (this.#isRefused) return
      const wait = backoff(this.#failures, { first: everyMs(), longest: longestMs })
      this.#schedule(Math.max(wait, error.retryAfterMs ?? 0))
    }
  }

  #schedule(ms: number): void {
    this.#cancel?.()
    this.#cancel = this.#options.clock.after(ms, () => void this.refresh())
  }
}

/**
 * Questions fall on full multiples of their interval, so that those of several services come in together and the screen is
 * painted once for all of them.
 */
function aligned(clock: Clock, everyMs: number, tookMs: number): number {
  const wait = everyMs - (clock.monotonic() % everyMs)
  // A slow answer is given a rest of the same length: a service that needs its whole interval is not hammered.
  return Math.max(wait, Math.min(tookMs, everyMs))
}
