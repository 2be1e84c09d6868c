/** Requests of a group's members: to join, to share out, to stay and to leave. */
import { ERROR } from '../wire/protocol.ts'
import type { KafkaReader, KafkaWriter } from '../wire/values.ts'
import type { JoinAnswer } from './consumer-group.ts'
import type { GroupContext } from './context.ts'

/** As the service bounds it. */
const SESSION_TIMEOUT_MS = { min: 6000, max: 300_000 }

/** Answers when the group has agreed on its members, up to the rebalance timeout later. */
export async function joinGroup(
  { coordinator, clientId, signal }: GroupContext,
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
  // Why it joins (version 8) is not kept.
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
            sessionTimeoutMs,
            rebalanceTimeoutMs,
            protocolType,
            protocols,
          },
          signal,
        )
  if (version >= 2) answer.int32(0)
  answer.int16(joined.error).int32(joined.generation)
  const isIn = joined.error === ERROR.none
  if (version >= 7) answer.string(isIn ? group?.agreed.type : undefined)
  answer.string(isIn || version < 7 ? joined.protocol : undefined).string(joined.leader)
  // A leader that comes back shares out anew.
  if (version >= 9) answer.boolean(false)
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
  const expected =
    version >= 5 ? { type: request.nullableString(), protocol: request.nullableString() } : undefined
  const assignments = request.array(() => [request.string(), Buffer.from(request.bytes())] as const)
  const group = coordinator.find(name)
  const { error, assignment } = group
    ? await group.sync(memberId, generation, new Map(assignments), instanceId, expected)
    : { error: ERROR.unknownMemberId, assignment: Buffer.alloc(0) }
  if (version >= 1) answer.int32(0)
  answer.int16(error)
  const agreed = error === ERROR.none ? group?.agreed : undefined
  if (version >= 5) answer.string(agreed?.type).string(agreed?.protocol)
  answer.bytes(assignment)
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
  const leaving = request.array(() => {
    const member = [request.string(), request.nullableString()] as const
    // Why it leaves.
    if (version >= 5) request.nullableString()
    return member
  })
  answer
    .int16(ERROR.none)
    .array(leaving, ([memberId, instanceId]) =>
      answer.string(memberId).string(instanceId).int16(leave(memberId, instanceId)),
    )
}
