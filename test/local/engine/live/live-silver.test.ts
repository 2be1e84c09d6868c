/** Which batches silver does without DuckDB, and that no row is lost or doubled where the hands change. */
import { dirname } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { TABLES } from '../../../../src/contract/tables.ts'
import { DEFAULT_TUNING, type EngineContext } from '../../../../src/local/engine/api/options.ts'
import { DeltaTable } from '../../../../src/local/engine/delta/delta-writer.ts'
import { Connection } from '../../../../src/local/engine/duckdb/database.ts'
import { HandedReadings } from '../../../../src/local/engine/live/handed-readings.ts'
import { LiveSilver } from '../../../../src/local/engine/live/live-silver.ts'
import { readTable } from '../../../support/tables.ts'
import { reading, readings, type TestLake, testLake } from '../lake-fixture.ts'

let lake: TestLake
afterEach(() => {
  vi.restoreAllMocks()
  lake.remove()
})

const NAMES = ['silver', 'gold', 'aggregate'] as const

it('hands over to DuckDB and back with every reading once, and small files made one on both sides', async () => {
  lake = testLake()
  const open = vi.spyOn(Connection.prototype, 'open')
  const { engine } = lake.engine({ batchesByDuckDb: 2, filesPerCompaction: 4 })
  const runs = NAMES.map((name) => engine.run(name))
  const byDuckDb: boolean[] = []
  for (let batch = 0; batch < 14; batch++) {
    open.mockClear()
    const again = batch > 0 ? [reading(batch * 10 - 1), reading(batch * 10 - 10)] : []
    const odd = batch % 6 === 3 ? ['no JSON'] : []
    await lake.place(0, [...readings(batch * 10, 10), ...again, ...odd])
    for (const run of runs) await vi.waitFor(() => expect(run.progress?.batchId).toBe(batch), 30_000)
    byDuckDb.push(open.mock.calls.length > 0)
  }
  await engine.close()
  expect(byDuckDb.map(Number).join('')).toBe('00011100011100')
  const root = dirname(lake.root)
  const [silver] = await readTable(
    root,
    'silver/weather',
    'SELECT count(*) AS rows, count(DISTINCT eventId) AS ids FROM rows',
  )
  expect(silver).toEqual({ rows: 140, ids: 140 })
  expect(await readTable(root, 'silver/weather_quarantine', 'SELECT raw FROM rows')).toEqual([
    { raw: 'no JSON' },
    { raw: 'no JSON' },
  ])
  const [gold] = await readTable(
    root,
    'gold/weather',
    'SELECT count(*) AS rows, count(DISTINCT eventId) AS ids FROM rows',
  )
  expect(gold).toEqual({ rows: 140, ids: 140 })
  for (const table of ['gold/weather_by_minute', 'gold/weather_aggregated'])
    expect(await readTable(root, table, 'SELECT sum(readings)::INTEGER AS readings FROM rows')).toEqual([
      { readings: 140 },
    ])
}, 120_000)

it('does without DuckDB again soon behind a burst, which ends once', async () => {
  lake = testLake()
  const open = vi.spyOn(Connection.prototype, 'open')
  const { engine } = lake.engine()
  const silver = engine.run('silver')
  const byDuckDb: boolean[] = []
  for (let batch = 0, from = 0; batch < 18; batch++) {
    open.mockClear()
    const count = batch === 0 ? 15_000 : 5
    await lake.place(0, readings(from, count))
    from += count
    await vi.waitFor(() => expect(silver.progress?.batchId).toBe(batch), 30_000)
    byDuckDb.push(open.mock.calls.length > 0)
  }
  await engine.close()
  expect(byDuckDb.map(Number).join('')).toBe('111111111111111100')
}, 60_000)

it('closes DuckDB behind a burst, while batches go on in all three queries, and small files are made one all the time', async () => {
  lake = testLake()
  const rest = vi.spyOn(Connection.prototype, 'rest')
  const { engine } = lake.engine({ batchesByDuckDb: 1, filesPerCompaction: 2 })
  const runs = NAMES.map((name) => engine.run(name))
  let isClosed = false
  for (let batch = 0; batch < 40 && !isClosed; batch++) {
    await lake.place(0, [...readings(batch * 10, 10), ...(batch === 0 ? ['no JSON'] : [])])
    for (const run of runs) await vi.waitFor(() => expect(run.progress?.batchId).toBe(batch), 30_000)
    lake.clock.time += 8000
    isClosed = rest.mock.calls.length > 0
  }
  expect(isClosed).toBe(true)
  await engine.close()
}, 60_000)

