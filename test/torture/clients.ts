/** Other people's clients beside a run: what each has sent and was acknowledged stands in silver once. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { EventHubConsumerClient, EventHubProducerClient } from '@azure/event-hubs'
import { DataLakeServiceClient, StorageSharedKeyCredential } from '@azure/storage-file-datalake'
import { Kafka, logLevel } from 'kafkajs'
import { ensurePython } from '../../scripts/python-env.ts'
import { cli } from '../support/cli.ts'
import { counts, ended, mustBalance, type Part, pause, run, type TortureOptions } from './program.ts'
import { readingOf } from './reading.ts'
import type { Endpoints } from './served.ts'

/** Batches of each sender, and events of each batch. */
const BATCHES = 20
const EVENTS = 25

interface Client {
  name: string
  /** Sends until it is done. @returns how many events were acknowledged. */
  work(device: string, endpoints: Endpoints): Promise<number>
}

const batchOf = (device: string, batch: number) =>
  Array.from({ length: EVENTS }, (_, index) => readingOf(crypto.randomUUID(), device, batch * EVENTS + index))

const eventHubs: Client = {
  name: '@azure/event-hubs, sending',
  async work(device, { eventHubsConnectionString, eventHub }) {
    const client = new EventHubProducerClient(eventHubsConnectionString, eventHub)
    for (let batch = 0; batch < BATCHES; batch++)
      await client.sendBatch(
        batchOf(device, batch).map((one) => ({ body: one })),
        { partitionKey: device },
      )
    await client.close()
    return BATCHES * EVENTS
  },
}

const kafka: Client = {
  name: 'kafkajs, sending',
  async work(device, endpoints) {
    const client = new Kafka({
      brokers: [endpoints.kafka],
      logLevel: logLevel.NOTHING,
      sasl: {
        mechanism: 'plain',
        username: '$ConnectionString',
        password: endpoints.eventHubsConnectionString,
      },
    })
    const producer = client.producer()
    await producer.connect()
    for (let batch = 0; batch < BATCHES; batch++)
      await producer.send({
        topic: endpoints.eventHub,
        messages: batchOf(device, batch).map((one) => ({ key: device, value: JSON.stringify(one) })),
      })
    await producer.disconnect()
    return BATCHES * EVENTS
  },
}

const reader: Client = {
  name: '@azure/event-hubs, reading',
  async work(_device, { eventHubsConnectionString, eventHub }) {
    const client = new EventHubConsumerClient('$Default', eventHubsConnectionString, eventHub)
    const subscription = client.subscribe(
      { processEvents: async () => {}, processError: async () => {} },
      { startPosition: { sequenceNumber: -1, isInclusive: true } },
    )
    await pause(4000)
    await subscription.close()
    await client.close()
    return 0
  },
}

const lake: Client = {
  name: '@azure/storage-file-datalake, writing and listing',
  async work(device, { lake: url, account, accountKey }) {
    const service = new DataLakeServiceClient(url, new StorageSharedKeyCredential(account, accountKey))
    const files = service.getFileSystemClient(device)
    await files.createIfNotExists()
    for (let number = 0; number < BATCHES; number++) {
      await files.getFileClient(`a/${number}.txt`).upload(Buffer.from(`text ${number}`))
      for await (const _ of service
        .getFileSystemClient('bronze')
        .listPaths({ path: 'weather', recursive: true }));
    }
    await files.delete()
    return 0
  },
}

/** Sends over AMQP with the Python SDK. */
const python: Client = {
  name: 'azure-eventhub (Python), sending',
  async work(device, { eventHubsConnectionString, eventHub }) {
    const script = `
import json, sys, uuid
from azure.eventhub import EventData, EventHubProducerClient
connection, hub, device = sys.argv[1:4]
with EventHubProducerClient.from_connection_string(connection, eventhub_name=hub) as client:
    for batch in range(${BATCHES}):
        client.send_batch([EventData(json.dumps({"eventId": str(uuid.uuid4()), "deviceId": device,
            "deviceSequenceNumber": batch * ${EVENTS} + index, "city": "Bern", "temperature": 12, "humidity": 60,
            "timestamp": "2026-11-24 12:00:00"})) for index in range(${EVENTS})], partition_key=device)
`
    const found = ensurePython()
    if ('missing' in found) throw new Error(found.missing)
    await promisify(execFile)(found.python, ['-c', script, eventHubsConnectionString, eventHub, device])
    return BATCHES * EVENTS
  },
}

export async function clients(count: number, { folder, say }: TortureOptions): Promise<Part> {
  const data = join(folder, 'clients')
  const hasPython = !('missing' in ensurePython())
  const kinds = [eventHubs, kafka, lake, ...(hasPython ? [python] : []), reader]
  const running = run(data, '25s')
  await running.line((line) => JSON.parse(line).ledger?.silver > 0)
  const { lines } = await cli(['endpoints', '--json', '--data-dir', data])
  const endpoints = JSON.parse(lines.join('')) as Endpoints
  const broken: string[] = []
  const expected: Record<string, number> = {}
  const tried: Record<string, number> = {}
  await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const client = kinds[index % kinds.length] as Client
      const device = `foreign-${index}`
      tried[client.name] = (tried[client.name] ?? 0) + 1
      try {
        const events = await client.work(device, endpoints)
        if (events > 0) expected[device] = events
      } catch (error) {
        broken.push(`${client.name}: ${(error as Error).message.split('\n')[0]}`)
      }
    }),
  )
  const code = await ended(running)
  if (code !== 0) broken.push(`the run beside them: exit code ${code}, ${running.stderr().trim()}`)
  broken.push(...(await mustBalance(data)))
  const { devices } = counts(data)
  for (const [device, events] of Object.entries(expected))
    if (devices[device] !== events) broken.push(`${device}: ${devices[device] ?? 0} rows of ${events}`)
  say(`${count} clients: ${JSON.stringify(tried)}, exit code ${code}`)
  const names = Object.entries(tried).map(([name, of]) => `${of} × ${name}`)
  return { name: 'other people’s clients beside a run', tried: names.join(', '), broken }
}
