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
  describeConfigs: 32,
  saslAuthenticate: 36,
  deleteGroups: 42,
} as const

/**
 * Lowest and highest version of each: all before the flexible encoding, which every client of today still speaks. Sarama 1.30
 * asks in the versions of the Kafka that it is set to, without a look at these (2.3: Fetch 11). Clients that guess a broker's version from one request (aiokafka 0.12: Produce 8 is Kafka 2.4) then ask in that version's others.
 */
export const VERSIONS: ReadonlyMap<number, readonly [min: number, max: number]> = new Map([
  [API.produce, [3, 8]],
  [API.fetch, [4, 11]],
  [API.listOffsets, [1, 5]],
  [API.metadata, [0, 8]],
  [API.offsetCommit, [0, 7]],
  [API.offsetFetch, [0, 5]],
  [API.findCoordinator, [0, 2]],
  [API.joinGroup, [0, 5]],
  [API.heartbeat, [0, 3]],
  [API.leaveGroup, [0, 3]],
  [API.syncGroup, [0, 3]],
  [API.describeGroups, [0, 4]],
  [API.listGroups, [0, 2]],
  [API.saslHandshake, [0, 1]],
  [API.apiVersions, [0, 2]],
  [API.createTopics, [0, 4]],
  [API.deleteTopics, [0, 3]],
  [API.initProducerId, [0, 1]],
  [API.describeConfigs, [0, 3]],
  [API.saslAuthenticate, [0, 1]],
  [API.deleteGroups, [0, 1]],
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
/** One cluster: a client that remembers it sees the same one after a restart. */
export const CLUSTER_ID = 'rtstream-local'
