/**
 * The hub of a checkout, in a worker thread as in the product, and the SDK of this one as its client, then the checkout's own producer:
 * `node test/bench/event-hubs-pair.ts <checkout> <seconds a figure>`. Prints events a second, and the CPU of the hub and of its client for an event.
 * With `bare` behind it, batches are sent that were encoded before: what the hub alone can take.
 */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import {
  EventHubConsumerClient,
  EventHubProducerClient,
  earliestEventPosition,
  latestEventPosition,
} from '@azure/event-hubs'
import type { createHubProducer as createProducer } from '../../src/azure/event-hubs/producer.ts'
import { partitionOf } from '../../src/contract/partition-hash.ts'
import { trust } from '../../src/local/hosting/trust.ts'
import { createCertificate } from '../../src/local/runtime/certificate.ts'
import type { HubProducer } from '../../src/pipeline/ports/hub.ts'
import { encodeBatch, sendBatches } from './bare-client.ts'
import { subjectModule } from './subject-modules.ts'

const EVENT_BYTES = 295
const PARTITIONS = ['0', '1', '2', '3']
const TOKEN = 'bench'
const HUB = 'weather'
const NAMESPACE = 'rtstream-local.servicebus.windows.net'
const CLOSE_MS = 3000
const body = Buffer.alloc(EVENT_BYTES, 0x61)

const [root = '', secondsEach = '3', mode] = process.argv.slice(2)
const folder = mkdtempSync(join(tmpdir(), 'rtstream-bench-hub-'))
const certificate = await createCertificate()
trust(certificate.cert)
const worker = new Worker(new URL('./event-hubs-worker.ts', import.meta.url), {
  workerData: { root, folder, certificate, token: TOKEN },
})
const [{ port }] = (await once(worker, 'message')) as [{ port: number }]
const credential = { getToken: async () => ({ token: TOKEN, expiresOnTimestamp: Date.now() + 86_400_000 }) }
const options = { customEndpointAddress: `sb://localhost:${port}` }

async function hubCpuMs(): Promise<number> {
  worker.postMessage('cpu')
  const [{ cpuMs }] = (await once(worker, 'message')) as [{ cpuMs: number }]
  return cpuMs
}

async function measure(what: string, work: () => Promise<number>) {
  const before = await hubCpuMs()
  const client = process.threadCpuUsage()
  const begun = performance.now()
  const count = await work()
  const seconds = (performance.now() - begun) / 1000
  const { user, system } = process.threadCpuUsage(client)
  return {
    what,
    perSecond: count / seconds,
    hubMicroseconds: (((await hubCpuMs()) - before) * 1000) / count,
    clientMicroseconds: (user + system) / count,
  }
}

const producer = new EventHubProducerClient(NAMESPACE, HUB, credential, options)

/** All partitions at once, a batch behind the other on each. @returns events sent. */
async function produce(size: number): Promise<number> {
  const end = performance.now() + Number(secondsEach) * 1000
  const sent = await Promise.all(
    PARTITIONS.map(async (partitionId) => {
      let count = 0
      while (performance.now() < end) {
        const batch = await producer.createBatch({ partitionId })
        for (let index = 0; index < size; index++) batch.tryAdd({ body })
        await producer.sendBatch(batch)
        count += size
      }
      return count
    }),
  )
  return sent.reduce((sum, one) => sum + one, 0)
}

/** The producer of the checkout: the SDK, with whatever that checkout spares it. */
async function openItsOwn() {
  const { createHubProducer } = await subjectModule<{ createHubProducer: typeof createProducer }>(
    root,
    'hubProducer',
  )
  return createHubProducer({
    fullyQualifiedNamespace: NAMESPACE,
    hub: HUB,
    consumerGroup: '$Default',
    credential,
    ...options,
  })
}

