/** Behind a backlog the next batches are loaded while one is written: the tables are as without that, whatever comes between. */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import type { EngineTuning } from '../../../../src/local/engine/api/options.ts'
import { Connection, Database, quoted } from '../../../../src/local/engine/duckdb/database.ts'
import { LoadAhead } from '../../../../src/local/engine/jobs/load-ahead.ts'
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

const FILES = 5
/** Of a file, which is more than a megabyte then: DuckDB reads it itself. */
const ROWS = 4000
const BACKLOG = { rowsPerBatch: ROWS, largeBytes: 1_000_000, liveBytes: 0 }

/** Repetitions within a file and of earlier ones, and rows that break a rule. */
function events(file: number) {
  return Array.from({ length: ROWS }, (_, row) => {
    const id = file * ROWS + row
    if (row % 97 === 0) return reading(id, { humidity: 300 })
    if (row % 89 === 0) return reading(id, { timestamp: 'yesterday' })
    return reading(row % 101 === 0 ? row : id)
  })
}

async function lakeOf(files: number) {
  const lake = testLake()
  lakes.push(lake)
  const paths: string[] = []
  for (let file = 0; file < files; file++) paths.push(await lake.place(0, events(file), { at: NOON + file }))
  return { lake, paths }
}

const totalsOf = (lake: TestLake) => newestCommitMetadata(join(lake.root, 'silver/weather'))?.totals

async function untilRead(lake: TestLake, input: number, run: { error: string | undefined }) {
  await vi.waitFor(
    () => {
      expect(run.error).toBeUndefined()
      expect(totalsOf(lake)?.input).toBe(input)
    },
    { timeout: 60_000, interval: 20 },
  )
}

/** All rows of silver and of its quarantine, each as text, in order of their text; and what was counted. */
async function tablesOf(lake: TestLake) {
  const database = new Database({ temporaryFolder: folder.path, memoryLimit: '256MB' })
  try {
    const connection = database.connect()
    const rowsOf = async (name: string) => {
      const table = join(lake.root, 'silver', name)
      const files = commitNames(table).flatMap((commit) =>
        actionsIn(table, commit).flatMap(({ add }) => (add ? [quoted(join(table, add.path))] : [])),
      )
      return connection.rows(
        `SELECT rows::VARCHAR AS row FROM read_parquet([${files.join(', ')}]) AS rows ORDER BY row`,
      )
    }
    return {
      totals: totalsOf(lake),
      rows: await rowsOf('weather'),
      refused: await rowsOf('weather_quarantine'),
    }
  } finally {
    await database.close()
  }
}

async function made(tuning: Partial<EngineTuning>) {
  const { lake } = await lakeOf(FILES)
  const silver = lake.engine(tuning).engine.run('silver')
  await untilRead(lake, FILES * ROWS, silver)
  await silver.cancel()
  return tablesOf(lake)
}

const withoutIt = () => made({ ...BACKLOG, largeBytes: Number.POSITIVE_INFINITY })

/** Batches that were loaded ahead, and taken. */
const takenAhead = (run: { mock: { calls: readonly (readonly unknown[])[] } }) =>
  run.mock.calls.filter(([sql]) => String(sql).includes('RENAME TO batch')).length

it('gives the rows of batches that are loaded one after the other', async () => {
  const run = vi.spyOn(Connection.prototype, 'run')
  const ahead = await made(BACKLOG)
  // The first one is loaded in its own turn.
  expect(takenAhead(run)).toBe(FILES - 1)
  run.mockClear()
  const expected = await withoutIt()
  expect(takenAhead(run)).toBe(0)
  expect(ahead).toEqual(expected)
  expect(expected.totals).toMatchObject({ input: FILES * ROWS, duplicates: 156 })
}, 120_000)

it('loads in its turn what could not be loaded ahead', async () => {
  const { run } = Connection.prototype
  let failed = 0
  vi.spyOn(Connection.prototype, 'run').mockImplementation(function (this: Connection, sql, parameters) {
    if (failed > 0 || !sql.startsWith('INSERT INTO ahead_')) return run.call(this, sql, parameters)
    failed++
    return Promise.reject(new Error('no room'))
  })
  const ahead = await made(BACKLOG)
  expect(failed).toBe(1)
  vi.restoreAllMocks()
  expect(ahead).toEqual(await withoutIt())
}, 120_000)

