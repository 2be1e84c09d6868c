/** Limits how much work runs at a time; the rest waits in order of arrival. */
export class Turns {
  #places = 1
  #running = 0
  readonly #waiting: (() => void)[] = []

  /** Work that may run at once. */
  get places(): number {
    return this.#places
  }

  set places(count: number) {
    this.#places = count
    this.#next()
  }

  /** @returns what the work gives, and throws what it throws; its place is free afterwards either way. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#places || this.#waiting.length > 0)
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve)
      })
    else this.#running++
    try {
      return await work()
    } finally {
      this.#running--
      this.#next()
    }
  }

  #next(): void {
    while (this.#running < this.#places) {
      const begin = this.#waiting.shift()
      if (!begin) return
      // Its place is taken before it knows, or work that comes meanwhile would have it.
      this.#running++
      begin()
    }
  }
}
