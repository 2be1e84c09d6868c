import { beforeEach, describe, expect, it } from 'vitest'
import { partitionOf } from '../../../src/contract/partition-hash.ts'
import {
  Audience,
  type AudienceProgress,
  type AudienceReading,
} from '../../../src/pipeline/audience/audience.ts'
import { AudienceJournal, forgetful } from '../../../src/pipeline/audience/journal.ts'
import type { ArrivedRow } from '../../../src/pipeline/ports/lake.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { FakeTarget } from '../../support/fake-target.ts'

let clock: FakeClock
let target: FakeTarget
let told: AudienceProgress[]
let isFull: boolean[]
let audience: Audience
beforeEach(async () => {
  clock = new FakeClock()
  target = new FakeTarget(() => clock.now())
  told = []
  isFull = []
  audience = new Audience({
    journal: new AudienceJournal(forgetful, () => {}),
    producer: target.producer,
    hub: target.hub,
    clock,
    random: () => 0.7,
    onProgress: (progress) => told.push(...progress),
    onFull: (full) => isFull.push(full),
    onTrouble: () => {},
  })
  audience.sawHub(await target.hub.partitions())
})

const reading = (number: number, changes: Partial<AudienceReading> = {}): AudienceReading => ({
  eventId: `id ${number}`,
  deviceId: 'phone-0001',
  deviceSequenceNumber: number,
  city: 'Bern',
  temperature: 21,
  humidity: 40,
  rubbish: undefined,
  copies: 1,
  ...changes,
})
const PARTITION = String(partitionOf('phone-0001', 4))
const row = (number: number): ArrivedRow => ({
  eventId: `id ${number}`,
  deviceId: 'phone-0001',
  deviceSequenceNumber: number,
  city: 'Bern',
  temperature: 21,
  humidity: 40,
  timestamp: null,
  createdAt: 0,
  enqueuedAt: 0,
  committedAt: 0,
})
const lake = (changes: object) => audience.sawLake({ ...target.lake.snapshot, ...changes })
const bronze = (position: number) => ({
  bronze: { ...target.lake.snapshot.bronze, positions: new Map([[PARTITION, position]]) },
})
const steps = () => told.map(({ eventId, step }) => `${eventId} ${step}`)

/** Silver as it is after so many of its input's rows. */
const table = (rows: number, input: number) => ({
  ...target.lake.snapshot.silver,
  rows,
  commitMetadata: {
    batchId: 0,
    durationMs: 1,
    batch: { input, output: rows },
    totals: { input, output: rows, duplicates: 0 },
  },
})

