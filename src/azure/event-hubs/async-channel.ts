/** Hands values from a callback to a loop, one at a time: the giver waits until its value has been taken. */
export class AsyncChannel<T> {
  #offer: { value: T; taken: () => void } | undefined
  #taker: { resolve: (value: T) => void; reject: (error: Error) => void } | undefined
  #error: Error | undefined
  #isClosed = false

  /** Resolves when the value has been taken, or nobody will take it any more. One giver at a time. */
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

  /** Ends it: what is taken from now on rejects. */
  fail(error: Error): void {
    this.#error ??= error
    this.#taker?.reject(this.#error)
    this.#taker = undefined
    this.close()
  }

  /** One taker at a time. */
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

  /** Lets a waiting giver go. */
  close(): void {
    this.#isClosed = true
    this.#offer?.taken()
    this.#offer = undefined
  }
}
