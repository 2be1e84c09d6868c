/** Who reads the hub, over both protocols, as the screen's state has it. */
import { randomUUID } from 'node:crypto'
import { EventHubConsumerClient, EventHubProducerClient, earliestEventPosition } from '@azure/event-hubs'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { type LocalAzure, startLocalAzure } from '../../src/local/hosting/host.ts'
import { systemClock } from '../../src/pipeline/runtime/clock.ts'
import { createSession } from '../../src/pipeline/session/session.ts'
import type { Session } from '../../src/pipeline/session/session-types.ts'
import { silentLogger } from '../../src/pipeline/state/log.ts'
import { connect, dataFolder, localOptions, removeDataFolders } from '../support/local-azure.ts'

const WAIT = { timeout: 30_000, interval: 50 }

let azure: LocalAzure
let session: Session
beforeAll(async () => {
  const dataDir = dataFolder()
  azure = await startLocalAzure(localOptions(dataDir))
  session = createSession(
    {
      session: { target: 'local', dataDir },
      stations: 10,
      intervalMs: 1000,
      dirty: 0,
      seed: 'groups',
      nodeType: '',
    },
    {
      clock: systemClock,
      logger: silentLogger,
      storage: { load: async () => undefined, save: async () => {} } as never,
      newRunId: randomUUID,
    },
  )
  await session.connect({ ...(await connect(azure.endpoints)), consumerGroups: azure.consumerGroups })
}, 60_000)
afterAll(async () => {
  await session?.close()
  await azure?.close()
  removeDataFolders()
})

const group = (name: string) => session.store.getState().hub.groups?.find((one) => one.name === name)

it('has one list of the consumer groups of AMQP and Kafka clients, with their lag', async () => {
  const { eventHubsConnectionString: password, kafka: broker } = azure.endpoints
  const amqp = new EventHubProducerClient(password)
  const send = (count: number) =>
    amqp.sendBatch(
      Array.from({ length: count }, (_, index) => ({ body: { index } })),
      { partitionId: '1' },
    )
  await send(5)
  const kafka = new Kafka({
    brokers: [broker],
    sasl: { mechanism: 'plain', username: '$ConnectionString', password },
    logLevel: logLevel.NOTHING,
  })
  const consumer = kafka.consumer({
    ...{ groupId: 'mine', sessionTimeout: 6000, heartbeatInterval: 500 },
    maxWaitTimeInMs: 100,
  })
  await consumer.connect()
  await consumer.subscribe({ topics: ['weather'], fromBeginning: true })
  let read = 0
  await consumer.run({ autoCommitThreshold: 1, eachMessage: async () => void read++ })
  await vi.waitFor(() => expect(read).toBe(5), WAIT)
  await vi.waitFor(() => expect(group('mine')).toMatchObject({ protocol: 'Kafka', members: 1, lag: 0 }), WAIT)
  await consumer.disconnect()
  await send(3)
  await vi.waitFor(
    () => expect(group('mine')).toMatchObject({ members: 0, lag: 3, lags: [undefined, 3] }),
    WAIT,
  )

  expect(group('$Default')).toMatchObject({ protocol: 'AMQP', members: 0, lag: undefined })
  const reader = new EventHubConsumerClient('$Default', password)
  let received = 0
  const subscription = reader.subscribe(
    '1',
    {
      processEvents: async (events) => {
        received += events.length
      },
      processError: async () => {},
    },
    { startPosition: earliestEventPosition },
  )
  await vi.waitFor(() => expect(received).toBe(8), WAIT)
  await vi.waitFor(() => expect(group('$Default')).toMatchObject({ members: 1, lag: 0 }), WAIT)
  await subscription.close()
  await reader.close()
  await amqp.close()

  // The job's own: behind until it has read what is there.
  session.actions.startAll()
  await vi.waitFor(() => expect(group('stream-analytics')).toMatchObject({ members: 1, lag: 0 }), WAIT)
}, 90_000)
