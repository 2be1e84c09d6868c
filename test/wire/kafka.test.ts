/** The hub's Kafka endpoint, by an unmodified client (kafkajs), beside AMQP clients on the same hub. */
import { EventHubConsumerClient, EventHubProducerClient } from '@azure/event-hubs'
import {
  CompressionTypes,
  type Consumer,
  type EachMessagePayload,
  Kafka,
  logLevel,
  type Producer,
} from 'kafkajs'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { HUB, TOKEN } from '../local/event-hubs/hub-fixture.ts'
import { type KafkaFixture, startKafkaFixture } from '../local/event-hubs/kafka/kafka-fixture.ts'

const WAIT = { timeout: 25_000, interval: 50 }

let fixture: KafkaFixture
const open: { disconnect(): Promise<void> }[] = []
beforeAll(async () => {
  fixture = await startKafkaFixture()
})
afterAll(() => fixture.close())
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.disconnect()))
})

async function producer(options: Parameters<Kafka['producer']>[0] = {}): Promise<Producer> {
  const made = fixture.client().producer({ allowAutoTopicCreation: false, ...options })
  await made.connect()
  open.push(made)
  return made
}

/** Reads from the beginning in a group of that name. */
async function consumer(groupId: string, take: (payload: EachMessagePayload) => void): Promise<Consumer> {
  // A consumer rejoins and leaves once the fetch that waits is over.
  const made = fixture
    .client()
    .consumer({ groupId, sessionTimeout: 6000, heartbeatInterval: 500, maxWaitTimeInMs: 100 })
  await made.connect()
  open.push(made)
  await made.subscribe({ topics: [HUB], fromBeginning: true })
  await made.run({ eachMessage: async (payload) => take(payload) })
  return made
}

const lasts = () =>
  Array.from({ length: 4 }, (_, id) => fixture.hub.log.properties(id).lastEnqueuedSequenceNumber)
const enqueued = () => lasts().reduce((sum, last) => sum + last + 1, 0)

describe('a topic', () => {
  it('is the hub, with its partitions, on the address that the client came in by', async () => {
    const admin = fixture.client().admin()
    await admin.connect()
    open.push(admin)
    const { topics } = await admin.fetchTopicMetadata()
    expect(topics.map(({ name, partitions }) => [name, partitions.length])).toEqual([[HUB, 4]])
    const { brokers, clusterId } = await admin.describeCluster()
    expect(brokers).toEqual([{ nodeId: 0, host: 'localhost', port: fixture.ports.tls }])
    expect(clusterId).toBe('rtstream-local.servicebus.windows.net')
    await expect(admin.fetchTopicMetadata({ topics: ['other'] })).rejects.toThrow(/topic-partition/)
    await expect(
      admin.createTopics({ topics: [{ topic: 'other' }], waitForLeaders: false }),
    ).rejects.toThrow()
    await expect(admin.deleteTopics({ topics: [HUB] })).rejects.toThrow(/not authorized/i)
    await expect(admin.deleteTopics({ topics: ['other'] })).rejects.toThrow(/topic-partition/)
    expect(await admin.createTopics({ topics: [{ topic: HUB }], waitForLeaders: false })).toBe(false)
    const { resources } = await admin.describeConfigs({
      resources: [{ type: 2, name: HUB, configNames: ['retention.ms'] }],
      includeSynonyms: false,
    })
    expect(resources[0]?.configEntries).toMatchObject([
      { configName: 'retention.ms', configValue: '3600000' },
    ])
  })
})