it('loads in its turn what could not be begun', async () => {
  const { lake } = await lakeOf(2)
  vi.spyOn(LoadAhead.prototype, 'begin').mockImplementationOnce(() => {
    throw new Error('ENOENT: it was removed')
  })
  const silver = lake.engine(BACKLOG).engine.run('silver')
  await untilRead(lake, 2 * ROWS, silver)
  await silver.cancel()
  expect(LoadAhead.prototype.begin).toHaveBeenCalledOnce()
}, 60_000)

it('begins again where the process of DuckDB was killed with batches loaded', async () => {
  const connect = vi.spyOn(Database.prototype, 'connect')
  const { lake } = await lakeOf(FILES)
  let isKilled = false
  const failpoint = async (point: string) => {
    if (isKilled || point !== 'silver/weather: committed') return
    isKilled = true
    const pid = await (connect.mock.contexts.at(-1) as Database).processId
    if (pid) process.kill(pid, 'SIGKILL')
  }
  const { engine } = lake.engine({ ...BACKLOG, failpoint })
  const killed = engine.run('silver')
  await killed.ended
  expect(killed.error).toContain("DuckDB's process ended")
  const silver = engine.run('silver')
  await untilRead(lake, FILES * ROWS, silver)
  await silver.cancel()
  vi.restoreAllMocks()
  expect(await tablesOf(lake)).toEqual(await withoutIt())
}, 120_000)

it('leaves no table when silver is stopped with batches loaded', async () => {
  const connect = vi.spyOn(Database.prototype, 'connect')
  const { lake } = await lakeOf(FILES)
  const { promise: atCommit, resolve: atCommitNow } = Promise.withResolvers<void>()
  const { engine } = lake.engine({
    ...BACKLOG,
    failpoint: (point) => (point === 'silver/weather: committed' ? atCommitNow() : undefined),
  })
  // Gold keeps DuckDB open.
  const gold = engine.run('gold')
  const silver = engine.run('silver')
  await atCommit
  await silver.cancel()
  const database = connect.mock.contexts.at(-1) as Database
  const connection = database.connect()
  const left = () =>
    connection.rows(
      "SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'ahead%' OR (table_name = 'batch' AND NOT temporary)",
    )
  await vi.waitFor(async () => expect(await left()).toEqual([]), { timeout: 20_000 })
  const again = engine.run('silver')
  await untilRead(lake, FILES * ROWS, again)
  await again.cancel()
  database.disconnect(connection)
  await gold.cancel()
}, 120_000)

it('goes on with what comes where files that were waiting are removed', async () => {
  const { lake, paths } = await lakeOf(2)
  let commits = 0
  const failpoint = async (point: string) => {
    if (point === 'silver: planned' && commits === 0)
      rmSync(lake.folder.resolve('bronze', paths[1] as string))
    if (point === 'silver/weather: committed' && commits++ === 0)
      await lake.place(0, [reading(900_000)], { at: NOON + 60_000 })
  }
  const silver = lake.engine({ ...BACKLOG, failpoint }).engine.run('silver')
  await untilRead(lake, ROWS + 1, silver)
  await silver.cancel()
}, 60_000)

it('tells what is wrong with a file when it is the turn of its batch', async () => {
  const { lake, paths } = await lakeOf(3)
  const second = lake.folder.resolve('bronze', paths[1] as string)
  let isChanged = false
  const failpoint = (point: string) => {
    if (point !== 'silver: planned' || isChanged) return
    isChanged = true
    rmSync(second)
    mkdirSync(second)
  }
  const silver = lake.engine({ ...BACKLOG, failpoint }).engine.run('silver')
  await silver.ended
  expect(silver.error).toContain('is not a file')
  expect(totalsOf(lake)?.input).toBe(ROWS)
}, 60_000)

it('leaves files of other writers to their turn', async () => {
  const run = vi.spyOn(Connection.prototype, 'run')
  const { lake } = await lakeOf(2)
  await lake.placeForeign('weather/2026/03/01/13/others.json', `${JSON.stringify(reading(700_000))}\n`)
  const silver = lake.engine(BACKLOG).engine.run('silver')
  await untilRead(lake, 2 * ROWS + 1, silver)
  await silver.cancel()
  expect(takenAhead(run)).toBe(0)
}, 60_000)
