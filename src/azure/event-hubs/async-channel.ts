/** Passes values from a callback to a loop, one at a time: the producer waits until its value is taken. */
export class AsyncChannel<T> {
  #offer: { value: T; taken: () => void } | undefined
  #taker: { resolve: (value: T) => void; reject: (error: Error) => void } | undefined
  #error: Error | undefined
  #isClosed = false

  /** Resolves when the value was taken, or when the channel has ended. One producer at a time. */
  give(value: T): Promise<void> {
    if (this.#isClosed || this.#error) return Promise.resolve()
    if (this.#taker) {
      this.#taker.resolve(value)
      this.#taker = undefined
      return Promise.resolve()
    }
    return new Promise((taken) => {
      this.#offer = { value, taken }
    })
  }

  /** Ends the channel: taking from it now rejects. */
  fail(error: Error): void {
    this.#error ??= error
    this.#taker?.reject(this.#error)
    this.#taker = undefined
    this.close()
  }

  /** One consumer at a time. */
  take(): Promise<T> {
    if (this.#error) return Promise.reject(this.#error)
    const offer = this.#offer
    if (offer) {
      this.#offer = undefined
      offer.taken()
      return Promise.resolve(offer.value)
    }
    return new Promise((resolve, reject) => {
      this.#taker = { resolve, reject }
    })
  }

  /** Releases a waiting producer. */
  close(): void {
    this.#isClosed = true
    this.#offer?.taken()
    this.#offer = undefined
  }
}
