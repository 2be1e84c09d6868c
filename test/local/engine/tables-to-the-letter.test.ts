/** The tables as a strict reader sees them: compacted, checkpointed, with rows of every kind. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterEach, expect, it, vi } from 'vitest'
import type { NotebookEngine } from '../../../src/local/engine/api/engine.ts'
import { Connection } from '../../../src/local/engine/duckdb/database.ts'
import { runPython } from '../../support/python.ts'
import { reading, readings, type TestLake, testLake } from './lake-fixture.ts'

let lake: TestLake
let engine: NotebookEngine
afterEach(async () => {
  vi.restoreAllMocks()
  await engine.close()
  lake.remove()
})

const TABLES = [
  'silver/weather',
  'silver/weather_quarantine',
  'gold/weather',
  'gold/weather_by_minute',
  'gold/weather_aggregated',
]

/** How many columns of the files, at least one file, have a Bloom filter. */
async function bloomFilters(files: string): Promise<unknown> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    const sql = `SELECT count(bloom_filter_offset) FROM parquet_metadata('${files}')`
    return (await connection.runAndReadAll(sql)).getRows()[0]?.[0]
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

/** Lines of a form that is DuckDB's, and of the generator's. */
const WAYS = [
  [
    'by DuckDB',
    (batch: number) => ({ createdAt: `2026-03-01T12:00:00.12345${batch % 10}Z` }),
    { deviceId: null, createdAt: 'never' },
  ],
  ['without DuckDB', () => ({}), {}],
] as const

it.each(WAYS)(
  'are Delta to the letter, in log, statistics, types and checkpoints: %s',
  async (way, fields, lacking) => {
    lake = testLake()
    const loaded = vi.spyOn(Connection.prototype, 'open')
    engine = lake.engine({ filesPerCompaction: 5, commitsPerCheckpoint: 10 }).engine
    const runs = (['silver', 'gold', 'aggregate'] as const).map((name) => engine.run(name))
    const batches = 24
    for (let batch = 0; batch < batches; batch++) {
      const first = batch * 10
      await lake.place(0, [
        ...readings(first, 8, fields(batch)),
        // A long text, which statistics cut; what has no station; and one for the quarantine.
        reading(first + 8, {
          city: `${'長'.repeat(31)}🌧${'x'.repeat(batch + 1)}`,
          ...lacking,
        }),
        reading(first + 9, { temperature: 1000 }),
      ])
      lake.clock.time += 10_000
      await vi.waitFor(() => expect(runs[0]?.progress?.batchId).toBeGreaterThanOrEqual(batch), 10_000)
    }
    const rows = batches * 9
    await vi.waitFor(() => {
      const log = (table: string, version: number) =>
        readFileSync(
          join(lake.root, table, '_delta_log', `${String(version).padStart(20, '0')}.json`),
          'utf8',
        )
      let version = 0
      let newest = ''
      try {
        for (; ; version++) newest = log('gold/weather_aggregated', version)
      } catch {
        expect(newest).toContain(`\\"totals\\":{\\"input\\":${rows},`)
      }
    }, 30_000)
    // The aggregate may be done before gold has written its second table.
    await engine.close()
    const script = readFileSync(join(import.meta.dirname, 'tables-to-the-letter.py'), 'utf8')
    expect((await runPython(script, [lake.root, ...TABLES])).split('\n')).toEqual([
      `silver/weather ['silver'] True ${rows}`,
      `silver/weather_quarantine ['silver-quarantine'] True ${rows}`,
      `gold/weather ['gold'] True ${rows}`,
      `gold/weather_by_minute ['gold-by-minute'] True ${rows}`,
      expect.stringMatching(`^gold/weather_aggregated \\['aggregate'\\] (True|False) ${rows}$`),
    ])
    expect(loaded.mock.calls.length > 0).toBe(way === 'by DuckDB')
    expect(await bloomFilters(`${lake.root}/*/*/*.parquet`)).toBe(0n)
  },
  120_000,
)
