/** The audit reads the tables themselves: what it says of duplicates, order, gaps and latency must stand in them. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createTableAuditor } from '../../../src/azure/lake/table-audit.ts'
import { TABLES, type TableName } from '../../../src/contract/tables.ts'
import { readings, testLake } from '../../local/engine/lake-fixture.ts'
import { DeltaBuilder } from '../../support/delta-builder.ts'
import { lakeClient } from '../../support/lake-client.ts'
import { type LakeServer, startLake } from '../../support/lake-server.ts'

/** In the past: the log's files have the times of the real clock. */
const NOON = Date.parse('2026-03-01T12:00:00Z')

let running: LakeServer
let builders: DeltaBuilder[]
beforeAll(async () => {
  // A temporary folder of its own: other processes count there too.
  vi.stubEnv('TMPDIR', mkdtempSync(join(tmpdir(), 'rtstream-test-')))
  running = await startLake()
})
afterAll(async () => {
  await running.close()
  rmSync(tmpdir(), { recursive: true, force: true })
  vi.unstubAllEnvs()
})
beforeEach(() => {
  builders = []
  for (const { container, path } of Object.values(TABLES))
    rmSync(join(running.root, container, path), { recursive: true, force: true })
})
afterEach(() => {
  for (const builder of builders) builder.close()
})

function builderOf(name: TableName): DeltaBuilder {
  const builder = new DeltaBuilder(join(running.root, TABLES[name].container, TABLES[name].path))
  builders.push(builder)
  return builder
}
const audit = (since = 0) =>
  createTableAuditor({ client: lakeClient(running) }).audit({ since: new Date(since) })

interface Row {
  id?: string | null
  device?: string | null
  number?: number | null
  /** Seconds after noon. */
  at: number
  city?: string
}
const derived = (number: number) => `00000000-0000-3000-8000-00000000000${number}`
const text = (value: string | null | undefined) => (value == null ? 'NULL::VARCHAR' : `'${value}'`)
const silverRows = (rows: readonly Row[]) =>
  `SELECT * FROM (VALUES ${rows
    .map(
      ({ id, device, number, at, city }) =>
        `(${text(id)}, ${text(device)}, ${number ?? 'NULL'}::BIGINT, to_timestamp(${NOON / 1000 + at}), ${text(city ?? String(at))},
          21, 50, to_timestamp(0), NULL::TIMESTAMPTZ)`,
    )
    .join(
      ', ',
    )}) AS rows(eventId, deviceId, deviceSequenceNumber, enqueuedAt, city, temperature, humidity, "timestamp", createdAt)`
const row = (number: number, at = number, device = 'station-00001'): Row => ({
  id: `00000000-0000-0000-0000-${String(number).padStart(12, '0')}${device === 'station-00001' ? '' : device}`,
  device,
  number,
  at,
})

