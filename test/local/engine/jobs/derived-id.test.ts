/** Rows without an eventId, from the hub to silver: copies fall together, records of one event stay apart. */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { HubLog } from '../../../../src/local/event-hubs/log/log.ts'
import { type LandedBatch, landBatch } from '../../../../src/local/stream-analytics/output-batch.ts'
import { encodeEvent } from '../../../support/hub-events.ts'
import { readTable } from '../../../support/tables.ts'
import { reading, type TestEvent, type TestLake, testLake } from '../lake-fixture.ts'

let lake: TestLake
let log: HubLog
const hub = mkdtempSync(join(tmpdir(), 'rtstream-derived-'))
beforeEach(() => {
  lake = testLake()
  const retention = { ms: 3_600_000, bytes: 1e9 }
  log = HubLog.open(hub, { partitions: 1, retention, clock: lake.clock })
})
afterEach(() => {
  log.close()
  lake.remove()
  rmSync(hub, { recursive: true })
})

const uuid = (text: string) =>
  createHash('md5')
    .update(text)
    .digest('hex')
    .replace(
      /^(.{8})(.{4}).(.{3})(.)(.{3})(.{12})$/,
      (_, a, b, c, variant, d, e) =>
        `${a}-${b}-3${c}-${((Number.parseInt(variant, 16) & 3) | 8).toString(16)}${d}-${e}`,
    )

const without = (id: number, ...left: string[]): TestEvent =>
  Object.fromEntries(Object.entries(reading(id)).filter(([name]) => !['eventId', ...left].includes(name)))

async function land(events: readonly (object | string)[]): Promise<LandedBatch> {
  log.append(0, events.map(encodeEvent))
  const batch = await landBatch({ log, partition: 0, from: 0 }, lake.folder, lake.clock.now())
  return batch as LandedBatch
}

/** Silver's rows, once it has read so many. */
async function silverOf(rows: number) {
  const { engine } = lake.engine()
  try {
    const silver = engine.run('silver')
    await vi.waitFor(() => expect(silver.progress?.inputRows, silver.error ?? '').toBe(rows), 30_000)
  } finally {
    await engine.close()
  }
  return readTable(lake.root.replace(/\/lake$/, ''), 'silver/weather', 'FROM rows ORDER BY ALL')
}

it('a copy in the hub stands once in silver, by device and number', async () => {
  await land([without(1), without(2), without(1), reading(2)])
  const rows = await silverOf(4)
  // What has an eventId of its own is another event.
  expect(rows.map(({ eventId }) => eventId).sort()).toEqual(
    [uuid('station-00001:0'), uuid('station-00002:0'), reading(2).eventId].sort(),
  )
}, 60_000)

it('each element of an array is a row of its own, also when two are alike to the letter', async () => {
  const one = without(1, 'deviceId', 'deviceSequenceNumber')
  const other = { ...one, city: 'Bergen' }
  const batch = await land([
    [one, other, one],
    one,
    '[1]',
    `${JSON.stringify(one)}\n${JSON.stringify(other)}`,
  ])
  expect(batch).toMatchObject({ rows: 6, rejected: 1 })
  expect(batch.path).toMatch(/\/0_00000000000000-00000000000003_6_1\.json$/)
  const rows = await silverOf(6)
  expect(rows.map(({ city }) => city).sort()).toEqual([
    ...Array(2).fill('Bergen'),
    ...Array(4).fill(one.city),
  ])
  expect(new Set(rows.map(({ eventId }) => eventId)).size).toBe(6)
}, 60_000)

it('an event that the job writes a second time is the same', async () => {
  const line = (processed: string) =>
    JSON.stringify({
      ...without(1, 'deviceId'),
      EventProcessedUtcTime: processed,
      PartitionId: 0,
      EventEnqueuedUtcTime: '2026-03-01T12:00:00.000Z',
      SequenceNumber: 7,
    })
  const text = `${line('2026-03-01T12:00:01Z')}\n${line('2026-03-01T12:05:01Z')}\n`
  await lake.placeForeign('weather/2026/03/01/12/00/foreign.json', text)
  const [row, ...more] = await silverOf(2)
  expect(more).toEqual([])
  const asSent = line('').replace('"EventProcessedUtcTime":""', '')
  expect(row?.eventId).toBe(uuid(`0:7:${asSent}`))
}, 60_000)
