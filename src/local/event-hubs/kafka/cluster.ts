/** Requests about the broker and its topics: one broker, one topic, which is the hub. */
import type { HubLog } from '../log/log.ts'
import { API, CLUSTER_ID, ERROR, NODE_ID, VERSIONS } from './wire/protocol.ts'
import type { KafkaReader, KafkaWriter } from './wire/values.ts'

export interface ClusterContext {
  log: HubLog
  hubName: string
  /** From the address that the client connected to: it reconnects there. */
  port: number
  retentionMs: number
}

const HOST = 'localhost'
const TOPIC = 2
/** The configuration's source: set for the topic. */
const OF_TOPIC = 1
/** What a client may do, a bit each: read, write, describe, describe the settings. */
const TOPIC_OPERATIONS = (1 << 3) | (1 << 4) | (1 << 8) | (1 << 10)
const CLUSTER_OPERATIONS = 1 << 8
const NOT_ASKED = -(2 ** 31)
/** Types of settings, as DescribeConfigs numbers them. */
const CONFIG = { string: 2, int: 3, long: 5, list: 7 } as const

/**
 * Produce is named from version 0, as Apache Kafka 4 names it, though both serve it from version 3 only: librdkafka takes a
 * broker without version 0 for one that takes no compressed records, and sends them uncompressed without a word.
 */
const NAMED_FROM: ReadonlyMap<number, number> = new Map([[API.produce, 0]])

/** The versions served, which a client asks for before anything else. */
export function apiVersions(version: number, answer: KafkaWriter, error: number = ERROR.none): void {
  answer.int16(error).array([...VERSIONS], ([key, [min, max]]) =>
    answer
      .int16(key)
      .int16(NAMED_FROM.get(key) ?? min)
      .int16(max),
  )
  if (version >= 1) answer.int32(0)
}

/** Clients are sent to the port that they came to: plain or TLS. */
export function metadata(
  { log, hubName, port }: ClusterContext,
  version: number,
  request: KafkaReader,
  answer: KafkaWriter,
): void {
  const asked = request.nullableArray(request.string)
  // In the first version an empty list asks for all, later an absent one.
  const names = asked === undefined || (version === 0 && asked.length === 0) ? [hubName] : asked
  // First, whether topics may be made.
  const [, wantsOfCluster, wantsOfTopics] =
    version >= 8 ? [request.boolean(), request.boolean(), request.boolean()] : []
  if (version >= 3) answer.int32(0)
  answer.array([NODE_ID], (id) => {
    answer.int32(id).string(HOST).int32(port)
    if (version >= 1) answer.string(undefined)
  })
  if (version >= 2) answer.string(CLUSTER_ID)
  if (version >= 1) answer.int32(NODE_ID)
  const partitions = Array.from({ length: log.partitionCount }, (_, id) => id)
  answer.array(names, (name) => {
    const isThere = name === hubName
    answer.int16(isThere ? ERROR.none : ERROR.unknownTopicOrPartition).string(name)
    if (version >= 1) answer.boolean(false)
    answer.array(isThere ? partitions : [], (partition) => {
      answer.int16(ERROR.none).int32(partition).int32(NODE_ID)
      if (version >= 7) answer.int32(0)
      answer.array([NODE_ID], (id) => answer.int32(id)).array([NODE_ID], (id) => answer.int32(id))
      if (version >= 5) answer.array([], () => {})
    })
    if (version >= 8) answer.int32(wantsOfTopics && isThere ? TOPIC_OPERATIONS : NOT_ASKED)
  })
  if (version >= 8) answer.int32(wantsOfCluster ? CLUSTER_OPERATIONS : NOT_ASKED)
}

/** Groups alone: transactions are refused, as the hub has none. */
export function findCoordinator(
  { port }: ClusterContext,
  version: number,
  request: KafkaReader,
  answer: KafkaWriter,
): void {
  request.string()
  const isGroup = version < 1 || request.int8() === 0
  if (version >= 1) answer.int32(0)
  answer.int16(isGroup ? ERROR.none : ERROR.transactionalIdAuthorizationFailed)
  if (version >= 1) answer.string(isGroup ? undefined : 'Transactions are not served here.')
  answer
    .int32(isGroup ? NODE_ID : -1)
    .string(isGroup ? HOST : '')
    .int32(isGroup ? port : -1)
}

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
    request.array(() => [request.int32(), request.array(request.int32)])
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
  })
}

/** Refused: no client may delete the hub. */
export function deleteTopics(
  { hubName }: ClusterContext,
  version: number,
  request: KafkaReader,
  answer: KafkaWriter,
): void {
  const names = request.array(request.string)
  if (version >= 1) answer.int32(0)
  answer.array(names, (name) =>
    answer
      .string(name)
      .int16(name === hubName ? ERROR.topicAuthorizationFailed : ERROR.unknownTopicOrPartition),
  )
}

/** A few settings, which tools ask for; all are read-only. */
export function describeConfigs(
  { hubName, retentionMs }: ClusterContext,
  version: number,
  request: KafkaReader,
  answer: KafkaWriter,
): void {
  const resources = request.array(() => ({
    type: request.int8(),
    name: request.string(),
    wanted: request.nullableArray(request.string),
  }))
  const all: [name: string, value: string, type: number][] = [
    ['cleanup.policy', 'delete', CONFIG.list],
    ['compression.type', 'producer', CONFIG.string],
    ['max.message.bytes', '1048576', CONFIG.int],
    ['message.timestamp.type', 'LogAppendTime', CONFIG.string],
    ['retention.ms', String(retentionMs), CONFIG.long],
  ]
  answer.int32(0).array(resources, ({ type, name, wanted }) => {
    const isThere = type === TOPIC ? name === hubName : true
    const configs = type === TOPIC && isThere ? all.filter(([key]) => wanted?.includes(key) ?? true) : []
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

/** An idempotent producer gets its id; a transactional one is refused. */
export function initProducerId(
  { log }: ClusterContext,
  _version: number,
  request: KafkaReader,
  answer: KafkaWriter,
): void {
  const isTransactional = request.nullableString() !== undefined
  answer.int32(0).int16(isTransactional ? ERROR.transactionalIdAuthorizationFailed : ERROR.none)
  answer.int64(isTransactional ? -1 : log.producers.newId()).int16(isTransactional ? -1 : 0)
}
