import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import type { NotebookEngine } from '../../../../src/local/engine/api/engine.ts'
import { actionsIn, commitNames } from '../../../support/delta-log.ts'
import { readings, type TestLake, testLake } from '../lake-fixture.ts'

let lake: TestLake
let engine: NotebookEngine
afterEach(async () => {
  await engine.close()
  lake.remove()
})

it('keeps what gold has not consumed, however long gold is stopped', async () => {
  lake = testLake()
  engine = lake.engine(
    { filesPerCompaction: 3, commitsPerCheckpoint: 5, rowsPerBatch: 10 },
    { retentionMs: 60_000 },
  ).engine
  const silver = engine.run('silver')
  let gold = engine.run('gold')
  const batch = async (n: number) => {
    await lake.place(0, readings(n * 10, 10))
    lake.clock.time += 10_000
    await vi.waitFor(() => expect(silver.progress?.batchId).toBeGreaterThanOrEqual(n), 20_000)
  }
  await batch(0)
  await vi.waitFor(() => expect(gold.progress?.inputRows).toBe(10), 20_000)
  await gold.cancel()
  for (let n = 1; n < 25; n++) await batch(n)
  expect(silver.state).toBe('running')
  gold = engine.run('gold')
  const log = join(lake.root, 'gold/weather/_delta_log')
  const input = () => {
    if (gold.state === 'failed') throw new Error(gold.error)
    const last = readdirSync(log)
      .filter((name) => /^\d{20}\.json$/.test(name))
      .sort()
      .at(-1)
    return /\\"totals\\":\{\\"input\\":(\d+)/.exec(readFileSync(join(log, last ?? ''), 'utf8'))?.[1]
  }
  await vi.waitFor(() => expect(Number(input())).toBe(250), 20_000)
  expect(gold.error).toBeUndefined()
}, 120_000)

it('keeps files that a compaction has replaced for the retention, and no longer', async () => {
  lake = testLake()
  engine = lake.engine({ filesPerCompaction: 3 }, { retentionMs: 60_000 }).engine
  const silver = engine.run('silver')
  const table = join(lake.root, 'silver/weather')
  const replaced = () =>
    readdirSync(join(table, '_delta_log'))
      .filter((name) => name.endsWith('.json'))
      .flatMap((name) => readFileSync(join(table, '_delta_log', name), 'utf8').split('\n'))
      .filter((line) => line.startsWith('{"remove"'))
      .map((line) => (JSON.parse(line) as { remove: { path: string } }).remove.path)
  const batch = async (n: number) => {
    await lake.place(0, readings(n * 10, 10))
    lake.clock.time += 1000
    await vi.waitFor(() => expect(silver.progress?.batchId).toBeGreaterThanOrEqual(n), 20_000)
  }
  for (let n = 0; n < 8; n++) await batch(n)
  const young = replaced()
  expect(young.length).toBeGreaterThanOrEqual(3)
  for (const path of young) expect(existsSync(join(table, path)), path).toBe(true)
  lake.clock.time += 120_000
  await batch(8)
  await vi.waitFor(() => expect(young.filter((path) => existsSync(join(table, path)))).toEqual([]), 20_000)
}, 60_000)

it('keeps the log before a checkpoint for the retention, and no longer', async () => {
  lake = testLake()
  engine = lake.engine({ commitsPerCheckpoint: 3, rowsPerBatch: 10 }, { retentionMs: 60_000 }).engine
  const silver = engine.run('silver')
  const log = () => readdirSync(join(lake.root, 'silver/weather/_delta_log'))
  const batch = async (n: number) => {
    await lake.place(0, readings(n * 10, 10))
    lake.clock.time += 1000
    await vi.waitFor(() => expect(silver.progress?.batchId).toBeGreaterThanOrEqual(n), 20_000)
  }
  for (let n = 0; n < 10; n++) await batch(n)
  const checkpoints = log().filter((name) => name.endsWith('.checkpoint.parquet'))
  expect(checkpoints.length).toBeGreaterThan(1)
  const first = `${'0'.repeat(20)}.json`
  expect(log()).toContain(first)
  lake.clock.time += 120_000
  await batch(10)
  await vi.waitFor(() => expect(log()).not.toContain(first), 20_000)
}, 60_000)

it('keeps what another writer has asked for by the table’s properties, until that is taken back', async () => {
  lake = testLake()
  const tuning = { filesPerCompaction: 3, commitsPerCheckpoint: 3, rowsPerBatch: 10 }
  engine = lake.engine(tuning, { retentionMs: 60_000 }).engine
  const silver = engine.run('silver')
  const table = join(lake.root, 'silver/weather')
  const files = () => readdirSync(table).filter((name) => name.endsWith('.parquet'))
  const log = () => readdirSync(join(table, '_delta_log')).filter((name) => name.endsWith('.json'))
  const batch = async (n: number) => {
    await lake.place(0, readings(n * 10, 10))
    lake.clock.time += 1000
    await vi.waitFor(() => {
      if (silver.state === 'failed') throw new Error(silver.error)
      expect(silver.progress?.batchId).toBeGreaterThanOrEqual(n)
    }, 20_000)
  }
  await batch(0)
  const first = `${'0'.repeat(20)}.json`
  const metaData = actionsIn(table, first).find((one) => one.metaData)?.metaData
  // The engine may be about to take the same number: one of both takes the next.
  const set = (configuration: Record<string, string>) => {
    for (;;) {
      const name = `${String(Number(commitNames(table).at(-1)?.slice(0, 20)) + 1).padStart(20, '0')}.json`
      const action = {
        metaData: { ...metaData, configuration: { ...metaData?.configuration, ...configuration } },
      }
      try {
        writeFileSync(join(table, '_delta_log', name), `${JSON.stringify(action)}\n`, { flag: 'wx' })
        return
      } catch {}
    }
  }
  set({
    'delta.deletedFileRetentionDuration': 'interval 1 week',
    'delta.enableExpiredLogCleanup': 'false',
  })
  for (let n = 1; n < 9; n++) await batch(n)
  const logBefore = log()
  const replaced = logBefore.flatMap((name) =>
    actionsIn(table, name).flatMap(({ remove }) => remove?.path ?? []),
  )
  expect(replaced.length).toBeGreaterThanOrEqual(3)
  lake.clock.time += 120_000
  for (let n = 9; n < 13; n++) await batch(n)
  expect(files()).toEqual(expect.arrayContaining(replaced))
  expect(log()).toEqual(expect.arrayContaining(logBefore))
  set({})
  lake.clock.time += 120_000
  for (let n = 13; n < 19; n++) await batch(n)
  await vi.waitFor(() => {
    expect(files().filter((name) => replaced.includes(name))).toEqual([])
    expect(log()).not.toContain(first)
  }, 20_000)
}, 90_000)
