/** Small batches of lines in the product's own form are spared the statement with all the rules; others take it, and lose nothing. */
import { readFileSync } from 'node:fs'
import { afterEach, expect, it, vi } from 'vitest'
import { LineWriter } from '../../../../src/contract/bronze-line.ts'
import { Connection } from '../../../../src/local/engine/duckdb/database.ts'
import { Generator } from '../../../../src/pipeline/generator/generator.ts'
import { drawStations } from '../../../../src/pipeline/generator/stations.ts'
import { NOON, type TestLake, testLake } from '../lake-fixture.ts'

let lake: TestLake
afterEach(() => {
  vi.restoreAllMocks()
  lake.remove()
})

/** As the generator and the job write them. */
async function canonicalLines(): Promise<string[]> {
  const generator = new Generator(
    { seed: 'small', run: 'test', stations: 20, intervalMs: 1000, dirty: 0 },
    await drawStations('small'),
  )
  const writer = new LineWriter(0, NOON)
  return generator
    .make(1000, NOON, 15)
    .events.flatMap(({ body }, index) => writer.lines(body, { sequenceNumber: index, enqueuedAt: NOON }))
    .filter((line) => line !== undefined)
}

/** Which way the lines of a batch were put into the work table, in order. */
const inserts = (run: { mock: { calls: unknown[][] } }) =>
  run.mock.calls
    .map(([sql]) => String(sql))
    .filter((sql) => sql.startsWith('INSERT INTO batch'))
    .map((sql) => (sql.includes('number_reason') ? 'rules' : 'short way'))

it('takes the rules for lines of other forms only, and for some batches after them', async () => {
  lake = testLake()
  const lines = await canonicalLines()
  const run = vi.spyOn(Connection.prototype, 'runPrepared')
  const silver = lake.engine({ liveBytes: 0 }).engine.run('silver')
  let batches = 0
  const batch = async (...placed: readonly string[]) => {
    run.mockClear()
    await lake.place(0, placed)
    batches++
    await vi.waitFor(() => expect(silver.progress?.batchId).toBe(batches - 1), { timeout: 30_000 })
    return inserts(run)
  }
  expect(await batch(lines[0] ?? '', lines[1] ?? '')).toEqual(['short way'])
  expect(await batch(lines[2] ?? '', 'no JSON', lines[3] ?? '')).toEqual(['short way', 'rules'])
  for (let index = 4; index < 14; index++) expect(await batch(lines[index] ?? '')).toEqual(['rules'])
  expect(await batch(lines[14] ?? '')).toEqual(['short way'])
  await silver.cancel()
  const log = lake.folder.resolve('silver', 'weather/_delta_log/00000000000000000013.json')
  const [info = ''] = readFileSync(log, 'utf8').split('\n')
  const { totals } = JSON.parse(JSON.parse(info).commitInfo.userMetadata)
  expect(totals).toMatchObject({ input: 16, output: 15, quarantined: 1, duplicates: 0 })
}, 60_000)
