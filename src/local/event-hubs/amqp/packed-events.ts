/** Events behind each other, as one append of the log has them: each its length as uint32, then its bytes. */
import { asBuffer } from './sections.ts'

/** Before each event. */
export const LENGTH_BYTES = 4

/** Events that follow each other and came at one time. */
export interface EventPage {
  firstSequenceNumber: number
  count: number
  /** Epoch milliseconds. */
  enqueuedAt: number
  /** Encoded AMQP messages, packed. */
  events: Buffer
}

/** All of them in one buffer, each copied. */
export function packEvents(messages: readonly Uint8Array[]): Buffer {
  const size = messages.reduce((sum, message) => sum + LENGTH_BYTES + message.length, 0)
  const packed = Buffer.allocUnsafe(size)
  let offset = 0
  for (const message of messages) {
    packed.writeUInt32BE(message.length, offset)
    packed.set(message, offset + LENGTH_BYTES)
    offset += LENGTH_BYTES + message.length
  }
  return packed
}

/** The events of a row, views into its bytes. */
export function* unpackEvents(row: Uint8Array): Generator<Buffer> {
  const packed = asBuffer(row)
  let offset = 0
  while (offset < packed.length) {
    const start = offset + LENGTH_BYTES
    offset = start + packed.readUInt32BE(offset)
    yield packed.subarray(start, offset)
  }
}

/**
 * Which of a row's events are taken: those behind the first `skip`, up to the one that reaches a bound.
 * @param maxBytes of the events themselves.
 * @returns offsets of the taken bytes.
 */
export function takeEvents(
  row: Uint8Array,
  skip: number,
  maxEvents: number,
  maxBytes: number,
): { skipped: number; start: number; count: number; end: number } {
  const packed = asBuffer(row)
  let offset = 0
  let skipped = 0
  for (; skipped < skip && offset < packed.length; skipped++)
    offset += LENGTH_BYTES + packed.readUInt32BE(offset)
  const start = offset
  let count = 0
  for (let bytes = 0; offset < packed.length && count < maxEvents && bytes < maxBytes; count++) {
    const length = packed.readUInt32BE(offset)
    offset += LENGTH_BYTES + length
    bytes += length
  }
  return { skipped, start, count, end: offset }
}
