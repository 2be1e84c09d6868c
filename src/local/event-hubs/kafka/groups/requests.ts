/** Requests about consumer groups: membership, and what they have read. */

import { ERROR } from '../wire/protocol.ts'
import type { KafkaReader, KafkaWriter } from '../wire/values.ts'
import type { JoinAnswer } from './consumer-group.ts'
import type { Coordinator } from './coordinator.ts'
import { type CommittedOffset, MAX_METADATA_LENGTH } from './group-offsets.ts'

export interface GroupContext {
  coordinator: Coordinator
  hubName: string
  partitionCount: number
  clientId: string
  clientHost: string
  /** Aborted when the connection is gone. */
  signal: AbortSignal
}

/** What a client may do with a group, a bit each: read, delete, describe. */
const GROUP_OPERATIONS = (1 << 3) | (1 << 6) | (1 << 8)
const NOT_ASKED = -(2 ** 31)

/** As the service bounds it. */
const SESSION_TIMEOUT_MS = { min: 6000, max: 300_000 }

/** Answers when the group has agreed on its members, up to the rebalance timeout later. */
export async function joinGroup(
  { coordinator, clientId, clientHost, signal }: GroupContext,
  version: number,
  request: KafkaReader,
  answer: KafkaWriter,
): Promise<void> {
  const name = request.string()
  const sessionTimeoutMs = request.int32()
  const rebalanceTimeoutMs = Math.min(
    version >= 1 ? request.int32() : sessionTimeoutMs,
    SESSION_TIMEOUT_MS.max,
  )
  const memberId = request.string()
  const instanceId = version >= 5 ? request.nullableString() : undefined
  const protocolType = request.string()
  // Copies: what a request came in is not kept.
  const protocols = request.array(() => ({ name: request.string(), metadata: Buffer.from(request.bytes()) }))
  const group = coordinator.group(name)
  const isTimeoutRight =
    sessionTimeoutMs >= SESSION_TIMEOUT_MS.min && sessionTimeoutMs <= SESSION_TIMEOUT_MS.max
  const refuse = (error: number): JoinAnswer => ({
    error,
    generation: -1,
    protocol: '',
    leader: '',
    memberId,
    members: [],
  })
  const joined = !group
    ? refuse(ERROR.invalidGroupId)
    : !isTimeoutRight
      ? refuse(ERROR.invalidSessionTimeout)
      : await group.join(
          {
            memberId,
            instanceId,
            clientId,
            clientHost,
            sessionTimeoutMs,
            rebalanceTimeoutMs,
            protocolType,
            protocols,
          },
          signal,
        )
  if (version >= 2) answer.int32(0)
  answer.int16(joined.error).int32(joined.generation).string(joined.protocol).string(joined.leader)
  answer.string(joined.memberId).array(joined.members, (one) => {
    answer.string(one.memberId)
    if (version >= 5) answer.string(one.instanceId)
    answer.bytes(one.metadata)
  })
}

/** Answers when the leader has shared out the partitions. */
export async function syncGroup(
  { coordinator }: GroupContext,
  version: number,
  request: KafkaReader,
  answer: KafkaWriter,
): Promise<void> {
  const [name, generation, memberId] = [request.string(), request.int32(), request.string()]
  const instanceId = version >= 3 ? request.nullableString() : undefined
  const assignments = request.array(() => [request.string(), Buffer.from(request.bytes())] as const)
  const group = coordinator.find(name)
  const { error, assignment } = group
    ? await group.sync(memberId, generation, new Map(assignments), instanceId)
    : { error: ERROR.unknownMemberId, assignment: Buffer.alloc(0) }
  if (version >= 1) answer.int32(0)
  answer.int16(error).bytes(assignment)
}

/** Also how a member learns that the others begin anew. */
export function heartbeat(
  { coordinator }: GroupContext,
  version: number,
  request: KafkaReader,
  answer: KafkaWriter,
): void {
  const [name, generation, memberId] = [request.string(), request.int32(), request.string()]
  const instanceId = version >= 3 ? request.nullableString() : undefined
  if (version >= 1) answer.int32(0)
  answer.int16(coordinator.find(name)?.heartbeat(memberId, generation, instanceId) ?? ERROR.unknownMemberId)
}

