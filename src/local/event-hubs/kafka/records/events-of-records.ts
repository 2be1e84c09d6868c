/**
 * Kafka's records as events of the hub, a whole batch in one pass: each record becomes an encoded AMQP message, and all of them
 * lie as the log keeps them (amqp/packed-events.ts). Headers become binary properties, as in the service:
 * https://learn.microsoft.com/azure/event-hubs/event-hubs-exchange-events-different-protocols
 */
import { isUtf8 } from 'node:buffer'
import { LENGTH_BYTES } from '../../amqp/packed-events.ts'
import { SECTION } from '../../amqp/sections.ts'
import { MalformedKafkaError } from '../wire/values.ts'
import { KAFKA_KEY, PARTITION_KEY, TYPE } from './amqp-layout.ts'

const CUT_OFF = 'a record ends in the middle of a value'
/** What the widest forms of a message's sections take beside their content, with both annotations of the key. */
const OVERHEAD_BYTES = 128
const OVERHEAD_OF_HEADER = 10
/** Lengths are of 32 bits, so their varints are of five bytes at most; times of 64 and ten. */
const MAX_VARINT_BYTES = 10

/** @returns the messages, each its length as uint32, then its bytes. @throws MalformedKafkaError */
export function eventsOfRecords(content: Buffer, count: number): Buffer {
  return new Transcoder(content, count).run(count)
}

class Transcoder {
  readonly #in: Buffer
  #at = 0
  /** End of the record. */
  #end = 0
  #out: Buffer
  #length = 0

  constructor(content: Buffer, count: number) {
    this.#in = content
    this.#out = Buffer.allocUnsafe(content.length + count * 24 + OVERHEAD_BYTES)
  }

  run(count: number): Buffer {
    for (let record = 0; record < count; record++) this.#record()
    if (this.#at !== this.#in.length) throw new MalformedKafkaError('bytes behind the last record')
    return this.#out.subarray(0, this.#length)
  }

  #record(): void {
    this.#end = this.#in.length
    const size = this.#varint()
    if (size < 1 || this.#at + size > this.#in.length) throw new MalformedKafkaError(CUT_OFF)
    this.#end = this.#at + size
    this.#at++
    this.#skipVarint()
    this.#skipVarint()
    this.#room(size + OVERHEAD_BYTES)
    const start = this.#length
    this.#length += LENGTH_BYTES
    const key = this.#bytesLength()
    const keyAt = this.#at
    if (key >= 0) this.#at += key
    const value = this.#bytesLength()
    const valueAt = this.#at
    if (value >= 0) this.#at += value
    if (key >= 0) this.#key(keyAt, key)
    this.#headers()
    if (this.#at !== this.#end) throw new MalformedKafkaError('bytes behind a record')
    this.#section(SECTION.data)
    if (value < 0) this.#out[this.#length++] = TYPE.null
    else this.#binary(valueAt, value)
    this.#out.writeUInt32BE(this.#length - start - LENGTH_BYTES, start)
  }

  #key(at: number, length: number): void {
    const key = this.#in.subarray(at, at + length)
    const isText = isUtf8(key)
    // Signs of replacement are longer than what they stand for.
    if (!isText) this.#room(length * 4 + this.#end - this.#at + OVERHEAD_BYTES)
    this.#section(SECTION.messageAnnotations)
    const map = this.#openMap(isText ? 2 : 4)
    this.#symbol(PARTITION_KEY)
    if (isText) this.#bytes(TYPE.str8, TYPE.str32, this.#in, at, length)
    else {
      const text = Buffer.from(key.toString('utf8'))
      this.#bytes(TYPE.str8, TYPE.str32, text, 0, text.length)
      this.#symbol(KAFKA_KEY)
      this.#binary(at, length)
    }
    this.#closeMap(map)
  }

  #headers(): void {
    const count = this.#varint()
    if (count < 0 || count > this.#end - this.#at) throw new MalformedKafkaError('too many headers')
    if (count === 0) return
    this.#room(this.#end - this.#at + count * OVERHEAD_OF_HEADER + OVERHEAD_BYTES)
    this.#section(SECTION.applicationProperties)
    const map = this.#openMap(count * 2)
    for (let header = 0; header < count; header++) {
      const name = this.#bytesLength()
      if (name < 0) throw new MalformedKafkaError('a header without a name')
      this.#bytes(TYPE.str8, TYPE.str32, this.#in, this.#at, name)
      this.#at += name
      const value = this.#bytesLength()
      if (value < 0) this.#out[this.#length++] = TYPE.null
      else {
        this.#binary(this.#at, value)
        this.#at += value
      }
    }
    this.#closeMap(map)
  }

  #section(descriptor: number): void {
    this.#out[this.#length++] = TYPE.described
    this.#out[this.#length++] = TYPE.smallUlong
    this.#out[this.#length++] = descriptor
  }

  /** @returns where its size is to be written. */
  #openMap(items: number): number {
    this.#out[this.#length] = TYPE.map32
    this.#out.writeUInt32BE(items, this.#length + 5)
    this.#length += 9
    return this.#length - 8
  }

  #closeMap(at: number): void {
    this.#out.writeUInt32BE(this.#length - at - 4, at)
  }

  #symbol(name: string): void {
    this.#out[this.#length++] = TYPE.sym8
    this.#out[this.#length++] = name.length
    this.#length += this.#out.write(name, this.#length, 'latin1')
  }

  #binary(at: number, length: number): void {
    this.#bytes(TYPE.vbin8, TYPE.vbin32, this.#in, at, length)
  }

  #bytes(short: number, long: number, from: Buffer, at: number, length: number): void {
    if (length < 256) {
      this.#out[this.#length] = short
      this.#out[this.#length + 1] = length
      this.#length += 2
    } else {
      this.#out[this.#length] = long
      this.#out.writeUInt32BE(length, this.#length + 1)
      this.#length += 5
    }
    from.copy(this.#out, this.#length, at, at + length)
    this.#length += length
  }

  #room(size: number): void {
    if (this.#length + size <= this.#out.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.#out.length * 2, this.#length + size))
    this.#out.copy(grown, 0, 0, this.#length)
    this.#out = grown
  }

  /** −1 for null. */
  #bytesLength(): number {
    const length = this.#varint()
    if (length < -1 || this.#at + length > this.#end) throw new MalformedKafkaError(CUT_OFF)
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
    throw new MalformedKafkaError('a number is too large')
  }

  #skipVarint(): void {
    for (let length = 1; length <= MAX_VARINT_BYTES; length++) {
      if (this.#at >= this.#end) throw new MalformedKafkaError(CUT_OFF)
      if ((this.#in[this.#at++] as number) < 0x80) return
    }
    throw new MalformedKafkaError('a number is too large')
  }
}
