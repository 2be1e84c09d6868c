/**
 * Record batches of version 2, in which clients send and fetch records:
 * https://kafka.apache.org/documentation/#recordbatch
 */
import { KafkaReader, MalformedKafkaError } from '../wire/values.ts'
import { decompress } from './compression.ts'
import { crc32c, crc32cOfChange } from './crc32c.ts'

/** What the header says, and the records behind it. */
export interface RecordBatch {
  /** The records, decompressed. */
  content: Buffer
  count: number
  /** The last record's place in the batch, as the header has it. */
  lastOffsetDelta: number
  /** −1: not idempotent. */
  producerId: number
  producerEpoch: number
  baseSequence: number
  isTransactional: boolean
}

/** Records of a version of the format that is not known. */
export class UnknownFormatError extends MalformedKafkaError {}
/** The checksum does not match the content. */
export class CorruptBatchError extends MalformedKafkaError {}

const MAGIC = 2
/** Before the checked part: base offset, length, leader epoch, magic, check sum. */
const CHECKED_FROM = 21
/** The length counts what follows it. */
const LENGTH_BEHIND = 12
/** From the base offset to the number of records. */
export const BATCH_HEADER_BYTES = 61
const LOG_APPEND_TIME = 0x08
const TRANSACTIONAL = 0x10
const CONTROL = 0x20

/**
 * The one batch of a produce request's partition; what its records hold is not looked at.
 * @param maxBytes of its records, decompressed.
 * @throws MalformedKafkaError, CompressionError, TooLargeError
 */
export function openBatch(bytes: Buffer, maxBytes: number): RecordBatch {
  // The format's version stands at the same place in every version.
  if (bytes.length > 16 && bytes[16] !== MAGIC) throw new UnknownFormatError('records of an unknown format')
  const reader = new KafkaReader(bytes)
  reader.slice(8)
  if (reader.int32() !== reader.left) throw new MalformedKafkaError('more or less than one batch of records')
  reader.slice(4 + 1)
  const checkSum = reader.int32() >>> 0
  if (crc32c(bytes, CHECKED_FROM) !== checkSum) throw new CorruptBatchError('the check sum is wrong')
  const attributes = reader.int16()
  if (attributes & CONTROL) throw new MalformedKafkaError('a control batch')
  const lastOffsetDelta = reader.int32()
  // Times are the hub's own.
  reader.slice(8 + 8)
  const [producerId, producerEpoch, baseSequence] = [reader.int64(), reader.int16(), reader.int32()]
  const count = reader.int32()
  const content = decompress(attributes & 0x07, reader.rest(), maxBytes)
  if (count < 1 || count > content.length) throw new MalformedKafkaError('a batch without records')
  const isTransactional = (attributes & TRANSACTIONAL) !== 0
  return { content, count, lastOffsetDelta, producerId, producerEpoch, baseSequence, isTransactional }
}

/** What is the same in every batch; no producer is −1 in its id, epoch and sequence. */
const HEADER = Buffer.alloc(BATCH_HEADER_BYTES, 0xff)
HEADER.writeInt32BE(0, 12)
HEADER[16] = MAGIC
HEADER.writeInt16BE(LOG_APPEND_TIME, CHECKED_FROM)

/**
 * Writes the header of a batch as a fetch returns it, in front of its records: uncompressed, its time that of the hub.
 * @param start where the batch begins; its records stand from {@link BATCH_HEADER_BYTES} behind it to `end`.
 * @param appendedAt epoch milliseconds, of all its records.
 */
export function writeBatchHeader(
  bytes: Buffer,
  { start, end }: { start: number; end: number },
  { baseOffset, count, appendedAt }: { baseOffset: number; count: number; appendedAt: number },
): void {
  HEADER.copy(bytes, start)
  writeInt64(bytes, baseOffset, start)
  bytes.writeInt32BE(end - start - LENGTH_BEHIND, start + 8)
  const checked = start + CHECKED_FROM
  bytes.writeInt32BE(count - 1, checked + 2)
  writeInt64(bytes, appendedAt, checked + 6)
  writeInt64(bytes, appendedAt, checked + 14)
  bytes.writeInt32BE(count, checked + 36)
  bytes.writeUInt32BE(crc32c(bytes, checked, end), start + 17)
}

/** Places in a batch (see {@link openBatch}). */
const AT = { leaderEpoch: 12, checkSum: 17, attributes: 21, baseTimestamp: 27, maxTimestamp: 35, count: 57 }
const CODEC = 0x07
const NO_EPOCH = -1
/** Of the checked part, the bytes in which what the hub sets stands. */
const SET_FROM = AT.attributes
const SET_TO = AT.maxTimestamp + 8

/**
 * Makes a producer's batch the hub's own, in place: its offsets and its time. Which bits of the attributes are not known here go.
 * The check sum follows from the change, however long the batch is.
 * @param bytes a batch that {@link openBatch} has taken.
 * @param appendedAt epoch milliseconds, of all its records.
 */
export function stampBatch(
  bytes: Buffer,
  { baseOffset, appendedAt }: { baseOffset: number; appendedAt: number },
): void {
  const before = Buffer.from(bytes.subarray(SET_FROM, SET_TO))
  writeInt64(bytes, baseOffset, 0)
  bytes.writeInt32BE(NO_EPOCH, AT.leaderEpoch)
  bytes.writeInt16BE((bytes.readInt16BE(AT.attributes) & CODEC) | LOG_APPEND_TIME, AT.attributes)
  writeInt64(bytes, appendedAt, AT.baseTimestamp)
  writeInt64(bytes, appendedAt, AT.maxTimestamp)
  for (let at = 0; at < before.length; at++)
    before[at] = (before[at] as number) ^ (bytes[SET_FROM + at] as number)
  const change = crc32cOfChange(before, bytes.length - SET_TO)
  bytes.writeUInt32BE((bytes.readUInt32BE(AT.checkSum) ^ change) >>> 0, AT.checkSum)
}

/**
 * The records of a batch that the hub has kept, decompressed; its check sum was looked at when it came.
 * @param maxBytes of the records. @throws MalformedKafkaError, TooLargeError when the log is damaged.
 */
export function contentOfStored(bytes: Buffer, maxBytes: number): { content: Buffer; count: number } {
  if (bytes.length < BATCH_HEADER_BYTES) throw new MalformedKafkaError('a batch without its header')
  const codec = bytes.readInt16BE(AT.attributes) & CODEC
  return {
    content: decompress(codec, bytes.subarray(BATCH_HEADER_BYTES), maxBytes),
    count: bytes.readInt32BE(AT.count),
  }
}

function writeInt64(bytes: Buffer, value: number, at: number): void {
  bytes.writeInt32BE(Math.floor(value / 2 ** 32), at)
  bytes.writeUInt32BE(value >>> 0, at + 4)
}
