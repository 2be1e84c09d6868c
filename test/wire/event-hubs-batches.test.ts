/** The batches that are filled in one go are, byte for byte, those that the SDK fills, and the hook for it is still there. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { BatchFiller } from '../../src/azure/event-hubs/batch-filler.ts'
import { newProducer } from '../../src/azure/event-hubs/connection.ts'
import type { OutgoingEvent } from '../../src/pipeline/ports/hub.ts'
import { HubFixture } from '../local/event-hubs/hub-fixture.ts'

let hub: HubFixture
let client: ReturnType<typeof newProducer>
beforeAll(async () => {
  hub = await HubFixture.start()
  client = newProducer(hub.connection)
})
afterAll(async () => {
  await client.close()
  await hub.close()
})

const partitionId = '0'
const event = (length: number): OutgoingEvent => ({ body: Buffer.alloc(length, 0x61), partitionKey: 'k' })
const envelopeOf = (batch: unknown) => (batch as { _generateMessage(): Buffer })._generateMessage()

it('writes what the SDK writes, for bodies of every length of length', async () => {
  const filler = new BatchFiller()
  const first = await client.createBatch({ partitionId })
  expect(filler.fill(first, [event(5), event(300), event(9)], 0)).toBe(3)
  expect(filler.isDirect).toBe(true)
  const lengths = [0, 1, 200, 230, 238, 239, 240, 255, 256, 300, 65_535, 65_536, 100_000]
  const events = lengths.map(event)
  const [direct, bySdk] = [
    await client.createBatch({ partitionId }),
    await client.createBatch({ partitionId }),
  ]
  expect(filler.fill(direct, events, 0)).toBe(events.length)
  for (const { body } of events) expect(bySdk.tryAdd({ body: Buffer.from(body) })).toBe(true)
  expect(envelopeOf(direct).equals(envelopeOf(bySdk))).toBe(true)
  expect([direct.count, direct.sizeInBytes]).toEqual([bySdk.count, bySdk.sizeInBytes])
})

it('takes as many events as the SDK does, and tells when one finds no room', async () => {
  const filler = new BatchFiller()
  const limit = { partitionId, maxSizeInBytes: 1000 }
  expect(filler.fill(await client.createBatch(limit), [event(2000)], 0)).toBe(0)
  const events = Array.from({ length: 20 }, (_, index) => event(40 + index))
  const [first, direct, bySdk] = [
    await client.createBatch(limit),
    await client.createBatch(limit),
    await client.createBatch(limit),
  ]
  filler.fill(first, events, 0)
  let added = 3
  while (bySdk.tryAdd({ body: Buffer.from((events[added] as OutgoingEvent).body) })) added++
  expect(filler.fill(direct, events, 3)).toBe(added)
  expect(filler.fill(await client.createBatch(limit), [event(2000)], 0)).toBe(0)
})

it('leaves the encoding to an SDK that writes something else', async () => {
  const filler = new BatchFiller()
  const batch = await client.createBatch({ partitionId })
  const changed = batch as unknown as { _generateMessage(): Buffer }
  const own = changed._generateMessage.bind(batch)
  changed._generateMessage = () => Buffer.concat([own(), Buffer.of(0)])
  expect(filler.fill(batch, [event(5), event(6), event(7)], 0)).toBe(3)
  expect(filler.isDirect).toBe(false)
  const next = await client.createBatch({ partitionId })
  expect(filler.fill(next, [event(5)], 0)).toBe(1)
  expect(envelopeOf(next).length).toBe(next.sizeInBytes)
})