describe('a reading of a phone', () => {
  it('is told to be in the hub when the hub has it, then layer by layer', async () => {
    let release = () => {}
    target.fakeHub.acknowledging = () => new Promise((resolve) => (release = resolve))
    audience.submit([reading(0)])
    await clock.advance(0)
    expect(told).toEqual([])
    release()
    await clock.advance(0)
    expect(told).toMatchObject([
      { deviceId: 'phone-0001', eventId: 'id 0', step: 'hub', text: expect.stringContaining(PARTITION) },
    ])
    expect(audience.acknowledged).toBe(1)
    // Bronze has something, but nobody knows yet whether it is this one.
    lake(bronze(5))
    expect(steps()).toEqual(['id 0 hub'])
    audience.sawHub(await target.hub.partitions())
    lake(bronze(0))
    lake({ silverArrived: [row(0)] })
    lake({ goldArrived: [row(0)], gold: { ...target.lake.snapshot.gold, rows: 10 } })
    const aggregated = (input: number) => ({
      aggregated: {
        ...target.lake.snapshot.aggregated,
        commitMetadata: {
          batchId: 0,
          durationMs: 1,
          batch: { input, output: input },
          totals: { input, output: input },
        },
      },
    })
    lake(aggregated(9))
    lake(aggregated(10))
    expect(steps()).toEqual(['id 0 hub', 'id 0 bronze', 'id 0 silver', 'id 0 gold', 'id 0 aggregate'])
  })

  it('goes to the quarantine with its reasons, or is rejected as no JSON', async () => {
    audience.submit([
      reading(0, { rubbish: 'temperature out of range' }),
      reading(1, { rubbish: 'not JSON' }),
    ])
    await clock.advance(0)
    const bodies = target.fakeHub.bodies
    expect(JSON.parse(bodies[0] as string)).toMatchObject({
      deviceId: 'phone-0001',
      deviceSequenceNumber: 0,
      eventId: 'id 0',
    })
    expect(() => JSON.parse(bodies[1] as string)).toThrow()
    audience.sawHub(await target.hub.partitions())
    lake({
      ...bronze(1),
      quarantineArrived: [{ raw: bodies[0] as string, reasons: ['temperature out of range'], enqueuedAt: 0 }],
    })
    expect(steps()).toEqual(['id 0 hub', 'id 1 hub', 'id 0 bronze', 'id 1 rejected', 'id 0 quarantine'])
    expect(told.at(-1)?.text).toBe('in quarantine: temperature out of range')
    expect([...audience.quarantinedBy]).toEqual([['phone-0001', 1]])
  })

  it('sent twice is two events of the hub and counts once', async () => {
    audience.submit([reading(0, { copies: 2 })])
    await clock.advance(0)
    expect(target.fakeHub.bodies).toHaveLength(2)
    expect(new Set(target.fakeHub.bodies).size).toBe(1)
    lake({ silverArrived: [row(0)] })
    expect(steps()).toEqual(['id 0 hub', 'id 0 silver', 'id 0 duplicate'])
  })

  it('waits in a bounded buffer while the hub is away: the room is told that it is full', async () => {
    target.fakeHub.acknowledging = () => new Promise(() => {})
    for (let number = 0; number < 2000; number++) audience.submit([reading(number)])
    await clock.advance(0)
    expect(isFull).toEqual([true])
    const closed = audience.close()
    await clock.advance(2000)
    await closed
  })
})

describe('a reading of an earlier session', () => {
  const old = (rubbish?: AudienceReading['rubbish']) => {
    const journal = new AudienceJournal(
      { load: () => ({ acknowledged: 1, ids: ['id 7'] }), append: () => {}, replace: () => {} },
      () => {},
    )
    audience = new Audience({
      journal,
      producer: target.producer,
      hub: target.hub,
      clock,
      random: () => 0.7,
      onProgress: (progress) => told.push(...progress),
      onFull: () => {},
      onTrouble: () => {},
    })
    audience.submit([reading(7, { rubbish })])
  }
  it('is not sent again, and is told from the counts how far it is', async () => {
    old()
    await clock.advance(0)
    expect(target.fakeHub.bodies).toEqual([])
    audience.sawHub(await target.hub.partitions())
    const inBronze = { ...bronze(0).bronze, rows: 5 }
    lake({ bronze: inBronze, silver: table(3, 4) })
    lake({ bronze: inBronze, silver: table(4, 5) })
    lake({ bronze: inBronze, silver: table(4, 5), gold: table(4, 4), aggregated: table(4, 3) })
    lake({ bronze: inBronze, silver: table(4, 5), gold: table(4, 4), aggregated: table(4, 4) })
    expect(steps()).toEqual(['id 7 hub', 'id 7 bronze', 'id 7 silver', 'id 7 gold', 'id 7 aggregate'])
  })

  it('that was rubbish is in quarantine by then', async () => {
    old('blank city')
    audience.sawHub(await target.hub.partitions())
    const inBronze = { ...bronze(0).bronze, rows: 5 }
    lake({ bronze: inBronze })
    // The counts say so; a look later, as the reason may be seen meanwhile.
    lake({ bronze: inBronze, silver: table(4, 5) })
    expect(steps()).toEqual(['id 7 hub', 'id 7 bronze'])
    lake({ bronze: inBronze, silver: table(4, 5) })
    expect(steps()).toEqual(['id 7 hub', 'id 7 bronze', 'id 7 quarantine'])
  })
})

it('a reading that has come through is told again to a phone that asks again', async () => {
  audience.submit([reading(0, { rubbish: 'blank city' })])
  await clock.advance(0)
  lake({ quarantineArrived: [{ raw: '{"eventId":"id 0"}', reasons: ['city is missing'], enqueuedAt: 0 }] })
  audience.submit([reading(0, { rubbish: 'blank city' })])
  await clock.advance(0)
  expect(steps()).toEqual(['id 0 hub', 'id 0 quarantine', 'id 0 quarantine'])
  expect(told.at(-1)?.text).toBe('in quarantine: city is missing')
  expect(target.fakeHub.bodies).toHaveLength(1)
})

