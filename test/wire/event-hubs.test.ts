/** The hub on loopback, driven by the unmodified JavaScript SDK. */
import {
  EventHubBufferedProducerClient,
  EventHubConsumerClient,
  EventHubProducerClient,
  type EventPosition,
  earliestEventPosition,
  latestEventPosition,
  type ReceivedEventData,
  type Subscription,
} from '@azure/event-hubs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { partitionOf } from '../../src/contract/partition-hash.ts'
import { messageBody } from '../../src/local/event-hubs/amqp/sections.ts'
import { HUB, HubFixture } from '../local/event-hubs/hub-fixture.ts'

let hub: HubFixture
const open: { close(): Promise<unknown> }[] = []
beforeEach(async () => {
  hub = await HubFixture.start()
})
afterEach(async () => {
  for (const client of open.splice(0).reverse()) await client.close()
  await hub.close()
})

function keep<T extends { close(): Promise<unknown> }>(client: T): T {
  open.push(client)
  return client
}

type Door = 'TLS and token' | 'connection string'
const DOORS: Door[] = ['TLS and token', 'connection string']
const address = () => ({ customEndpointAddress: `sb://localhost:${hub.ports.tls}` })
const newProducer = (door: Door) =>
  keep(
    door === 'connection string'
      ? new EventHubProducerClient(hub.connectionString(), HUB)
      : new EventHubProducerClient(hub.fullyQualifiedNamespace, HUB, hub.credential(), address()),
  )
const newConsumer = (door: Door, group = '$Default') =>
  keep(
    door === 'connection string'
      ? new EventHubConsumerClient(group, hub.connectionString(), HUB)
      : new EventHubConsumerClient(group, hub.fullyQualifiedNamespace, HUB, hub.credential(), address()),
  )

/** Receives from one partition; errors are kept beside the events. */
function receive(
  consumer: EventHubConsumerClient,
  partitionId: string,
  options: Parameters<EventHubConsumerClient['subscribe']>[2] = {},
) {
  const events: ReceivedEventData[] = []
  const errors: (Error & { code?: string })[] = []
  const subscription: Subscription = consumer.subscribe(
    partitionId,
    {
      processEvents: async (batch) => void events.push(...batch),
      processError: async (error) => void errors.push(error),
    },
    { startPosition: earliestEventPosition, maxBatchSize: 100, maxWaitTimeInSeconds: 1, ...options },
  )
  keep(subscription)
  return { events, errors, subscription, bodies: () => events.map(({ body }) => body as unknown) }
}

const bodiesStored = (partition: number) =>
  hub.stored(partition).map(({ message }) => JSON.parse(messageBody(message).toString()) as unknown)

describe.each(DOORS)('through %s', (door) => {
  it('describes the hub and its partitions', async () => {
    const producer = newProducer(door)
    const { name, partitionIds, createdOn } = await producer.getEventHubProperties()
    expect({ name, partitionIds }).toEqual({ name: HUB, partitionIds: ['0', '1', '2', '3'] })
    expect(createdOn.getTime()).toBe(hub.log.createdAt)
    expect(await producer.getPartitionProperties('1')).toMatchObject({
      partitionId: '1',
      beginningSequenceNumber: -1,
      lastEnqueuedSequenceNumber: -1,
      isEmpty: true,
    })
    await producer.sendBatch([{ body: 'a' }, { body: 'b' }], { partitionId: '1' })
    const described = await producer.getPartitionProperties('1')
    expect(described).toMatchObject({
      beginningSequenceNumber: 0,
      lastEnqueuedSequenceNumber: 1,
      lastEnqueuedOffset: '1',
      isEmpty: false,
    })
    expect(described.lastEnqueuedOnUtc.getTime()).toBe(hub.log.properties(1).lastEnqueuedAt)
  })

  it('sends and receives, with everything that an event carries', async () => {
    const producer = newProducer(door)
    await producer.sendBatch(
      [
        {
          body: { city: 'Zürich', temperature: -3 },
          properties: { alert: true, count: 7, note: 'ä' },
          contentType: 'application/json',
          correlationId: 'c-1',
          messageId: 'm-1',
        },
        { body: Buffer.from([0, 255, 1]) },
        { body: 'plain text' },
      ],
      { partitionId: '2' },
    )
    const { events } = receive(newConsumer(door), '2')
    await vi.waitFor(() => expect(events).toHaveLength(3))
    expect(events[0]).toMatchObject({
      body: { city: 'Zürich', temperature: -3 },
      properties: { alert: true, count: 7, note: 'ä' },
      contentType: 'application/json',
      correlationId: 'c-1',
      messageId: 'm-1',
      sequenceNumber: 0,
      offset: '0',
    })
    expect(events[0]?.enqueuedTimeUtc.getTime()).toBe(hub.log.properties(2).lastEnqueuedAt)
    expect(events[1]?.body).toEqual(Buffer.from([0, 255, 1]))
    expect(events[2]).toMatchObject({ body: 'plain text', sequenceNumber: 2 })
  })

  it('delivers what comes in while a receiver waits', async () => {
    const { events } = receive(newConsumer(door), '0')
    const producer = newProducer(door)
    for (let event = 0; event < 3; event++) await producer.sendBatch([{ body: event }], { partitionId: '0' })
    await vi.waitFor(() => expect(events.map(({ body }) => body as number)).toEqual([0, 1, 2]))
  })
})

