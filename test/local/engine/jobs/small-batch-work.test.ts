/** What a small batch costs, whatever is in it: statements, plans, files. Counted, since times say little on a shared machine. */
import { linkSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DuckDBConnection } from '@duckdb/node-api'
import { afterEach, expect, it, vi } from 'vitest'
import { Connection } from '../../../../src/local/engine/duckdb/database.ts'
import { readTable } from '../../../support/tables.ts'
import { reading, readings, type TestLake, testLake } from '../lake-fixture.ts'

let lake: TestLake
afterEach(() => {
  vi.restoreAllMocks()
  lake.remove()
})

const NAMES = ['silver', 'gold', 'aggregate'] as const
const METHODS = ['run', 'runPrepared', 'rows', 'rowsPrepared', 'reclaim'] as const

/** Statements that were run since the last call. */
function statements(): () => string[] {
  const spies = METHODS.map((name) => vi.spyOn(Connection.prototype, name))
  return () => {
    const found = spies.flatMap(({ mock }) => mock.calls.map(([sql]) => String(sql ?? 'CHECKPOINT')))
    for (const spy of spies) spy.mockClear()
    return found
  }
}

const finished = (run: { progress: { batchId: number } | undefined }, batch: number) =>
  vi.waitFor(() => expect(run.progress?.batchId).toBe(batch), { timeout: 30_000 })

const hours = () =>
  readTable(
    dirname(lake.root),
    'gold/weather_aggregated',
    'SELECT sum(readings)::INTEGER AS readings, round(sum(readings * avg_temperature))::INTEGER AS sum FROM rows',
  )

const sumOf = (count: number) => readings(0, count).reduce((sum, one) => sum + Number(one.temperature), 0)

it('of the present asks DuckDB nothing, for clean, dirty and repeated lines', async () => {
  lake = testLake()
  const taken = statements()
  const { engine } = lake.engine()
  const runs = NAMES.map((name) => engine.run(name))
  for (let batch = 0; batch < 5; batch++) {
    const bad = reading(1000 + batch, { temperature: 999 })
    // Measured hours before, as the generator's late ones are.
    const late = [4, 3].map((id) => ({
      ...reading(batch * 5 + id),
      timestamp: `2026-02-28 ${String(batch * id).padStart(2, '0')}:00:00`,
    }))
    await lake.place(0, [...readings(batch * 5, 3), ...late, bad, reading(batch * 5)])
    for (const run of runs) await finished(run, batch)
  }
  await engine.close()
  // Begun later: what nobody handed over is read from the files.
  const { engine: next } = lake.engine()
  const again = NAMES.map((name) => next.run(name))
  await lake.place(0, readings(25, 1))
  for (const run of again) await finished(run, 5)
  await next.close()
  expect(taken()).toEqual([])
  expect(await hours()).toEqual([{ readings: 26, sum: sumOf(26) }])
}, 60_000)