describe('records', () => {
  it('come back as they were sent: key, value, headers, offset, the time of the hub', async () => {
    const before = enqueued()
    const sender = await producer()
    const sent = await sender.send({
      topic: HUB,
      acks: -1,
      messages: [
        {
          partition: 1,
          key: 'station-00001',
          value: '{"city":"Oslo"}',
          headers: { from: 'kafka', raw: Buffer.of(0, 255) },
        },
        { partition: 1, key: null, value: 'ä€😀' },
        { partition: 1, key: 'k', value: null },
        { partition: 1, key: '', value: '' },
      ],
    })
    expect(sent).toMatchObject([{ errorCode: 0, partition: 1, baseOffset: '0' }])
    expect(enqueued() - before).toBe(4)
    const seen: EachMessagePayload[] = []
    await consumer('reader', (payload) => seen.push(payload))
    await vi.waitFor(() => expect(seen).toHaveLength(4), WAIT)
    expect(
      seen.map(({ partition, message }) => [
        partition,
        message.offset,
        message.key?.toString(),
        message.value?.toString(),
      ]),
    ).toEqual([
      [1, '0', 'station-00001', '{"city":"Oslo"}'],
      [1, '1', undefined, 'ä€😀'],
      [1, '2', 'k', undefined],
      [1, '3', '', ''],
    ])
    expect(seen[0]?.message.headers).toEqual({ from: Buffer.from('kafka'), raw: Buffer.of(0, 255) })
    const [event] = fixture.hub.log.read(1, 0, 1)
    expect(Number(seen[0]?.message.timestamp)).toBe(event?.enqueuedAt)
  })

  it('may be gzipped, and in no other codec', async () => {
    const sender = await producer()
    const messages = Array.from({ length: 200 }, (_, index) => ({
      partition: 2,
      value: `event ${index}`.repeat(20),
    }))
    await sender.send({ topic: HUB, compression: CompressionTypes.GZIP, messages })
    expect(fixture.hub.log.properties(2).lastEnqueuedSequenceNumber).toBe(199)
    const raw = fixture.hub.log.read(2, 199, 1)[0]?.message as Uint8Array
    expect(Buffer.from(raw).toString()).toContain('event 199')
  })

  it('of an idempotent producer are there once', async () => {
    const sender = await producer({ idempotent: true, maxInFlightRequests: 1 })
    const before = enqueued()
    for (let batch = 0; batch < 5; batch++)
      await sender.send({
        topic: HUB,
        messages: [
          { partition: 3, value: `a${batch}` },
          { partition: 3, value: `b${batch}` },
        ],
      })
    expect(enqueued() - before).toBe(10)
  })

  it('that are too large are refused, and nothing of them is stored', async () => {
    const sender = await producer({ retry: { retries: 0 } })
    const before = enqueued()
    const messages = [{ partition: 0, value: Buffer.alloc(1_100_000, 1) }]
    await expect(sender.send({ topic: HUB, compression: CompressionTypes.GZIP, messages })).rejects.toThrow(
      /max message size|too large/i,
    )
    // The request itself is too large, for which the service ends the connection.
    await expect(sender.send({ topic: HUB, messages })).rejects.toThrow(/connection|ECONNRESET/i)
    expect(enqueued()).toBe(before)
  })

  it('of a transaction are refused', async () => {
    const sender = fixture

      .client({ retry: { retries: 1, initialRetryTime: 10 } })
      .producer({ transactionalId: 't', idempotent: true, maxInFlightRequests: 1 })
    await sender.connect()
    open.push(sender)
    await expect(sender.transaction()).rejects.toThrow(/group coordinator/)
  })
})

describe('beside AMQP', () => {
  it('a Kafka client reads what an AMQP client sent, and the other way round', async () => {
    const connectionString = fixture.hub.connectionString()
    const amqp = new EventHubProducerClient(connectionString, HUB)
    const batch = await amqp.createBatch({ partitionKey: 'station-00042' })
    batch.tryAdd({ body: { city: 'Bern' }, properties: { text: 'x', number: 7 } })
    await amqp.sendBatch(batch)
    await amqp.close()

    const seen: EachMessagePayload[] = []
    await consumer('mixed', (payload) => seen.push(payload))
    const ofAmqp = () => seen.find(({ message }) => message.key?.toString() === 'station-00042')
    await vi.waitFor(() => expect(ofAmqp()).toBeDefined(), WAIT)
    expect(JSON.parse(String(ofAmqp()?.message.value))).toEqual({ city: 'Bern' })
    // As the service has it: what AMQP encodes, with the type in front.
    expect(ofAmqp()?.message.headers).toEqual({
      text: Buffer.of(0xa1, 1, 0x78),
      number: Buffer.of(0x52, 7),
    })

    const from = fixture.hub.log.properties(0).lastEnqueuedSequenceNumber
    const sender = await producer()
    await sender.send({
      topic: HUB,
      messages: [{ partition: 0, key: 'k1', value: '{"city":"Lima"}', headers: { h: 'v' } }],
    })
    const reader = new EventHubConsumerClient('$Default', connectionString, HUB)
    const received: {
      body: unknown
      partitionKey: string | null
      properties: Record<string, unknown> | undefined
    }[] = []
    const subscription = reader.subscribe(
      '0',
      {
        processEvents: async (events) => {
          for (const { body, partitionKey, properties } of events)
            received.push({ body, partitionKey, properties })
        },
        processError: async () => {},
      },
      { startPosition: { sequenceNumber: from, isInclusive: false } },
    )
    await vi.waitFor(() => expect(received).toHaveLength(1), WAIT)
    await subscription.close()
    await reader.close()
    expect(received).toMatchObject([{ body: { city: 'Lima' }, partitionKey: 'k1' }])
    // The SDK hands binary properties over as plain objects of numbered bytes.
    expect(Buffer.from(Object.values(received[0]?.properties?.h as object))).toEqual(Buffer.from('v'))
  })
})

