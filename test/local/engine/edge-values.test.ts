/** Legal values at the edge of every column, in the embedded engine's tables, read by readers that are not ours. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import type { NotebookEngine } from '../../../src/local/engine/api/engine.ts'
import { duckDbReads, placeEdges } from '../../notebooks/edge-values.ts'
import { runPython } from '../../support/python.ts'
import { activeFiles } from '../../support/tables.ts'
import { type TestLake, testLake } from './lake-fixture.ts'

let lake: TestLake
let engine: NotebookEngine
afterEach(async () => {
  await engine.close()
  lake.remove()
})

it('go where the contract says, and deltalake, polars and DuckDB read them', async () => {
  lake = testLake()
  const { lines, silver, quarantine } = placeEdges(lake.root)
  engine = lake.engine().engine
  const run = engine.run('silver')
  await vi.waitFor(
    () => {
      expect(run.error).toBeUndefined()
      expect(run.progress?.inputRows).toBe(lines)
    },
    { timeout: 30_000, interval: 20 },
  )
  const counts = [Object.keys(silver).length, Object.keys(quarantine).length]
  const script = readFileSync(join(import.meta.dirname, '../../notebooks/edge_readers.py'), 'utf8')
  expect(JSON.parse(await runPython(script, [lake.root]))).toEqual([
    ['deltalake', ...counts],
    ['polars', ...counts],
  ])
  expect(await duckDbReads(lake.root, { silver, quarantine })).toEqual(counts)
  // Without it, Spark 3.5 refuses the times that its older versions had in another calendar.
  for (const file of activeFiles(join(lake.root, 'silver/weather')))
    expect(readFileSync(file).includes('org.apache.spark.version')).toBe(true)
}, 90_000)
