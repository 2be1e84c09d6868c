import pino from 'pino'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { QueryRun } from '../../../../src/local/engine/query/query-run.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** @returns when batches began within so long, each taking `tookMs`. */
async function startsOf(tookMs: number, withinMs: number): Promise<number[]> {
  const begun: number[] = []
  const first = performance.now()
  const query = {
    open: async () => undefined,
    next: async () => {
      begun.push(performance.now() - first)
      await new Promise((resolve) => setTimeout(resolve, tookMs))
      return { progress: undefined, more: false }
    },
    close: () => {},
  }
  const logger = pino({ level: 'silent' })
  const options = {
    notebook: 'silver',
    intervalMs: 1000,
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

it('a batch that took long is followed by a pause as long, so that a core is never its alone', async () => {
  expect(await startsOf(1500, 7000)).toEqual([0, 3000, 6000])
})

it('the pause has a bound', async () => {
  expect(await startsOf(60_000, 75_000)).toEqual([0, 70_000])
})
