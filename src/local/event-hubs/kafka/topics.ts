/** Requests about topics and their settings: there is one, the hub, and no client makes, deletes or changes any. */
import type { ClusterContext } from './cluster.ts'
import { ERROR } from './wire/protocol.ts'
import type { KafkaReader, KafkaWriter } from './wire/values.ts'

const TOPIC = 2
/** The configuration's source: set for the topic. */
const OF_TOPIC = 1
/** Types of settings, as DescribeConfigs numbers them. */
const CONFIG = { string: 2, int: 3, long: 5, list: 7 } as const

/** Refused: of the hub itself as existing, of any other by policy, as one hub is all there is. */
export function createTopics(
  { hubName }: ClusterContext,
  version: number,
  request: KafkaReader,
  answer: KafkaWriter,
): void {
  const names = request.array(() => {
    const name = request.string()
    request.int32()
    request.int16()
    request.array(() => [request.int32(), request.list(request.int32)])
    request.array(() => [request.string(), request.nullableString()])
    return name
  })
  if (version >= 2) answer.int32(0)
  answer.array(names, (name) => {
    const exists = name === hubName
    answer.string(name).int16(exists ? ERROR.topicAlreadyExists : ERROR.policyViolation)
    if (version >= 1)
      answer.string(
        exists
          ? `The event hub ${name} is there already.`
          : `There is one event hub here, ${hubName}; no other is made.`,
      )
    // What was made: nothing.
    if (version >= 5)
      answer
        .int32(-1)
        .int16(-1)
        .array([], () => {})
  })
}

/** Refused: no client may delete the hub. */
export function deleteTopics(
  { hubName }: ClusterContext,
  version: number,
  request: KafkaReader,
  answer: KafkaWriter,
): void {
  const names = request.list(request.string)
  if (version >= 1) answer.int32(0)
  answer.array(names, (name) => {
    const isThere = name === hubName
    answer.string(name).int16(isThere ? ERROR.topicAuthorizationFailed : ERROR.unknownTopicOrPartition)
    if (version >= 5)
      answer.string(isThere ? 'The event hub stays.' : `There is one event hub here, ${hubName}.`)
  })
}

/**
 * Refused: a hub keeps the partitions that it was made with, as one of the standard tier. The service names the request (in versions 0 to 1:
 * azure-event-hubs-for-kafka, issue 209), so tools send it; how it refuses it is recorded nowhere.
 */
export function createPartitions(
  { hubName, log }: ClusterContext,
  _version: number,
  request: KafkaReader,
  answer: KafkaWriter,
): void {
  const topics = request.array(() => {
    const topic = { name: request.string(), count: request.int32() }
    request.nullableArray(() => request.list(request.int32))
    return topic
  })
  const { partitionCount } = log
  const refusalOf = (name: string, count: number): [error: number, reason: string] => {
    if (name !== hubName) return [ERROR.unknownTopicOrPartition, `There is one event hub here, ${hubName}.`]
    return count <= partitionCount
      ? [
          ERROR.invalidPartitions,
          `The event hub ${name} has that many partitions already: ${partitionCount}.`,
        ]
      : [
          ERROR.policyViolation,
          `The event hub ${name} keeps the partitions that it has, ${partitionCount}; a new data folder may have others (--partitions).`,
        ]
  }
  answer.int32(0).array(topics, ({ name, count }) => {
    const [error, reason] = refusalOf(name, count)
    answer.string(name).int16(error).string(reason)
  })
}

/**
 * A few settings, which tools ask for; all are read-only. The broker's are those of a topic that is not there, as kafka-ui
 * (ReactiveAdminClient) has it of the service.
 */
export function describeConfigs(
  { hubName, retentionMs }: ClusterContext,
  version: number,
  request: KafkaReader,
  answer: KafkaWriter,
): void {
  const resources = request.array(() => ({
    type: request.int8(),
    name: request.string(),
    wanted: request.nullableList(request.string),
  }))
  const all: [name: string, value: string, type: number][] = [
    ['cleanup.policy', 'delete', CONFIG.list],
    ['compression.type', 'producer', CONFIG.string],
    ['max.message.bytes', '1048576', CONFIG.int],
    ['message.timestamp.type', 'LogAppendTime', CONFIG.string],
    ['retention.ms', String(retentionMs), CONFIG.long],
  ]
  answer.int32(0).array(resources, ({ type, name, wanted }) => {
    const isThere = type === TOPIC && name === hubName
    const configs = isThere ? all.filter(([key]) => wanted?.includes(key) ?? true) : []
    answer
      .int16(isThere ? ERROR.none : ERROR.unknownTopicOrPartition)
      .string(undefined)
      .int8(type)
      .string(name)
    answer.array(configs, ([key, value, kind]) => {
      answer.string(key).string(value).boolean(true)
      if (version === 0) answer.boolean(false)
      else answer.int8(OF_TOPIC)
      answer.boolean(false)
      if (version >= 1) answer.array([], () => {})
      if (version >= 3) answer.int8(kind).string(undefined)
    })
  })
}
