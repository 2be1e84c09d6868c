import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { QueueFullError, RunHistory } from '../../../src/local/notebook-runs/run-history.ts'
import type { RunPolicy } from '../../../src/local/notebook-runs/run-record.ts'
import { StateFileError } from '../../../src/local/storage/state-file.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { FakeEngine } from '../../support/fake-engine.ts'
import { memoryLogger } from '../../support/memory-logger.ts'

let folder: string
let engine: FakeEngine
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rtstream-runs-'))
  engine = new FakeEngine()
})
afterEach(() => rmSync(folder, { recursive: true }))

let now = 1000
const file = () => join(folder, 'runs.json')
const history = (logged = memoryLogger()) =>
  new RunHistory({
    engine,
    stateFile: file(),
    clock: { now: () => now++ },
    logger: logged.logger,
    nextId: (records) => String(records.length + 1),
  })
const queue = { maxConcurrent: 1, whenBusy: 'queue' } as const
const skip = { maxConcurrent: 1, whenBusy: 'skip' } as const

describe('a history of runs', () => {
  it('lets a run wait until the one before has ended', async () => {
    const runs = history()
    const [first, second, third] = [1, 2, 3].map(() => runs.start('job', 'silver', queue))
    expect(engine.runs).toHaveLength(1)
    expect([second, third].map((run) => run && runs.stateOf(run))).toEqual(['queued', 'queued'])
    engine.last.end()
    await vi.waitFor(() => expect(first?.end).toBe('cancelled'))
    expect(engine.runs).toHaveLength(2)
    expect([second, third].map((run) => run && runs.stateOf(run))).toEqual(['starting', 'queued'])
  })

  it('skips a run beyond the limit, and counts owners apart', () => {
    const runs = history()
    runs.start('job', 'silver', skip)
    expect(runs.start('job', 'silver', skip)).toMatchObject({ end: 'skipped', startedAt: undefined })
    expect(runs.stateOf(runs.start('other', 'gold', skip))).toBe('starting')
    expect(runs.start('none', 'gold', { ...skip, maxConcurrent: 0 }).end).toBe('skipped')
  })

  it('a token gives the same run again, also when it has ended', async () => {
    const runs = history()
    const first = runs.start('job', 'silver', { ...skip, idempotencyToken: 'a' })
    expect(runs.start('job', 'silver', { ...skip, idempotencyToken: 'a' })).toBe(first)
    engine.last.end()
    await vi.waitFor(() => expect(first.endedAt).toBeDefined())
    expect(runs.start('job', 'silver', { ...skip, idempotencyToken: 'a' }).id).toBe(first.id)
    expect(engine.runs).toHaveLength(1)
  })

  it('bounds the queue', () => {
    const runs = history()
    for (let run = 0; run < 21; run++) runs.start('job', 'silver', queue)
    expect(() => runs.start('job', 'silver', queue)).toThrow(QueueFullError)
  })

  it('a failed run keeps its error and its last batch', async () => {
    const logged = memoryLogger()
    const runs = history(logged)
    const run = runs.start('job', 'silver', skip)
    engine.last.progress = { batchId: 7, inputRows: 9, durationMs: 3, at: 5 }
    engine.last.fail('bronze/weather is no folder')
    await vi.waitFor(() => expect(run.end).toBe('failed'))
    expect(run).toMatchObject({ error: 'bronze/weather is no folder', progress: { batchId: 7 } })
    expect(logged.text()).toContain('bronze/weather is no folder')
  })

  it('a process that ended leaves its runs as lost, and what waited waits on', () => {
    const before = history()
    before.start('job', 'silver', queue)
    before.start('job', 'silver', queue)
    const after = history()
    const [second, first] = after.list()
    expect(first).toMatchObject({ end: 'lost', error: expect.stringContaining('driver was lost') })
    expect(second && after.stateOf(second)).toBe('queued')
    expect(after.list()).toHaveLength(2)
  })

  it('closing cancels what runs and what waits, and the next process sees it', async () => {
    const runs = history()
    runs.start('job', 'silver', queue)
    runs.start('job', 'silver', queue)
    await runs.close()
    expect(
      history()
        .list()
        .map(({ end }) => end),
    ).toEqual(['cancelled', 'cancelled'])
    expect(engine.runs).toHaveLength(1)
  })

  it('keeps a bounded number of ended runs, and every one that is under way', async () => {
    const runs = history()
    const first = runs.start('old', 'gold', skip)
    runs.start('job', 'silver', skip)
    for (let run = 0; run < 300; run++) runs.start('job', 'silver', skip)
    expect(runs.list().length).toBeLessThanOrEqual(103)
    expect(runs.find(first.id)).toBe(first)
  })

  it('says which state file makes no sense', () => {
    writeFileSync(file(), '{"half":')
    expect(() => history()).toThrow(StateFileError)
    expect(() => history()).toThrow(/runs\.json/)
  })
})

