/** Many small micro-batches: the tables stay few files, readers that are not ours go on, and nothing runs without input. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import type { NotebookEngine } from '../../../../src/local/engine/api/engine.ts'
import { runPython } from '../../../support/python.ts'
import { readings, type TestLake, testLake } from '../lake-fixture.ts'

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
  // The engine goes on meanwhile.
  const read = async () => (await runPython(COUNT, [lake.root, ...TABLES])).split('\n')
  await vi.waitFor(
    async () => expect(await read()).toEqual(TABLES.map((name) => `${name} True ${batches * 10} True`)),
    30_000,
  )
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

const TRAVEL = `
import sys, deltalake
table = deltalake.DeltaTable(sys.argv[1])
past = [version for version in range(table.version(), -1, -1) if version >= int(sys.argv[2])]
print(all(deltalake.DeltaTable(sys.argv[1], version=version).to_pyarrow_table() is not None for version in past), len(past) > 15)
`

it('keep every version of the retention readable, also those before the newest checkpoint', async () => {
  lake = testLake()
  const retentionMs = 60_000
  engine = lake.engine({ commitsPerCheckpoint: 10, rowsPerBatch: 10 }, { retentionMs }).engine
  const run = engine.run('silver')
  for (let batch = 0; batch < 52; batch++) {
    await lake.place(0, readings(batch * 10, 10))
    await vi.waitFor(() => expect(run.progress?.batchId).toBeGreaterThanOrEqual(batch), 10_000)
    lake.clock.time += 3_000
  }
  const table = join(lake.root, 'silver/weather')
  const log = () => readdirSync(join(table, '_delta_log'))
  // Cleaned behind the last batch: what is older than the retention and its checkpoint has gone.
  await vi.waitFor(() => expect(log()).not.toContain(`${'0'.repeat(18)}19.json`), 10_000)
  const since = lake.clock.time - 3_000 - retentionMs
  const young = log().filter((name) => {
    if (!/^\d{20}\.json$/.test(name)) return false
    const [first = ''] = readFileSync(join(table, '_delta_log', name), 'utf8').split('\n')
    return JSON.parse(first).commitInfo.timestamp >= since
  })
  const oldest = String(Number(young.sort()[0]?.slice(0, 20)))
  expect(await runPython(TRAVEL, [table, oldest])).toBe('True True')
}, 120_000)
