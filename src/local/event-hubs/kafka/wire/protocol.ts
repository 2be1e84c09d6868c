/** What of the Kafka protocol is spoken: requests by number, the versions of each, and the error codes. https://kafka.apache.org/protocol */

/** Requests by their number (API key). */
export const API = {
  produce: 0,
  fetch: 1,
  listOffsets: 2,
  metadata: 3,
  offsetCommit: 8,
  offsetFetch: 9,
  findCoordinator: 10,
  joinGroup: 11,
  heartbeat: 12,
  leaveGroup: 13,
  syncGroup: 14,
  describeGroups: 15,
  listGroups: 16,
  saslHandshake: 17,
  apiVersions: 18,
  createTopics: 19,
  deleteTopics: 20,
  initProducerId: 22,
  offsetForLeaderEpoch: 23,
  describeConfigs: 32,
  saslAuthenticate: 36,
  createPartitions: 37,
  deleteGroups: 42,
} as const

/** Of one request: the versions served, and the first one in the flexible encoding (KIP-482). */
export type Versions = readonly [min: number, max: number, flexibleFrom: number]

const NEVER = Number.POSITIVE_INFINITY

/**
 * The highest ones are those that clients have reported of the service: Metadata 9, OffsetFetch 8 and Fetch 12 (franz-go's issue 1312, April
 * and May 2026), groups, coordinators and ListOffsets, from version 0 on (klife's issue 13). Where nothing was reported, the first flexible version is
 * served, or a later one that asks for nothing which a hub lacks. No topic has an id (Metadata 10). Sarama 1.30 asks in the
 * versions of the Kafka that it is set to, without a look at these (2.3: Fetch 11). Clients that guess a broker's version from one
 * request (aiokafka 0.12: Produce 8 is Kafka 2.4) then ask in that version's others.
 */
export const VERSIONS: ReadonlyMap<number, Versions> = new Map([
  // From version 0 on as the service (klife's issue 13), which in 2019 began with 3.
  [API.produce, [0, 9, 9]],
  [API.fetch, [4, 12, 12]],
  [API.listOffsets, [0, 8, 6]],
  [API.metadata, [0, 9, 9]],
  [API.offsetCommit, [0, 8, 8]],
  [API.offsetFetch, [0, 8, 6]],
  [API.findCoordinator, [0, 4, 3]],
  [API.joinGroup, [0, 9, 6]],
  [API.heartbeat, [0, 4, 4]],
  [API.leaveGroup, [0, 5, 4]],
  [API.syncGroup, [0, 5, 4]],
  [API.describeGroups, [0, 5, 5]],
  [API.listGroups, [0, 4, 3]],
  [API.saslHandshake, [0, 1, NEVER]],
  [API.apiVersions, [0, 3, 3]],
  [API.createTopics, [0, 6, 5]],
  [API.deleteTopics, [0, 5, 4]],
  [API.initProducerId, [0, 4, 2]],
  // As the service names it (aiokafka's issue 945, azure-event-hubs-for-kafka's 69). Clients that ask in later versions take it for one
  // that tells of records cut off (KIP-320), which the Standard tier does not (opentelemetry-collector-contrib's issue 42226).
  [API.offsetForLeaderEpoch, [0, 0, 4]],
  [API.describeConfigs, [0, 4, 4]],
  [API.saslAuthenticate, [0, 2, 2]],
  [API.createPartitions, [0, 2, 2]],
  [API.deleteGroups, [0, 2, 2]],
])

/** Error codes, as far as they are given here. */
export const ERROR = {
  none: 0,
  unknownServerError: -1,
  offsetOutOfRange: 1,
  corruptMessage: 2,
  unknownTopicOrPartition: 3,
  messageTooLarge: 10,
  offsetMetadataTooLarge: 12,
  invalidRequiredAcks: 21,
  illegalGeneration: 22,
  inconsistentGroupProtocol: 23,
  invalidGroupId: 24,
  unknownMemberId: 25,
  invalidSessionTimeout: 26,
  rebalanceInProgress: 27,
  topicAuthorizationFailed: 29,
  unsupportedSaslMechanism: 33,
  illegalSaslState: 34,
  unsupportedVersion: 35,
  topicAlreadyExists: 36,
  invalidPartitions: 37,
  invalidRequest: 42,
  unsupportedForMessageFormat: 43,
  policyViolation: 44,
  outOfOrderSequenceNumber: 45,
  invalidProducerEpoch: 47,
  transactionalIdAuthorizationFailed: 53,
  kafkaStorageError: 56,
  saslAuthenticationFailed: 58,
  nonEmptyGroup: 68,
  groupIdNotFound: 69,
  fetchSessionIdNotFound: 70,
  invalidFetchSessionEpoch: 71,
  groupMaxSizeReached: 81,
  fencedInstanceId: 82,
} as const

/** The one broker that there is. */
export const NODE_ID = 0
/** One cluster, the namespace as in the service (confluent-kafka-dotnet, issue 2331): a client that remembers it sees the same one after a restart. */
export const CLUSTER_ID = 'rtstream-local.servicebus.windows.net'
