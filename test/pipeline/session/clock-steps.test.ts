/** The wall clock is set, or the process sleeps, under a session whose monotonic clock goes on. */
import { afterEach, describe, expect, it } from 'vitest'
import { STAGE_IDS } from '../../../src/pipeline/ports/stages.ts'
import { createSession } from '../../../src/pipeline/session/session.ts'
import type { Session } from '../../../src/pipeline/session/session-types.ts'
import { silentLogger } from '../../../src/pipeline/state/log.ts'
import { CLOCK_STEPS } from '../../support/clock-steps.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { FakeStorage } from '../../support/fake-hub.ts'
import { FakeTarget } from '../../support/fake-target.ts'

let open: { session: Session; clock: FakeClock } | undefined

/** A session; with the world of an earlier one, the next run over the same hub, services and state. */
async function opened(from?: number, world = newWorld(from)) {
  const { clock, target, storage } = world
  const session = createSession(
    {
      session: { target: 'local' },
      stations: 20,
      intervalMs: 1000,
      dirty: 0,
      seed: 'session',
      nodeType: 'Standard_D4s_v3',
    },
    { clock, logger: silentLogger, storage: storage.open(), newRunId: () => 'run' },
  )
  open = { session, clock }
  const connected = session.connect(target)
  await clock.advance(0)
  await connected
  return { session, clock, target, state: () => session.store.getState(), world }
}

function newWorld(from: number | undefined, target: 'local' | 'azure' = 'local') {
  const clock = new FakeClock(from)
  return { clock, target: new FakeTarget(() => clock.now(), target), storage: new FakeStorage() }
}

/** Waits on the fake clock. */
async function within<T>(clock: FakeClock, work: Promise<T>): Promise<T> {
  let isDone = false
  void work.finally(() => {
    isDone = true
  })
  await clock.until(() => isDone, 120_000)
  return work
}

afterEach(async () => {
  if (open) await within(open.clock, open.session.close())
})

const states = (session: Session) => STAGE_IDS.map((id) => session.store.getState().stages[id].state)
const RUNNING = STAGE_IDS.map(() => 'running')

describe('a session', () => {
  it.each(CLOCK_STEPS)('the clock is set $name: rates, ages and ledger stay right', async ({ from, by }) => {
    const { session, clock, state } = await opened(from)
    session.actions.startAll()
    await clock.advance(20_000)
    clock.set(by)
    await clock.advance(20_000)
    expect(state().hub.rate).toBeCloseTo(20, 0)
    expect(state().stages.generator.rate).toBeCloseTo(20, 0)
    expect(state().assertions.rate).toMatchObject({ holds: true })
    expect(states(session)).toEqual(RUNNING)
    clock.set(-by)
    await clock.advance(5000)
    expect(state().assertions).toMatchObject({ duplicates: { value: 0 }, outOfSequence: { value: 0 } })
    expect(await within(clock, session.drain())).toMatchObject({ balanced: true, reason: undefined })
  })

  it.each(CLOCK_STEPS)('the clock is set $name: what has begun keeps its age', async ({ from, by }) => {
    const { session, clock, state } = await opened(from)
    session.actions.startAll()
    await clock.advance(20_000)
    clock.set(by)
    await clock.advance(10_000)
    const { now, session: shown, stages } = state()
    expect(clock.now() - shown.startedAt).toBe(30_000)
    for (const id of STAGE_IDS) {
      const up = now - (stages[id].since ?? Number.NaN)
      expect(up, id).toBeGreaterThan(25_000)
      expect(up, id).toBeLessThanOrEqual(30_000)
    }
  })

  it.each(CLOCK_STEPS)(
    'the clock is set $name and back again: it costs what the seconds cost',
    async (step) => {
      const { session, clock, state } = await opened(step.from, newWorld(step.from, 'azure'))
      session.actions.startAll()
      await clock.advance(10_000)
      const { spent, perHour = Number.NaN } = state().cost
      clock.set(step.by)
      await clock.advance(10_000)
      clock.set(-step.by)
      await clock.advance(10_000)
      expect(perHour).toBeGreaterThan(0.5)
      expect(state().cost.spent - spent).toBeCloseTo((perHour * 20) / 3600, 3)
    },
  )

  it('goes on to cost while a laptop sleeps, and its runs go on to age', async () => {
    const { session, clock, state } = await opened(undefined, newWorld(undefined, 'azure'))
    session.actions.startAll()
    await clock.advance(60_000)
    const { spent, perHour = Number.NaN } = state().cost
    const { since } = state().stages.gold
    clock.suspend(3_600_000)
    await clock.advance(60_000)
    expect(state().cost.spent - spent).toBeCloseTo(perHour * (61 / 60), 2)
    expect(state().stages.gold.since).toBe(since)
  })

  it.each(CLOCK_STEPS)('the clock is set $name between two runs: the next goes on', async ({ from, by }) => {
    const { session, clock, target, world } = await opened(from)
    session.actions.startAll()
    await clock.advance(20_000)
    await within(clock, session.close())
    clock.set(by)
    const before = target.fakeHub.size
    const next = await opened(from, world)
    next.session.actions.startAll()
    await clock.advance(20_000)
    expect(states(next.session)).toEqual(RUNNING)
    expect(target.fakeHub.size).toBeGreaterThan(before)
    expect(next.state().hub.rate).toBeCloseTo(20, 0)
    const { session: shown, assertions } = next.state()
    expect(clock.now() - shown.startedAt).toBe(20_000)
    expect(assertions).toMatchObject({ duplicates: { value: 0 }, outOfSequence: { value: 0 } })
    expect(await within(clock, next.session.drain())).toMatchObject({ balanced: true, reason: undefined })
  })

  it('goes on after the process was stopped for ten minutes', async () => {
    const { session, clock, state, target } = await opened()
    session.actions.startAll()
    await clock.advance(20_000)
    const before = target.fakeHub.size
    clock.sleep(600_000)
    await clock.advance(20_000)
    expect(states(session)).toEqual(RUNNING)
    // The past is not made up for, but for the seconds that a tick may make up for.
    expect(target.fakeHub.size - before).toBeGreaterThan(380)
    expect(target.fakeHub.size - before).toBeLessThan(500)
    expect(state().hub.rate).toBeCloseTo(20, 0)
    expect(await within(clock, session.drain())).toMatchObject({ balanced: true, reason: undefined })
  })
})