describe('what the audit says', () => {
  it('of no tables is nothing, and nothing is left on the disk', async () => {
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('rtstream-audit-'))
    expect(await audit()).toEqual({
      silverRows: 0,
      quarantinedRows: 0,
      goldRows: 0,
      byMinuteReadings: 0,
      aggregatedReadings: 0,
      duplicates: 0,
      outOfSequence: 0,
      sequenceGaps: 0,
      latencyP95Ms: undefined,
    })
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('rtstream-audit-'))).toEqual(before)
  })

  it('of all five tables is what stands in them', async () => {
    const silver = builderOf('silver')
    await silver.parquet('a', silverRows([row(0), row(1)]))
    silver.commit([silver.add('a', { rows: 2 })])
    await silver.parquet('b', silverRows([row(2), row(7, 7, 'station-00002')]))
    silver.commit([silver.add('b', { rows: 2 })])
    const quarantine = builderOf('quarantine')
    await quarantine.parquet(
      'a',
      `SELECT unnest(['{"deviceId":"station-00001","deviceSequenceNumber":4}', 'no json', '{"deviceId":"station-00002","deviceSequenceNumber":"9"}']) AS raw`,
    )
    quarantine.commit([quarantine.add('a', { rows: 3 })])
    const gold = builderOf('gold')
    await gold.parquet('a', `SELECT to_timestamp(${NOON / 1000} - i) AS createdAt FROM range(1, 101) r(i)`)
    gold.commit([gold.add('a', { rows: 100 })], NOON)
    const byMinute = builderOf('byMinute')
    await byMinute.parquet('a', 'SELECT 99::BIGINT AS readings')
    byMinute.commit([byMinute.add('a')])
    const aggregated = builderOf('aggregated')
    await aggregated.parquet('a', 'SELECT unnest([3::BIGINT, 4]) AS readings')
    aggregated.commit([aggregated.add('a', { rows: 2 })])
    expect(await audit()).toEqual({
      silverRows: 4,
      quarantinedRows: 3,
      goldRows: 100,
      byMinuteReadings: 99,
      aggregatedReadings: 7,
      duplicates: 0,
      outOfSequence: 0,
      // station-00001 lacks 3; station-00002 lacks 8.
      sequenceGaps: 2,
      latencyP95Ms: 95_000,
    })
  })

  it('counts rows whose id stands there already, whatever an id looks like', async () => {
    const silver = builderOf('silver')
    const ids = ['a', 'a', 'a', 'no uuid', 'no uuid', 'b', null, null]
    const cased = ['ABCDEF00-0000-0000-0000-000000000000', 'abcdef00-0000-0000-0000-000000000000']
    await silver.parquet('a', silverRows([...ids, ...cased].map((id, at) => ({ id, at }))))
    silver.commit([silver.add('a', { rows: 10 })])
    await silver.parquet('b', silverRows([{ id: 'b', at: 20 }]))
    silver.commit([silver.add('b', { rows: 1 })])
    expect(await audit()).toMatchObject({ silverRows: 11, duplicates: 4 })
  })

  it('counts what a person would call a copy: by device and number, or by content within ten minutes', async () => {
    const silver = builderOf('silver')
    const rows: Row[] = [
      { id: 'a', device: 'd', number: 1, at: 0 },
      { id: 'b', device: 'd', number: 1, at: 900 },
      { id: 'c', device: 'd', number: 2, at: 1 },
      { id: 'e', device: 'other', number: 1, at: 2 },
      { id: derived(1), at: 3, city: 'Oslo' },
      { id: derived(2), at: 4, city: 'Oslo' },
      { id: derived(3), at: 5, city: 'Rome' },
      { id: derived(4), at: 605.5, city: 'Rome' },
      // Who gives ids says what is one.
      { id: 'f', at: 6, city: 'Oslo' },
      { id: 'g', at: 7, city: 'Oslo' },
    ]
    await silver.parquet('a', silverRows(rows))
    silver.commit([silver.add('a', { rows: rows.length })])
    expect(await audit()).toMatchObject({ silverRows: 10, duplicates: 2 })
  })

  it('counts readings behind a later one of their station, also over files that have no statistics', async () => {
    const silver = builderOf('silver')
    await silver.parquet('a', silverRows([row(0, 0), row(2, 1), row(1, 2), row(0, 2, 'station-00002')]))
    silver.commit([silver.add('a', { stats: '' })])
    await silver.parquet('b', silverRows([row(4, 3), row(3, 4), row(5, 4), row(1, 5, 'station-00002')]))
    silver.commit([silver.add('b', { stats: '' })])
    expect(await audit()).toMatchObject({ outOfSequence: 2, sequenceGaps: 0 })
  })

  it('takes the rows of compacted files in the order in which the hub took them', async () => {
    const silver = builderOf('silver')
    for (const [name, rows] of Object.entries({ a: [row(0)], b: [row(1)], c: [row(2)] })) {
      await silver.parquet(name, silverRows(rows))
      silver.commit([silver.add(name)])
    }
    // The oldest files were compacted last: they stand behind a younger one.
    await silver.parquet('ab', silverRows([row(0), row(1)]))
    silver.commit([
      silver.remove('a', false),
      silver.remove('b', false),
      silver.add('ab', { rows: 2, dataChange: false }),
    ])
    expect(await audit()).toMatchObject({ silverRows: 3, outOfSequence: 0, sequenceGaps: 0 })
  })
})

