/**
 * Records as clients wrote them before Kafka 0.11, message by message: https://kafka.apache.org/documentation/#messageset. Event Hubs takes
 * them (Kong's lua-resty-kafka, pull request 20, sends them there), so they become a batch of today's form.
 */
import { crc32 } from 'node:zlib'
import { KafkaReader, MalformedKafkaError } from '../wire/values.ts'
import { decompress, TooLargeError } from './compression.ts'
import { BATCH_HEADER_BYTES, CorruptBatchError, writeBatchHeader } from './record-batch.ts'

/** Before the checked part of a message: its offset, its length, its check sum. */
const LENGTH_BYTES = 12
const CRC_BYTES = 4
const CODEC = 0x07
/** A record's attributes, its time and its number: what it has beside its key, its value and no headers. */
const MAX_RECORD_OVERHEAD = 23

/** Keys and values; undefined: none. */
interface OldMessage {
  key: Buffer | undefined
  value: Buffer | undefined
}

/** Whether these records of a produce request are of an older form: the form's number stands at the same place in all of them. */
export const isMessageSet = (bytes: Buffer): boolean =>
  bytes.length > 16 && (bytes[16] === 0 || bytes[16] === 1)

/**
 * The same records as one batch. Their times go, as the hub has its own.
 * @param maxBytes of what they hold, decompressed.
 * @throws MalformedKafkaError, CompressionError, TooLargeError
 */
export function batchOfMessages(bytes: Buffer, maxBytes: number): Buffer {
  const messages = [...messagesOf(bytes, { left: maxBytes })]
  const size = messages.reduce((sum, one) => sum + MAX_RECORD_OVERHEAD + lengthOf(one), BATCH_HEADER_BYTES)
  const batch = Buffer.allocUnsafe(size)
  let end = BATCH_HEADER_BYTES
  for (const [number, message] of messages.entries()) end = writeRecord(batch, end, number, message)
  writeBatchHeader(batch, { start: 0, end }, { baseOffset: 0, count: messages.length, appendedAt: 0 })
  return batch.subarray(0, end)
}

/** A compressed message holds a set of others as its value; those hold none again. */
function* messagesOf(bytes: Buffer, bound: { left: number }, isInner = false): Generator<OldMessage> {
  for (let at = 0; at < bytes.length; ) {
    if (at + LENGTH_BYTES > bytes.length) throw new MalformedKafkaError('a message ends in its head')
    const start = at + LENGTH_BYTES
    at = start + bytes.readInt32BE(start - 4)
    if (at < start + CRC_BYTES || at > bytes.length) throw new MalformedKafkaError('a message without an end')
    const checked = bytes.subarray(start + CRC_BYTES, at)
    if (crc32(checked) !== bytes.readUInt32BE(start)) throw new CorruptBatchError('the check sum is wrong')
    const { codec, ...message } = readMessage(checked)
    if (codec === 0) {
      yield message
      continue
    }
    if (isInner) throw new MalformedKafkaError('a compressed message in a compressed one')
    const content = decompress(codec, message.value ?? Buffer.alloc(0), bound.left)
    bound.left -= content.length
    if (bound.left <= 0) throw new TooLargeError('The records are too large once decompressed.')
    yield* messagesOf(content, bound, true)
  }
}

function readMessage(checked: Buffer): OldMessage & { codec: number } {
  const reader = new KafkaReader(checked)
  const form = reader.int8()
  if (form !== 0 && form !== 1) throw new MalformedKafkaError(`a message of form ${form} among older ones`)
  const codec = reader.int8() & CODEC
  if (form === 1) reader.int64()
  const message = { codec, key: reader.nullableBytes(), value: reader.nullableBytes() }
  if (reader.left > 0) throw new MalformedKafkaError('bytes behind a message')
  return message
}

const lengthOf = ({ key, value }: OldMessage) => (key?.length ?? 0) + (value?.length ?? 0)

/** @returns the place behind it. */
function writeRecord(target: Buffer, start: number, number: number, { key, value }: OldMessage): number {
  const parts = [Buffer.of(0, 0), varint(number), ...sized(key), ...sized(value), Buffer.of(0)]
  const size = parts.reduce((sum, { length }) => sum + length, 0)
  let at = start
  for (const part of [varint(size), ...parts]) at += part.copy(target, at)
  return at
}

const sized = (bytes: Buffer | undefined) =>
  bytes === undefined ? [varint(-1)] : [varint(bytes.length), bytes]

/** Zigzag, from −1 on. */
function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = ((value << 1) ^ (value >> 31)) >>> 0
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
  return Buffer.of(...bytes, rest)
}
