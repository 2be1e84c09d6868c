/** Record batches and events, made and read value by value: what the hub does with bytes in one pass is held against it. */
import { crc32 } from 'node:zlib'
import rhea, { type Message } from 'rhea'
import { dataSection, decodeMessage, encodeMessage } from '../../../../src/local/event-hubs/amqp/library.ts'
import { crc32c } from '../../../../src/local/event-hubs/kafka/records/crc32c.ts'
import { openBatch } from '../../../../src/local/event-hubs/kafka/records/record-batch.ts'
import { KafkaReader, KafkaWriter } from '../../../../src/local/event-hubs/kafka/wire/values.ts'

export interface KafkaRecord {
  key: Buffer | undefined
  value: Buffer | undefined
  headers: readonly { name: string; value: Buffer | undefined }[]
}

export const record = (value: string | Buffer, rest: Partial<KafkaRecord> = {}): KafkaRecord => ({
  key: undefined,
  value: Buffer.from(value as string),
  headers: [],
  ...rest,
})

/** Zigzag, up to 64 bits. */
export function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n))
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  return Buffer.from([...bytes, Number(rest)])
}

const varBytes = (bytes: Buffer | undefined) =>
  bytes === undefined ? varint(-1) : Buffer.concat([varint(bytes.length), bytes])

const encodeRecord = ({ key, value, headers }: KafkaRecord, index: number): Buffer =>
  varBytes(
    Buffer.concat([
      Buffer.of(0),
      varint(0),
      varint(index),
      varBytes(key),
      varBytes(value),
      varint(headers.length),
      ...headers.flatMap((header) => [varBytes(Buffer.from(header.name)), varBytes(header.value)]),
    ]),
  )

export const encodeRecords = (records: readonly KafkaRecord[]): Buffer =>
  Buffer.concat(records.map(encodeRecord))

export interface BatchFields {
  codec?: number
  producerId?: number
  epoch?: number
  baseSequence?: number
  /** Epoch milliseconds, of the producer's clock. */
  timestamp?: number
}

/** A batch as a producer sends it. @param content its records, when they are compressed or no records at all. */
export function encodeBatch(
  records: readonly KafkaRecord[],
  { codec = 0, producerId = -1, epoch = -1, baseSequence = -1, timestamp = 1000 }: BatchFields = {},
  content = encodeRecords(records),
): Buffer {
  const checked = new KafkaWriter().int16(codec).int32(records.length - 1)
  checked.int64(timestamp).int64(timestamp).int64(producerId).int16(epoch).int32(baseSequence)
  const body = Buffer.concat([checked.int32(records.length).end(), content])
  const head = new KafkaWriter()
    .int64(0)
    .int32(body.length + 9)
    .int32(0)
    .int8(2)
    .uint32(crc32c(body))
    .end()
  return Buffer.concat([head, body])
}

/** The records of several batches that stand behind each other. @throws when one of them is malformed. */
export function decodeBatches(bytes: Buffer): (KafkaRecord & { offset: number; timestamp: number })[] {
  const records: (KafkaRecord & { offset: number; timestamp: number })[] = []
  for (let start = 0; start < bytes.length; ) {
    const end = start + 12 + bytes.readInt32BE(start + 8)
    const { content, count } = openBatch(bytes.subarray(start, end), 1e9)
    const head = new KafkaReader(bytes.subarray(start))
    const offset = head.int64()
    head.slice(15 + 4)
    const timestamp = head.int64()
    const reader = new RecordReader(content)
    for (let index = 0; index < count; index++)
      records.push({ ...reader.record(), offset: offset + index, timestamp })
    if (reader.left !== 0) throw new Error('bytes behind the last record')
    start = end
  }
  return records
}

class RecordReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  #varint(): number {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.#bytes[this.#at++] as number
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return Number((value >> 1n) ^ -(value & 1n))
    }
  }

  #varBytes(): Buffer | undefined {
    const length = this.#varint()
    if (length === -1) return undefined
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  record(): KafkaRecord {
    const size = this.#varint()
    const end = this.#at + size
    this.#at++
    this.#varint()
    this.#varint()
    const [key, value] = [this.#varBytes(), this.#varBytes()]
    const headers = Array.from({ length: this.#varint() }, () => ({
      name: String(this.#varBytes()),
      value: this.#varBytes(),
    }))
    if (this.#at !== end) throw new Error('a record has another length than it says')
    return { key, value, headers }
  }
}

/** The event that stands for a record, by a library. */
export function messageOf({ key, value, headers }: KafkaRecord): Buffer {
  const message: Message = { body: dataSection(value ?? null) }
  if (key) message.message_annotations = { 'x-opt-partition-key': rhea.types.wrap_string(key.toString()) }
  if (headers.length > 0)
    message.application_properties = Object.fromEntries(
      headers.map(({ name, value: bytes }) => [name, bytes && rhea.types.wrap_binary(bytes)]),
    )
  return encodeMessage(message)
}

export { decodeMessage }

export interface OldMessage {
  /** 0, or 1, which has a time. */
  form: number
  codec?: number
  key?: string | undefined
  value: string | Buffer | undefined
}

/** Messages as producers before Kafka 0.11 send them. */
export const encodeMessages = (messages: readonly OldMessage[]): Buffer =>
  Buffer.concat(
    messages.map(({ form, codec = 0, key, value }) => {
      const checked = new KafkaWriter().int8(form).int8(codec)
      if (form === 1) checked.int64(1000)
      for (const part of [key, value])
        if (part === undefined) checked.int32(-1)
        else checked.int32(Buffer.byteLength(part)).raw(Buffer.from(part as string))
      const body = Buffer.from(checked.end())
      const head = new KafkaWriter().int64(0).int32(body.length + 4)
      return Buffer.concat([head.uint32(crc32(body)).end(), body])
    }),
  )
