/**
 * One partition that clients of both protocols have written in turns: everybody reads the same events, in the same order, at the same
 * offsets and times, from wherever they begin.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  EventHubConsumerClient,
  EventHubProducerClient,
  earliestEventPosition,
  type ReceivedEventData,
} from '@azure/event-hubs'
import { CompressionTypes, type KafkaMessage, type Message } from 'kafkajs'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { ensurePython } from '../../scripts/python-env.ts'
import { HUB } from '../local/event-hubs/hub-fixture.ts'
import { type KafkaFixture, startKafkaFixture } from '../local/event-hubs/kafka/kafka-fixture.ts'
import { runPython } from '../support/python.ts'

const WAIT = { timeout: 30_000, interval: 50 }
const PARTITION = 1
/** In the middle of a batch of Kafka's, and in the middle of one that is gzipped. */
const STARTS = [0, 3, 7, 9] as const
const EVENTS = 12

const found = ensurePython()
if ('missing' in found) console.warn(`Mixed reading with Python's clients is left out: ${found.missing}`)

let fixture: KafkaFixture
beforeAll(async () => {
  fixture = await startKafkaFixture()
  await write()
})
afterAll(() => fixture.close())

async function write(): Promise<void> {
  const amqp = new EventHubProducerClient(fixture.hub.connectionString(), HUB)
  const kafka = fixture.client().producer({ allowAutoTopicCreation: false })
  await kafka.connect()
  const overAmqp = (...bodies: string[]) =>
    amqp.sendBatch(
      bodies.map((body) => ({ body: Buffer.from(body) })),
      { partitionId: String(PARTITION) },
    )
  const overKafka = (compression: CompressionTypes, ...messages: Message[]) =>
    kafka.send({
      topic: HUB,
      compression,
      // A time of the client's own, long ago: the hub's counts.
      messages: messages.map((one, index) => ({
        ...one,
        partition: PARTITION,
        timestamp: String(1000 + index),
      })),
    })
  await overAmqp('0 amqp', '1 amqp')
  await overKafka(
    CompressionTypes.None,
    { value: '2 kafka', key: 'station-2', headers: { from: 'kafka', raw: Buffer.of(0, 255) } },
    { value: null, key: 'station-3' },
    { value: '4 kafka', key: Buffer.of(0x80, 0xff) },
  )
  await overAmqp('5 amqp')
  await overKafka(
    CompressionTypes.GZIP,
    { value: '6 gzip' },
    { value: '7 gzip', key: 'station-7', headers: { h: 'v' } },
    { value: '8 gzip' },
  )
  await overKafka(CompressionTypes.None, { value: '9 kafka' })
  await overKafka(CompressionTypes.None, { value: '10 kafka' })
  await overAmqp('11 amqp')
  await kafka.disconnect()
  await amqp.close()
}

const hex = (value: Buffer | string | null | undefined) =>
  value === null || value === undefined ? null : Buffer.from(value as Buffer).toString('hex')
const time = (offset: number) => fixture.hub.log.firstFrom(PARTITION, offset)?.enqueuedAt

const KEYS: Readonly<Record<number, Buffer>> = {
  2: Buffer.from('station-2'),
  3: Buffer.from('station-3'),
  4: Buffer.of(0x80, 0xff),
  7: Buffer.from('station-7'),
}
const HEADERS: Readonly<Record<number, [string, string][]>> = {
  2: [
    ['from', hex('kafka') as string],
    ['raw', '00ff'],
  ],
  7: [['h', hex('v') as string]],
}
const VALUES = [
  ...['0 amqp', '1 amqp', '2 kafka', null, '4 kafka', '5 amqp', '6 gzip', '7 gzip', '8 gzip'],
  ...['9 kafka', '10 kafka', '11 amqp'],
]

/** As Kafka's clients see the partition: offset, kind of time (2: the log's), time, key, value, headers. */
const wanted = (from: number) =>
  VALUES.map((value, offset) => [
    offset,
    2,
    time(offset),
    hex(KEYS[offset]),
    hex(value),
    HEADERS[offset] ?? [],
  ]).slice(from)

it.each(STARTS)('kafkajs reads all from offset %i on', async (from) => {
  const consumer = fixture.client().consumer({ groupId: `mixed-${from}`, maxWaitTimeInMs: 100 })
  await consumer.connect()
  try {
    await consumer.subscribe({ topics: [HUB], fromBeginning: true })
    const seen: KafkaMessage[] = []
    await consumer.run({
      eachMessage: async ({ partition, message }) => {
        if (partition === PARTITION && Number(message.offset) >= from) seen.push(message)
      },
    })
    consumer.seek({ topic: HUB, partition: PARTITION, offset: String(from) })
    // Before it sought it may have read some, which come again.
    const distinct = () => new Map(seen.map((one) => [Number(one.offset), one]))
    await vi.waitFor(() => expect(distinct().size).toBe(EVENTS - from), WAIT)
    expect(
      [...distinct()]
        .sort(([one], [other]) => one - other)
        .map(([offset, { timestamp, key, value, headers }]) => [
          offset,
          2,
          Number(timestamp),
          hex(key),
          hex(value),
          Object.entries(headers ?? {}).map(([name, one]) => [name, hex(one as Buffer)]),
        ]),
    ).toEqual(wanted(from))
  } finally {
    await consumer.disconnect()
  }
})

it.skipIf('missing' in found)(
  'librdkafka and kafka-python read all, from each offset on',
  async () => {
    const ca = join(fixture.hub.folder, 'ca.pem')
    writeFileSync(ca, fixture.hub.certificate?.cert ?? '')
    const script = readFileSync(
      new URL('../local/event-hubs/kafka/mixed-clients.py', import.meta.url),
      'utf8',
    )
    const endpoint = [`localhost:${fixture.ports.tls}`, ca, fixture.hub.connectionString(), HUB]
    for (const from of STARTS) {
      const place = [PARTITION, from, EVENTS - from].map(String)
      expect(JSON.parse(await runPython(script, [...endpoint, ...place])), `from ${from}`).toEqual({
        librdkafka: wanted(from),
        'kafka-python': wanted(from),
      })
    }
  },
  120_000,
)

it.each(STARTS)('an AMQP client reads all from sequence number %i on', async (from) => {
  const client = new EventHubConsumerClient('$Default', fixture.hub.connectionString(), HUB)
  const seen: ReceivedEventData[] = []
  const subscription = client.subscribe(
    String(PARTITION),
    { processEvents: async (events) => void seen.push(...events), processError: async () => {} },
    {
      startPosition: from === 0 ? earliestEventPosition : { sequenceNumber: from, isInclusive: true },
      skipParsingBodyAsJson: true,
    },
  )
  await vi.waitFor(() => expect(seen.length).toBeGreaterThanOrEqual(EVENTS - from), WAIT)
  await subscription.close()
  await client.close()
  expect(
    seen.map(({ sequenceNumber, offset, enqueuedTimeUtc, partitionKey, body, properties }) => [
      sequenceNumber,
      Number(offset),
      enqueuedTimeUtc.getTime(),
      partitionKey ?? null,
      body === null ? null : String(body),
      // The SDK hands binary properties over as plain objects of numbered bytes.
      Object.entries(properties ?? {}).map(([name, value]) => [name, hex(Buffer.from(Object.values(value)))]),
    ]),
  ).toEqual(
    VALUES.map((value, offset) => [
      offset,
      offset,
      time(offset),
      KEYS[offset]?.toString() ?? null,
      value,
      HEADERS[offset] ?? [],
    ]).slice(from),
  )
})
