/** One poll over all layers: what has arrived, what failed, and no layer held up by another. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createLakeReader } from '../../../src/azure/lake/lake-reader.ts'
import { bronzeFileName, bronzeFolder } from '../../../src/contract/bronze-layout.ts'
import { TABLES, type TableName } from '../../../src/contract/tables.ts'
import type { LakeReader } from '../../../src/pipeline/ports/lake.ts'
import { DeltaBuilder } from '../../support/delta-builder.ts'
import { lakeClient, type WatchedClient } from '../../support/lake-client.ts'
import { type LakeServer, startLake } from '../../support/lake-server.ts'

const NOON = Date.parse('2026-11-24T12:00:00Z')

let running: LakeServer
let client: WatchedClient
let reader: LakeReader
let now: number
let builders: Map<TableName, DeltaBuilder>

beforeAll(async () => {
  running = await startLake()
})
afterAll(() => running.close())
beforeEach(() => {
  for (const container of ['bronze', 'silver', 'gold']) {
    rmSync(join(running.root, container), { recursive: true, force: true })
    mkdirSync(join(running.root, container))
  }
  builders = new Map()
  client = lakeClient(running)
  now = NOON
  reader = createLakeReader({ client, clock: { now: () => now } })
})
afterEach(() => {
  for (const builder of builders.values()) builder.close()
})

function builder(name: TableName): DeltaBuilder {
  const known = builders.get(name)
  if (known) return known
  const made = new DeltaBuilder(join(running.root, TABLES[name].container, TABLES[name].path))
  builders.set(name, made)
  return made
}
const readingsFrom = (from: number, count: number) =>
  `SELECT 'id-' || i AS eventId, 'station' AS deviceId, i::BIGINT AS deviceSequenceNumber, 'Oslo' AS city, 7::INTEGER AS temperature, 50::INTEGER AS humidity, to_timestamp(${NOON / 1000} + i) AS createdAt, to_timestamp(${NOON / 1000} + i + 1) AS enqueuedAt FROM range(${from}, ${from + count}) r(i)`

async function commitRows(name: TableName, from: number, count: number, at = now) {
  const table = builder(name)
  const file = `${from}.parquet`
  await table.parquet(file, readingsFrom(from, count))
  table.commit([table.add(file, { rows: count })], at)
}
const poll = async () => {
  const { snapshot, errors } = await reader.poll(undefined)
  expect([...errors]).toEqual([])
  return snapshot
}

describe('what has arrived', () => {
  it('since the last poll is told row by row, in the order of the commits; of the first poll nothing', async () => {
    await commitRows('silver', 0, 5)
    await commitRows('gold', 0, 5)
    const first = await poll()
    expect([first.silverArrived, first.goldArrived]).toEqual([[], []])
    expect(first.silver).toMatchObject({ version: 0, rows: 5 })
    await commitRows('silver', 5, 2, NOON + 10_000)
    await commitRows('silver', 7, 1, NOON + 20_000)
    await commitRows('gold', 5, 1)
    const second = await poll()
    expect(second.silverArrived.map(({ eventId }) => eventId)).toEqual(['id-5', 'id-6', 'id-7'])
    expect(second.silverArrived[2]).toEqual({
      eventId: 'id-7',
      deviceId: 'station',
      deviceSequenceNumber: 7,
      city: 'Oslo',
      temperature: 7,
      humidity: 50,
      timestamp: null,
      createdAt: NOON + 7_000,
      enqueuedAt: NOON + 8_000,
      committedAt: NOON + 20_000,
    })
    expect(second.goldArrived).toHaveLength(1)
    expect((await poll()).silverArrived).toEqual([])
  })

  it('is bounded, and what was left out is counted', async () => {
    await commitRows('silver', 0, 1)
    await poll()
    await commitRows('silver', 1, 7_000)
    await commitRows('silver', 8_000, 10)
    const { silverArrived, silverSkipped } = await poll()
    expect(silverArrived).toHaveLength(5_000)
    expect(silverArrived.length + silverSkipped).toBe(7_010)
  })

  it('that the asker knows is told by what it needs, and nothing else of it is read', async () => {
    const isKnown = (deviceId: string | null, number: number | null) =>
      deviceId === 'station' && number !== null && number < 10
    const look = async () => (await reader.poll(undefined, undefined, isKnown)).snapshot
    for (const name of ['silver', 'gold'] as const) await commitRows(name, 0, 1)
    await look()
    for (const name of ['silver', 'gold'] as const) await commitRows(name, 1, 2)
    const nothing = { eventId: null, city: null, temperature: null, humidity: null, timestamp: null }
    const known = { ...nothing, deviceId: 'station', committedAt: NOON }
    const { silverArrived, goldArrived } = await look()
    expect(silverArrived).toEqual(
      [1, 2].map((number) => ({
        ...known,
        deviceSequenceNumber: number,
        createdAt: null,
        enqueuedAt: NOON + (number + 1) * 1000,
      })),
    )
    expect(goldArrived).toEqual(
      [1, 2].map((number) => ({
        ...known,
        deviceSequenceNumber: number,
        createdAt: NOON + number * 1000,
        enqueuedAt: null,
      })),
    )
    // One that is not known has its whole file read.
    await commitRows('silver', 9, 2)
    expect((await look()).silverArrived.map(({ eventId, city }) => [eventId, city])).toEqual([
      ['id-9', 'Oslo'],
      ['id-10', 'Oslo'],
    ])
  })

  it('in quarantine is told with its reasons', async () => {
    const table = builder('quarantine')
    table.commit([])
    await poll()
    await table.parquet(
      'a',
      `SELECT 'raw text' AS raw, ['city is missing', 'humidity out of range'] AS reasons, to_timestamp(${NOON / 1000}) AS enqueuedAt`,
    )
    table.commit([table.add('a')])
    expect((await poll()).quarantineArrived).toEqual([
      { raw: 'raw text', reasons: ['city is missing', 'humidity out of range'], enqueuedAt: NOON },
    ])
  })

  it('in quarantine is told of every batch since the last poll, the newest fifty rows', async () => {
    const table = builder('quarantine')
    table.commit([])
    await poll()
    const batch = async (name: string, first: number, count: number) => {
      await table.parquet(
        name,
        `SELECT 'row ' || i AS raw, ['city is missing'] AS reasons, to_timestamp(0) AS enqueuedAt FROM range(${first}, ${first + count}) _(i) ORDER BY i`,
      )
      table.commit([table.add(name)])
    }
    const raw = async () => (await poll()).quarantineArrived.map((row) => row.raw)
    await batch('a', 0, 2)
    await batch('b', 2, 1)
    expect(await raw()).toEqual(['row 0', 'row 1', 'row 2'])
    await batch('c', 3, 30)
    await batch('d', 33, 30)
    expect(await raw()).toEqual(Array.from({ length: 50 }, (_, index) => `row ${13 + index}`))
  })

  it('and was compacted and vacuumed before it could be read is passed over', async () => {
    await commitRows('silver', 0, 1)
    await poll()
    await commitRows('silver', 1, 1)
    rmSync(join(builder('silver').folder, '1.parquet'))
    const { silverArrived, silver } = await poll()
    expect(silverArrived).toEqual([])
    expect(silver.rows).toBe(2)
  })
})

describe('the aggregate', () => {
  const commitCities = async (name: string, rows: string) => {
    const table = builder('aggregated')
    await table.parquet(
      name,
      `SELECT * FROM (VALUES ${rows}) AS rows(city, avg_temperature, avg_humidity, readings)`,
    )
    table.commit([table.add(name)])
  }

  it('gives means weighted by readings, once per version and seldom', async () => {
    await commitCities(
      'a',
      `('Oslo', 1.0, 50.0, 3::BIGINT), ('Oslo', 5.0, 60.0, 1), ('Rome', 20.0, 40.0, 2), ('None', 0.0, 0.0, 0)`,
    )
    expect((await poll()).cities).toEqual([
      { city: 'Oslo', temperature: 2, humidity: 52.5, readings: 4 },
      { city: 'Rome', temperature: 20, humidity: 40, readings: 2 },
    ])
    expect((await poll()).cities).toBeUndefined()
    await commitCities('b', `('Oslo', 2.0, 52.5, 4::BIGINT)`)
    expect((await poll()).cities).toBeUndefined()
    now += 4_000
    expect((await poll()).cities).toContainEqual({
      city: 'Oslo',
      temperature: 2,
      humidity: 52.5,
      readings: 8,
    })
  })

  it('is read from what is new: an old day costs one read of each of its files', async () => {
    for (let hour = 0; hour < 24; hour++) await commitCities(`hour-${hour}`, `('Oslo', 1.0, 50.0, 1::BIGINT)`)
    expect((await poll()).cities).toEqual([{ city: 'Oslo', temperature: 1, humidity: 50, readings: 24 }])
    for (let batch = 0; batch < 3; batch++) {
      client.asked = []
      now += 4_000
      const table = builder('aggregated')
      const [before, after] = [batch === 0 ? 'hour-23' : `batch-${batch - 1}`, `batch-${batch}`]
      await table.parquet(
        after,
        `SELECT 'Oslo' AS city, 1.0 AS avg_temperature, 50.0 AS avg_humidity, ${batch + 2}::BIGINT AS readings`,
      )
      table.commit([table.remove(before), table.add(after)])
      const { cities } = await poll()
      expect(cities).toEqual([{ city: 'Oslo', temperature: 1, humidity: 50, readings: 25 + batch }])
      const read = client.asked.filter(
        (what) => what.startsWith('read gold/weather_aggregated/') && !what.includes('_delta_log'),
      )
      expect(read).toEqual([`read gold/weather_aggregated/${after}`])
    }
  })

  it('is read in portions when there is much, and told when all of it is: never without its newest hour', async () => {
    const table = builder('aggregated')
    for (let day = 0; day < 3; day++) {
      await table.parquet(
        `day-${day}`,
        `SELECT 'city ' || i AS city, ${day}.0 AS avg_temperature, 50.0 AS avg_humidity, 1::BIGINT AS readings FROM range(50001) _(i)`,
      )
      table.commit([table.add(`day-${day}`)])
    }
    const told: (number | undefined)[] = []
    for (let look = 0; look < 4; look++) {
      const { cities } = await poll()
      told.push(cities?.reduce((sum, { readings }) => sum + readings, 0))
      now += 4_000
    }
    expect(told).toEqual([undefined, undefined, 150_003, undefined])
    await commitCities('now', `('city 0', 1.0, 50.0, 7::BIGINT)`)
    expect((await poll()).cities?.find(({ city }) => city === 'city 0')?.readings).toBe(10)
  })

  it('that could not be read is tried again, though it has not changed', async () => {
    await commitCities('a', `('Oslo', 1.0, 50.0, 3::BIGINT)`)
    client.before = (what) => {
      if (what.endsWith('weather_aggregated/a')) throw new Error('cut')
    }
    const { snapshot, errors } = await reader.poll(undefined)
    expect(snapshot.cities).toBeUndefined()
    expect(errors.get('aggregated')?.message).toContain('cut')
    client.before = () => {}
    now += 4_000
    expect((await poll()).cities).toHaveLength(1)
  })
})

describe('a layer that fails', () => {
  it('keeps its last numbers and is named; the others go on', async () => {
    await commitRows('silver', 0, 3)
    await commitRows('gold', 0, 2)
    const path = `${bronzeFolder(new Date(now))}/${bronzeFileName({ partition: 0, firstSequenceNumber: 0, lastSequenceNumber: 3, rows: 4 })}`
    mkdirSync(dirname(join(running.root, 'bronze', path)), { recursive: true })
    writeFileSync(join(running.root, 'bronze', path), 'x')
    await poll()
    client.before = (what) => {
      if (what.includes('bronze') || what.includes('silver/weather/')) throw new Error('cut')
    }
    await commitRows('gold', 2, 2)
    const { snapshot, errors } = await reader.poll(undefined)
    expect([...errors.keys()].sort()).toEqual(['bronze', 'silver'])
    expect(snapshot.bronze).toMatchObject({ files: 1, rows: 4 })
    expect(snapshot.silver).toMatchObject({ rows: 3 })
    expect(snapshot.gold).toMatchObject({ rows: 4 })
    expect(snapshot.goldArrived).toHaveLength(2)
    client.before = () => {}
    expect((await poll()).bronze).toMatchObject({ files: 1, rows: 4 })
  })

  it('behind its log counts the rows that it could not read', async () => {
    await commitRows('silver', 0, 1)
    await poll()
    await commitRows('silver', 1, 6)
    client.before = (what) => {
      if (what.endsWith('.parquet')) throw new Error('cut')
    }
    const { snapshot, errors } = await reader.poll(undefined)
    expect(errors.has('silver')).toBe(true)
    expect([snapshot.silverArrived.length, snapshot.silverSkipped]).toEqual([0, 6])
  })

  it('because nobody may read says so for each, and a cancelled poll is cancelled', async () => {
    const stranger = createLakeReader({ client: lakeClient(running, 'other'), clock: { now: () => now } })
    const { errors } = await stranger.poll(undefined)
    expect([...errors.values()].map(({ kind }) => kind)).toEqual(Array(6).fill('authorization'))
    await expect(reader.poll(undefined, AbortSignal.abort(new Error('enough')))).rejects.toThrow()
  })

  it('as all do while the lake is down', async () => {
    const other = await startLake()
    const away = createLakeReader({ client: lakeClient(other), clock: { now: () => now } })
    await other.close()
    const { errors, snapshot } = await away.poll(undefined)
    expect([...errors.values()].every(({ kind }) => kind === 'unreachable')).toBe(true)
    expect(snapshot.bronze.files).toBe(0)
  })
})

describe('a poll without anything new', () => {
  it('asks once for each layer', async () => {
    for (const name of ['silver', 'gold'] as const) await commitRows(name, 0, 1)
    await poll()
    client.asked = []
    await poll()
    expect(client.asked).toHaveLength(6)
  })
})
