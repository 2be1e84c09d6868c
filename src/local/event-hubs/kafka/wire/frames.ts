/** Splits a connection's bytes into messages: each its length as int32, then its bytes. */

const LENGTH_BYTES = 4

/** Of one connection. It keeps no more than one message that has begun. */
export class FrameSplitter {
  #chunks: Buffer[] = []
  #size = 0

  /** How many bytes wait for the rest of their message. */
  get waiting(): number {
    return this.#size
  }

  /**
   * @param maxBytes of a message, as things stand now.
   * @returns the whole messages that there are. @throws RangeError for one that is too long.
   */
  push(chunk: Buffer, maxBytes: number): Buffer[] {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    const messages: Buffer[] = []
    for (;;) {
      const length = this.#nextLength()
      if (length === undefined) return messages
      if (length < 0 || length > maxBytes)
        throw new RangeError(`a request of ${length} bytes, where ${maxBytes} are the most`)
      if (this.#size < LENGTH_BYTES + length) return messages
      const bytes = this.#joined()
      messages.push(bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + length))
      const rest = bytes.subarray(LENGTH_BYTES + length)
      this.#chunks = rest.length > 0 ? [rest] : []
      this.#size = rest.length
    }
  }

  #nextLength(): number | undefined {
    if (this.#size < LENGTH_BYTES) return undefined
    if ((this.#chunks[0] as Buffer).length < LENGTH_BYTES) this.#chunks = [this.#joined()]
    return (this.#chunks[0] as Buffer).readInt32BE(0)
  }

  #joined(): Buffer {
    return this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks)
  }
}
