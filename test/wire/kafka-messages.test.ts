/**
 * Every version of every request that is served, as Kafka's own classes of messages write it; they also read the answer, to its last byte.
 * Versions before those of Kafka 2.1 are no part of these classes (KIP-896).
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { API, VERSIONS } from '../../src/local/event-hubs/kafka/wire/protocol.ts'
import { HUB } from '../local/event-hubs/hub-fixture.ts'
import { encodeBatch, record } from '../local/event-hubs/kafka/batches.ts'
import { type Fields, JavaMessages } from '../local/event-hubs/kafka/java-messages.ts'
import { type KafkaFixture, startKafkaFixture } from '../local/event-hubs/kafka/kafka-fixture.ts'
import { javaOrReason } from '../support/java.ts'

/** The first versions that Kafka's classes know, where they know no version 0. */
const FIRST: Readonly<Partial<Record<keyof typeof API, number>>> = {
  ...{ produce: 3, fetch: 4, listOffsets: 1, offsetCommit: 2, offsetFetch: 1, joinGroup: 2 },
  ...{ createTopics: 2, deleteTopics: 1, describeConfigs: 1 },
}
/** The highest version of any request, and with them all. */
const LEVELS = Array.from({ length: 13 }, (_, level) => level)
const NOT_ASKED = -(2 ** 31)
const base64 = (bytes: string | Buffer) => Buffer.from(bytes as string).toString('base64')

