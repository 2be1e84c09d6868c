/** Knows whether anything is under way, so that tests (and shutting down) wait for quiet instead of sleeping. */
export class IdleTracker {
  #busy = 0
  #waiting: (() => void)[] = []

  /** Counts the work until it settles. Returns it unchanged. */
  async track<T>(work: Promise<T>): Promise<T> {
    this.#busy++
    try {
      return await work
    } finally {
      this.#busy--
      // What the end of this work sets off is counted before anybody is told that all is quiet.
      if (this.#busy === 0) setImmediate(() => this.#tell())
    }
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#busy > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  #tell(): void {
    if (this.#busy > 0) return
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}
