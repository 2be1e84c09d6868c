/** The embedded engine, cut at every point between two writes: started again, it has lost nothing and repeated nothing. */
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { NotebookRun } from '../../../src/local/engine/api/engine.ts'
import { Database } from '../../../src/local/engine/duckdb/database.ts'
import { actionsIn, commitNames, newestCommitMetadata } from '../../support/delta-log.ts'
import { readings, type TestLake, testLake } from './lake-fixture.ts'

const lakes: TestLake[] = []
afterEach(() => {
  for (const lake of lakes.splice(0)) lake.remove()
})

/** Two windows: good rows, a duplicate in its own window and one in the next, rows for the quarantine. */
async function filledLake(): Promise<TestLake> {
  const lake = testLake()
  lakes.push(lake)
  const good = readings(0, 20)
  const bad = readings(100, 3, { temperature: 99 })
  await lake.place(0, [...good, ...good.slice(0, 2), ...bad])
  await lake.place(1, [...readings(200, 10), 'junk'])
  return lake
}
const SECOND_WINDOW = [...readings(300, 5), ...readings(0, 1)]
const EXPECTED = {
  silver: 35,
  ids: 35,
  quarantine: 4,
  gold: 35,
  byMinute: 35,
  aggregated: 35,
  // Read, kept, quarantined, duplicates.
  commitMetadata: [42, 35, 4, 3],
}

const commitMetadataOf = (lake: TestLake, table: string) => newestCommitMetadata(join(lake.root, table))

async function sumOf(lake: TestLake, table: string, what: string): Promise<number> {
  const active = new Set<string>()
  const folder = join(lake.root, table)
  for (const { add, remove } of commitNames(folder).flatMap((commit) => actionsIn(folder, commit))) {
    if (add) active.add(decodeURIComponent(add.path))
    if (remove) active.delete(decodeURIComponent(remove.path))
  }
  if (active.size === 0) return 0
  const database = await DuckDBInstance.create(':memory:')
  const connection = await database.connect()
  try {
    const files = [...active].map((path) => `'${join(folder, path)}'`)
    const found = await connection.runAndReadAll(`SELECT ${what} FROM read_parquet([${files.join()}])`)
    return Number(found.getRows()[0]?.[0])
  } finally {
    connection.closeSync()
    database.closeSync()
  }
}

async function contentOf(lake: TestLake) {
  const totals = commitMetadataOf(lake, 'silver/weather')?.totals
  return {
    silver: await sumOf(lake, 'silver/weather', 'count(*)'),
    ids: await sumOf(lake, 'silver/weather', 'count(DISTINCT eventId)'),
    quarantine: await sumOf(lake, 'silver/weather_quarantine', 'count(*)'),
    gold: await sumOf(lake, 'gold/weather', 'count(*)'),
    byMinute: await sumOf(lake, 'gold/weather_by_minute', 'sum(readings)'),
    aggregated: await sumOf(lake, 'gold/weather_aggregated', 'sum(readings)'),
    commitMetadata: [totals?.input, totals?.output, totals?.quarantined, totals?.duplicates],
  }
}

const NOTEBOOKS = ['silver', 'gold', 'aggregate'] as const

/** Runs all three until everything is through, or one of them has failed. */
async function live(
  lake: TestLake,
  silverRows: number,
  at: (point: string) => void | Promise<void>,
): Promise<void> {
  const { engine } = lake.engine({ failpoint: at })
  const runs: NotebookRun[] = NOTEBOOKS.map((name) => engine.run(name))
  const isThrough = () =>
    commitMetadataOf(lake, 'silver/weather')?.totals.input === silverRows &&
    commitMetadataOf(lake, 'gold/weather_aggregated')?.totals.output ===
      commitMetadataOf(lake, 'silver/weather')?.totals.output
  try {
    await vi.waitFor(() => expect(isThrough() || runs.some(({ state }) => state === 'failed')).toBe(true), {
      timeout: 20_000,
      interval: 5,
    })
  } finally {
    await engine.close()
  }
}

/** One life, cut at its `cut`-th point, and another one that finishes what is left. @returns the points passed. */
async function lives(cut: number): Promise<string[]> {
  const lake = await filledLake()
  const passed: string[] = []
  const dead = () => {
    throw new Error('cut')
  }
  await live(lake, 36, (point) => {
    // What is dead writes nothing more, in none of the three.
    if (passed.length >= cut) dead()
    passed.push(point)
    if (passed.length >= cut) dead()
  })
  await lake.place(0, SECOND_WINDOW, { at: lake.clock.time + 5000 })
  await live(lake, 42, () => {})
  expect({ cut, at: passed.at(-1), ...(await contentOf(lake)) }).toEqual({
    cut,
    at: passed.at(-1),
    ...EXPECTED,
  })
  return passed
}

describe('a run that is cut', () => {
  it('anywhere between two writes loses no row and repeats none', async () => {
    const passed = await lives(Number.POSITIVE_INFINITY)
    expect(passed.length).toBeGreaterThan(10)
    for (let cut = 1; cut <= passed.length; cut++) await lives(cut)
  }, 200_000)

  it('because DuckDB was killed loses no row and repeats none', async () => {
    const connect = vi.spyOn(Database.prototype, 'connect')
    let killed = 0
    for (let cut = 1; cut <= 6; cut++) {
      const lake = await filledLake()
      let passed = 0
      await live(lake, 36, async () => {
        if (++passed !== cut) return
        const pid = await (connect.mock.contexts.at(-1) as Database).processId
        if (pid === undefined) return
        process.kill(pid, 'SIGKILL')
        killed++
      })
      await lake.place(0, SECOND_WINDOW, { at: lake.clock.time + 5000 })
      await live(lake, 42, () => {})
      expect({ cut, ...(await contentOf(lake)) }).toEqual({ cut, ...EXPECTED })
    }
    expect(killed).toBeGreaterThan(2)
    connect.mockRestore()
  }, 100_000)
})