describe('sending', () => {
  it('puts a key on the partition of its hash, and tells receivers the key', async () => {
    const producer = newProducer('TLS and token')
    const keys = ['station-00001', 'station-00002', 'station-00003', 'Zürich', '']
    for (const partitionKey of keys) {
      const batch = await producer.createBatch(partitionKey ? { partitionKey } : {})
      batch.tryAdd({ body: partitionKey })
      await producer.sendBatch(batch)
    }
    for (const key of keys.filter(Boolean)) expect(bodiesStored(partitionOf(key, 4))).toContain(key)
    const partition = partitionOf('Zürich', 4)
    const { events } = receive(newConsumer('TLS and token'), String(partition))
    await vi.waitFor(() => expect(events.map(({ partitionKey }) => partitionKey)).toContain('Zürich'))
  })

  it('agrees with the buffered producer on where a key belongs', async () => {
    const buffered = new EventHubBufferedProducerClient(hub.fullyQualifiedNamespace, HUB, hub.credential(), {
      ...address(),
      maxWaitTimeInMs: 50,
      onSendEventsErrorHandler: async ({ error }) => {
        throw error
      },
    })
    const producer = newProducer('TLS and token')
    const keys = Array.from({ length: 12 }, (_, station) => `station-${station}`)
    for (const key of keys) {
      await buffered.enqueueEvent({ body: `${key} buffered` }, { partitionKey: key })
      const batch = await producer.createBatch({ partitionKey: key })
      batch.tryAdd({ body: `${key} direct` })
      await producer.sendBatch(batch)
    }
    await buffered.close({ flush: true })
    for (const key of keys) {
      const bodies = bodiesStored(partitionOf(key, 4))
      expect(bodies).toContain(`${key} buffered`)
      expect(bodies).toContain(`${key} direct`)
    }
  })

  it('deals events without a key out to all partitions', async () => {
    const producer = newProducer('TLS and token')
    for (let event = 0; event < 8; event++) await producer.sendBatch([{ body: event }])
    expect(hub.lastSequenceNumbers).toEqual([1, 1, 1, 1])
  })

  it('tells the size that it takes, and takes a batch of just that size', async () => {
    const producer = newProducer('TLS and token')
    const batch = await producer.createBatch({ partitionId: '0' })
    expect(batch.maxSizeInBytes).toBe(1024 * 1024)
    while (batch.tryAdd({ body: Buffer.alloc(1000, 1) }));
    await producer.sendBatch(batch)
    expect(hub.stored(0)).toHaveLength(batch.count)
    expect(batch.sizeInBytes).toBeGreaterThan(1_040_000)
  })
})

