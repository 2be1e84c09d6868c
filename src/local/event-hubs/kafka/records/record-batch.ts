/**
 * Record batches of version 2, in which clients send and fetch records:
 * https://kafka.apache.org/documentation/#recordbatch
 */
import { KafkaReader, MalformedKafkaError } from '../wire/values.ts'
import { decompress } from './compression.ts'
import { crc32c } from './crc32c.ts'

export interface RecordBatch {
  /** The records, decompressed. */
  content: Buffer
  count: number
  /** −1: not idempotent. */
  producerId: number
  producerEpoch: number
  baseSequence: number
  isTransactional: boolean
}

/** Records older than version 2 of the format. */
export class OldFormatError extends MalformedKafkaError {}
/** The checksum does not match the content. */
export class CorruptBatchError extends MalformedKafkaError {}

const MAGIC = 2
/** Before the checked part: base offset, length, leader epoch, magic, check sum. */
const CHECKED_FROM = 21
/** The length counts what follows it. */
const LENGTH_BEHIND = 12
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
  if (bytes.length > 16 && bytes[16] !== MAGIC) throw new OldFormatError('records of an old format')
  const reader = new KafkaReader(bytes)
  reader.slice(8)
  if (reader.int32() !== reader.left) throw new MalformedKafkaError('more or less than one batch of records')
  reader.slice(4 + 1)
  const checkSum = reader.int32() >>> 0
  if (crc32c(bytes, CHECKED_FROM) !== checkSum) throw new CorruptBatchError('the check sum is wrong')
  const attributes = reader.int16()
  if (attributes & CONTROL) throw new MalformedKafkaError('a control batch')
  // Offsets and times are the hub's own.
  reader.slice(4 + 8 + 8)
  const [producerId, producerEpoch, baseSequence] = [reader.int64(), reader.int16(), reader.int32()]
  const count = reader.int32()
  const content = decompress(attributes & 0x07, reader.rest(), maxBytes)
  if (count < 1 || count > content.length) throw new MalformedKafkaError('a batch without records')
  const isTransactional = (attributes & TRANSACTIONAL) !== 0
  return { content, count, producerId, producerEpoch, baseSequence, isTransactional }
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

function writeInt64(bytes: Buffer, value: number, at: number): void {
  bytes.writeInt32BE(Math.floor(value / 2 ** 32), at)
  bytes.writeUInt32BE(value >>> 0, at + 4)
}
