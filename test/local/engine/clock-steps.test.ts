/** The clock is set while the engine runs and between two of its runs: every row is in every table once. */
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import type { NotebookEngine, NotebookRun } from '../../../src/local/engine/api/engine.ts'
import { CLOCK_STEPS } from '../../support/clock-steps.ts'
import { newestCommitMetadata } from '../../support/delta-log.ts'
import { readTable } from '../../support/tables.ts'
import { readings, type TestLake, testLake } from './lake-fixture.ts'

let lake: TestLake | undefined
let engine: NotebookEngine | undefined
let runs: NotebookRun[] = []
afterEach(async () => {
  await engine?.close()
  lake?.remove()
})

function start(of: TestLake): void {
  engine = of.engine().engine
  runs = (['silver', 'gold', 'aggregate'] as const).map((name) => engine?.run(name) as NotebookRun)
}

async function isThrough({ root }: TestLake, rows: number): Promise<void> {
  const metadata = () => newestCommitMetadata(join(root, 'gold/weather_aggregated'))
  await vi.waitFor(
    () => {
      expect(runs.map(({ error }) => error)).toEqual([undefined, undefined, undefined])
      expect(metadata()?.totals.output).toBe(rows)
    },
    { timeout: 25_000, interval: 10 },
  )
}

async function expectRows({ root }: TestLake, rows: number): Promise<void> {
  const data = join(root, '..')
  const count = async (table: string, sql: string) =>
    (await readTable(data, table, `SELECT ${sql} FROM rows`))[0]
  const whole = { n: rows, ids: rows }
  for (const table of ['silver/weather', 'gold/weather'])
    expect(await count(table, 'count(*) AS n, count(DISTINCT "eventId") AS ids')).toEqual(whole)
  for (const table of ['gold/weather_by_minute', 'gold/weather_aggregated'])
    expect(await count(table, 'sum(readings)::BIGINT AS n')).toEqual({ n: rows })
}

it.each(CLOCK_STEPS)('$name', async ({ from, by }) => {
  const made = testLake({ time: from })
  lake = made
  start(made)
  await made.place(0, readings(0, 10))
  await made.place(1, readings(10, 10))
  await isThrough(made, 20)
  made.clock.time += by
  // The hub keeps the order of each partition: one that had events goes on at its own time.
  await made.place(0, readings(20, 10), { at: Math.max(from + 10, made.clock.time) })
  await made.place(2, readings(30, 10))
  await isThrough(made, 40)
  await engine?.close()
  made.clock.time -= by
  start(made)
  await made.place(3, readings(40, 10))
  await made.place(2, readings(50, 10), { at: Math.max(made.clock.time, from + by) })
  await isThrough(made, 60)
  await expectRows(made, 60)
})