describe('a reading whose row was left out of what a look shows', () => {
  it('is told from the counts that it came through silver and gold', async () => {
    audience.submit([reading(0)])
    await clock.advance(0)
    audience.sawHub(await target.hub.partitions())
    const inBronze = { ...bronze(0).bronze, rows: 9000 }
    lake({ bronze: inBronze })
    lake({ bronze: inBronze, silver: table(8000, 8000), silverSkipped: 3000 })
    expect(steps()).toEqual(['id 0 hub', 'id 0 bronze'])
    lake({ bronze: inBronze, silver: table(9000, 9000), gold: table(8000, 8000), goldSkipped: 3000 })
    expect(steps()).toEqual(['id 0 hub', 'id 0 bronze', 'id 0 silver'])
    lake({ bronze: inBronze, silver: table(9000, 9000), gold: table(9000, 9000) })
    expect(steps().at(-1)).toBe('id 0 gold')
  })

  it('is told so of gold alone, where its row of silver was shown', async () => {
    audience.submit([reading(0)])
    await clock.advance(0)
    audience.sawHub(await target.hub.partitions())
    const inBronze = { ...bronze(0).bronze, rows: 9000 }
    lake({ bronze: inBronze, silver: table(9000, 9000), silverArrived: [row(0)] })
    lake({ bronze: inBronze, silver: table(9000, 9000), gold: table(9000, 9000), goldSkipped: 3000 })
    expect(steps().slice(-2)).toEqual(['id 0 silver', 'id 0 gold'])
  })

  it('and rubbish in quarantine is told even where its row is not shown', async () => {
    audience.submit([reading(0, { rubbish: 'blank city' })])
    await clock.advance(0)
    audience.sawHub(await target.hub.partitions())
    const inBronze = { ...bronze(0).bronze, rows: 5 }
    lake({ bronze: inBronze })
    lake({ bronze: inBronze, silver: table(4, 5) })
    lake({ bronze: inBronze, silver: table(4, 5) })
    expect(steps().at(-1)).toBe('id 0 quarantine')
  })
})

describe('a reading that the hub had before, though nobody remembers', () => {
  // The process was killed between the hub's acknowledgement and the journal: the phone sends it again, and silver drops that.
  it('is told from the counts once no row of it has come in two looks', async () => {
    audience.submit([reading(0)])
    await clock.advance(0)
    audience.sawHub(await target.hub.partitions())
    const inBronze = { ...bronze(0).bronze, rows: 5 }
    lake({ bronze: inBronze, silver: table(3, 4) })
    lake({ bronze: inBronze, silver: table(3, 5), gold: table(3, 3) })
    expect(steps()).toEqual(['id 0 hub', 'id 0 bronze'])
    lake({ bronze: inBronze, silver: table(4, 6), gold: table(3, 3) })
    expect(steps().at(-1)).toBe('id 0 silver')
    lake({ bronze: inBronze, silver: table(4, 6), gold: table(4, 4), aggregated: table(4, 3) })
    lake({ bronze: inBronze, silver: table(4, 6), gold: table(4, 4), aggregated: table(4, 4) })
    expect(steps().slice(2)).toEqual(['id 0 silver', 'id 0 gold', 'id 0 aggregate'])
  })

  it('and a row that comes a look later is told as ever, once', async () => {
    audience.submit([reading(0)])
    await clock.advance(0)
    audience.sawHub(await target.hub.partitions())
    const inBronze = { ...bronze(0).bronze, rows: 5 }
    lake({ bronze: inBronze, silver: table(4, 5) })
    lake({ bronze: inBronze, silver: table(4, 5), silverArrived: [row(0)] })
    lake({ bronze: inBronze, silver: table(4, 5), gold: table(4, 4) })
    expect(steps()).toEqual(['id 0 hub', 'id 0 bronze', 'id 0 silver'])
  })
})
