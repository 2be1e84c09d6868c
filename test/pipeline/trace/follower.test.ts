import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { HubProducer } from '../../../src/pipeline/ports/hub.ts'
import type { Trace, TraceQuery, Tracer } from '../../../src/pipeline/ports/trace.ts'
import { IdleTracker } from '../../../src/pipeline/runtime/idle-tracker.ts'
import { initialState } from '../../../src/pipeline/state/initial-state.ts'
import { Log, silentLogger } from '../../../src/pipeline/state/log.ts'
import { StateStore } from '../../../src/pipeline/state/store.ts'
import { Follower } from '../../../src/pipeline/trace/follower.ts'
import { CLOCK_STEPS } from '../../support/clock-steps.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { FakeTarget } from '../../support/fake-target.ts'

/** It never gets any further. */
const waiting: Trace = {
  position: { partition: '1', sequenceNumber: 7 },
  eventId: 'id',
  lookedAt: 0,
  cost: { reads: 0, listed: 0, bytes: 0 },
  steps: [{ step: 'bronze', state: 'waiting' }],
}

let clock: FakeClock
let follower: Follower
let store: StateStore
let asked: TraceQuery[]
let acknowledge: (() => void)[]
beforeEach(() => {
  clock = new FakeClock()
  asked = []
  acknowledge = []
  store = new StateStore(initialState({ now: clock.now() }), clock)
  follower = new Follower({
    store,
    clock,
    log: new Log(clock, silentLogger),
    idle: new IdleTracker(),
    newId: () => `own ${acknowledge.length}`,
  })
  const tracer: Tracer = {
    trace: async (query) => {
      asked.push(query)
      return waiting
    },
  }
  const producer: HubProducer = {
    send: () => new Promise((resolve) => acknowledge.push(resolve)),
    close: async () => {},
  }
  follower.connect(Object.assign(new FakeTarget(() => clock.now()), { tracer, producer }))
})
afterEach(() => follower.close())

const own = { city: 'Bern', temperature: '21', humidity: '40' }

describe('following one event', () => {
  it('looks again while something of it is to come, and never after the end', async () => {
    follower.follow({ kind: 'newest' })
    await clock.advance(2000)
    expect(asked.slice(0, 2)).toEqual([{ kind: 'newest' }, { kind: 'position', ...waiting.position }])
    follower.end()
    const looks = asked.length
    await clock.advance(60_000)
    expect(asked).toHaveLength(looks)
    expect(clock.pending).toBe(0)
  })

  it.each(CLOCK_STEPS)('its age is measured: $name', async ({ by }) => {
    follower.follow({ kind: 'newest' })
    await clock.advance(0)
    clock.set(by)
    follower.followClock()
    expect(clock.now() - (store.state.trace?.lookedAt ?? 0)).toBeCloseTo(0)
  })

  it('follows an own reading once the hub has it', async () => {
    follower.sendOne(own)
    await clock.advance(0)
    expect(asked).toEqual([])
    acknowledge[0]?.()
    await clock.advance(0)
    expect(asked).toEqual([{ kind: 'id', eventId: 'own 0' }])
  })

  it.each([
    ['the end', () => void follower.end()],
    ['the close', () => void follower.close()],
  ])('does not begin to look when the hub answers behind %s', async (_name, stop) => {
    follower.sendOne(own)
    stop()
    acknowledge[0]?.()
    await clock.advance(60_000)
    expect(asked).toEqual([])
  })

  it('follows the newer of two readings, whichever the hub has first', async () => {
    follower.sendOne(own)
    follower.sendOne(own)
    acknowledge[1]?.()
    await clock.advance(0)
    acknowledge[0]?.()
    await clock.advance(0)
    expect(asked[0]).toEqual({ kind: 'id', eventId: 'own 1' })
    expect(asked).not.toContainEqual({ kind: 'id', eventId: 'own 0' })
  })
})
