/** Limits for phones and addresses. All clocks are monotonic milliseconds, injected. */

/** Of the whole room, where nothing else is said. */
export const LIMITS = {
  phones: 200,
  /** Ten readings of the longest city, in a script of four bytes a letter. */
  bodyBytes: 3000,
  /** Connections open at once from one address. */
  connectionsPerAddress: 20,
  connections: 600,
  /** Readings allowed at once after a quiet time: a storm of ten, twice. */
  burst: 20,
  /** Readings per second from all phones. */
  readingsPerSecond: 1000,
  /** Wrong codes from one address before it must wait, and the longest wait (ms). */
  wrongCodes: 5,
  longestWaitMs: 60_000,
  /** Addresses that are remembered. */
  addresses: 2000,
} as const

/** A bucket of permits that refills. */
export class Bucket {
  readonly #perSecond: number
  readonly #burst: number
  #permits: number
  #filledAt: number

  constructor(perSecond: number, burst: number, now: number) {
    this.#perSecond = perSecond
    this.#burst = burst
    this.#permits = burst
    this.#filledAt = now
  }

  /** @returns whether that many may pass; all or none. */
  take(count: number, now: number): boolean {
    const earned = (Math.max(0, now - this.#filledAt) / 1000) * this.#perSecond
    this.#permits = Math.min(this.#burst, this.#permits + earned)
    this.#filledAt = now
    if (this.#permits < count) return false
    this.#permits -= count
    return true
  }
}

/** Counts wrong codes by address: each wrong guess doubles the wait. */
export class Guesses {
  readonly #wrong = new Map<string, { count: number; waitUntil: number }>()

  /** @param now monotonic ms. */
  mustWait(address: string, now: number): boolean {
    return (this.#wrong.get(address)?.waitUntil ?? 0) > now
  }

  /** Each one beyond the first few doubles the wait. A bounded number of addresses is remembered. */
  wrong(address: string, now: number): void {
    const count = (this.#wrong.get(address)?.count ?? 0) + 1
    const over = count - LIMITS.wrongCodes
    const waitMs = over < 0 ? 0 : Math.min(1000 * 2 ** over, LIMITS.longestWaitMs)
    this.#wrong.delete(address)
    this.#wrong.set(address, { count, waitUntil: now + waitMs })
    if (this.#wrong.size > LIMITS.addresses) this.#wrong.delete(this.#wrong.keys().next().value as string)
  }

  /** Its wrong ones are forgotten. */
  right(address: string): void {
    this.#wrong.delete(address)
  }
}
