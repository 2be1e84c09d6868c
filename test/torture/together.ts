/** `kill -9` at random moments while the generator, AMQP and Kafka clients of other people, and an audience's phones send at once. */
import { join } from 'node:path'
import { EventHubProducerClient } from '@azure/event-hubs'
import { Kafka, logLevel } from 'kafkajs'
import { openAudience } from '../support/audience.ts'
import { cli } from '../support/cli.ts'
import { joinRoom, type SimulatedPhone } from '../support/phones.ts'
import { between, counts, mustBalance, type Part, pause, type TortureOptions } from './program.ts'
import { readingOf } from './reading.ts'
import type { Endpoints } from './served.ts'

const PHONES = 5
const EVENTS = 20
/** As long as the program may take to come back, on a busy machine (ms). */
const PATIENCE_MS = 180_000
const ANSWER_MS = 15_000

/** Sends numbered events of one device, the same batch again and again until it is acknowledged. */
class Sender {
  readonly device: string
  readonly #send: (endpoints: Endpoints, device: string, bodies: string[]) => Promise<void>
  readonly #endpoints: () => Promise<Endpoints>
  acknowledged = 0
  #isDone = false

  constructor(
    device: string,
    endpoints: () => Promise<Endpoints>,
    send: (endpoints: Endpoints, device: string, bodies: string[]) => Promise<void>,
  ) {
    this.device = device
    this.#endpoints = endpoints
    this.#send = send
  }

  finish(): void {
    this.#isDone = true
  }

  async run(): Promise<void> {
    while (!this.#isDone) {
      const bodies = Array.from({ length: EVENTS }, (_, index) =>
        JSON.stringify(bodyOf(this.device, this.acknowledged + index)),
      )
      const begun = performance.now()
      for (;;) {
        try {
          await answered(this.#send(await this.#endpoints(), this.device, bodies))
          this.acknowledged += EVENTS
          break
        } catch (error) {
          if (performance.now() - begun > PATIENCE_MS) throw error
          await pause(300)
        }
      }
    }
  }
}

/** Clients may wait for ever where a connection is cut as they open or close it; the same events are sent again then. */
async function answered(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer')), ANSWER_MS)
  })
  work.catch(() => {})
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** The same event whenever it is sent. */
const bodyOf = (device: string, number: number) => readingOf(`${device}-${number}`, device, number)

async function overAmqp(endpoints: Endpoints, device: string, bodies: string[]): Promise<void> {
  const client = new EventHubProducerClient(endpoints.eventHubsConnectionString, endpoints.eventHub, {
    retryOptions: { maxRetries: 0, timeoutInMs: 5000 },
  })
  try {
    await client.sendBatch(
      bodies.map((body) => ({ body: JSON.parse(body) as unknown })),
      { partitionKey: device },
    )
  } finally {
    await client.close().catch(() => {})
  }
}

async function overKafka(endpoints: Endpoints, device: string, bodies: string[]): Promise<void> {
  const producer = new Kafka({
    brokers: [endpoints.kafka],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 5000,
    retry: { retries: 0 },
    sasl: {
      mechanism: 'plain',
      username: '$ConnectionString',
      password: endpoints.eventHubsConnectionString,
    },
  }).producer()
  try {
    await producer.connect()
    await producer.send({
      topic: endpoints.eventHub,
      messages: bodies.map((value) => ({ key: device, value })),
    })
  } finally {
    await producer.disconnect().catch(() => {})
  }
}

export async function together(kills: number, { random, folder, say }: TortureOptions): Promise<Part> {
  const data = join(folder, 'together')
  const endpoints = async () => {
    const { lines, stderr } = await cli(['endpoints', '--json', '--data-dir', data])
    if (lines.length === 0) throw new Error(stderr)
    return JSON.parse(lines.join('')) as Endpoints
  }
  const open = () =>
    openAudience({ dataDir: data, args: ['--stations', '300', '--interval', '1s', '--dirty', '0.02'] })
  const senders = [
    new Sender('foreign-amqp-0', endpoints, overAmqp),
    new Sender('foreign-amqp-1', endpoints, overAmqp),
    new Sender('foreign-kafka-0', endpoints, overKafka),
    new Sender('foreign-kafka-1', endpoints, overKafka),
  ]
  const phones: SimulatedPhone[] = []
  const sent: string[] = []
  let room = await open()
  room.press('1')
  for (let number = 0; number < PHONES; number++) phones.push(await joinRoom(room.url, number))
  const timer = setInterval(() => {
    for (const phone of phones) sent.push(phone.send())
  }, 1000)
  const broken: string[] = []
  const sending = Promise.all(senders.map((sender) => sender.run()))
  sending.catch((error: Error) => broken.push(`a sender gave up: ${error.message}`))
  try {
    for (let kill = 1; kill <= kills; kill++) {
      await pause(between(random, 1000, 8000))
      room.terminal.signal('SIGKILL')
      await room.terminal.exit
      await room.close()
      room = await open()
      say(`kill ${kill}: back, ${senders.map(({ acknowledged }) => acknowledged).join(' + ')} acknowledged`)
    }
    await pause(3000)
    for (const sender of senders) sender.finish()
    await sending
    clearInterval(timer)
    const until = performance.now() + PATIENCE_MS
    while (phones.some(({ link }) => link.kept.length > 0) && performance.now() < until) await pause(200)
    const kept = phones.reduce((sum, { link }) => sum + link.kept.length, 0)
    if (kept > 0) broken.push(`${kept} readings of phones were never acknowledged`)
  } finally {
    clearInterval(timer)
    for (const phone of phones) phone.close()
    room.terminal.signal('SIGKILL')
    await room.terminal.exit
    await room.close()
  }
  // A phone's numbers skip ahead after a kill, past any that may have been used.
  broken.push(
    ...(await mustBalance(data)).filter((problem) => !problem.startsWith('numbers that no station')),
  )
  const { devices } = counts(data)
  for (const { device, acknowledged } of senders)
    if (devices[device] !== acknowledged)
      broken.push(`${device}: ${devices[device] ?? 0} rows of ${acknowledged} acknowledged`)
  const rows = phones.reduce((sum, { deviceId }) => sum + (devices[deviceId] ?? 0), 0)
  if (rows !== sent.length) broken.push(`phones: ${rows} rows of ${sent.length} readings`)
  const events = senders.reduce((sum, { acknowledged }) => sum + acknowledged, 0)
  return {
    name: '`kill -9` while everybody sends',
    tried: `${kills} kills under the generator, 2 AMQP and 2 Kafka senders, ${PHONES} phones`,
    broken,
    notes: `${events.toLocaleString('en')} events of others and ${sent.length} readings of phones, each once`,
  }
}
