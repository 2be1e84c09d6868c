/** Small batches of the present: what they are merged with is kept in memory. */
import { dirname } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterEach, expect, it, vi } from 'vitest'
import { mergeRows } from '../../../../src/local/engine/jobs/live-rows.ts'
import type { SumRow } from '../../../../src/local/engine/live/sums.ts'
import { ParquetReading } from '../../../../src/local/engine/parquet/read.ts'
import { readTable } from '../../../support/tables.ts'
import { reading, readings, type TestLake, testLake } from '../lake-fixture.ts'

const row = (bucket: number, city: string, temperatures: number, of = 1): SumRow => ({
  ...{ bucket, city, readings: of, temperatures, humidities: 50 * of },
  ...{ lowest: temperatures, highest: temperatures },
})

it('merges rows of the same bucket and city', () => {
  const before = [row(7, 'Oslo', 4, 2), row(7, 'Lima', 9)]
  expect(mergeRows(before, [row(7, 'Oslo', -3), row(8, 'Lima', 1)])).toEqual([
    { bucket: 7, city: 'Oslo', readings: 3, temperatures: 1, humidities: 150, lowest: -3, highest: 4 },
    row(7, 'Lima', 9),
    row(8, 'Lima', 1),
  ])
  expect(before[0]).toEqual(row(7, 'Oslo', 4, 2))
})

it('leaves sums to DuckDB that would not be exact', () => {
  const half = Number.MAX_SAFE_INTEGER / 2 + 1
  expect(mergeRows([row(7, 'Oslo', half)], [row(7, 'Oslo', half)])).toBeUndefined()
})

let lake: TestLake
afterEach(() => {
  vi.restoreAllMocks()
  lake?.remove()
})

it('reads the file that it goes on with once, after a start', async () => {
  lake = testLake()
  const opened = vi.spyOn(ParquetReading, 'open')
  /** Files of means that were read since the last time. */
  const filesRead = () => {
    const files = opened.mock.calls.filter(([path]) => /weather_(by_minute|aggregated)\//.test(path))
    opened.mockClear()
    return files.length
  }
  let placed = 0
  let { engine } = lake.engine()
  const begin = () => (['silver', 'gold', 'aggregate'] as const).map((name) => engine.run(name))
  let runs = begin()
  const batch = async () => {
    const id = placed++
    await lake.place(0, readings(id * 5, 5))
    for (const run of runs) await vi.waitFor(() => expect(run.progress?.batchId).toBe(id), 30_000)
  }
  for (let count = 0; count < 4; count++) await batch()
  expect(filesRead()).toBe(0)
  await engine.close()
  ;({ engine } = lake.engine())
  runs = begin()
  await batch()
  expect(filesRead()).toBe(2)
  await batch()
  expect(filesRead()).toBe(0)
  await engine.close()
}, 60_000)

it('keeps a city as it is that begins with U+FEFF, through the batches after it and a start', async () => {
  lake = testLake()
  const cities = ['\ufeff', '\ufeffOslo', 'Oslo']
  for (const batch of [0, 1]) {
    const { engine } = lake.engine()
    const runs = (['silver', 'gold', 'aggregate'] as const).map((name) => engine.run(name))
    for (const id of [batch * 2, batch * 2 + 1]) {
      await lake.place(
        0,
        cities.map((city, index) => reading(id * 10 + index, { city })),
      )
      for (const run of runs) await vi.waitFor(() => expect(run.progress?.batchId).toBe(id), 30_000)
    }
    await engine.close()
  }
  for (const table of ['gold/weather_by_minute', 'gold/weather_aggregated']) {
    const sql = 'SELECT hex(city) AS city, sum(readings) AS readings FROM rows GROUP BY ALL ORDER BY ALL'
    const expected = cities.map((city) => ({
      city: Buffer.from(city).toString('hex').toUpperCase(),
      readings: 4,
    }))
    expect(await readTable(dirname(lake.root), table, sql)).toEqual(
      expected.sort((one, other) => (one.city < other.city ? -1 : 1)),
    )
  }
}, 60_000)

it('puts the first and the last microsecond of a minute into it, before 1970 and in the year 9999', async () => {
  lake = testLake()
  const { engine } = lake.engine()
  const runs = (['silver', 'gold'] as const).map((name) => engine.run(name))
  const times = [
    '1969-12-31T23:58:00.000000Z',
    '1969-12-31T23:58:59.999999Z',
    '9999-12-31T23:59:00.000000Z',
    '9999-12-31T23:59:59.999999Z',
  ]
  const lines = times.map((EventEnqueuedUtcTime, id) =>
    JSON.stringify(reading(id, { city: 'Oslo', EventEnqueuedUtcTime })),
  )
  await lake.placeForeign('weather/2026/03/01/12-00/others.json', lines.join('\n'))
  for (const run of runs) await vi.waitFor(() => expect(run.progress?.batchId).toBe(0), 30_000)
  await engine.close()
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  // Of one batch: all files are of the table.
  const rows = await connection.runAndReadAll(
    `SELECT epoch_ms(minute)::VARCHAR AS minute, readings::VARCHAR AS readings
      FROM read_parquet('${lake.root}/gold/weather_by_minute/*.parquet') ORDER BY 1`,
  )
  instance.closeSync()
  expect(rows.getRowObjectsJS()).toEqual(
    ['1969-12-31T23:58:00Z', '9999-12-31T23:59:00Z'].map((minute) => ({
      minute: String(Date.parse(minute)),
      readings: '2',
    })),
  )
}, 60_000)