describe('start positions', () => {
  const TIME = 1_800_000_000_000
  let now = TIME
  beforeEach(async () => {
    await hub.close()
    now = TIME
    hub = await HubFixture.start({ now: () => now })
    const producer = newProducer('TLS and token')
    for (let event = 0; event < 6; event++) {
      await producer.sendBatch([{ body: event }], { partitionId: '0' })
      now += 1000
    }
  })

  it.each<[string, EventPosition, number[]]>([
    ['the earliest', earliestEventPosition, [0, 1, 2, 3, 4, 5]],
    ['an offset', { offset: '2' }, [3, 4, 5]],
    ['an offset, inclusive', { offset: '2', isInclusive: true }, [2, 3, 4, 5]],
    ['a sequence number', { sequenceNumber: 3 }, [4, 5]],
    ['a sequence number, inclusive', { sequenceNumber: 3, isInclusive: true }, [3, 4, 5]],
    ['an enqueued time between two', { enqueuedOn: TIME + 2500 }, [3, 4, 5]],
    ['an enqueued time, the event at it left out', { enqueuedOn: new Date(TIME + 2000) }, [3, 4, 5]],
    ['a time before everything', { enqueuedOn: 0 }, [0, 1, 2, 3, 4, 5]],
  ])('%s', async (_, startPosition, wanted) => {
    const { bodies } = receive(newConsumer('TLS and token'), '0', { startPosition })
    await vi.waitFor(() => expect(bodies()).toEqual(wanted))
  })

  it.each<[string, EventPosition]>([
    ['the latest', latestEventPosition],
    ['the last sequence number', { sequenceNumber: 5 }],
    ['the place behind the last event', { sequenceNumber: 6, isInclusive: true }],
    ['a time to come', { enqueuedOn: TIME + 60_000 }],
  ])('%s brings only what comes from now on', async (_, startPosition) => {
    const { bodies } = receive(newConsumer('TLS and token'), '0', { startPosition })
    await vi.waitFor(() => expect(hub.logged.text()).toContain('receiver opened'))
    now = TIME + 120_000
    await newProducer('TLS and token').sendBatch([{ body: 'new' }], { partitionId: '0' })
    await vi.waitFor(() => expect(bodies()).toEqual(['new']))
  })

  it.each<[EventPosition, string]>([
    [
      { sequenceNumber: 99 },
      "sequence number '99' is invalid. The last sequence number in the system is '5'",
    ],
    [{ offset: '99' }, "offset '99' is invalid. The last offset in the system is '5'"],
  ])('refuses a place that the partition has never reached: %o', async (startPosition, sentence) => {
    const { errors } = receive(newConsumer('TLS and token'), '0', { startPosition })
    await vi.waitFor(() => expect(errors[0]?.code).toBe('ArgumentError'))
    expect(errors[0]?.message).toContain(`The supplied ${sentence}`)
  })

  it('goes on from a checkpoint, whatever the start position says', async () => {
    const checkpoints = new Map<string, number>()
    const store = {
      listOwnership: async () => [],
      claimOwnership: async (ownership: never[]) => ownership,
      updateCheckpoint: async ({
        partitionId,
        sequenceNumber,
      }: {
        partitionId: string
        sequenceNumber: number
      }) => void checkpoints.set(partitionId, sequenceNumber),
      listCheckpoints: async (fullyQualifiedNamespace: string, eventHubName: string, consumerGroup: string) =>
        [...checkpoints].map(([partitionId, sequenceNumber]) => ({
          fullyQualifiedNamespace,
          eventHubName,
          consumerGroup,
          partitionId,
          sequenceNumber,
          offset: String(sequenceNumber),
        })),
    }
    const read = (count: number) =>
      new Promise<number[]>((resolve, reject) => {
        const consumer = new EventHubConsumerClient(
          'monitor',
          hub.fullyQualifiedNamespace,
          HUB,
          hub.credential(),
          store as never,
          address(),
        )
        const seen: number[] = []
        const subscription = consumer.subscribe(
          '0',
          {
            processEvents: async (events, context) => {
              for (const event of events) {
                if (seen.length === count) break
                seen.push(event.body as number)
                await context.updateCheckpoint(event)
              }
              if (seen.length < count) return
              setImmediate(() =>
                subscription
                  .close()
                  .then(() => consumer.close())
                  .then(() => resolve(seen), reject),
              )
            },
            processError: async (error) => reject(error),
          },
          { startPosition: earliestEventPosition, maxBatchSize: 2 },
        )
      })
    expect(await read(2)).toEqual([0, 1])
    expect(await read(4)).toEqual([2, 3, 4, 5])
  })
})

