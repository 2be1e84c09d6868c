/** What the engine gives back while batches come, and when it ends. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { Database } from '../../../src/local/engine/duckdb/database.ts'
import { reading, type TestLake, testLake } from './lake-fixture.ts'

let lake: TestLake
afterEach(() => {
  vi.restoreAllMocks()
  lake.remove()
})

it('buffers that are gone are forgotten every two minutes, whatever came in them', async () => {
  lake = testLake()
  const forget = vi.spyOn(Database.prototype, 'forgetBuffers')
  const { engine } = lake.engine()
  const silver = engine.run('silver')
  let batch = 0
  const after = async (seconds: number) => {
    lake.clock.time += seconds * 1000
    await lake.place(0, [reading(batch)])
    await vi.waitFor(() => expect(silver.progress?.batchId).toBe(batch), 10_000)
    batch++
  }
  await after(0)
  await after(100)
  expect(forget).not.toHaveBeenCalled()
  await after(20)
  await vi.waitFor(() => expect(forget).toHaveBeenCalledTimes(1))
  await expect(forget.mock.results[0]?.value).resolves.toBe(true)
  await after(100)
  expect(forget).toHaveBeenCalledTimes(1)
  await after(20)
  await vi.waitFor(() => expect(forget).toHaveBeenCalledTimes(2))
  await engine.close()
}, 60_000)

it('DuckDB is closed with the last run, also when another could not begin for its checkpoint', async () => {
  lake = testLake()
  const close = vi.spyOn(Database.prototype, 'close')
  const offsets = join(lake.root, 'checkpoints', 'gold', 'offsets')
  mkdirSync(offsets, { recursive: true })
  writeFileSync(join(offsets, '00000000000000000003.json'), '{"batchId":')
  const { engine } = lake.engine()
  const [silver, gold] = [engine.run('silver'), engine.run('gold')]
  await gold.ended
  expect(gold.error).toContain('is damaged')
  await vi.waitFor(() => expect(silver.state).toBe('running'))
  expect(close).not.toHaveBeenCalled()
  await engine.close()
  expect(close).toHaveBeenCalledTimes(1)
})
