/**
 * OffsetForLeaderEpoch: where the log ended under one leader, which a reader asks to find out whether its place was cut off. The hub has one
 * leader, of epoch 0, and loses nothing.
 */
import type { HubLog } from '../../log/log.ts'
import { ERROR } from '../wire/protocol.ts'
import type { KafkaReader, KafkaWriter } from '../wire/values.ts'

/** As {@link listOffsets} and metadata tell it. */
const EPOCH = 0
/** There was no such leader. */
const UNDEFINED_OFFSET = -1

/** The offset behind the newest event; −1 for a leader that never was. */
export function offsetForLeaderEpoch(
  { log, hubName }: { log: HubLog; hubName: string },
  _version: number,
  request: KafkaReader,
  answer: KafkaWriter,
): void {
  const topics = request.array(() => ({
    name: request.string(),
    partitions: request.array(() => ({ partition: request.int32(), epoch: request.int32() })),
  }))
  answer.array(topics, ({ name, partitions }) => {
    answer.string(name).array(partitions, ({ partition, epoch }) => {
      const isKnown = name === hubName && partition >= 0 && partition < log.partitionCount
      const end =
        isKnown && epoch === EPOCH
          ? log.properties(partition).lastEnqueuedSequenceNumber + 1
          : UNDEFINED_OFFSET
      answer
        .int16(isKnown ? ERROR.none : ERROR.unknownTopicOrPartition)
        .int32(partition)
        .int64(end)
    })
  })
}
