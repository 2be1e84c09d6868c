/** Asks a service again and again: never twice at once, slower after failures, not at all after a refusal. */
import { type Clock, pause } from './clock.ts'
import { ServiceError } from './ports.ts'

export interface PollerOptions {
  ask: (signal: AbortSignal) => Promise<void>
  /** Time between an answer and the next question (ms); looked at each time. */
  everyMs: () => number
  failed: (error: ServiceError, isFirst: boolean) => void
  recovered: () => void
  clock: Clock
}

const LONGEST_MS = 30_000

export class Poller {
  readonly #options: PollerOptions
  readonly #closed = new AbortController()
  #asking: Promise<void> | undefined
  #failures = 0
  #wake: (() => void) | undefined
  #loop: Promise<void> | undefined

  constructor(options: PollerOptions) {
    this.#options = options
  }

  /** Asks at once; resolves when the first answer (or failure) is in. Goes on by itself. */
  async open(): Promise<void> {
    await this.#ask()
    this.#loop = this.#forever()
  }

  /** Asks again now: an operator has done something. */
  hurry(): void {
    this.#wake?.()
  }

  async idle(): Promise<void> {
    await this.#asking
  }

  async close(): Promise<void> {
    this.#closed.abort()
    this.#wake?.()
    await this.#loop
  }

  async #forever(): Promise<void> {
    const { clock, everyMs } = this.#options
    while (!this.#closed.signal.aborted) {
      const woken = new AbortController()
      this.#wake = () => woken.abort()
      const wait = Math.max(
        everyMs(),
        Math.min(LONGEST_MS, this.#failures === 0 ? 0 : 500 * 2 ** this.#failures),
      )
      await pause(clock, wait, AbortSignal.any([woken.signal, this.#closed.signal]))
      if (!this.#closed.signal.aborted) await this.#ask()
    }
  }

  #ask(): Promise<void> {
    this.#asking = this.#once().finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  async #once(): Promise<void> {
    const { ask, failed, recovered } = this.#options
    try {
      await ask(this.#closed.signal)
      if (this.#failures > 0) recovered()
      this.#failures = 0
    } catch (error) {
      if (this.#closed.signal.aborted) return
      const failure =
        error instanceof ServiceError
          ? error
          : new ServiceError('service', 'pipeline', (error as Error).message, { cause: error })
      this.#failures++
      failed(failure, this.#failures === 1)
      if (failure.kind === 'authorization') this.#failures = Math.max(this.#failures, 6)
    }
  }
}