/** The others begin anew at once, not only after the session timeout. From version 3 on several may leave, also by their names. */
export function leaveGroup(
  { coordinator }: GroupContext,
  version: number,
  request: KafkaReader,
  answer: KafkaWriter,
): void {
  const group = coordinator.find(request.string())
  const leave = (memberId: string, instanceId?: string) =>
    group?.leave(memberId, instanceId) ?? ERROR.unknownMemberId
  if (version >= 1) answer.int32(0)
  if (version < 3) {
    answer.int16(leave(request.string()))
    return
  }
  const leaving = request.array(() => [request.string(), request.nullableString()] as const)
  answer
    .int16(ERROR.none)
    .array(leaving, ([memberId, instanceId]) =>
      answer.string(memberId).string(instanceId).int16(leave(memberId, instanceId)),
    )
}

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

/**
 * −1 for a partition of which nothing was committed, there or not: the client's own setting says where it begins. The first version tells
 * those apart.
 */
export function offsetFetch(
  { coordinator, hubName, partitionCount }: GroupContext,
  version: number,
  request: KafkaReader,
  answer: KafkaWriter,
): void {
  const name = request.string()
  const committed = coordinator.offsets.of(name)
  const wanted = request.nullableArray(() => ({
    name: request.string(),
    partitions: request.array(request.int32),
  }))
  const topics = wanted ?? (committed.size > 0 ? [{ name: hubName, partitions: [...committed.keys()] }] : [])
  if (version >= 3) answer.int32(0)
  answer.array(topics, (topic) => {
    answer.string(topic.name).array(topic.partitions, (partition) => {
      const isKnown = topic.name === hubName && partition >= 0 && partition < partitionCount
      const found = isKnown ? committed.get(partition) : undefined
      answer.int32(partition).int64(found?.offset ?? -1)
      if (version >= 5) answer.int32(-1)
      const isRefused = !isKnown && version === 0
      answer.string(found?.metadata ?? '').int16(isRefused ? ERROR.unknownTopicOrPartition : ERROR.none)
    })
  })
  if (version >= 2) answer.int16(ERROR.none)
}

/** A group that is not known is answered as `Dead`, which is no error. */
export function describeGroups(
  { coordinator }: GroupContext,
  version: number,
  request: KafkaReader,
  answer: KafkaWriter,
): void {
  const names = request.array(request.string)
  const wantsOperations = version >= 3 && request.boolean()
  if (version >= 1) answer.int32(0)
  answer.array(names, (name) => {
    const found = coordinator.find(name)?.describe()
    const isKnown = found !== undefined || coordinator.offsets.of(name).size > 0
    answer
      .int16(ERROR.none)
      .string(name)
      .string(found?.state ?? (isKnown ? 'Empty' : 'Dead'))
    answer.string(found?.protocolType ?? '').string(found?.protocol ?? '')
    answer.array(found?.members ?? [], (member) => {
      answer.string(member.memberId)
      if (version >= 4) answer.string(member.instanceId)
      answer.string(member.clientId).string(`/${member.clientHost}`)
      answer.bytes(member.metadata).bytes(member.assignment)
    })
    if (version >= 3) answer.int32(wantsOperations ? GROUP_OPERATIONS : NOT_ASKED)
  })
}

/** Forgets what groups without members have committed. */
export function deleteGroups(
  { coordinator }: GroupContext,
  _version: number,
  request: KafkaReader,
  answer: KafkaWriter,
): void {
  const names = request.array(request.string)
  answer.int32(0).array(names, (name) => {
    const hasMembers = coordinator.find(name)?.isEmpty === false
    const isGone = !hasMembers && coordinator.offsets.forget(name)
    answer.string(name).int16(hasMembers ? ERROR.nonEmptyGroup : isGone ? ERROR.none : ERROR.groupIdNotFound)
  })
}

/** One broker has all groups. */
export function listGroups(
  { coordinator }: GroupContext,
  version: number,
  _request: KafkaReader,
  answer: KafkaWriter,
): void {
  if (version >= 1) answer.int32(0)
  answer.int16(ERROR.none).array(coordinator.names(), (name) => {
    answer.string(name).string(coordinator.find(name)?.describe().protocolType ?? 'consumer')
  })
}
