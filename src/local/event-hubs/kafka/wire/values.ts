/** The primitive types of the Kafka protocol, as its older request versions use them: https://kafka.apache.org/protocol */

import { asBuffer } from '../../amqp/sections.ts'

/** The bytes do not match the request that their header names. */
export class MalformedKafkaError extends Error {
  override readonly name = 'MalformedKafkaError'
}

const CUT_OFF = 'it ends in the middle of a value'
/** Items that an array may claim; each takes at least a byte, so the rest of the message bounds it too. */
const MAX_ITEMS = 100_000

/** Reads one message from its start to its end. Every method throws {@link MalformedKafkaError} behind the end. */
export class KafkaReader {
  readonly #bytes: Buffer
  #offset = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** Bytes that were not read yet. */
  get left(): number {
    return this.#bytes.length - this.#offset
  }

  #take(length: number): number {
    if (length < 0 || length > this.left) throw new MalformedKafkaError(CUT_OFF)
    const start = this.#offset
    this.#offset += length
    return start
  }

  /** Big-endian, like all numbers here. */
  int8 = (): number => this.#bytes.readInt8(this.#take(1))
  int16 = (): number => this.#bytes.readInt16BE(this.#take(2))
  int32 = (): number => this.#bytes.readInt32BE(this.#take(4))
  boolean = (): boolean => this.int8() !== 0

  /** As a number: a hub has no offsets or times beyond 2⁵³. */
  int64 = (): number => {
    const start = this.#take(8)
    const value = this.#bytes.readInt32BE(start) * 2 ** 32 + this.#bytes.readUInt32BE(start + 4)
    if (!Number.isSafeInteger(value)) throw new MalformedKafkaError('a number is too large')
    return value
  }

  /** UTF-8, its length as int16; undefined for −1. */
  nullableString = (): string | undefined => {
    const length = this.int16()
    if (length === -1) return undefined
    const start = this.#take(length)
    return this.#bytes.toString('utf8', start, start + length)
  }

  /** @throws MalformedKafkaError for an absent one. */
  string = (): string => {
    const text = this.nullableString()
    if (text === undefined) throw new MalformedKafkaError('a text is missing')
    return text
  }

  /** A view, not a copy. */
  nullableBytes = (): Buffer | undefined => {
    const length = this.int32()
    if (length === -1) return undefined
    const start = this.#take(length)
    return this.#bytes.subarray(start, start + length)
  }

  /** Empty for absent ones. A view, not a copy. */
  bytes = (): Buffer => this.nullableBytes() ?? Buffer.alloc(0)

  /** All that was not read yet. A view, not a copy. */
  rest = (): Buffer => this.#bytes.subarray(this.#take(this.left))

  /** A view, not a copy. */
  slice(length: number): Buffer {
    const start = this.#take(length)
    return this.#bytes.subarray(start, start + length)
  }

  /**
   * Its count as int32; undefined for −1. @throws MalformedKafkaError for more items than bytes are left, or than
   * any request needs.
   */
  nullableArray<T>(item: () => T): T[] | undefined {
    const count = this.int32()
    if (count === -1) return undefined
    if (count < 0 || count > Math.min(this.left, MAX_ITEMS))
      throw new MalformedKafkaError('an array is too long')
    return Array.from({ length: count }, item)
  }

  /** Empty for an absent one. */
  array<T>(item: () => T): T[] {
    return this.nullableArray(item) ?? []
  }
}

const FIRST_BYTES = 256
/** Bytes from this length on are referred to, and must not change before they are sent. */
const LARGE_BYTES = 32_000

/** Writes one message. Each method returns the writer. */
export class KafkaWriter {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES)
  #length = 0
  /** What stands before the bytes that are being written. */
  readonly #before: Buffer[] = []
  #lengthBefore = 0

  #room(size: number): number {
    const start = this.#length
    this.#length += size
    if (this.#length > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.#length, this.#bytes.length * 2))
      this.#bytes.copy(grown, 0, 0, start)
      this.#bytes = grown
    }
    return start
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#lengthBefore + this.#length
  }

  int8(value: number): this {
    const at = this.#room(1)
    this.#bytes.writeInt8(value, at)
    return this
  }

  int16(value: number): this {
    const at = this.#room(2)
    this.#bytes.writeInt16BE(value, at)
    return this
  }

  int32(value: number): this {
    const at = this.#room(4)
    this.#bytes.writeInt32BE(value, at)
    return this
  }

  uint32(value: number): this {
    const at = this.#room(4)
    this.#bytes.writeUInt32BE(value, at)
    return this
  }

  /** Whole numbers up to 2^53; negative ones too. */
  int64(value: number): this {
    const at = this.#room(8)
    this.#bytes.writeInt32BE(Math.floor(value / 2 ** 32), at)
    this.#bytes.writeUInt32BE(value >>> 0, at + 4)
    return this
  }

  boolean(value: boolean): this {
    return this.int8(value ? 1 : 0)
  }

  /** Its length as int16; undefined is written as −1. */
  string(text: string | undefined): this {
    if (text === undefined) return this.int16(-1)
    const size = Buffer.byteLength(text)
    this.int16(size)
    const at = this.#room(size)
    this.#bytes.write(text, at, 'utf8')
    return this
  }

  /** As they are, without a length. */
  raw(bytes: Uint8Array): this {
    const at = this.#room(bytes.length)
    this.#bytes.set(bytes, at)
    return this
  }

  /** Their length as int32; undefined is written as −1. Long ones are not copied. */
  bytes(bytes: Uint8Array | undefined): this {
    if (bytes === undefined) return this.int32(-1)
    return this.int32(bytes.length).#part(bytes)
  }

  /** As {@link bytes}, of what lies in several places. @param size of all. */
  bytesOf(pieces: readonly Buffer[], size: number): this {
    this.int32(size)
    for (const piece of pieces) this.#part(piece)
    return this
  }

  #part(bytes: Uint8Array): this {
    return bytes.length < LARGE_BYTES ? this.raw(bytes) : this.#refer(asBuffer(bytes))
  }

  /** Its count as int32, then each item. */
  array<T>(items: readonly T[], write: (item: T) => void): this {
    this.int32(items.length)
    for (const item of items) write(item)
    return this
  }

  #refer(bytes: Buffer): this {
    this.#before.push(this.#bytes.subarray(0, this.#length), bytes)
    this.#lengthBefore += this.#length + bytes.length
    this.#bytes = Buffer.allocUnsafe(FIRST_BYTES)
    this.#length = 0
    return this
  }

  /** What was written, without a copy of what is large; nothing may be written afterwards. */
  pieces(): Buffer[] {
    return [...this.#before, this.#bytes.subarray(0, this.#length)]
  }

  /** What was written, in one piece. */
  end(): Buffer {
    const [first, ...others] = this.pieces()
    return others.length === 0 ? (first as Buffer) : Buffer.concat([first as Buffer, ...others])
  }
}
