/** The events of rows that were decoded lately: a reader takes a few hundred at a time, and a row may hold thousands. */

/** Of everything that is kept. */
const MAX_BYTES = 8_000_000
/** Smaller ones are decoded anew: they are read in one go. */
const MIN_BYTES = 20_000

/** The ones used last, in a bounded number of bytes. */
export class DecodedRows {
  /** The least recently used first. */
  readonly #rows = new Map<string, Buffer>()
  #bytes = 0

  /** At present. */
  get sizeBytes(): number {
    return this.#bytes
  }

  /** @param decode called when the row is not here. */
  get(key: string, decode: () => Buffer): Buffer {
    const known = this.#rows.get(key)
    if (known) {
      this.#rows.delete(key)
      this.#rows.set(key, known)
      return known
    }
    const made = decode()
    if (made.length < MIN_BYTES || made.length > MAX_BYTES) return made
    this.#rows.set(key, made)
    this.#bytes += made.length
    for (const [oldest, { length }] of this.#rows) {
      if (this.#bytes <= MAX_BYTES) break
      this.#rows.delete(oldest)
      this.#bytes -= length
    }
    return made
  }
}
