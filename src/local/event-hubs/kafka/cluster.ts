/** Requests about the broker: one broker, one topic, which is the hub. */
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
/** What a client may do, a bit each: read, write, describe, describe the settings. */
const TOPIC_OPERATIONS = (1 << 3) | (1 << 4) | (1 << 8) | (1 << 10)
const CLUSTER_OPERATIONS = 1 << 8
const NOT_ASKED = -(2 ** 31)

/**
 * Produce is named from version 0, as Apache Kafka 4 names it, though both serve it from version 3 only: librdkafka takes a
 * broker without version 0 for one that takes no compressed records, and sends them uncompressed without a word.
 */
const NAMED_FROM: ReadonlyMap<number, number> = new Map([[API.produce, 0]])

const versionsOf = (key: number, answer: KafkaWriter): void => {
  const [min, max] = VERSIONS.get(key) ?? [0, 0]
  answer
    .int16(key)
    .int16(NAMED_FROM.get(key) ?? min)
    .int16(max)
}

/** The versions served, which a client asks for before anything else. */
export function apiVersions(version: number, answer: KafkaWriter): void {
  answer.int16(ERROR.none).array([...VERSIONS.keys()], (key) => versionsOf(key, answer))
  if (version >= 1) answer.int32(0)
}

/**
 * For a client whose version of that very request is too new: in the first version, the versions of this request alone, as brokers answer
 * (KIP-511) and the service was seen to.
 */
export function apiVersionsOfItself(answer: KafkaWriter): KafkaWriter {
  return answer.int16(ERROR.unsupportedVersion).array([API.apiVersions], (key) => versionsOf(key, answer))
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
      // Replicas, and those in step: the service names none (akhq, issue 1364).
      answer.list([], () => {}).list([], () => {})
      if (version >= 5) answer.list([], () => {})
    })
    if (version >= 8) answer.int32(wantsOfTopics && isThere ? TOPIC_OPERATIONS : NOT_ASKED)
  })
  if (version >= 8) answer.int32(wantsOfCluster ? CLUSTER_OPERATIONS : NOT_ASKED)
}

/**
 * The service's sentence in the Standard tier, as Java's client logs it (zeebe-kafka-exporter, issue 390). The code beside it is told nowhere;
 * it is none that this client knows, and brokers answer this one for a kind of coordinator that they have none of.
 */
const noCoordinator = (kind: number) => ({
  error: ERROR.invalidRequest,
  reason: `FindCoordinator asked for coordinator with type code ${kind} which is not supported. type code ${kind} is only supported in Premium or Dedicated sku.`,
})

/** Groups alone: transactions are refused, as the hub has none. From version 4 on of several at once. */
export function findCoordinator(
  { port }: ClusterContext,
  version: number,
  request: KafkaReader,
  answer: KafkaWriter,
): void {
  const first = version < 4 ? [request.string()] : []
  const kind = version < 1 ? 0 : request.int8()
  const isGroup = kind === 0
  const keys = version < 4 ? first : request.list(request.string)
  const { error, reason } = isGroup ? { error: ERROR.none, reason: undefined } : noCoordinator(kind)
  const place = () =>
    answer
      .int32(isGroup ? NODE_ID : -1)
      .string(isGroup ? HOST : '')
      .int32(isGroup ? port : -1)
  if (version >= 1) answer.int32(0)
  if (version >= 4) {
    answer.array(keys, (key) => {
      answer.string(key)
      place().int16(error).string(reason)
    })
    return
  }
  answer.int16(error)
  if (version >= 1) answer.string(reason)
  place()
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
