/** Requests of tools about consumer groups. */
import { ERROR } from '../wire/protocol.ts'
import type { KafkaReader, KafkaWriter } from '../wire/values.ts'
import type { GroupContext } from './context.ts'

/** What a client may do with a group, a bit each: read, delete, describe. */
const GROUP_OPERATIONS = (1 << 3) | (1 << 6) | (1 << 8)
const NOT_ASKED = -(2 ** 31)
/** Where a member is the service tells nobody (kminion, issue 267). */
const NO_HOST = '0.0.0.0'

/** A group that is not known is answered as `Dead`, which is no error. */
export function describeGroups(
  { coordinator }: GroupContext,
  version: number,
  request: KafkaReader,
  answer: KafkaWriter,
): void {
  const names = request.list(request.string)
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
      answer.string(member.clientId).string(NO_HOST)
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
  const names = request.list(request.string)
  answer.int32(0).array(names, (name) => {
    const hasMembers = coordinator.find(name)?.isEmpty === false
    const isGone = !hasMembers && coordinator.offsets.forget(name)
    answer.string(name).int16(hasMembers ? ERROR.nonEmptyGroup : isGone ? ERROR.none : ERROR.groupIdNotFound)
  })
}

/** One broker has all groups. From version 4 on only those in certain states. */
export function listGroups(
  { coordinator }: GroupContext,
  version: number,
  request: KafkaReader,
  answer: KafkaWriter,
): void {
  const wanted = (version >= 4 ? request.list(request.string) : []).map((state) => state.toLowerCase())
  const groups = coordinator.names().map((name) => {
    const { state = 'Empty', protocolType = 'consumer' } = coordinator.find(name)?.describe() ?? {}
    return { name, state, protocolType }
  })
  const listed =
    wanted.length === 0 ? groups : groups.filter(({ state }) => wanted.includes(state.toLowerCase()))
  if (version >= 1) answer.int32(0)
  answer.int16(ERROR.none).array(listed, ({ name, state, protocolType }) => {
    answer.string(name).string(protocolType)
    if (version >= 4) answer.string(state)
  })
}
