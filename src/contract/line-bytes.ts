/** The bytes of a file of lines while it is made: bodies go in as they came, with no text in between. */
const LF = 10
/** UTF-8 takes at most so many bytes for a code unit. */
const MOST_BYTES = 3

/** Grows as needed and has no bound of its own: whoever fills it ends the file. */
export class LineBytes {
  #bytes: Buffer
  #used = 0

  /** @param expected bytes; more are taken all the same. */
  constructor(expected: number) {
    this.#bytes = Buffer.allocUnsafeSlow(expected)
  }

  /** All that was added. Not to be added to after that. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#used)
  }

  add(bytes: Uint8Array): void {
    this.#makeRoom(bytes.length)
    this.#bytes.set(bytes, this.#used)
    this.#used += bytes.length
  }

  /** As UTF-8. */
  addText(text: string): void {
    this.#makeRoom(text.length * MOST_BYTES)
    this.#used += this.#bytes.write(text, this.#used)
  }

  endLine(): void {
    this.#makeRoom(1)
    this.#bytes[this.#used++] = LF
  }

  #makeRoom(bytes: number): void {
    const needed = this.#used + bytes
    if (needed <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length))
    larger.set(this.bytes)
    this.#bytes = larger
  }
}
