import pino from 'pino'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { OnInput } from '../../../../src/local/engine/query/query.ts'
import { QueryRun } from '../../../../src/local/engine/query/query-run.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Batches of no time, whose input is told of by the test. */
function fedRun(intervalMs: number) {
  const begun: number[] = []
  const first = performance.now()
  let tell: OnInput = () => {}
  let waiting = 0
  const query = {
    open: async (onInput: OnInput) => {
      tell = onInput
      return undefined
    },
    next: async () => {
      if (waiting === 0) return undefined
      begun.push(Math.round(performance.now() - first))
      const inputRows = waiting
      waiting = 0
      return { progress: { batchId: begun.length, inputRows, durationMs: 0, at: 0 }, more: false }
    },
    close: () => {},
  }
  const run = new QueryRun(
    {
      notebook: 'silver',
      intervalMs: () => intervalMs,
      settleMs: 25,
      plentyRows: 100,
      logger: pino({ level: 'silent' }),
      make: async () => query,
    },
    Promise.resolve(),
  )
  const feed = (rows: number) => {
    waiting += rows
    tell(rows)
  }
  return { run, begun, feed }
}

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
    plentyRows: 100,
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

it('input that comes file by file shares a batch, a bounded time long', async () => {
  const { run, begun, feed } = fedRun(1000)
  await vi.advanceTimersByTimeAsync(0)
  for (let file = 0; file < 3; file++) {
    feed(1)
    await vi.advanceTimersByTimeAsync(20)
  }
  expect(begun).toEqual([])
  await vi.advanceTimersByTimeAsync(20)
  expect(begun).toEqual([65])
  await vi.advanceTimersByTimeAsync(1920)
  for (let file = 0; file < 10; file++) {
    feed(1)
    await vi.advanceTimersByTimeAsync(20)
  }
  expect(begun).toEqual([65, 2100])
  await Promise.all([run.cancel(), vi.advanceTimersByTimeAsync(2000)])
})

it('plenty of rows does not wait for the end of the interval', async () => {
  const { run, begun, feed } = fedRun(1000)
  await vi.advanceTimersByTimeAsync(0)
  feed(1)
  await vi.advanceTimersByTimeAsync(100)
  feed(60)
  await vi.advanceTimersByTimeAsync(100)
  expect(begun).toEqual([25])
  feed(40)
  await vi.advanceTimersByTimeAsync(100)
  expect(begun).toEqual([25, 225])
  feed(99)
  await vi.advanceTimersByTimeAsync(900)
  expect(begun).toEqual([25, 225])
  await vi.advanceTimersByTimeAsync(100)
  expect(begun).toEqual([25, 225, 1225])
  await Promise.all([run.cancel(), vi.advanceTimersByTimeAsync(2000)])
})

it('what is left of a backlog waits for no interval, what comes after it does', async () => {
  const { run, begun, feed } = fedRun(1000)
  await vi.advanceTimersByTimeAsync(0)
  feed(1)
  await vi.advanceTimersByTimeAsync(100)
  feed(1)
  await vi.advanceTimersByTimeAsync(100)
  expect(begun).toEqual([25])
  run.hurry()
  await vi.advanceTimersByTimeAsync(100)
  expect(begun).toEqual([25, 200])
  // There was no input left: the next batch is followed by a whole interval again.
  feed(1)
  await vi.advanceTimersByTimeAsync(50)
  feed(1)
  await vi.advanceTimersByTimeAsync(900)
  expect(begun).toEqual([25, 200, 325])
  await vi.advanceTimersByTimeAsync(200)
  expect(begun).toEqual([25, 200, 325, 1325])
  await Promise.all([run.cancel(), vi.advanceTimersByTimeAsync(2000)])
})

it('a backlog is over after two seconds, also where input never ends', async () => {
  const { run, begun, feed } = fedRun(1000)
  await vi.advanceTimersByTimeAsync(0)
  run.hurry()
  for (let at = 0; at < 4000; at += 10) {
    feed(1)
    await vi.advanceTimersByTimeAsync(10)
  }
  const hurried = begun.filter((at) => at < 2000)
  expect(hurried.length).toBeGreaterThan(10)
  expect(begun.length - hurried.length).toBeLessThanOrEqual(3)
  await Promise.all([run.cancel(), vi.advanceTimersByTimeAsync(2000)])
})
