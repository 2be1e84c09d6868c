/** Batches as the log keeps them: the producer's bytes, with the offsets and the time of the hub. */
import { checkRecords } from './check-records.ts'
import { eventsOfRecords } from './events-of-records.ts'
import { contentOfStored, type RecordBatch, stampBatch } from './record-batch.ts'

/** What a batch may hold, decompressed. What was let in keeps below it. */
const MAX_CONTENT_BYTES = 4_000_000

/** A batch whose place and time are not known yet. */
export interface IncomingBatch {
  count: number
  /** @param place its first offset, and when it was taken (epoch ms). @returns the bytes to be kept. */
  place(place: { firstSequenceNumber: number; enqueuedAt: number }): Buffer
}

/** @param bytes the whole batch; they become the hub's. @throws MalformedKafkaError for records that cannot be read. */
export function incomingBatch(bytes: Buffer, { content, count, lastOffsetDelta }: RecordBatch) {
  const isInOrder = checkRecords(content, count) && lastOffsetDelta === count - 1
  if (!isInOrder) return undefined
  const batch: IncomingBatch = {
    count,
    place({ firstSequenceNumber, enqueuedAt }) {
      stampBatch(bytes, { baseOffset: firstSequenceNumber, appendedAt: enqueuedAt })
      return bytes
    },
  }
  return batch
}

/** The events of a batch that was kept, packed. @throws MalformedKafkaError when the log is damaged. */
export function eventsOfKept(bytes: Buffer): Buffer {
  const { content, count } = contentOfStored(bytes, MAX_CONTENT_BYTES)
  return eventsOfRecords(content, count)
}
