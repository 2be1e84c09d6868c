/** With the product's own settings: a batch a second, which takes all that came meanwhile. */
import { afterEach, expect, it, vi } from 'vitest'
import { DEFAULT_TUNING } from '../../../src/local/engine/api/options.ts'
import { readings, type TestLake, testLake } from './lake-fixture.ts'

let lake: TestLake
afterEach(() => lake.remove())

it('a batch starts about once a second while files come faster than that', async () => {
  lake = testLake()
  const { triggerIntervalMs, settleMs } = DEFAULT_TUNING
  expect(triggerIntervalMs).toBe(1000)
  const { engine } = lake.engine({ triggerIntervalMs, settleMs })
  const silver = engine.run('silver')
  const batches = new Map<number, { seenAt: number; rows: number }>()
  let files = 0
  // Each look places the next file: some dozens for each batch.
  await vi.waitFor(
    async () => {
      await lake.place(0, readings(files++ * 2, 2))
      const { progress } = silver
      if (progress && !batches.has(progress.batchId))
        batches.set(progress.batchId, { seenAt: performance.now(), rows: progress.inputRows })
      expect(batches.size).toBeGreaterThanOrEqual(5)
    },
    { timeout: 30_000, interval: 25 },
  )
  await engine.close()
  const [first, ...later] = [...batches.values()]
  // Never more often; how much less often depends on the machine, and is no test's matter.
  expect((later.at(-1)?.seenAt ?? 0) - (first?.seenAt ?? 0)).toBeGreaterThan(
    (later.length - 1) * triggerIntervalMs,
  )
  // Nobody waited for a batch of its own.
  expect(Math.min(...later.slice(0, -1).map(({ rows }) => rows))).toBeGreaterThan(2)
}, 60_000)
