/** Faults on purpose reach Kafka's clients in the service's own form; and what the service does not take is refused in words. */
import { createHmac } from 'node:crypto'
import { CompressionCodecs, type Producer } from 'kafkajs'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { THROTTLE_MS } from '../../src/local/event-hubs/kafka/throttle.ts'
import { HUB, KEY, KEY_NAME } from '../local/event-hubs/hub-fixture.ts'
import { type KafkaFixture, startKafkaFixture } from '../local/event-hubs/kafka/kafka-fixture.ts'

const WAIT = { timeout: 25_000, interval: 50 }
const NO_RETRY = { retry: { retries: 0 } }

let fixture: KafkaFixture
const open: { disconnect(): Promise<void> }[] = []
beforeAll(async () => {
  fixture = await startKafkaFixture({ partitions: 1 })
})
afterAll(() => fixture.close())
afterEach(async () => {
  await fixture.faults.mend('hub-throttles')
  await fixture.faults.mend('token-expired')
  await Promise.all(open.splice(0).map((one) => one.disconnect()))
})

async function producer(options: Parameters<KafkaFixture['client']>[0] = {}): Promise<Producer> {
  const made = fixture.client({ ...NO_RETRY, ...options }).producer({ allowAutoTopicCreation: false })
  await made.connect()
  open.push(made)
  return made
}
const stored = () => fixture.hub.log.properties(0).lastEnqueuedSequenceNumber + 1
const messages = [{ value: 'x'.repeat(200) }]

it('a throttled hub acknowledges late, and says how late', async () => {
  const throttles: number[] = []
  const sender = await producer()
  sender.on('producer.network.request', ({ payload }) => {
    if (payload.apiName === 'Produce') throttles.push(payload.duration)
  })
  const before = stored()
  await sender.send({ topic: HUB, messages })
  await fixture.faults.inject('hub-throttles')
  await sender.send({ topic: HUB, messages })
  await fixture.faults.mend('hub-throttles')
  await sender.send({ topic: HUB, messages })
  expect(stored() - before).toBe(3)
  const [, late = 0] = throttles
  expect(throttles).toHaveLength(3)
  // A timer may fire a moment early by another clock.
  expect(late).toBeGreaterThan(THROTTLE_MS - 50)
})

it('a throttled hub refuses a request that would not wait so long, and stores nothing of it', async () => {
  const sender = await producer()
  const before = stored()
  await fixture.faults.inject('hub-throttles')
  await expect(sender.send({ topic: HUB, messages, timeout: THROTTLE_MS - 1 })).rejects.toThrow(/policy/i)
  expect(stored()).toBe(before)
})

it('an expired token ends the connections, and no new one gets in until it is renewed', async () => {
  const sender = await producer({ retry: { retries: 1, initialRetryTime: 10 } })
  await sender.send({ topic: HUB, messages })
  const before = stored()
  await fixture.faults.inject('token-expired')
  await expect(sender.send({ topic: HUB, messages })).rejects.toThrow()
  await expect(producer()).rejects.toThrow(/token has expired/)
  expect(stored()).toBe(before)
  await fixture.faults.mend('token-expired')
  await vi.waitFor(() => sender.send({ topic: HUB, messages }), WAIT)
  expect(stored()).toBe(before + 1)
})

it('a signature that runs out ends the connection; the client signs in again with a new one', async () => {
  let seconds = 2
  const proofs: string[] = []
  const sign = async () => {
    const resource = encodeURIComponent(`sb://localhost/${HUB}`)
    const expiry = Math.floor(Date.now() / 1000) + seconds
    const signature = createHmac('sha256', KEY).update(`${resource}\n${expiry}`).digest('base64')
    proofs.push(`${expiry}`)
    return {
      value: `SharedAccessSignature sr=${resource}&sig=${encodeURIComponent(signature)}&se=${expiry}&skn=${KEY_NAME}`,
    }
  }
  const sender = await producer({
    sasl: { mechanism: 'oauthbearer', oauthBearerProvider: sign },
    retry: { retries: 5, initialRetryTime: 50 },
  })
  await sender.send({ topic: HUB, messages })
  const first = Number(proofs[0])
  seconds = 3600
  await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(first * 1000), WAIT)
  await sender.send({ topic: HUB, messages })
  expect(proofs.length).toBeGreaterThan(1)
})

it.each([
  ['snappy', 2],
  ['lz4', 3],
  ['zstd', 4],
])('records with %s are refused as the service refuses them', async (name, codec) => {
  // The hub looks at the codec alone: what stands inside does not matter.
  const asItIs = {
    compress: async ({ buffer }: { buffer: Buffer }) => buffer,
    decompress: async (buffer: Buffer) => buffer,
  }
  Object.assign(CompressionCodecs, { [codec]: () => asItIs })
  const sender = await producer()
  const before = stored()
  await expect(sender.send({ topic: HUB, compression: codec, messages })).rejects.toThrow(
    /message format version/,
  )
  expect(stored()).toBe(before)
  expect(fixture.logged.lines().map(({ reason }) => String(reason))).toContainEqual(
    `Event Hubs takes records uncompressed or with gzip, not with ${name}.`,
  )
})
