/** Data folders whose names mean something to DuckDB: patterns that match a folder beside, and values of columns. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { newestCommitMetadata } from '../../support/delta-log.ts'
import { python } from '../../support/python.ts'
import { readings, type TestLake, testLake } from './lake-fixture.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rtstream-odd-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))

/** A lake of few and of many readings at once, through all tables, a start in between. */
async function lakeIn(name: string, city: string): Promise<TestLake> {
  const root = join(folder, name, 'lake')
  mkdirSync(root, { recursive: true })
  const lake = testLake({ root })
  let placed = 0
  // The second is read by DuckDB itself; the checkpoint of the log is read at the start behind it.
  for (const counts of [[5, 3000], [5]]) {
    const { engine } = lake.engine({ commitsPerCheckpoint: 2 })
    const runs = (['silver', 'gold', 'aggregate'] as const).map((job) => engine.run(job))
    for (const count of counts) {
      lake.clock.time += 1000
      await lake.place(0, readings(placed, count, { city }))
      placed += count
      await vi.waitFor(() => {
        expect(runs.map(({ error }) => error)).toEqual([undefined, undefined, undefined])
        expect(newestCommitMetadata(join(root, 'gold/weather_aggregated'))?.totals.output).toBe(placed)
      }, 30_000)
    }
    await engine.close()
  }
  return lake
}

/** By `deltalake`, which takes the paths as they are. */
const found = (root: string): unknown =>
  JSON.parse(
    python(
      `import json, sys, deltalake
tables = [deltalake.DeltaTable(path).to_pyarrow_table() for path in sys.argv[1:]]
print(json.dumps([[sorted(set(t.column("city").to_pylist())), sum(t.column("readings").to_pylist()) if "readings" in t.column_names else t.num_rows] for t in tables]))`,
      ['silver/weather', 'gold/weather', 'gold/weather_by_minute', 'gold/weather_aggregated'].map((table) =>
        join(root, table),
      ),
    ),
  )

it.for(['city=Bern', 'readings=7', 'date=2020-01-01', 'run[1]', 'r?n1', 'r*1', "it's"])(
  'a folder named %s holds what came into it, and nothing else',
  { timeout: 120_000 },
  async (name, context) => {
    if (process.platform === 'win32' && /[*?]/.test(name)) return context.skip('Windows has no such names.')
    // Of the same names in it, as every lake's files have.
    await lakeIn('run1', 'Lima')
    const { root } = await lakeIn(name, 'Oslo')
    expect(found(root)).toEqual(Array(4).fill([['Oslo'], 3010]))
  },
)
