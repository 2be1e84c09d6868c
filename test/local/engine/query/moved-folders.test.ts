/** Files of bronze that other writers move into place with the folder that they are in, as Hadoop's committer does. */
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import type { NotebookEngine } from '../../../../src/local/engine/api/engine.ts'
import { newestCommitMetadata } from '../../../support/delta-log.ts'
import { readings, type TestLake, testLake } from '../lake-fixture.ts'

let lake: TestLake
let engine: NotebookEngine | undefined
afterEach(async () => {
  await engine?.close()
  lake.remove()
})

const lines = (from: number, count: number) =>
  readings(from, count, { EventEnqueuedUtcTime: '2026-03-01T12:00:00.000Z' })
    .map((event) => `${JSON.stringify(event)}\n`)
    .join('')

it('are read while silver runs, once, and not before they are in place', async () => {
  lake = testLake()
  engine = lake.engine().engine
  const silver = engine.run('silver')
  const unfinished = 'weather/_temporary/0/task-1/2026'
  await lake.placeForeign(`${unfinished}/part-0.json`, lines(0, 3))
  await lake.placeForeign(`${unfinished}/deep/part-1.json`, lines(3, 4))
  await lake.placeForeign('weather/first.json', lines(7, 1))
  const seen = (rows: number) =>
    vi.waitFor(() => {
      expect(silver.error).toBeUndefined()
      expect(newestCommitMetadata(join(lake.root, 'silver/weather'))?.totals.input).toBe(rows)
    }, 30_000)
  await seen(1)
  lake.folder.move({ container: 'bronze', path: unfinished }, { container: 'bronze', path: 'weather/2026' })
  await seen(8)
}, 60_000)