describe('a process that comes after one that was killed', () => {
  let clock: FakeClock
  /** The state as it was left, in an engine that runs nothing yet. */
  function process(downFor = 0) {
    engine = new FakeEngine()
    clock = new FakeClock((clock ?? new FakeClock()).now() + downFor)
    const runs = new RunHistory({
      engine,
      stateFile: file(),
      clock,
      after: clock.after.bind(clock),
      logger: memoryLogger().logger,
      nextId: (records) => String(records.length + 1),
    })
    runs.recover()
    return runs
  }
  const found = (runs: RunHistory) => {
    const [run] = runs.list()
    if (!run) throw new Error('there is no run')
    return run
  }
  const begin = (policy: RunPolicy) => process().start('job', 'silver', { ...queue, policy })
  const RETRY = { maxRetries: 1, retryIntervalMs: 5000, intervalFrom: 'begin' } as const

  // The Jobs API retries a run that ended as FAILED or as INTERNAL_ERROR, says the documentation of max_retries.
  it('tries a run again that was lost, its interval after its begin', async () => {
    begin(RETRY)
    await clock.advance(2000)
    const runs = process()
    const run = found(runs)
    expect(runs.stateOf(run)).toBe('waiting')
    expect(run.attempts).toMatchObject([{ end: 'lost', error: expect.stringContaining('driver was lost') }])
    await clock.advance(2999)
    expect(engine.runs).toHaveLength(0)
    await clock.advance(1)
    expect(runs.stateOf(run)).toBe('starting')
    // Its one retry is used up.
    expect(found(process(60_000))).toMatchObject({ end: 'lost', attempts: [{ end: 'lost' }] })
  })

  it('waits on with a run that waited for its next attempt', async () => {
    begin(RETRY)
    await clock.advance(1000)
    engine.last.fail('no such column')
    await clock.advance(2000)
    const runs = process()
    expect(runs.stateOf(found(runs))).toBe('waiting')
    await clock.advance(1999)
    expect(engine.runs).toHaveLength(0)
    await clock.advance(1)
    expect(runs.stateOf(found(runs))).toBe('starting')
  })

  it.each([
    ['somebody had told to end', {}, 'cancelled'],
    ['had taken too long, without retry_on_timeout', { attemptTimeoutMs: 10 }, 'timed-out'],
  ])('does not try a run again that %s', async (_, policy, end) => {
    const runs = process()
    const run = runs.start('job', 'silver', { ...queue, policy: { ...RETRY, ...policy } })
    engine.last.endsAtOnce = false
    if (end === 'cancelled') runs.cancel(run)
    await clock.advance(10)
    const after = process()
    expect(found(after)).toMatchObject({ end, error: undefined })
    await clock.advance(60_000)
    expect(engine.runs).toHaveLength(0)
  })

  // A queue of the service is not the driver's: what waits in it outlasts the run before it, however that ends.
  it('goes on with the queue, as many at a time as before', () => {
    const two = { ...queue, maxConcurrent: 2 }
    const before = process()
    for (let run = 0; run < 5; run++) before.start('job', 'silver', two)
    before.start('other', 'gold', queue)
    const runs = process()
    const states = () => runs.list('job').map((run) => runs.stateOf(run))
    expect(states()).toEqual(['queued', 'starting', 'starting', 'ended', 'ended'])
    expect(runs.list('other').map(({ end }) => end)).toEqual(['lost'])
    expect(engine.runs).toHaveLength(2)
  })

  it('a queue waits on for a run that is tried again, and one that nothing holds up begins', async () => {
    begin(RETRY)
    process().start('job', 'silver', queue)
    const runs = process()
    const [queued, retried] = runs.list()
    const states = () => [queued, retried].map((run) => run && runs.stateOf(run))
    expect(states()).toEqual(['queued', 'waiting'])
    if (retried) runs.cancel(retried)
    expect(states()).toEqual(['starting', 'ended'])

    // Killed between the end of the one and the begin of the next.
    const records = JSON.parse(readFileSync(file(), 'utf8'))
    writeFileSync(file(), JSON.stringify(records.map((one: object) => ({ ...one, startedAt: undefined }))))
    const [next] = process().list()
    expect(next?.startedAt).toBeDefined()
  })

  it('does not try runs again that were ended with the process before, though it was killed meanwhile', () => {
    const runs = process()
    runs.start('job', 'silver', { ...queue, policy: RETRY })
    engine.last.endsAtOnce = false
    void runs.close()
    expect(found(process()).end).toBe('cancelled')
  })

  it('counts the time of a run on, also while nobody runs it', async () => {
    begin({ ...RETRY, maxRetries: -1, retryIntervalMs: 0, timeoutMs: 10_000 })
    await clock.advance(2000)
    const runs = process(4000)
    await clock.advance(3999)
    expect(runs.stateOf(found(runs))).toBe('starting')
    await clock.advance(1)
    expect(found(runs).end).toBe('timed-out')

    begin({ ...RETRY, maxRetries: -1, retryIntervalMs: 0, timeoutMs: 10_000 })
    await clock.advance(2000)
    const late = process(10_000)
    await clock.advance(0)
    expect(found(late)).toMatchObject({ end: 'timed-out', attempts: [{ end: 'lost' }] })
    expect(engine.runs).toHaveLength(0)
  })
})
