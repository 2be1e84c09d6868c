/**
 * What the event hub on loopback costs: `node test/bench/event-hubs.bench.ts [seconds per figure]`.
 * The hub runs in a worker thread, as in the product, and the CPU time of the two threads is told apart.
 */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { EventHubConsumerClient, earliestEventPosition, latestEventPosition } from '@azure/event-hubs'
import { createHubProducer, type HubConnection } from '../../src/azure/event-hubs/producer.ts'
import { HubLog } from '../../src/local/event-hubs/log/log.ts'
import { trust } from '../../src/local/hosting/trust.ts'
import { createCertificate } from '../../src/local/runtime/certificate.ts'

const EVENT_BYTES = 295
const STATIONS = 1000
const TICK_MS = 100
const TOKEN = 'bench'

const events = Array.from({ length: 4000 }, (_, index) => ({
  body: Buffer.alloc(EVENT_BYTES, 0x61),
  partitionKey: `station-${index % STATIONS}`,
}))

interface Hub {
  connection: HubConnection
  cpuMs(): Promise<number>
  stop(): Promise<void>
}

async function startHub(folder: string): Promise<Hub> {
  const certificate = await createCertificate()
  trust(certificate.cert)
  const worker = new Worker(new URL('./event-hubs-worker.ts', import.meta.url), {
    workerData: { root: fileURLToPath(new URL('../..', import.meta.url)), folder, certificate, token: TOKEN },
  })
  const [{ port }] = (await once(worker, 'message')) as [{ port: number }]
  return {
    connection: {
      fullyQualifiedNamespace: 'rtstream-local.servicebus.windows.net',
      hub: 'weather',
      consumerGroup: 'monitor',
      credential: {
        getToken: async () => ({ token: TOKEN, expiresOnTimestamp: Date.now() + 86_400_000 }),
      },
      customEndpointAddress: `sb://localhost:${port}`,
    },
    cpuMs: async () => {
      worker.postMessage('cpu')
      const [{ cpuMs }] = (await once(worker, 'message')) as [{ cpuMs: number }]
      return cpuMs
    },
    stop: async () => {
      const gone = once(worker, 'exit')
      worker.postMessage('stop')
      await gone
    },
  }
}

export interface HubFigure {
  name: string
  events: number
  seconds: number
  /** Milliseconds of CPU: of the thread with the SDK, and of the hub's. */
  clientCpuMs: number
  hubCpuMs: number
}

/** @param work returns the number of events that it moved. */
async function measure(name: string, hub: Hub, work: () => Promise<number>): Promise<HubFigure> {
  const hubBefore = await hub.cpuMs()
  const before = process.threadCpuUsage()
  const begun = performance.now()
  const count = await work()
  const seconds = (performance.now() - begun) / 1000
  const { user, system } = process.threadCpuUsage(before)
  return {
    name,
    events: count,
    seconds,
    clientCpuMs: (user + system) / 1000,
    hubCpuMs: (await hub.cpuMs()) - hubBefore,
  }
}

function appendOnly(folder: string, perAppend: number, total: number): HubFigure {
  const log = HubLog.open(folder, {
    partitions: 4,
    retention: { ms: 3_600_000, bytes: 2e9 },
    clock: { now: () => Date.now() },
  })
  const messages = events.slice(0, perAppend).map(({ body }) => body)
  const before = process.threadCpuUsage()
  const begun = performance.now()
  for (let append = 0; append * perAppend < total; append++) log.append(append % 4, messages)
  const seconds = (performance.now() - begun) / 1000
  const { user, system } = process.threadCpuUsage(before)
  log.close()
  const name = `append to the log, ${perAppend} a time`
  return { name, events: total, seconds, clientCpuMs: 0, hubCpuMs: (user + system) / 1000 }
}

export async function benchEventHub(seconds: number): Promise<HubFigure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'rtstream-bench-'))
  const figures = [
    appendOnly(join(folder, 'log'), 25, 200_000),
    appendOnly(join(folder, 'log'), 250, 500_000),
  ]
  const hub = await startHub(join(folder, 'hub'))
  const producer = createHubProducer(hub.connection)
  const produceFor = async (perTick: number | undefined): Promise<number> => {
    const end = performance.now() + seconds * 1000
    let sent = 0
    while (performance.now() < end) {
      const due = performance.now() + TICK_MS
      const batch = perTick === undefined ? events : events.slice(0, perTick)
      await producer.send(batch)
      sent += batch.length
      if (perTick !== undefined) await setTimeout(Math.max(0, due - performance.now()))
    }
    return sent
  }
  try {
    await producer.send(events)
    figures.push(await measure('produce, flat out', hub, () => produceFor(undefined)))
    const stored = (figures.at(-1)?.events ?? 0) + events.length
    figures.push(
      await measure('consume from the start, flat out', hub, async () => {
        const reader = await consume(hub, true)
        const count = await reader.seen(stored)
        await reader.close()
        return count
      }),
    )
    for (const rate of [10, 1000, 10_000])
      figures.push(
        await measure(`produce, ${rate}/s`, hub, () => produceFor(Math.ceil((rate * TICK_MS) / 1000))),
      )
    const reader = await consume(hub, false)
    figures.push(
      await measure('produce and consume, 10000/s', hub, async () => reader.seen(await produceFor(1000))),
    )
    await reader.close()
  } finally {
    await producer.close()
    await hub.stop()
    rmSync(folder, { recursive: true })
  }
  return figures
}

async function consume({ connection }: Hub, fromStart: boolean) {
  if (!('credential' in connection)) throw new Error('a connection with a credential')
  const client = new EventHubConsumerClient(
    '$Default',
    connection.fullyQualifiedNamespace,
    connection.hub,
    connection.credential,
    { customEndpointAddress: connection.customEndpointAddress as string },
  )
  let count = 0
  let notify = () => {}
  const subscriptions = ['0', '1', '2', '3'].map((partition) =>
    client.subscribe(
      partition,
      {
        processEvents: async (page) => {
          count += page.length
          notify()
        },
        processError: async (error) => {
          throw error
        },
      },
      {
        startPosition: fromStart ? earliestEventPosition : latestEventPosition,
        maxBatchSize: 500,
        maxWaitTimeInSeconds: 1,
        skipParsingBodyAsJson: true,
      },
    ),
  )
  // A reader of the newest must be there before what it shall see.
  if (!fromStart) await setTimeout(1000)
  return {
    seen: (wanted: number) =>
      new Promise<number>((resolve) => {
        notify = () => {
          if (count >= wanted) resolve(count)
        }
        notify()
      }),
    close: async () => {
      for (const subscription of subscriptions) await subscription.close()
      await client.close()
    },
  }
}

export function describeFigure({ name, events: count, seconds, clientCpuMs, hubCpuMs }: HubFigure): string {
  const perEvent = (cpuMs: number) => `${((cpuMs * 1000) / count).toFixed(1)} µs`
  const share = (cpuMs: number) => `${(cpuMs / seconds / 10).toFixed(1)} %`
  return (
    `${name}: ${Math.round(count / seconds)} events/s; ` +
    `SDK ${perEvent(clientCpuMs)} an event, ${share(clientCpuMs)} of a core; ` +
    `hub ${perEvent(hubCpuMs)} an event, ${share(hubCpuMs)} of a core`
  )
}

if (import.meta.main)
  for (const figure of await benchEventHub(Number(process.argv[2] ?? 5))) console.log(describeFigure(figure))
