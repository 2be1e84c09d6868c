/** Many small micro-batches: the tables stay few files, readers that are not ours go on, and nothing runs without input. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import type { NotebookEngine } from '../../../src/local/engine/engine.ts'
import { python } from '../../support/python.ts'
import { readings, type TestLake, testLake } from './lake-fixture.ts'

let lake: TestLake
let engine: NotebookEngine
afterEach(async () => {
  await engine.close()
  lake.remove()
})

const COUNT = `
import sys, deltalake
for name in sys.argv[2:]:
    table = deltalake.DeltaTable(sys.argv[1] + "/" + name)
    rows = table.to_pyarrow_table()
    total = sum(rows["readings"].to_pylist()) if "readings" in rows.column_names else rows.num_rows
    print(name, table.version() > 20, total, len(table.file_uris()) <= 12)
`
const TABLES = ['silver/weather', 'gold/weather', 'gold/weather_by_minute', 'gold/weather_aggregated']

it('are compacted and checkpointed while deltalake reads them, and no batch is run without input', async () => {
  lake = testLake()
  const retentionMs = 60_000
  engine = lake.engine(
    { filesPerCompaction: 5, commitsPerCheckpoint: 10, rowsPerBatch: 10 },
    { retentionMs },
  ).engine
  const batches = 40
  const runs = (['silver', 'gold', 'aggregate'] as const).map((name) => engine.run(name))
  for (let batch = 0; batch < batches; batch++) {
    await lake.place(0, readings(batch * 10, 10))
    lake.clock.time += 10_000
    // Each one by itself: gold follows silver, and the aggregate gold.
    await vi.waitFor(() => expect(runs[2]?.progress?.inputRows).toBeGreaterThan(0), 10_000)
    await vi.waitFor(() => expect(runs[0]?.progress?.batchId).toBeGreaterThanOrEqual(batch), 10_000)
  }
  const read = () => python(COUNT, [lake.root, ...TABLES]).split('\n')
  // Reading blocks this process, and with it the engine: it needs time in between.
  await vi.waitFor(() => expect(read()).toEqual(TABLES.map((name) => `${name} True ${batches * 10} True`)), {
    timeout: 30_000,
    interval: 1_000,
  })
  for (const table of TABLES.slice(0, 2))
    expect(readdirSync(join(lake.root, table, '_delta_log')).join(' ')).toMatch(
      /\.checkpoint\.parquet.*_last_checkpoint/,
    )
  // Every batch had input: none was run to find nothing.
  const commits = readdirSync(join(lake.root, 'silver/weather/_delta_log')).filter((name) =>
    /^\d{20}\.json$/.test(name),
  )
  const inputs = commits
    .map((name) => readFileSync(join(lake.root, 'silver/weather/_delta_log', name), 'utf8'))
    .flatMap((text) =>
      [...text.matchAll(/\\"batch\\":\{\\"input\\":(\d+)/g)].map(([, input]) => Number(input)),
    )
  expect(inputs.length).toBeGreaterThan(0)
  expect(Math.min(...inputs)).toBeGreaterThan(0)
  expect(runs.map(({ state }) => state)).toEqual(['running', 'running', 'running'])
}, 120_000)