describe('consumer groups', () => {
  it('share the partitions, and those of one that leaves go to the others', async () => {
    const partitionsOf = [new Set<number>(), new Set<number>()]
    const consumers = await Promise.all(
      partitionsOf.map((partitions) => consumer('sharing', ({ partition }) => partitions.add(partition))),
    )
    const sender = await producer()
    const toAll = () =>
      sender.send({ topic: HUB, messages: [0, 1, 2, 3].map((partition) => ({ partition, value: 'x' })) })
    await vi.waitFor(async () => {
      for (const partitions of partitionsOf) partitions.clear()
      await toAll()
      await vi.waitFor(() => expect(partitionsOf.map(({ size }) => size)).toEqual([2, 2]), { timeout: 4000 })
    }, WAIT)
    await consumers[0]?.disconnect()
    await vi.waitFor(async () => {
      partitionsOf[1]?.clear()
      await toAll()
      await vi.waitFor(() => expect(partitionsOf[1]?.size).toBe(4), { timeout: 4000 })
    }, WAIT)
  })

  it('go on behind what they committed, also after a restart', async () => {
    const sender = await producer()
    const admin = fixture.client().admin()
    await admin.connect()
    open.push(admin)
    const end = Number((await admin.fetchTopicOffsets(HUB)).find(({ partition }) => partition === 0)?.high)
    await admin.setOffsets({
      groupId: 'kept',
      topic: HUB,
      partitions: lasts().map((last, partition) => ({ partition, offset: String(last + 1) })),
    })
    await sender.send({ topic: HUB, messages: [{ partition: 0, value: 'one' }] })
    const seen: string[] = []
    const take = ({ message }: EachMessagePayload) => void seen.push(`${message.offset} ${message.value}`)
    const first = await consumer('kept', take)
    await vi.waitFor(() => expect(seen).toEqual([`${end} one`]), WAIT)
    await first.disconnect()
    await fixture.restart()
    await (await producer()).send({ topic: HUB, messages: [{ partition: 0, value: 'two' }] })
    await consumer('kept', take)
    await vi.waitFor(() => expect(seen).toEqual([`${end} one`, `${end + 1} two`]), WAIT)
  })

  it('find the first event of a time', async () => {
    const admin = fixture.client().admin()
    await admin.connect()
    open.push(admin)
    const [, second] = fixture.hub.log.read(2, 0, 2)
    const offsets = await admin.fetchTopicOffsetsByTimestamp(HUB, second?.enqueuedAt)
    expect(offsets.find(({ partition }) => partition === 2)?.offset).toBe('0')
    const later = await admin.fetchTopicOffsetsByTimestamp(HUB, Date.now() + 1e6)
    expect(later.find(({ partition }) => partition === 2)?.offset).toBe(String((lasts()[2] as number) + 1))
  })

  it('are listed and described', async () => {
    const admin = fixture.client().admin()
    await admin.connect()
    open.push(admin)
    const seen: unknown[] = []
    await consumer('described', (payload) => seen.push(payload))
    await vi.waitFor(() => expect(seen.length).toBeGreaterThan(0), WAIT)
    expect((await admin.listGroups()).groups.map(({ groupId }) => groupId)).toContain('described')
    const { groups } = await admin.describeGroups(['described'])
    expect(groups[0]).toMatchObject({
      state: 'Stable',
      protocolType: 'consumer',
      members: [{ clientId: 'test' }],
    })
  })
})

describe('signing in', () => {
  const connect = async (config: Parameters<KafkaFixture['client']>[0]) => {
    const admin = fixture.client({ retry: { retries: 0 }, ...config }).admin()
    try {
      await admin.connect()
      return await admin.listTopics()
    } finally {
      await admin.disconnect()
    }
  }

  it('works without TLS, as with the emulator', async () => {
    const brokers = [`localhost:${fixture.ports.plain}`]
    expect(await connect({ brokers, ssl: false })).toEqual([HUB])
  })

  it('works with the token of the session', async () => {
    const sasl = { mechanism: 'oauthbearer' as const, oauthBearerProvider: async () => ({ value: TOKEN }) }
    expect(await connect({ sasl })).toEqual([HUB])
  })

  it.each([
    ['a wrong key', '$ConnectionString', () => fixture.hub.connectionString('wrong')],
    ['another user name', 'somebody', () => fixture.hub.connectionString()],
    ['no connection string', '$ConnectionString', () => 'secret'],
  ])('is refused with %s, in words', async (_, username, password) => {
    const sasl = { mechanism: 'plain' as const, username, password: password() }
    await expect(connect({ sasl })).rejects.toThrow(/connection string/)
  })

  it('is needed', async () => {
    const admin = new Kafka({
      retry: { retries: 0 },
      clientId: 'nobody',
      brokers: [`localhost:${fixture.ports.plain}`],
      logLevel: logLevel.NOTHING,
    }).admin()
    await expect(admin.connect().then(() => admin.listTopics())).rejects.toThrow()
    await admin.disconnect()
  })
})
