/** A large batch is loaded in two halves at once: its tables are those of smaller batches, row by row. */
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { Connection, Database, quoted } from '../../../../src/local/engine/duckdb/database.ts'
import { temporaryFolder } from '../../../support/cli.ts'
import { actionsIn, commitNames, newestCommitMetadata } from '../../../support/delta-log.ts'
import { NOON, reading, type TestLake, testLake } from '../lake-fixture.ts'

const lakes: TestLake[] = []
const folder = temporaryFolder()
afterEach(() => {
  vi.restoreAllMocks()
  for (const lake of lakes.splice(0)) lake.remove()
  folder.remove()
})

const FILES = 4
const ROWS = 9000

/** Some 5 MB. Repetitions and dirty lines stand in both halves of a batch of all files, and across them. */
function events(file: number) {
  const note = 'x'.repeat(240)
  return Array.from({ length: ROWS }, (_, row) => {
    const id = file * ROWS + row
    if (row % 97 === 0) return reading(id, { humidity: 300 })
    return reading(row % 101 === 0 ? row : id, { note })
  })
}

/** All rows of silver and of its quarantine, each as text, in order of their text; and what was counted. */
async function made(rowsPerBatch: number) {
  const lake = testLake()
  lakes.push(lake)
  for (let file = 0; file < FILES; file++) await lake.place(file, events(file), { at: NOON })
  const silver = lake.engine({ rowsPerBatch }).engine.run('silver')
  const totals = () => newestCommitMetadata(join(lake.root, 'silver/weather'))?.totals
  await vi.waitFor(
    () => {
      expect(silver.error).toBeUndefined()
      expect(totals()?.input).toBe(FILES * ROWS)
    },
    { timeout: 60_000, interval: 20 },
  )
  await silver.cancel()
  return {
    totals: totals(),
    rows: await rowsOf(lake, 'weather'),
    refused: await rowsOf(lake, 'weather_quarantine'),
  }
}

async function rowsOf(lake: TestLake, name: string) {
  const table = join(lake.root, 'silver', name)
  const files = commitNames(table).flatMap((commit) =>
    actionsIn(table, commit).flatMap(({ add }) => (add ? [quoted(join(table, add.path))] : [])),
  )
  const database = new Database({ temporaryFolder: folder.path, memoryLimit: '256MB' })
  try {
    const connection = await database.connect()
    return await connection.rows(
      `SELECT rows::VARCHAR AS row FROM read_parquet([${files.join(', ')}]) AS rows ORDER BY row`,
    )
  } finally {
    await database.close()
  }
}

it('gives the rows of smaller batches', async () => {
  const run = vi.spyOn(Connection.prototype, 'run')
  const large = await made(FILES * ROWS)
  expect(run.mock.calls.filter(([sql]) => sql.startsWith('INSERT INTO half '))).toHaveLength(1)
  run.mockClear()
  const small = await made(ROWS)
  expect(run.mock.calls.filter(([sql]) => sql.startsWith('INSERT INTO half '))).toHaveLength(0)
  expect(large).toEqual(small)
  expect(large.rows.length).toBeGreaterThan(30_000)
  expect(large.totals).toMatchObject({ duplicates: 267, quarantined: 372 })
}, 120_000)
