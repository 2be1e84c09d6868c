/** Readings that come again in later batches, with ids anywhere: silver keeps each once, and what is corrupted stays out. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { afterEach, expect, it, vi } from 'vitest'
import { Connection } from '../../../../src/local/engine/duckdb/database.ts'
import { readTable } from '../../../support/tables.ts'
import { reading, type TestLake, testLake } from '../lake-fixture.ts'

let lake: TestLake
afterEach(() => {
  vi.restoreAllMocks()
  lake.remove()
})

/** Ids as the generator's: anywhere in their range, so that later batches hold lower and higher ones than all before. */
const eventId = (number: number) =>
  createHash('md5')
    .update(String(number))
    .digest('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')

const BATCHES = 25
const NEW = 12
const AGAIN = 4

/** Without DuckDB, by it, and with changes of hands. */
const WAYS = [
  ['here', {}],
  ['by DuckDB', { liveBytes: 0 }],
  ['by turns', { batchesByDuckDb: 1 }],
] as const

it.each(WAYS)(
  'each reading stands once, however many batches came between it and its repetition: %s',
  async (way, tuning) => {
    lake = testLake()
    const { engine } = lake.engine(tuning)
    const silver = engine.run('silver')
    let corrupted = 0
    for (let batch = 0; batch < BATCHES; batch++) {
      const fresh = Array.from({ length: NEW }, (_, index) => batch * NEW + index)
      // Evenly taken from all that came before; in the last batches some are corrupted, which no plan has seen until then.
      const again = Array.from({ length: batch > 0 ? AGAIN : 0 }, (_, index) =>
        Math.floor(((index + 0.5) / AGAIN) * batch * NEW),
      )
      const bad = batch > BATCHES - 5 ? [{ eventId: eventId(1e6 + batch), temperature: 999 }] : []
      corrupted += bad.length
      await lake.place(0, [
        // A blank line in another form is DuckDB's.
        ...(way === 'by turns' && batch % 5 === 2 ? [' '] : []),
        ...[...fresh, ...again].map((number) => reading(number, { eventId: eventId(number) })),
        ...bad.map((fields) => reading(0, fields)),
      ])
      lake.clock.time += 1000
      await vi.waitFor(() => expect(silver.progress?.batchId).toBe(batch), 10_000)
    }
    await engine.close()
    const [rows] = await readTable(
      lake.root.replace(/\/lake$/, ''),
      'silver/weather',
      'SELECT count(*) AS rows, count(DISTINCT eventId) AS ids FROM rows',
    )
    expect(rows).toEqual({ rows: BATCHES * NEW, ids: BATCHES * NEW })
    const [quarantined] = await readTable(
      lake.root.replace(/\/lake$/, ''),
      'silver/weather_quarantine',
      'SELECT count(*) AS rows FROM rows',
    )
    expect(quarantined).toEqual({ rows: corrupted })
  },
  60_000,
)

/** How many duplicates silver left out so far, by the batches' own counts. */
const duplicatesIn = (silver: { progress?: { batchId: number } | undefined }) => {
  const version = (silver.progress?.batchId ?? 0) + 1
  const log = lake.folder.resolve('silver', `weather/_delta_log/${String(version).padStart(20, '0')}.json`)
  const [info = ''] = readFileSync(log, 'utf8').split('\n')
  return JSON.parse(JSON.parse(info).commitInfo.userMetadata).totals.duplicates as number
}

it.each(
  ['in one life', 'with a new life before each repetition'].flatMap((how) =>
    WAYS.slice(0, 2).map(([way, tuning]) => [how, way, tuning] as const),
  ),
)(
  'a repetition is left out up to ten minutes after the first, to the second: %s, %s',
  async (how, _, tuning) => {
    lake = testLake()
    let { engine } = lake.engine(tuning)
    let silver = engine.run('silver')
    let batch = 0
    const start = lake.clock.time
    const place = async (seconds: number, numbers: readonly number[]) => {
      lake.clock.time = start + seconds * 1000
      await lake.place(
        0,
        numbers.map((number) => reading(number, { eventId: eventId(number) })),
        { at: lake.clock.time },
      )
      await vi.waitFor(() => expect(silver.progress?.batchId).toBe(batch), 10_000)
      batch++
      return duplicatesIn(silver)
    }
    const again = async () => {
      if (how === 'in one life') return
      await engine.close()
      engine = lake.engine(tuning).engine
      silver = engine.run('silver')
    }
    // Two readings each half a minute: several generations, of which the oldest leave the window while the rest are in it.
    for (let second = 0; second < 600; second += 30) expect(await place(second, [second, second + 1])).toBe(0)
    await again()
    // 9 min 50 s after the first, and 9 min 50 s after one of another generation.
    expect(await place(590, [0])).toBe(1)
    await again()
    // Ten seconds too late for the one of second 30, in time for that of 60.
    expect(await place(640, [30, 60])).toBe(2)
    await again()
    // What came again late counts as a first from there on; an id of the rows between is known by its generation alone.
    expect(await place(650, [30, 570, 3000])).toBe(4)
    await engine.close()
    const [rows] = await readTable(
      lake.root.replace(/\/lake$/, ''),
      'silver/weather',
      'SELECT count(*) AS rows, count(DISTINCT eventId) AS ids FROM rows',
    )
    expect(rows).toEqual({ rows: 40 + 2, ids: 40 + 1 })
  },
  120_000,
)

it('an id in memory takes its 16 bytes: what is asked of a generation is the id alone', async () => {
  lake = testLake()
  const run = vi.spyOn(Connection.prototype, 'run')
  const silver = lake.engine({ liveBytes: 0 }).engine.run('silver')
  await lake.place(0, [reading(1)])
  await vi.waitFor(() => expect(silver.progress?.batchId).toBe(0), 10_000)
  await silver.cancel()
  const made = run.mock.calls.map(([sql]) => /TEMP TABLE seen_\d+ (.*)/.exec(sql)?.[1]).filter(Boolean)
  expect(new Set(made)).toEqual(new Set(['(id UHUGEINT)']))
})
