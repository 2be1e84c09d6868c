/**
 * The primitive types of the Kafka protocol, in both of its encodings: https://kafka.apache.org/protocol. A message begins in the
 * older one, with lengths of a fixed size; from {@link KafkaReader.beFlexible} on it is in the flexible one (KIP-482), where a length is
 * a varint of one more than it is, 0 stands for absent, and every structure ends with tagged fields.
 */

import { asBuffer } from '../../amqp/sections.ts'

/** The bytes do not match the request that their header names. */
export class MalformedKafkaError extends Error {
  override readonly name = 'MalformedKafkaError'
}

const CUT_OFF = 'it ends in the middle of a value'
/** Items that an array may claim; each takes at least a byte, so the rest of the message bounds it too. */
const MAX_ITEMS = 100_000
const VARINT_BITS = 7
const MAX_VARINT_BYTES = 5

/** Reads one message from its start to its end. Every method throws {@link MalformedKafkaError} behind the end. */
export class KafkaReader {
  readonly #bytes: Buffer
  #offset = 0
  #isFlexible = false

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** What follows is in the flexible encoding. */
  beFlexible(): void {
    this.#isFlexible = true
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

  #varint(): number {
    let value = 0
    for (let byte = 0; byte < MAX_VARINT_BYTES; byte++) {
      const next = this.#bytes.readUInt8(this.#take(1))
      value += (next & 0x7f) * 2 ** (byte * VARINT_BITS)
      if (next < 0x80) return value
    }
    throw new MalformedKafkaError('a length is too long')
  }

  /** The end of a structure: fields that only some know, all passed over. Nothing in the older encoding. */
  tags(): void {
    if (!this.#isFlexible) return
    for (let left = this.#varint(); left > 0; left--) {
      this.#varint()
      this.#take(this.#varint())
    }
  }

  /** UTF-8; undefined for an absent one. */
  nullableString = (): string | undefined => {
    const length = this.#isFlexible ? this.#varint() - 1 : this.int16()
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
    const length = this.#int32OrVarint()
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

  #int32OrVarint(): number {
    return this.#isFlexible ? this.#varint() - 1 : this.int32()
  }

  /**
   * Of plain values, as texts or numbers; undefined for an absent one. @throws MalformedKafkaError for more items than bytes are left,
   * or than any request needs.
   */
  nullableList<T>(item: () => T): T[] | undefined {
    const count = this.#int32OrVarint()
    if (count === -1) return undefined
    if (count < 0 || count > Math.min(this.left, MAX_ITEMS))
      throw new MalformedKafkaError('an array is too long')
    return Array.from({ length: count }, item)
  }

  /** Empty for an absent one. */
  list<T>(item: () => T): T[] {
    return this.nullableList(item) ?? []
  }

  /** As {@link nullableList}, of structures: also those of a single field. */
  nullableArray<T>(item: () => T): T[] | undefined {
    if (!this.#isFlexible) return this.nullableList(item)
    return this.nullableList(() => {
      const value = item()
      this.tags()
      return value
    })
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
  #isFlexible = false

  /** What follows is in the flexible encoding. */
  beFlexible(): this {
    this.#isFlexible = true
    return this
  }

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

  #varint(value: number): this {
    let rest = value
    for (; rest >= 0x80; rest >>>= VARINT_BITS) this.#byte((rest & 0x7f) | 0x80)
    return this.#byte(rest)
  }

  #byte(value: number): this {
    const at = this.#room(1)
    this.#bytes[at] = value
    return this
  }

  #int32OrVarint(length: number): this {
    return this.#isFlexible ? this.#varint(length + 1) : this.int32(length)
  }

  /** The end of a structure, without further fields. Nothing in the older encoding. */
  tags(): this {
    return this.#isFlexible ? this.#byte(0) : this
  }

  /** UTF-8; undefined: absent. */
  string(text: string | undefined): this {
    const size = text === undefined ? -1 : Buffer.byteLength(text)
    if (this.#isFlexible) this.#varint(size + 1)
    else this.int16(size)
    if (text === undefined) return this
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

  /** Undefined: absent. Long ones are not copied. */
  bytes(bytes: Uint8Array | undefined): this {
    if (bytes === undefined) return this.#int32OrVarint(-1)
    return this.#int32OrVarint(bytes.length).#part(bytes)
  }

  /** As {@link bytes}, of what lies in several places. @param size of all. */
  bytesOf(pieces: readonly Buffer[], size: number): this {
    this.#int32OrVarint(size)
    for (const piece of pieces) this.#part(piece)
    return this
  }

  #part(bytes: Uint8Array): this {
    return bytes.length < LARGE_BYTES ? this.raw(bytes) : this.#refer(asBuffer(bytes))
  }

  /** Of plain values, as texts or numbers. Undefined: absent. */
  list<T>(items: readonly T[] | undefined, write: (item: T) => void): this {
    this.#int32OrVarint(items === undefined ? -1 : items.length)
    for (const item of items ?? []) write(item)
    return this
  }

  /** Of structures, also those of a single field. Undefined: absent. */
  array<T>(items: readonly T[] | undefined, write: (item: T) => void): this {
    return this.list(items, (item) => {
      write(item)
      this.tags()
    })
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
