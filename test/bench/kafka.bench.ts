/**
 * Produce and consume of 295-byte events over Kafka's protocol on one partition, the hub beside Apache Kafka, the same client in turns;
 * and over AMQP, by its own SDK: `node test/bench/kafka.bench.ts [rounds] [share of the events]`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EventHubConsumerClient, EventHubProducerClient, earliestEventPosition } from '@azure/event-hubs'
import { cpuSeconds } from '../../scripts/bench/process-cost.ts'
import { encodeBatch, record } from '../local/event-hubs/kafka/batches.ts'
import { type Broker, startApache, startOurs } from './kafka-brokers.ts'
import { TOPIC } from './kafka-client.ts'

const EVENT_BYTES = 295
/** What a hub takes in one send; a larger batch goes in several. */
const MAX_EVENTS = 3300
/** Events of a run, by the size of the batches. */
const SIZES: readonly (readonly [batch: number, events: number])[] = [
  [1, 20_000],
  [100, 400_000],
  [10_000, 1_000_000],
]
/** Read at least, from the beginning again and again: a few thousand are through in no time that could be measured. */
const CONSUMED = 400_000
/** Over AMQP: the SDK is slower, and sends events of one alone one after the other. */
const AMQP_SHARE = 0.1

export interface KafkaFigure {
  broker: string
  what: string
  batch: number
  eventsPerSecond: number
  /** Of the broker's process, for an event. */
  cpuUs: number
  /** Of the client's. */
  clientCpuUs: number
}

const body = Buffer.alloc(EVENT_BYTES, 0x61)

function batchesOf(size: number): { bytes: Buffer; count: number }[] {
  const batches: { bytes: Buffer; count: number }[] = []
  for (let left = size; left > 0; left -= MAX_EVENTS) {
    const count = Math.min(left, MAX_EVENTS)
    const records = Array.from({ length: count }, () => record(body))
    // Apache Kafka lets go of events whose producer says that they are old.
    batches.push({ bytes: encodeBatch(records, { timestamp: Date.now() }), count })
  }
  return batches
}

async function measure(
  broker: Broker,
  what: string,
  batch: number,
  work: () => Promise<number>,
): Promise<KafkaFigure> {
  const cpuBefore = cpuSeconds(broker.pid)
  const ownBefore = process.cpuUsage()
  const begun = performance.now()
  const events = await work()
  const seconds = (performance.now() - begun) / 1000
  const cpuUs = ((cpuSeconds(broker.pid) - cpuBefore) * 1e6) / events
  const own = process.cpuUsage(ownBefore)
  const clientCpuUs = (own.user + own.system) / events
  return { broker: broker.name, what, batch, eventsPerSecond: events / seconds, cpuUs, clientCpuUs }
}

async function overAmqp(broker: Broker, batch: number, total: number): Promise<KafkaFigure[]> {
  const at = broker.amqp as string
  const producer = new EventHubProducerClient(at, TOPIC)
  const named = { ...broker, name: 'the hub over AMQP' }
  const produced = await measure(named, 'produce', batch, async () => {
    const events = Array.from({ length: Math.min(batch, 3000) }, () => ({ body }))
    let sent = 0
    for (; sent < total; sent += events.length) await producer.sendBatch(events, { partitionId: '1' })
    return sent
  })
  const { lastEnqueuedSequenceNumber: last } = await producer.getPartitionProperties('1')
  await producer.close()
  const consumer = new EventHubConsumerClient('$Default', at, TOPIC)
  const consumed = await measure(named, 'consume', batch, async () => {
    let seen = 0
    await new Promise<void>((resolve, reject) => {
      const subscription = consumer.subscribe(
        '1',
        {
          processEvents: async (page) => {
            seen += page.length
            if (seen > last) void subscription.close().then(resolve)
          },
          processError: async (error) => reject(error),
        },
        {
          startPosition: earliestEventPosition,
          maxBatchSize: 500,
          maxWaitTimeInSeconds: 1,
          skipParsingBodyAsJson: true,
        },
      )
    })
    return seen
  })
  await consumer.close()
  return [produced, consumed]
}

/** A B A B: a fresh broker each time, warmed by a tenth of the work. */
export async function benchKafka(rounds: number, share: number): Promise<KafkaFigure[]> {
  const figures: KafkaFigure[] = []
  for (let round = 0; round < rounds; round++)
    for (const [batch, full] of SIZES) {
      const events = Math.max(Math.ceil(full * share), batch)
      for (const start of [startOurs, startApache]) {
        const folder = mkdtempSync(join(tmpdir(), 'rtstream-bench-kafka-'))
        const broker = await start(join(folder, 'data'))
        try {
          const client = await broker.connect()
          const batches = batchesOf(batch)
          const warm = await client.produce(batches, Math.max(events / 10, batch))
          await client.consume(warm)
          figures.push(await measure(broker, 'produce', batch, () => client.produce(batches, events)))
          const times = Math.ceil((CONSUMED * share) / (warm + events))
          figures.push(
            await measure(broker, 'consume', batch, async () => {
              let consumed = 0
              for (let time = 0; time < times; time++) consumed += await client.consume(warm + events)
              return consumed
            }),
          )
          client.close()
          if (broker.amqp) figures.push(...(await overAmqp(broker, batch, events * AMQP_SHARE)))
        } finally {
          await broker.stop()
          rmSync(folder, { recursive: true, force: true })
        }
      }
    }
  return figures
}

/** Of the hub's events a second to Apache Kafka's, by what was done; rounds are averaged. */
export function ratios(figures: readonly KafkaFigure[]): string[] {
  const mean = (broker: string, what: string, batch: number) => {
    const rates = figures
      .filter((one) => one.broker === broker && one.what === what && one.batch === batch)
      .map(({ eventsPerSecond }) => eventsPerSecond)
    return rates.reduce((sum, one) => sum + one, 0) / rates.length
  }
  return ['produce', 'consume'].flatMap((what) =>
    SIZES.map(([batch]) => {
      const ratio = mean('the hub', what, batch) / mean('Apache Kafka', what, batch)
      return `${what}, batches of ${batch}: ${ratio.toFixed(2)} × of Apache Kafka's events a second`
    }),
  )
}

if (import.meta.main) {
  const figures = await benchKafka(Number(process.argv[2] ?? 2), Number(process.argv[3] ?? 1))
  for (const { broker, what, batch, eventsPerSecond, cpuUs, clientCpuUs } of figures)
    console.error(
      `${what} ${batch}: ${broker} ${Math.round(eventsPerSecond)} ev/s, ${cpuUs.toFixed(2)} µs CPU, the client ${clientCpuUs.toFixed(2)} µs`,
    )
  for (const line of ratios(figures)) console.error(line)
  console.log(JSON.stringify(figures))
}