/** As {@link produce} does. @returns events sent. */
async function produceBy(producer: Pick<HubProducer, 'send'>, size: number): Promise<number> {
  const end = performance.now() + Number(secondsEach) * 1000
  const sent = await Promise.all(
    PARTITIONS.map(async (_id, partition) => {
      const events = eventsOf(partition, size)
      let count = 0
      while (performance.now() < end) {
        await producer.send(events)
        count += size
      }
      return count
    }),
  )
  return sent.reduce((sum, one) => sum + one, 0)
}

/** Keys as stations have them, all of one partition. */
function eventsOf(partition: number, size: number) {
  const keys: string[] = []
  for (let station = 0; keys.length < size; station++) {
    const key = `station-${station}`
    if (partitionOf(key, PARTITIONS.length) === partition) keys.push(key)
  }
  return keys.map((partitionKey) => ({ body, partitionKey }))
}

/** @param limit resolves with the number of events that are to be seen. @returns that number. */
async function consume(size: number, from: 'earliest' | 'latest', limit: Promise<number>): Promise<number> {
  const client = new EventHubConsumerClient('$Default', NAMESPACE, HUB, credential, options)
  let seen = 0
  let wanted = Number.POSITIVE_INFINITY
  const { promise, resolve } = Promise.withResolvers<number>()
  const check = () => {
    if (seen >= wanted) resolve(wanted)
  }
  void limit.then((count) => {
    wanted = count
    check()
  })
  for (const partition of PARTITIONS)
    client.subscribe(
      partition,
      {
        processEvents: async (page) => {
          seen += page.length
          check()
        },
        processError: async (error) => {
          throw error
        },
      },
      {
        startPosition: from === 'earliest' ? earliestEventPosition : latestEventPosition,
        maxBatchSize: size,
        maxWaitTimeInSeconds: 1,
        skipParsingBodyAsJson: true,
      },
    )
  // A reader of the newest must be there before what it shall see.
  if (from === 'latest') await new Promise((done) => setTimeout(done, 1000))
  started?.()
  const count = await promise
  // A hub that loses a connection whose readers end while events flow, as c8041f5 does, has the client wait for ever.
  await Promise.race([client.close(), new Promise((done) => setTimeout(done, CLOSE_MS))])
  return count
}
let started: (() => void) | undefined

const figures: Awaited<ReturnType<typeof measure>>[] = []
if (mode === 'bare') {
  for (const size of [20, 500])
    figures.push(await measure(`event hub alone, produce, batches of ${size}`, () => produceBare(size)))
  await end()
}
let stored = await produce(500)
for (const size of [1, 20, 500]) {
  const figure = await measure(`event hub, produce, batches of ${size}`, async () => {
    const sent = await produce(size)
    stored += sent
    return sent
  })
  figures.push(figure)
}
const own = await openItsOwn()
stored += await produceBy(own, 500)
figures.push(
  await measure('event hub, produce by its own producer, batches of 500', async () => {
    const sent = await produceBy(own, 500)
    stored += sent
    return sent
  }),
)
await own.close()
// With pages of one the SDK waits 20 ms for each, so there is little to measure.
for (const size of [20, 500])
  figures.push(
    await measure(`event hub, consume, pages of ${size}`, () =>
      consume(size, 'earliest', Promise.resolve(Math.min(stored, size * 300))),
    ),
  )
const ready = new Promise<void>((resolve) => {
  started = resolve
})
const sent = ready.then(() => produce(500))
const reading = consume(500, 'latest', sent)
await ready
figures.push(await measure('event hub, produce and consume, batches of 500', () => reading))

await end()

async function end(): Promise<never> {
  await producer.close()
  const gone = once(worker, 'exit')
  worker.postMessage('stop')
  await gone
  rmSync(folder, { recursive: true, force: true })
  console.log(JSON.stringify(figures))
  process.exit(0)
}

/** @returns events sent. */
async function produceBare(size: number): Promise<number> {
  const batch = encodeBatch(size, body)
  const sent = await Promise.all(
    PARTITIONS.map((partition) =>
      sendBatches({ port, token: TOKEN, hub: HUB, partition, batch }, Number(secondsEach)),
    ),
  )
  return sent.reduce((sum, one) => sum + one, 0) * size
}
