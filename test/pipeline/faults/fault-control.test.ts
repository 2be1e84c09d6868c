import { describe, expect, it } from 'vitest'
import { FaultControl } from '../../../src/pipeline/faults/fault-control.ts'
import { FAULTS } from '../../../src/pipeline/faults/registry.ts'
import type { StageId, StageState } from '../../../src/pipeline/ports/stages.ts'
import type { Clock } from '../../../src/pipeline/runtime/clock.ts'
import { initialState } from '../../../src/pipeline/state/initial-state.ts'
import { Log, silentLogger } from '../../../src/pipeline/state/log.ts'
import { StateStore } from '../../../src/pipeline/state/store.ts'
import { CLOCK_STEPS } from '../../support/clock-steps.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { FakeTarget } from '../../support/fake-target.ts'

/** As a real one: some time passes between two looks at it. */
function moving(fake: FakeClock): Clock {
  let looks = 0
  return {
    now: () => fake.now(),
    monotonic: () => fake.monotonic() + ++looks / 1000,
    sinceBoot: () => fake.sinceBoot(),
    after: (ms, callback) => fake.after(ms, callback),
  }
}

describe('a fault, when the clock is set', () => {
  it.each(CLOCK_STEPS)('$name: keeps its age and what is left of it', async ({ from, by }) => {
    const clock = new FakeClock(from)
    const store = new StateStore(initialState({ now: clock.now() }), clock)
    const control = new FaultControl({
      store,
      clock,
      log: new Log(clock, silentLogger),
      start: () => {},
      retryRefused: () => {},
    })
    control.connect(new FakeTarget(() => clock.now()).producer, {
      inject: async () => {},
      mend: async () => {},
    })
    control.inject('token-expired', 60_000)
    await clock.advance(20_000)
    clock.set(by)
    control.followClock()
    const [fault] = store.state.faults
    expect(clock.now() - (fault?.since ?? Number.NaN)).toBe(20_000)
    expect((fault?.until ?? Number.NaN) - clock.now()).toBe(40_000)
    control.close()
  })

  it.each(CLOCK_STEPS)(
    '$name, while it heals: a stage that was asked since then counts',
    async ({ from, by }) => {
      const clock = new FakeClock(from)
      const store = new StateStore(initialState({ now: clock.now() }), clock)
      const running = (updatedAt: number) => {
        const { stages } = store.state
        const silver = { ...stages.silver, state: 'running' as const, updatedAt }
        store.update({ stages: { ...stages, silver } })
      }
      const control = new FaultControl({
        store,
        clock,
        log: new Log(clock, silentLogger),
        start: () => {},
        retryRefused: () => {},
      })
      control.connect(new FakeTarget(() => clock.now()).producer, {
        inject: async () => {},
        mend: async () => {},
      })
      running(clock.now())
      const breaksSilver = FAULTS.find(({ breaks }) => breaks.includes('silver'))
      control.inject(breaksSilver?.name ?? '')
      await clock.advance(1000)
      control.mend()
      await clock.advance(0)
      expect(store.state.faults).toMatchObject([{ state: 'healing' }])
      clock.set(by)
      // Nobody has asked it since: it isn't known to be well.
      await clock.advance(2000)
      expect(store.state.faults).toMatchObject([{ state: 'healing' }])
      running(clock.now())
      await clock.advance(1000)
      expect(store.state.faults).toEqual([])
      control.close()
    },
  )
})

describe('a fault that mends itself', () => {
  it('has everybody asked once more who was refused by it, once the services work again', async () => {
    const fake = new FakeClock()
    const clock = moving(fake)
    const said: string[] = []
    const control = new FaultControl({
      store: new StateStore(initialState({ now: clock.now() }), clock),
      clock,
      log: new Log(clock, silentLogger),
      start: () => {},
      retryRefused: () => said.push('asked again'),
    })
    control.connect(new FakeTarget(() => fake.now()).producer, {
      inject: async () => {},
      mend: async () => {
        await new Promise((resolve) => setImmediate(resolve))
        said.push('mended')
      },
    })
    // Nothing runs: no stage has to be started again, whose start would have them asked too.
    expect(control.inject('token-expired', 5000).ok).toBe(true)
    await fake.advance(5000)
    expect(said).toEqual(['mended', 'asked again'])
    control.close()
  })
})

describe('a fault that is injected again before all that it broke runs', () => {
  it('ends like the first one: what runs no more is started again', async () => {
    const clock = new FakeClock()
    const store = new StateStore(initialState({ now: clock.now() }), clock)
    const become = (state: StageState) => {
      const { stages } = store.state
      store.update({ stages: { ...stages, silver: { ...stages.silver, state, updatedAt: clock.now() } } })
    }
    const started: StageId[] = []
    const control = new FaultControl({
      store,
      clock,
      log: new Log(clock, silentLogger),
      start: (id) => started.push(id),
      retryRefused: () => {},
    })
    control.connect(new FakeTarget(() => clock.now()).producer, {
      inject: async () => {},
      mend: async () => {},
    })
    become('running')
    control.inject('silver-killed')
    await clock.advance(100)
    control.mend()
    await clock.advance(100)
    expect(store.state.faults).toMatchObject([{ state: 'healing' }])
    // Silver is killed by its next batch only: until then it looks well.
    expect(control.inject('silver-killed').ok).toBe(true)
    for (let look = 0; look < 20; look++) {
      become('running')
      await clock.advance(100)
    }
    become('failed')
    await clock.advance(500)
    expect({ faults: store.state.faults.map(({ state }) => state), started }).toEqual({
      faults: ['active'],
      started: [],
    })
    control.mend()
    await clock.advance(1000)
    expect(started).toContain('silver')
    control.close()
  })
})
