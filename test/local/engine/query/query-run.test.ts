import pino from 'pino'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { QueryRun } from '../../../../src/local/engine/query/query-run.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** @returns when batches began within so long, each taking `tookMs` for one row more than the one before. */
async function startsOf(
  tookMs: number,
  withinMs: number,
  intervalMs: (rows: number) => number = () => 1000,
): Promise<number[]> {
  const begun: number[] = []
  const first = performance.now()
  const query = {
    open: async () => undefined,
    next: async () => {
      begun.push(performance.now() - first)
      await new Promise((resolve) => setTimeout(resolve, tookMs))
      const batchId = begun.length
      return { progress: { batchId, inputRows: batchId, durationMs: tookMs, at: 0 }, more: false }
    },
    close: () => {},
  }
  const logger = pino({ level: 'silent' })
  const options = {
    notebook: 'silver',
    intervalMs,
    settleMs: 0,
    logger,
    make: async () => query,
  } as const
  const run = new QueryRun(options, Promise.resolve())
  await vi.advanceTimersByTimeAsync(withinMs)
  const cancelled = run.cancel()
  await vi.advanceTimersByTimeAsync(withinMs)
  await cancelled
  return begun
}

it('quick batches begin once in an interval', async () => {
  expect(await startsOf(100, 3500)).toEqual([0, 1000, 2000, 3000])
})

it('a batch that took longer is followed at once by what came meanwhile', async () => {
  const starts = await startsOf(1500, 5000)
  // A turn of the event loop lies between two of them.
  expect(starts.map((at) => Math.round(at / 100) * 100)).toEqual([0, 1500, 3000, 4500])
})

it('the interval goes by the rows of the batch before', async () => {
  expect(await startsOf(100, 3500, (rows) => rows * 500)).toEqual([0, 500, 1500, 3000])
})
