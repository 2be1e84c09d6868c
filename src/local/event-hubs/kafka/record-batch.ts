/**
 * Record batches of version 2, in which clients send and fetch records:
 * https://kafka.apache.org/documentation/#recordbatch
 */
import { decompress } from './compression.ts'
import { crc32c } from './crc32c.ts'
import { KafkaReader, KafkaWriter, MalformedKafkaError } from './wire.ts'

export interface KafkaHeader {
  name: string
  value: Buffer | undefined
}

export interface KafkaRecord {
  key: Buffer | undefined
  value: Buffer | undefined
  headers: readonly KafkaHeader[]
}

export interface RecordBatch {
  records: readonly KafkaRecord[]
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
const LOG_APPEND_TIME = 0x08
const TRANSACTIONAL = 0x10
const CONTROL = 0x20

/**
 * The one batch of a produce request's partition.
 * @param maxBytes of its records, decompressed.
 * @throws MalformedKafkaError, CompressionError
 */
export function decodeBatch(bytes: Buffer, maxBytes: number): RecordBatch {
  // The format's version stands at the same place in every version.
  if (bytes.length > 16 && bytes[16] !== MAGIC) throw new OldFormatError('records of an old format')
  const reader = new KafkaReader(bytes)
  reader.int64()
  if (reader.int32() !== reader.left) throw new MalformedKafkaError('more or less than one batch of records')
  reader.int32()
  reader.int8()
  const checkSum = reader.int32() >>> 0
  if (crc32c(bytes.subarray(CHECKED_FROM)) !== checkSum) throw new CorruptBatchError('the check sum is wrong')
  const attributes = reader.int16()
  if (attributes & CONTROL) throw new MalformedKafkaError('a control batch')
  // Offsets and times are the hub's own.
  reader.slice(4 + 8 + 8)
  const [producerId, producerEpoch, baseSequence] = [reader.int64(), reader.int16(), reader.int32()]
  const count = reader.int32()
  const content = new KafkaReader(decompress(attributes & 0x07, reader.rest(), maxBytes))
  if (count < 1 || count > content.left) throw new MalformedKafkaError('a batch without records')
  const records = Array.from({ length: count }, () => decodeRecord(content))
  if (content.left > 0) throw new MalformedKafkaError('bytes behind the last record')
  return {
    records,
    producerId,
    producerEpoch,
    baseSequence,
    isTransactional: (attributes & TRANSACTIONAL) !== 0,
  }
}

function decodeRecord(content: KafkaReader): KafkaRecord {
  const record = new KafkaReader(content.slice(content.varint()))
  record.int8()
  record.varint()
  record.varint()
  const key = record.varBytes()
  const value = record.varBytes()
  const count = record.varint()
  if (count < 0 || count > record.left) throw new MalformedKafkaError('too many headers')
  const headers = Array.from({ length: count }, () => {
    const name = record.varBytes()
    if (!name) throw new MalformedKafkaError('a header without a name')
    return { name: name.toString('utf8'), value: record.varBytes() }
  })
  if (record.left > 0) throw new MalformedKafkaError('bytes behind a record')
  return { key, value, headers }
}

/**
 * A batch as a fetch returns it: uncompressed, its time that of the hub.
 * @param baseOffset of the first record; the others follow without a gap.
 * @param appendedAt epoch milliseconds, of all of them.
 */
export function encodeBatch(records: readonly KafkaRecord[], baseOffset: number, appendedAt: number): Buffer {
  const checked = new KafkaWriter()
    .int16(LOG_APPEND_TIME)
    .int32(records.length - 1)
    .int64(appendedAt)
    .int64(appendedAt)
    .int64(-1)
    .int16(-1)
    .int32(-1)
    .int32(records.length)
  for (const [index, { key, value, headers }] of records.entries()) {
    const record = new KafkaWriter().int8(0).varint(0).varint(index).varBytes(key).varBytes(value)
    record.varint(headers.length)
    for (const header of headers) record.varBytes(Buffer.from(header.name)).varBytes(header.value)
    checked.varBytes(record.end())
  }
  const content = checked.end()
  return new KafkaWriter()
    .int64(baseOffset)
    .int32(content.length + 9)
    .int32(0)
    .int8(MAGIC)
    .uint32(crc32c(content))
    .raw(content)
    .end()
}
