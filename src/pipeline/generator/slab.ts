/** Texts as UTF-8, many of them in one piece of memory: a buffer of its own for each costs more than its bytes. */
const SLAB_BYTES = 65_536
/** UTF-8 takes at most so many bytes for a code unit. */
const MOST_BYTES = 3

/** A piece goes when nobody holds a text of it any more. */
export class Slab {
  #bytes = Buffer.allocUnsafeSlow(SLAB_BYTES)
  #used = 0

  /** @returns a view that is never written to again. */
  write(text: string): Uint8Array {
    const most = text.length * MOST_BYTES
    if (most > SLAB_BYTES) return Buffer.from(text)
    if (this.#used + most > SLAB_BYTES) {
      this.#bytes = Buffer.allocUnsafeSlow(SLAB_BYTES)
      this.#used = 0
    }
    const start = this.#used
    this.#used += this.#bytes.write(text, start)
    return this.#bytes.subarray(start, this.#used)
  }
}
