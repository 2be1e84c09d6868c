/** Requests about what consumer groups have read. */
import { ERROR } from '../wire/protocol.ts'
import type { KafkaReader, KafkaWriter } from '../wire/values.ts'
import type { GroupContext } from './context.ts'
import { type CommittedOffset, MAX_METADATA_LENGTH } from './group-offsets.ts'

/** Each partition has an answer of its own; what is refused changes nothing. */
export function offsetCommit(
  { coordinator, hubName, partitionCount }: GroupContext,
  version: number,
  request: KafkaReader,
  answer: KafkaWriter,
): void {
  const name = request.string()
  const [generation, memberId] = version >= 1 ? [request.int32(), request.string()] : [-1, '']
  const instanceId = version >= 7 ? request.nullableString() : undefined
  // How long the client would have it kept; it is kept as long as the group.
  if (version >= 2 && version <= 4) request.int64()
  const topics = request.array(() => ({
    name: request.string(),
    partitions: request.array(() => {
      const [partition, offset] = [request.int32(), request.int64()]
      // When it was committed; later, the epoch of the partition's leader.
      if (version === 1) request.int64()
      if (version >= 6) request.int32()
      return { partition, offset, metadata: request.nullableString() }
    }),
  }))
  const group = coordinator.group(name)
  const refusal = group ? group.mayCommit(memberId, generation, instanceId) : ERROR.invalidGroupId
  const errorOf = (topic: string, partition: number, metadata: string | undefined) => {
    if (refusal !== ERROR.none) return refusal
    if (topic !== hubName || partition < 0 || partition >= partitionCount)
      return ERROR.unknownTopicOrPartition
    return (metadata?.length ?? 0) > MAX_METADATA_LENGTH ? ERROR.offsetMetadataTooLarge : ERROR.none
  }
  const taken = new Map<number, CommittedOffset>()
  for (const topic of topics)
    for (const { partition, offset, metadata } of topic.partitions)
      if (errorOf(topic.name, partition, metadata) === ERROR.none) taken.set(partition, { offset, metadata })
  const isKept = taken.size === 0 || coordinator.offsets.commit(name, taken)
  if (version >= 3) answer.int32(0)
  answer.array(topics, (topic) => {
    answer.string(topic.name).array(topic.partitions, ({ partition, metadata }) => {
      const error = errorOf(topic.name, partition, metadata)
      answer.int32(partition).int16(error === ERROR.none && !isKept ? ERROR.invalidGroupId : error)
    })
  })
}

interface Wanted {
  group: string
  /** Undefined: all of which something was committed. */
  topics: { name: string; partitions: number[] }[] | undefined
}

/**
 * −1 for a partition of which nothing was committed, there or not: the client's own setting says where it begins. The first version tells
 * those apart. From version 8 on of several groups at once.
 */
export function offsetFetch(
  context: GroupContext,
  version: number,
  request: KafkaReader,
  answer: KafkaWriter,
): void {
  const readWanted = (): Wanted => ({
    group: request.string(),
    topics: request.nullableArray(() => ({
      name: request.string(),
      partitions: request.list(request.int32),
    })),
  })
  if (version >= 3) answer.int32(0)
  if (version < 8) {
    writeOffsets(context, version, readWanted(), answer)
    if (version >= 2) answer.int16(ERROR.none)
    return
  }
  answer.array(request.array(readWanted), (wanted) => {
    answer.string(wanted.group)
    writeOffsets(context, version, wanted, answer)
    answer.int16(ERROR.none)
  })
}

function writeOffsets(
  { coordinator, hubName, partitionCount }: GroupContext,
  version: number,
  { group, topics }: Wanted,
  answer: KafkaWriter,
): void {
  const committed = coordinator.offsets.of(group)
  const all = committed.size > 0 ? [{ name: hubName, partitions: [...committed.keys()] }] : []
  answer.array(topics ?? all, (topic) => {
    answer.string(topic.name).array(topic.partitions, (partition) => {
      const isKnown = topic.name === hubName && partition >= 0 && partition < partitionCount
      const found = isKnown ? committed.get(partition) : undefined
      answer.int32(partition).int64(found?.offset ?? -1)
      if (version >= 5) answer.int32(-1)
      const isRefused = !isKnown && version === 0
      answer.string(found?.metadata ?? '').int16(isRefused ? ERROR.unknownTopicOrPartition : ERROR.none)
    })
  })
}
