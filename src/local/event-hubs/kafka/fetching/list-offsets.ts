/** ListOffsets: where a partition begins and ends, and the first event of a time. An offset is the event's sequence number. */
import type { HubLog } from '../../log/log.ts'
import { ERROR } from '../wire/protocol.ts'
import type { KafkaReader, KafkaWriter } from '../wire/values.ts'

const LATEST = -1
const EARLIEST = -2
/** The newest time. */
const NEWEST = -3
/** The earliest that the broker itself has, where older ones lie elsewhere: here all lie in one place. */
const EARLIEST_LOCAL = -4
const KNOWN_FROM: ReadonlyMap<number, number> = new Map([
  [LATEST, 0],
  [EARLIEST, 0],
  [NEWEST, 7],
  [EARLIEST_LOCAL, 8],
])
const isPlace = (timestamp: number, version: number) =>
  timestamp >= 0 || version >= (KNOWN_FROM.get(timestamp) ?? Number.POSITIVE_INFINITY)

/**
 * By time: the first event that is not older, −1 when there is none; −1 asks for the end, −2 for the beginning, −3 for the last event
 * of all. A negative number that the version does not know is refused.
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
      const timestamp = request.int64()
      return { partition, timestamp, most: version === 0 ? request.int32() : 1 }
    }),
  }))
  if (version >= 2) answer.int32(0)
  answer.array(topics, ({ name, partitions }) => {
    answer.string(name).array(partitions, ({ partition, timestamp, most }) => {
      const isKnown = name === hubName && partition >= 0 && partition < log.partitionCount
      const error = !isKnown
        ? ERROR.unknownTopicOrPartition
        : isPlace(timestamp, version)
          ? ERROR.none
          : ERROR.unsupportedVersion
      if (version === 0) {
        const offsets = error === ERROR.none ? beginningsBefore(log, partition, timestamp) : []
        answer.int32(partition).int16(error)
        answer.array(offsets.slice(0, Math.max(0, most)), (offset) => answer.int64(offset))
        return
      }
      const found = error === ERROR.none ? offsetAt(log, partition, timestamp) : { offset: -1, timestamp: -1 }
      answer.int32(partition).int16(error)
      answer.int64(found.timestamp).int64(found.offset)
      if (version >= 4) answer.int32(0)
    })
  })
}

/**
 * What the first version asks for: where the files of a partition begin that are not newer than a time, the newest first, and for the
 * end that too. A partition counts as one file.
 */
function beginningsBefore(log: HubLog, partition: number, timestamp: number): number[] {
  const { beginSequenceNumber: begin, lastEnqueuedSequenceNumber: last } = log.properties(partition)
  if (timestamp === LATEST) return last + 1 > begin ? [last + 1, begin] : [begin]
  const first = log.firstFrom(partition, begin)
  return timestamp === EARLIEST || (first && first.enqueuedAt <= timestamp) ? [begin] : []
}

/** @param timestamp epoch milliseconds, or one of those that stand for a place. */
function offsetAt(log: HubLog, partition: number, timestamp: number): { offset: number; timestamp: number } {
  const { beginSequenceNumber: begin, lastEnqueuedSequenceNumber: last } = log.properties(partition)
  if (timestamp === EARLIEST || timestamp === EARLIEST_LOCAL) return { offset: begin, timestamp: -1 }
  if (timestamp === LATEST) return { offset: last + 1, timestamp: -1 }
  const offset = timestamp === NEWEST ? last : log.sequenceNumberAt(partition, timestamp)
  const event = log.firstFrom(partition, offset)
  return event ? { offset, timestamp: event.enqueuedAt } : { offset: -1, timestamp: -1 }
}