describe('consumer groups and owners', () => {
  it('serves every group on its own, whatever the case of its name', async () => {
    await newProducer('TLS and token').sendBatch([{ body: 'for all' }], { partitionId: '0' })
    const received = ['$Default', 'stream-analytics', 'Monitor', '$default'].map((group) =>
      receive(newConsumer('TLS and token', group), '0'),
    )
    for (const { bodies } of received) await vi.waitFor(() => expect(bodies()).toEqual(['for all']))
  })

  it.each([
    [
      'a group',
      'nobody',
      '0',
      'MessagingEntityNotFoundError',
      'no consumer group nobody in weather; there are $Default, stream-analytics',
    ],
    [
      'a partition',
      '$Default',
      '17',
      'ArgumentOutOfRangeError',
      'It should be between 0 and 3. There is no partition 17 in weather.',
    ],
  ])('says that %s is not there, and what is', async (_, group, partition, code, reason) => {
    const { errors } = receive(newConsumer('TLS and token', group), partition)
    await vi.waitFor(() => expect(errors[0]?.code).toBe(code))
    expect(errors[0]?.message).toContain(reason)
  })

  it('hands a partition over to the higher owner level, and tells the one before', async () => {
    const producer = newProducer('TLS and token')
    await producer.sendBatch([{ body: 1 }], { partitionId: '0' })
    const low = receive(newConsumer('TLS and token'), '0', { ownerLevel: 1 })
    await vi.waitFor(() => expect(low.bodies()).toEqual([1]))
    const high = receive(newConsumer('TLS and token'), '0', { ownerLevel: 2 })
    await vi.waitFor(() => expect(low.errors[0]?.code).toBe('ReceiverDisconnectedError'))
    await producer.sendBatch([{ body: 2 }], { partitionId: '0' })
    await vi.waitFor(() => expect(high.bodies()).toEqual([1, 2]))
    expect(low.bodies()).toEqual([1])
    const lower = receive(newConsumer('TLS and token'), '0', { ownerLevel: 1 })
    await vi.waitFor(() => expect(lower.errors[0]?.code).toBe('ReceiverDisconnectedError'))
    const none = receive(newConsumer('TLS and token'), '0')
    await vi.waitFor(() => expect(none.errors[0]?.code).toBe('ReceiverDisconnectedError'))
    const otherGroup = receive(newConsumer('TLS and token', 'monitor'), '0')
    await vi.waitFor(() => expect(otherGroup.bodies()).toEqual([1, 2]))
  })

  it('takes the partition from readers without an owner level', async () => {
    await newProducer('TLS and token').sendBatch([{ body: 1 }], { partitionId: '0' })
    const shared = receive(newConsumer('TLS and token'), '0')
    await vi.waitFor(() => expect(shared.bodies()).toEqual([1]))
    const owner = receive(newConsumer('TLS and token'), '0', { ownerLevel: 1 })
    await vi.waitFor(() => expect(shared.errors[0]?.code).toBe('ReceiverDisconnectedError'))
    await vi.waitFor(() => expect(owner.bodies()).toEqual([1]))
  })

  it('lets five readers share a partition of a group, and a sixth when one has left', async () => {
    await newProducer('TLS and token').sendBatch([{ body: 1 }], { partitionId: '0' })
    const five = Array.from({ length: 5 }, () => receive(newConsumer('TLS and token'), '0'))
    for (const { bodies } of five) await vi.waitFor(() => expect(bodies()).toEqual([1]))
    const sixth = receive(newConsumer('TLS and token'), '0')
    await vi.waitFor(() => expect(sixth.errors[0]?.code).toBe('QuotaExceededError'))
    const elsewhere = receive(newConsumer('TLS and token'), '1')
    await newProducer('TLS and token').sendBatch([{ body: 2 }], { partitionId: '1' })
    await vi.waitFor(() => expect(elsewhere.bodies()).toEqual([2]))
    await five[0]?.subscription.close()
    const next = receive(newConsumer('TLS and token'), '0')
    await vi.waitFor(() => expect(next.bodies()).toEqual([1]))
  })

  it('balances partitions between two clients through their checkpoint store', async () => {
    const producer = newProducer('TLS and token')
    const seen: unknown[] = []
    const consumer = newConsumer('TLS and token')
    keep(
      consumer.subscribe(
        {
          processEvents: async (events) => void seen.push(...events.map(({ body }) => body as unknown)),
          processError: async () => {},
        },
        { startPosition: earliestEventPosition, maxBatchSize: 50, maxWaitTimeInSeconds: 1 },
      ),
    )
    for (let partition = 0; partition < 4; partition++)
      await producer.sendBatch([{ body: partition }], { partitionId: String(partition) })
    await vi.waitFor(() => expect([...seen].sort()).toEqual([0, 1, 2, 3]), { timeout: 20_000 })
  })
})

describe('receiving', () => {
  it('tells where the partition stands with each event, to who asks for it', async () => {
    const producer = newProducer('TLS and token')
    await producer.sendBatch([{ body: 1 }, { body: 2 }], { partitionId: '3' })
    let last: unknown
    const consumer = newConsumer('TLS and token')
    keep(
      consumer.subscribe(
        '3',
        {
          processEvents: async (events, context) => {
            if (events.length > 0) last = context.lastEnqueuedEventProperties
          },
          processError: async () => {},
        },
        { startPosition: earliestEventPosition, trackLastEnqueuedEventProperties: true, maxBatchSize: 2 },
      ),
    )
    await vi.waitFor(() =>
      expect(last).toMatchObject({
        sequenceNumber: 1,
        offset: '1',
        enqueuedOn: new Date(hub.log.properties(3).lastEnqueuedAt ?? 0),
        retrievedOn: expect.any(Date),
      }),
    )
  })

  it('reads through large batches in order', async () => {
    const producer = newProducer('TLS and token')
    let next = 0
    while (next < 20_000) {
      const batch = await producer.createBatch({ partitionId: '0' })
      while (next < 20_000 && batch.tryAdd({ body: next })) next++
      await producer.sendBatch(batch)
    }
    const { bodies } = receive(newConsumer('TLS and token'), '0', { maxBatchSize: 500 })
    await vi.waitFor(() => expect(bodies()).toHaveLength(20_000), { timeout: 20_000 })
    expect(bodies()).toEqual(Array.from({ length: 20_000 }, (_, index) => index))
  })
})
