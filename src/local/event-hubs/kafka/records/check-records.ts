/** Looks through a batch's records without making anything of them: whatever passes can be made into events later. */
import { MalformedKafkaError } from '../wire/values.ts'

const CUT_OFF = 'a record ends in the middle of a value'
const TOO_LARGE = 'a number is too large'
/** Lengths are of 32 bits, so their varints are of five bytes at most; times of 64 and ten. */
const LONGEST_VARINT = 10

/**
 * @param content of a batch, decompressed.
 * @returns whether the records number themselves 0, 1, 2 …, as clients count on: a batch that does not is not given to them as it is.
 * @throws MalformedKafkaError for all that {@link eventsOfRecords} does not take.
 */
export function checkRecords(content: Buffer, count: number): boolean {
  return new RecordCheck(content).run(count)
}

class RecordCheck {
  readonly #in: Buffer
  #at = 0
  /** Of the record. */
  #end = 0

  constructor(content: Buffer) {
    this.#in = content
  }

  run(count: number): boolean {
    let isInOrder = true
    for (let index = 0; index < count; index++) if (!this.#record(index)) isInOrder = false
    if (this.#at !== this.#in.length) throw new MalformedKafkaError('bytes behind the last record')
    return isInOrder
  }

  #record(index: number): boolean {
    this.#end = this.#in.length
    const size = this.#varint()
    if (size < 1 || this.#at + size > this.#in.length) throw new MalformedKafkaError(CUT_OFF)
    this.#end = this.#at + size
    this.#at++
    this.#skipVarint()
    const numberAt = this.#at
    const isInOrder = this.#skipVarint() <= 5 && this.#numberAt(numberAt) === index
    this.#skipBytes()
    this.#skipBytes()
    const headers = this.#varint()
    if (headers < 0 || headers > this.#end - this.#at) throw new MalformedKafkaError('too many headers')
    for (let header = 0; header < headers; header++) {
      if (this.#skipBytes() < 0) throw new MalformedKafkaError('a header without a name')
      this.#skipBytes()
    }
    if (this.#at !== this.#end) throw new MalformedKafkaError('bytes behind a record')
    return isInOrder
  }

  #numberAt(at: number): number {
    const behind = this.#at
    this.#at = at
    const number = this.#varint()
    this.#at = behind
    return number
  }

  /** @returns the length; −1 for null. */
  #skipBytes(): number {
    const length = this.#varint()
    if (length < -1 || this.#at + length > this.#end) throw new MalformedKafkaError(CUT_OFF)
    if (length > 0) this.#at += length
    return length
  }

  /** Zigzag, of 32 bits. */
  #varint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      if (this.#at >= this.#end) throw new MalformedKafkaError(CUT_OFF)
      const byte = this.#in[this.#at++] as number
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1)
    }
    throw new MalformedKafkaError(TOO_LARGE)
  }

  /** @returns of how many bytes it is. */
  #skipVarint(): number {
    for (let length = 1; length <= LONGEST_VARINT; length++) {
      if (this.#at >= this.#end) throw new MalformedKafkaError(CUT_OFF)
      if ((this.#in[this.#at++] as number) < 0x80) return length
    }
    throw new MalformedKafkaError(TOO_LARGE)
  }
}