describe('the latency', () => {
  const at = (seconds: number) => `SELECT to_timestamp(${NOON / 1000 + seconds}) AS createdAt`

  it('is that of the commit which brought a row, whatever compaction did to it later', async () => {
    const gold = builderOf('gold')
    for (const batch of [0, 10, 20]) {
      await gold.parquet(`${batch}`, at(batch))
      gold.commit([gold.add(`${batch}`)], NOON + batch * 1000 + 700)
    }
    await gold.parquet('all', [0, 10, 20].map(at).join(' UNION ALL '))
    const removed = ['0', '10', '20'].map((name) => gold.remove(name, false))
    gold.commit([...removed, gold.add('all', { rows: 3, dataChange: false })], NOON + 500_000)
    expect(await audit()).toMatchObject({ goldRows: 3, latencyP95Ms: 700 })
    // What has been vacuumed cannot be read; the rest still tells.
    rmSync(join(gold.folder, '0'))
    expect(await audit()).toMatchObject({ goldRows: 3, latencyP95Ms: 700 })
    for (const name of ['10', '20']) rmSync(join(gold.folder, name))
    expect(await audit()).toMatchObject({ goldRows: 3, latencyP95Ms: undefined })
  })

  it('is that of rows since the start of the run only', async () => {
    const gold = builderOf('gold')
    await gold.parquet('old', at(0))
    gold.commit([gold.add('old')], NOON + 90_000)
    await gold.parquet('new', at(100))
    gold.commit([gold.add('new')], NOON + 101_000)
    expect(await audit(NOON + 100_000)).toMatchObject({ goldRows: 2, latencyP95Ms: 1000 })
  })
})

describe('what cannot be read', () => {
  it('is said, never passed over', async () => {
    const silver = builderOf('silver')
    silver.commit([silver.add('gone')])
    await expect(audit()).rejects.toThrow('silver/weather/gone is named in the log and is not there')
    const other = builderOf('silver')
    await other.parquet('a', silverRows([row(0)]))
    other.commit([other.add('a', { deleted: 1 })])
    await expect(audit()).rejects.toMatchObject({ hint: expect.stringContaining('enableDeletionVectors') })
    const minutes = builderOf('byMinute')
    minutes.commit([minutes.add('gone')])
    rmSync(other.folder, { recursive: true })
    await expect(audit()).rejects.toThrow('gold/weather_by_minute/gone is named in the log and is not there')
    rmSync(minutes.folder, { recursive: true })
    const damaged = builderOf('gold')
    await damaged.parquet('b', "SELECT 'soon' AS createdAt")
    damaged.commit([damaged.add('b')])
    await expect(audit()).rejects.toThrow(/^gold\/weather\/b cannot be read: it is damaged, or [^\n]*$/)
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('rtstream-audit-'))).toEqual([])
  })
})

describe('tables of the embedded engine', () => {
  it('that were compacted and checkpointed many times are in order, complete, and as fresh as they were', async () => {
    const lake = testLake({ root: running.root })
    const { engine } = lake.engine({ filesPerCompaction: 4, commitsPerCheckpoint: 7, rowsPerBatch: 100 })
    try {
      const runs = (['silver', 'gold', 'aggregate'] as const).map((name) => engine.run(name))
      for (let batch = 0; batch < 25; batch++) {
        const createdAt = new Date(lake.clock.time - 1_500).toISOString()
        await lake.place(0, readings(batch * 10, 10, { createdAt }))
        await vi.waitFor(
          () => expect(runs.slice(0, 2).every((run) => (run.progress?.batchId ?? -1) >= batch)).toBe(true),
          10_000,
        )
        lake.clock.time += 10_000
      }
      await vi.waitFor(
        async () =>
          expect(await audit()).toEqual({
            silverRows: 250,
            quarantinedRows: 0,
            goldRows: 250,
            byMinuteReadings: 250,
            aggregatedReadings: 250,
            duplicates: 0,
            outOfSequence: 0,
            sequenceGaps: 0,
            latencyP95Ms: 1_500,
          }),
        { timeout: 20_000, interval: 250 },
      )
    } finally {
      await engine.close()
    }
    expect(existsSync(join(running.root, 'gold/weather/_delta_log/_last_checkpoint'))).toBe(true)
  }, 60_000)
})