it('goes on without DuckDB after a start, with what the tables remember', async () => {
  lake = testLake()
  const taken = [vi.spyOn(Connection.prototype, 'open'), vi.spyOn(Connection.prototype, 'rows')]
  for (let life = 0; life < 3; life++) {
    const { engine } = lake.engine({ commitsPerCheckpoint: 1 })
    const runs = NAMES.map((name) => engine.run(name))
    const bad = reading(500 + life, { city: ' ' })
    await lake.place(0, [
      ...readings(0, 5 + life * 5),
      bad,
      ...(life > 0 ? [reading(499 + life, { city: ' ' })] : []),
    ])
    for (const run of runs) await vi.waitFor(() => expect(run.progress?.batchId).toBe(life), 30_000)
    await engine.close()
  }
  for (const { mock } of taken) expect(mock.calls).toEqual([])
  const [rows] = await readTable(
    dirname(lake.root),
    'gold/weather',
    'SELECT count(*) AS rows, count(DISTINCT eventId) AS ids FROM rows',
  )
  expect(rows).toEqual({ rows: 15, ids: 15 })
  const [refused] = await readTable(
    dirname(lake.root),
    'silver/weather_quarantine',
    'SELECT count(*) AS rows FROM rows',
  )
  expect(refused).toEqual({ rows: 3 })
}, 60_000)

it('reads what gold and the aggregate were not there for from the files, without DuckDB', async () => {
  lake = testLake()
  const taken = [vi.spyOn(Connection.prototype, 'open'), vi.spyOn(Connection.prototype, 'rows')]
  const { engine } = lake.engine()
  for (const [index, name] of NAMES.entries()) {
    const run = engine.run(name)
    if (index === 0)
      for (let batch = 0; batch < 20; batch++) {
        await lake.place(0, readings(batch * 10, 10))
        await vi.waitFor(() => expect(run.progress?.batchId).toBe(batch), 30_000)
      }
    await vi.waitFor(() => expect(run.progress?.batchId).toBeGreaterThanOrEqual(0), 30_000)
  }
  await engine.close()
  for (const { mock } of taken) expect(mock.calls).toEqual([])
  for (const table of ['gold/weather_by_minute', 'gold/weather_aggregated'])
    expect(
      await readTable(dirname(lake.root), table, 'SELECT sum(readings)::INTEGER AS readings FROM rows'),
    ).toEqual([{ readings: 200 }])
}, 60_000)

it('leaves a long file of another writer to DuckDB in pieces as large as ever', async () => {
  lake = testLake()
  const lines = readings(0, 9000).map((one) =>
    JSON.stringify({ ...one, EventEnqueuedUtcTime: '2026-03-01T12:00:00.000Z' }),
  )
  await lake.placeForeign('weather/2026/03/01/12-00/others.json', lines.join('\n'))
  const { engine } = lake.engine({ liveBytes: 100_000 })
  const silver = engine.run('silver')
  await vi.waitFor(() => expect(silver.progress?.inputRows).toBe(9000), 30_000)
  expect(silver.progress?.batchId).toBe(0)
  await engine.close()
}, 60_000)

it('is for what comes in a second, or in as long as the machine was busy, and not for a backlog', () => {
  lake = testLake()
  const context = { tuning: DEFAULT_TUNING, clock: lake.clock, lake: lake.folder } as unknown as EngineContext
  const tables = {
    silver: new DeltaTable(context, TABLES.silver),
    quarantine: new DeltaTable(context, TABLES.quarantine),
  }
  const live = new LiveSilver(context, tables, new HandedReadings())
  const now = vi.spyOn(performance, 'now')
  const after = (seconds: number, waiting: number) => {
    now.mockReturnValue((now.mock.results.length === 0 ? 0 : (now() as number)) + seconds * 1000)
    return live.isFor(waiting)
  }
  expect(after(0, 200_000)).toBe(false)
  expect(after(1, 5000)).toBe(true)
  expect(after(1, 5001)).toBe(false)
  expect(after(1, 1000)).toBe(true)
  // The machine stood still for five seconds: 25,000 are taken in pieces, one right behind the other.
  expect(after(5, 25_000)).toBe(true)
  expect(after(0.1, 13_000)).toBe(true)
  expect(after(0.1, 1000)).toBe(true)
  // More comes than is done.
  expect(after(0.1, 13_000)).toBe(false)
  expect(after(60, 100_001)).toBe(false)
})