describe.skipIf(javaOrReason("Kafka's messages") !== undefined)("Kafka's own messages", () => {
  let fixture: KafkaFixture
  let java: JavaMessages
  beforeAll(async () => {
    fixture = await startKafkaFixture({ partitions: 2 })
    java = new JavaMessages(fixture.ports.plain)
  }, 300_000)
  afterAll(async () => {
    await java.close()
    await fixture.close()
  })

  /** Asks in versions of this level: that version, or the nearest that there is. */
  const of = (level: number) => {
    const version = (api: keyof typeof API) =>
      Math.min(Math.max(level, FIRST[api] ?? 0), VERSIONS.get(API[api])?.[1] ?? 0)
    const ask = (api: keyof typeof API, fields: Fields = {}) => java.ask(API[api], version(api), fields)
    return { version, ask }
  }

  it.each(LEVELS)('of level %i sign in, and are told the versions', async (level) => {
    const { version, ask } = of(level)
    // The bare tokens that follow version 0 are no messages.
    expect(await java.ask(API.saslHandshake, 1, { mechanism: 'PLAIN' })).toMatchObject({
      errorCode: 0,
      mechanisms: ['PLAIN', 'OAUTHBEARER'],
    })
    const proof = `\0$ConnectionString\0${fixture.hub.connectionString()}`
    expect(await ask('saslAuthenticate', { authBytes: base64(proof) })).toEqual({
      ...{ errorCode: 0, errorMessage: null, authBytes: '' },
      ...(version('saslAuthenticate') >= 1 && { sessionLifetimeMs: 0 }),
    })
    const { errorCode, apiKeys } = await ask('apiVersions', {
      clientSoftwareName: 'java',
      clientSoftwareVersion: '1',
    })
    expect(errorCode).toBe(0)
    expect(apiKeys).toEqual(
      [...VERSIONS].map(([apiKey, [min, maxVersion]]) => ({
        apiKey,
        minVersion: apiKey === API.produce ? 0 : min,
        maxVersion,
      })),
    )
  })

  it.each(LEVELS)('of level %i are told of the broker, the topic and its settings', async (level) => {
    const { version, ask } = of(level)
    const metadata = await ask('metadata', {
      topics: [{ name: HUB }, { name: 'elsewhere' }],
      allowAutoTopicCreation: version('metadata') < 4,
      includeClusterAuthorizedOperations: version('metadata') >= 8,
      includeTopicAuthorizedOperations: version('metadata') >= 8,
    })
    const port = fixture.ports.plain
    const operations = (value: number) => version('metadata') >= 8 && { topicAuthorizedOperations: value }
    expect(metadata).toMatchObject({
      brokers: [{ nodeId: 0, host: 'localhost', port }],
      topics: [
        { errorCode: 0, name: HUB, ...operations(0x518) },
        { errorCode: 3, name: 'elsewhere', partitions: [], ...operations(NOT_ASKED) },
      ],
    })
    const [{ partitions }] = metadata.topics as [{ partitions: Fields[] }]
    expect(partitions).toMatchObject(
      [0, 1].map((partitionIndex) => ({
        errorCode: 0,
        partitionIndex,
        leaderId: 0,
        replicaNodes: [],
        isrNodes: [],
      })),
    )
    const areSeveral = version('findCoordinator') >= 4
    const found = await ask(
      'findCoordinator',
      areSeveral ? { keyType: 0, coordinatorKeys: ['g', 'h'] } : { keyType: 0, key: 'g' },
    )
    const place = { errorCode: 0, nodeId: 0, host: 'localhost', port }
    if (!areSeveral) expect(found).toMatchObject(place)
    else expect(found.coordinators).toMatchObject(['g', 'h'].map((key) => ({ key, ...place })))
    const wanted = { resourceType: 2, resourceName: HUB, configurationKeys: ['retention.ms'] }
    expect(
      await ask('describeConfigs', {
        ...{
          resources: [wanted],
          includeSynonyms: true,
          includeDocumentation: version('describeConfigs') >= 3,
        },
      }),
    ).toMatchObject({
      results: [{ errorCode: 0, configs: [{ name: 'retention.ms', value: '3600000', readOnly: true }] }],
    })
  })

  it.each(LEVELS)('of level %i neither make nor delete topics; transactions are refused', async (level) => {
    const { version, ask } = of(level)
    const made = (name: string) => ({
      ...{ name, numPartitions: 1, replicationFactor: 1 },
      ...{ assignments: [{ partitionIndex: 0, brokerIds: [0, 1] }], configs: [{ name: 'a', value: null }] },
    })
    expect(
      await ask('createTopics', {
        ...{ topics: [made(HUB), made('mine')], timeoutMs: 5, validateOnly: false },
      }),
    ).toMatchObject({
      topics: [
        { name: HUB, errorCode: 36 },
        { name: 'mine', errorCode: 44 },
      ],
    })
    expect(await ask('deleteTopics', { topicNames: [HUB, 'mine'], timeoutMs: 5 })).toMatchObject({
      responses: [
        { name: HUB, errorCode: 29 },
        { name: 'mine', errorCode: 3 },
      ],
    })
    const wider = (name: string, count: number) => ({
      ...{ name, count, assignments: count > 2 ? [{ brokerIds: [0, 1] }] : null },
    })
    expect(
      await ask('createPartitions', {
        ...{ topics: [wider(HUB, 2), wider(HUB, 3), wider('mine', 3)], timeoutMs: 5, validateOnly: false },
      }),
    ).toMatchObject({
      results: [
        { name: HUB, errorCode: 37, errorMessage: expect.stringContaining('partitions already: 2') },
        { name: HUB, errorCode: 44, errorMessage: expect.stringContaining('--partitions') },
        { name: 'mine', errorCode: 3 },
      ],
    })
    const init = { transactionTimeoutMs: 5, producerId: -1, producerEpoch: -1 }
    expect(await ask('initProducerId', { ...init, transactionalId: null })).toMatchObject({
      ...{ errorCode: 0, producerEpoch: 0, producerId: expect.any(Number) },
    })
    expect(await ask('initProducerId', { ...init, transactionalId: 't' })).toMatchObject({ errorCode: 53 })
    if (level === 0) return
    const areSeveral = version('findCoordinator') >= 4
    const found = await ask(
      'findCoordinator',
      areSeveral ? { keyType: 1, coordinatorKeys: ['t'] } : { keyType: 1, key: 't' },
    )
    const refused = { errorCode: 42, errorMessage: expect.stringContaining('Premium or Dedicated') }
    if (!areSeveral) expect(found).toMatchObject(refused)
    else expect(found.coordinators).toMatchObject([{ key: 't', ...refused }])
  })

  it.each(LEVELS)('of level %i send records, find their places and fetch them', async (level) => {
    const { version, ask } = of(level)
    const offset = fixture.hub.log.properties(0).lastEnqueuedSequenceNumber + 1
    const records = base64(encodeBatch([record('x'), record('y')]))
    const produced = await ask('produce', {
      ...{ transactionalId: null, acks: -1, timeoutMs: 1000 },
      topicData: [{ name: HUB, partitionData: [0, 7].map((index) => ({ index, records })) }],
    })
    const isTold = version('produce') >= 8
    expect(produced.responses).toMatchObject([
      {
        name: HUB,
        partitionResponses: [
          { index: 0, errorCode: 0, baseOffset: offset, logAppendTimeMs: expect.any(Number) },
          { index: 7, errorCode: 3, ...(isTold && { errorMessage: expect.stringContaining('partition 7') }) },
        ],
      },
    ])
    const fetched = await ask('fetch', {
      ...{ replicaId: -1, maxWaitMs: 0, minBytes: 1, maxBytes: 1e6, isolationLevel: 0 },
      // A session of its own, each partition once.
      ...{ sessionId: 0, sessionEpoch: 0, rackId: 'r', forgottenTopicsData: [] },
      // The cluster goes into a tagged field.
      clusterId: version('fetch') >= 12 ? 'rtstream-local.servicebus.windows.net' : null,
      topics: [
        {
          topic: HUB,
          partitions: [0, 7].map((partition) => ({
            ...{ partition, fetchOffset: offset, logStartOffset: -1, partitionMaxBytes: 1e6 },
            ...{ currentLeaderEpoch: 0, lastFetchedEpoch: -1 },
          })),
        },
      ],
    })
    expect(fetched.responses).toMatchObject([
      {
        topic: HUB,
        partitions: [
          { partitionIndex: 0, errorCode: 0, highWatermark: offset + 2, abortedTransactions: null },
          { partitionIndex: 7, errorCode: 3 },
        ],
      },
    ])
    const places = [-1, -2, -3, -4]
    const listed = await ask('listOffsets', {
      ...{ replicaId: -1, isolationLevel: 0 },
      topics: [
        {
          name: HUB,
          partitions: places.map((timestamp) => ({ partitionIndex: 0, currentLeaderEpoch: -1, timestamp })),
        },
      ],
    })
    const known = (from: number, place: Fields) =>
      version('listOffsets') >= from ? { errorCode: 0, ...place } : { errorCode: 35, offset: -1 }
    expect(listed.topics).toMatchObject([
      {
        partitions: [
          { errorCode: 0, offset: offset + 2 },
          { errorCode: 0, offset: 0 },
          known(7, { offset: offset + 1, timestamp: fixture.hub.log.firstFrom(0, offset + 1)?.enqueuedAt }),
          known(8, { offset: 0 }),
        ],
      },
    ])
  })

  it.each(LEVELS)('of level %i are members of a group, from joining to leaving', async (level) => {
    const { version, ask } = of(level)
    const groupId = `group-${level}`
    // A member has a name of its own from version 5 of its joining on; other requests know of it from these on.
    const named = (api: keyof typeof API, from: number) => ({
      groupInstanceId: level >= 5 && version(api) >= from ? 'instance' : null,
    })
    const joined = await ask('joinGroup', {
      ...{ groupId, sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000, memberId: '', reason: null },
      ...named('joinGroup', 5),
      ...{ protocolType: 'consumer', protocols: [{ name: 'range', metadata: base64('topics') }] },
    })
    const { memberId, generationId } = joined
    expect(joined).toMatchObject({
      ...{ errorCode: 0, generationId: 1, protocolName: 'range', leader: memberId },
      ...(version('joinGroup') >= 7 && { protocolType: 'consumer' }),
      ...(version('joinGroup') >= 9 && { skipAssignment: false }),
      members: [{ memberId, metadata: base64('topics') }],
    })
    const member = { groupId, generationId, memberId }
    const sync = (protocolName: string) =>
      ask('syncGroup', {
        ...{ ...member, ...named('syncGroup', 3), protocolType: 'consumer', protocolName },
        assignments: [{ memberId, assignment: base64('all of it') }],
      })
    if (version('syncGroup') >= 5) expect(await sync('another')).toMatchObject({ errorCode: 23 })
    expect(await sync('range')).toMatchObject({
      ...{ errorCode: 0, assignment: base64('all of it') },
      ...(version('syncGroup') >= 5 && { protocolType: 'consumer', protocolName: 'range' }),
    })
    expect(await ask('heartbeat', { ...member, ...named('heartbeat', 3) })).toMatchObject({ errorCode: 0 })
    await commit(level, { ...member, ...named('offsetCommit', 7) })
    await describeAsTools(level, groupId, memberId)
    const leaving = { memberId, ...named('leaveGroup', 3) }
    const mayBeSeveral = version('leaveGroup') >= 3
    const left = await ask('leaveGroup', {
      groupId,
      ...(mayBeSeveral ? { members: [{ ...leaving, reason: 'it is over' }] } : { memberId }),
    })
    expect(left).toMatchObject({
      errorCode: 0,
      ...(mayBeSeveral && { members: [{ ...leaving, errorCode: 0 }] }),
    })
    expect(await ask('deleteGroups', { groupsNames: [groupId, 'nobody'] })).toMatchObject({
      results: [
        { groupId, errorCode: 0 },
        { groupId: 'nobody', errorCode: 69 },
      ],
    })
  })

  const commit = async (level: number, member: Fields) => {
    const { version, ask } = of(level)
    const { groupId, generationId } = member
    const kept = { partitionIndex: 1, committedOffset: 5, committedLeaderEpoch: -1 }
    expect(
      await ask('offsetCommit', {
        ...{ ...member, generationIdOrMemberEpoch: generationId, retentionTimeMs: -1 },
        topics: [
          {
            name: HUB,
            partitions: [
              { ...kept, committedMetadata: 'note' },
              { ...kept, partitionIndex: 9, committedMetadata: null },
            ],
          },
        ],
      }),
    ).toMatchObject({
      topics: [
        {
          partitions: [
            { partitionIndex: 1, errorCode: 0 },
            { partitionIndex: 9, errorCode: 3 },
          ],
        },
      ],
    })
    const wanted = [{ name: HUB, partitionIndexes: [1, 0] }]
    const all = version('offsetFetch') >= 2 ? null : wanted
    const fetched = async (topics: typeof all) => {
      const areSeveral = version('offsetFetch') >= 8
      const answer = await ask('offsetFetch', {
        ...(areSeveral ? { groups: [{ groupId, topics }] } : { groupId, topics }),
        requireStable: version('offsetFetch') >= 7,
      })
      const [group] = areSeveral ? (answer.groups as Fields[]) : [answer]
      expect(group?.errorCode ?? 0).toBe(0)
      return group?.topics
    }
    const found = { partitionIndex: 1, committedOffset: 5, metadata: 'note', errorCode: 0 }
    const nothing = { partitionIndex: 0, committedOffset: -1, metadata: '', errorCode: 0 }
    expect(await fetched(wanted)).toMatchObject([{ name: HUB, partitions: [found, nothing] }])
    if (all === null) expect(await fetched(all)).toMatchObject([{ name: HUB, partitions: [found] }])
  }

  const describeAsTools = async (level: number, groupId: string, memberId: unknown) => {
    const { version, ask } = of(level)
    expect(
      await ask('describeGroups', {
        groups: [groupId, 'nobody'],
        includeAuthorizedOperations: version('describeGroups') >= 3,
      }),
    ).toMatchObject({
      groups: [
        {
          ...{ errorCode: 0, groupId, groupState: 'Stable', protocolType: 'consumer', protocolData: 'range' },
          members: [{ memberId, clientId: 'java', memberAssignment: base64('all of it') }],
          ...(version('describeGroups') >= 3 && { authorizedOperations: 0b1_0100_1000 }),
        },
        { errorCode: 0, groupId: 'nobody', groupState: 'Dead' },
      ],
    })
    const knowsStates = version('listGroups') >= 4
    const listed = async (...statesFilter: string[]) => (await ask('listGroups', { statesFilter })).groups
    expect(await listed(...(knowsStates ? ['stable'] : []))).toMatchObject([
      { groupId, protocolType: 'consumer', ...(knowsStates && { groupState: 'Stable' }) },
    ])
    if (knowsStates) expect(await listed('Empty')).toEqual([])
  }
})
