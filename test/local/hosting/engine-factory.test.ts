/** Engines tell which bronze files silver has read, so that retention may delete these and no others; Spark: `spark-engine.test.ts`. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { expect, it, onTestFinished, vi } from 'vitest'
import { createLocalEngine } from '../../../src/local/hosting/engine-factory.ts'
import { testLake } from '../engine/lake-fixture.ts'

it('the embedded engine knows a file as read when its batch is done', async () => {
  const root = join(mkdtempSync(join(tmpdir(), 'rtstream-factory-')), 'lake')
  onTestFinished(() => rmSync(join(root, '..'), { recursive: true, maxRetries: 3 }))
  const lake = testLake({ root })
  const { engine, readBySilver } = await createLocalEngine({
    engine: 'duckdb',
    lakeRoot: root,
    folder: lake.folder,
    clock: lake.clock,
    logger: pino({ level: 'silent' }),
    retentionMs: 3_600_000,
  })
  onTestFinished(() => engine.close())
  const reading = { temperature: 20, humidity: 50, city: 'Oslo', timestamp: '2026-03-01 12:00:00' }
  const [one, two] = [await lake.place(0, [reading, 'junk']), await lake.place(1, [reading])]
  const areRead = (...paths: string[]) => {
    const isRead = readBySilver()
    return paths.map((path) => isRead(path))
  }
  expect(areRead(one, two)).toEqual([false, false])
  const run = engine.run('silver')
  await vi.waitFor(() => expect(areRead(one, two)).toEqual([true, true]), 20_000)
  await run.cancel()
  expect(areRead(one, await lake.place(0, [reading]))).toEqual([true, false])
})
