/** What other clients put into the hub, whose bodies are not one data section, never keeps the generator from starting. */
import rhea from 'rhea'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createHubReader } from '../../src/azure/event-hubs/producer.ts'
import { eventIds } from '../../src/pipeline/generator/event-id.ts'
import { recoverSequences } from '../../src/pipeline/generator/sequence-recovery.ts'
import { deviceIdOf } from '../../src/pipeline/generator/stations.ts'
import type { HubReader } from '../../src/pipeline/ports/hub.ts'
import { HubFixture } from '../local/event-hubs/hub-fixture.ts'

const SEED = 'seed'
const RUN = 'run'
const { data_section, data_sections, sequence_section } = rhea.message

let hub: HubFixture
let reader: HubReader
beforeEach(async () => {
  hub = await HubFixture.start({ partitions: 1 })
  reader = createHubReader(hub.connection)
})
afterEach(async () => {
  await reader.close()
  await hub.close()
})

const encode = (body: unknown) => rhea.message.encode({ body } as never) as Buffer
const reading = (number: number) =>
  Buffer.from(
    `{"eventId":"${eventIds(SEED, RUN)(0, number)}","deviceId":"${deviceIdOf(0)}","deviceSequenceNumber":${number},"city":"Oslo"}`,
  )

/** Of each kind one; those with `own` are a reading of station 0, in one or more data sections. */
const BODIES: Record<string, Buffer> = {
  'a data section, own 0': encode(data_section(reading(0))),
  'two data sections, own 1': encode(
    data_sections([reading(1).subarray(0, 30), reading(1).subarray(30)] as never),
  ),
  'a value that is text': encode(reading(2).toString()),
  'a value that is null': Buffer.from([0x00, 0x53, 0x77, 0x40]),
  'null in a data section': Buffer.from([0x00, 0x53, 0x75, 0x40]),
  'a number': encode(42),
  'a map': encode({ deviceId: deviceIdOf(0), deviceSequenceNumber: 9 }),
  'a list': encode(['a', 'b']),
  'a sequence': encode(sequence_section(['a', 'b'] as never)),
  'an empty data section': encode(data_section(Buffer.alloc(0))),
  'a data section at the end, own 2': encode(data_section(reading(2))),
}

it('reads every kind of body, joins data sections and passes over the rest', {
  timeout: 30_000,
}, async () => {
  hub.log.append(0, Object.values(BODIES))
  const bodies: (string | undefined)[] = []
  for await (const page of reader.readAfter(new Map()))
    for (const { body } of page) bodies.push(body && Buffer.from(body).toString())
  expect(Object.fromEntries(Object.keys(BODIES).map((name, index) => [name, bodies[index]]))).toEqual({
    'a data section, own 0': reading(0).toString(),
    'two data sections, own 1': reading(1).toString(),
    'a value that is text': undefined,
    'a value that is null': undefined,
    'null in a data section': undefined,
    'a number': undefined,
    'a map': undefined,
    'a list': undefined,
    'a sequence': undefined,
    'an empty data section': '',
    'a data section at the end, own 2': reading(2).toString(),
  })
})

it('the generator counts its own among them after a crash', { timeout: 30_000 }, async () => {
  hub.log.append(0, Object.values(BODIES))
  const saved = { run: RUN, clean: false, acknowledged: 0, positions: {}, numbers: new Float64Array(0) }
  const { numbers, found } = await recoverSequences(saved, reader, { seed: SEED, newRunId: () => 'new' })
  expect([numbers.next(0), found]).toEqual([3, 3])
})