it('of other lines takes sixteen statements, and the aggregate reads none of the files that gold has just written', async () => {
  lake = testLake()
  const taken = statements()
  const { engine } = lake.engine({ liveBytes: 0 })
  const runs = NAMES.map((name) => engine.run(name))
  const counts: number[] = []
  for (let batch = 0; batch < 5; batch++) {
    await lake.place(0, readings(batch * 5, 5))
    for (const run of runs) await finished(run, batch)
    const found = taken().filter((sql) => !sql.startsWith('SET'))
    counts.push(found.length)
    expect(found.filter((sql) => /read_parquet\(\['[^']*gold\/weather\/[^']*'/.test(sql))).toEqual([])
  }
  expect(Math.max(...counts.slice(2))).toBeLessThanOrEqual(16)
  await engine.close()
  expect(await hours()).toEqual([{ readings: 25, sum: sumOf(25) }])
}, 60_000)

it('an aggregate that begins later, or again, has all readings once', async () => {
  lake = testLake()
  const { engine } = lake.engine()
  const [silver, gold] = [engine.run('silver'), engine.run('gold')]
  const place = async (batch: number) => {
    await lake.place(0, readings(batch * 5, 5))
    for (const run of [silver, gold]) await finished(run, batch)
  }
  // More than are kept in memory.
  for (let batch = 0; batch < 36; batch++) await place(batch)
  const first = engine.run('aggregate')
  await finished(first, 0)
  await first.cancel()
  for (let batch = 36; batch < 40; batch++) await place(batch)
  const second = engine.run('aggregate')
  await vi.waitFor(async () => expect(await hours()).toEqual([{ readings: 200, sum: sumOf(200) }]), 30_000)
  expect(second.state).toBe('running')
  await engine.close()
}, 90_000)

it('with refused and repeated lines takes two statements to leave those out, and counts them', async () => {
  lake = testLake()
  const taken = statements()
  const { engine } = lake.engine({ liveBytes: 0 })
  const silver = engine.run('silver')
  for (let batch = 0; batch < 3; batch++) {
    const from = batch * 10
    const again = [reading(from), reading(from + 1), ...(batch > 0 ? [reading(from - 10)] : [])]
    const bad = reading(from + 9, { temperature: 999 })
    await lake.place(0, [...readings(from, 8), ...again, bad, bad])
    await finished(silver, batch)
  }
  const onBatch = taken().filter((sql) => sql.startsWith('DELETE FROM batch'))
  expect(onBatch).toHaveLength(6)
  await engine.close()
  const log = lake.folder.resolve('silver', 'weather/_delta_log/00000000000000000003.json')
  const [info = ''] = readFileSync(log, 'utf8').split('\n')
  expect(JSON.parse(JSON.parse(info).commitInfo.userMetadata)).toMatchObject({
    batch: { input: 13, output: 8, quarantined: 1, duplicates: 4 },
    totals: { input: 38, output: 24, quarantined: 3, duplicates: 11 },
  })
}, 60_000)

it('keeps its plans when the space of rows that are gone is given back', async () => {
  lake = testLake()
  const taken = statements()
  const prepared = vi.spyOn(DuckDBConnection.prototype, 'prepare')
  const { engine } = lake.engine()
  const silver = engine.run('silver')
  for (let batch = 0; batch < 9; batch++) {
    // Of more than a megabyte, which DuckDB reads itself, with lines of other forms.
    await lake.place(0, [...readings(batch * 4000, 4000), ' {}', 'no JSON'])
    await finished(silver, batch)
    if (batch > 2) continue
    prepared.mockClear()
    taken()
  }
  expect(taken()).toContain('CHECKPOINT')
  expect(prepared.mock.calls).toEqual([])
  await engine.close()
}, 60_000)

it('writes its checkpoint into the files of entries that are forgotten, and leaves a copy by links as it is', async () => {
  lake = testLake()
  const { engine } = lake.engine()
  const silver = engine.run('silver')
  const place = (kind: string, batch: number) =>
    lake.folder.resolve('checkpoints', `silver/${kind}/${String(batch).padStart(20, '0')}.json`)
  const inode = (kind: string, batch: number) => statSync(place(kind, batch)).ino
  const kinds = ['offsets', 'commits']
  const inodes: number[] = []
  const copy = join(dirname(lake.root), 'copy.json')
  let copied = ''
  for (let batch = 0; batch < 12; batch++) {
    await lake.place(0, readings(batch * 5, 5))
    await finished(silver, batch)
    if (batch === 0) inodes.push(...kinds.map((kind) => inode(kind, 0)))
    if (batch !== 1) continue
    linkSync(place('offsets', 1), copy)
    copied = readFileSync(copy, 'utf8')
  }
  expect(kinds.map((kind) => inode(kind, 10))).toEqual(inodes)
  expect(JSON.parse(readFileSync(place('offsets', 10), 'utf8'))).toMatchObject({ batchId: 10 })
  expect(readFileSync(copy, 'utf8')).toBe(copied)
  expect(JSON.parse(readFileSync(place('offsets', 11), 'utf8'))).toMatchObject({ batchId: 11 })
  expect(() => inode('offsets', 1)).toThrow('ENOENT')
  await engine.close()
}, 60_000)
