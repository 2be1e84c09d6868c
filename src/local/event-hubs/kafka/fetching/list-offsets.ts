/** ListOffsets: where a partition begins and ends, and the first event of a time. An offset is the event's sequence number. */
import type { HubLog } from '../../log/log.ts'
import { ERROR } from '../wire/protocol.ts'
import type { KafkaReader, KafkaWriter } from '../wire/values.ts'

const LATEST = -1
const EARLIEST = -2
/** Others stand for places that later versions of the request know, as -3 for the newest time. */
const isPlace = (timestamp: number) => timestamp >= EARLIEST

/**
 * By time: the first event that is not older, −1 when there is none; −1 asks for the end, −2 for the beginning.
 * Another negative number is refused.
 */
export function listOffsets(
  { log, hubName }: { log: HubLog; hubName: string },
  version: number,
  request: KafkaReader,
  answer: KafkaWriter,
): void {
  request.int32()
  if (version >= 2) request.int8()
  const topics = request.array(() => ({
    name: request.string(),
    partitions: request.array(() => {
      const partition = request.int32()
      if (version >= 4) request.int32()
      return { partition, timestamp: request.int64() }
    }),
  }))
  if (version >= 2) answer.int32(0)
  answer.array(topics, ({ name, partitions }) => {
    answer.string(name).array(partitions, ({ partition, timestamp }) => {
      const isKnown = name === hubName && partition >= 0 && partition < log.partitionCount
      const error = !isKnown
        ? ERROR.unknownTopicOrPartition
        : isPlace(timestamp)
          ? ERROR.none
          : ERROR.unsupportedVersion
      const found = error === ERROR.none ? offsetAt(log, partition, timestamp) : { offset: -1, timestamp: -1 }
      answer.int32(partition).int16(error)
      answer.int64(found.timestamp).int64(found.offset)
      if (version >= 4) answer.int32(0)
    })
  })
}

/** @param timestamp epoch milliseconds, or one of the two that stand for an end. */
function offsetAt(log: HubLog, partition: number, timestamp: number): { offset: number; timestamp: number } {
  const { beginSequenceNumber: begin, lastEnqueuedSequenceNumber: last } = log.properties(partition)
  if (timestamp === EARLIEST) return { offset: begin, timestamp: -1 }
  if (timestamp === LATEST) return { offset: last + 1, timestamp: -1 }
  const offset = log.sequenceNumberAt(partition, timestamp)
  const event = log.firstFrom(partition, offset)
  return event ? { offset, timestamp: event.enqueuedAt } : { offset: -1, timestamp: -1 }
}
