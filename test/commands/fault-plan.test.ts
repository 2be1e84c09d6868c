import { describe, expect, it } from 'vitest'
import { plannedFault } from '../../src/commands/shared/fault-plan.ts'
import { FaultControl } from '../../src/pipeline/faults/fault-control.ts'
import { FAULT_NAMES } from '../../src/pipeline/faults/registry.ts'
import { initialState } from '../../src/pipeline/state/initial-state.ts'
import { Log, silentLogger } from '../../src/pipeline/state/log.ts'
import { StateStore } from '../../src/pipeline/state/store.ts'
import { FakeClock } from '../support/fake-clock.ts'

describe('a planned fault', () => {
  it('has a name, a start and a time', () => {
    expect(plannedFault('hub-away@10s:5s')).toEqual({ name: 'hub-away', atMs: 10_000, durationMs: 5000 })
    for (const name of FAULT_NAMES) expect(plannedFault(`${name}@0s:1m`).name).toBe(name)
  })

  it.each([
    ['hub-away', /expected NAME@START:TIME/],
    ['hub-away@10:5', /expected NAME@START:TIME/],
    ['hub-away@1s:0s', /expected NAME@START:TIME/],
    // A timer of more would be over at once.
    ['hub-away@1s:25d', /lasts 24d at most/],
    ['moon-away@1s:1s', /no fault named moon-away: hub-away, /],
  ])('%s is refused in one line', (text, message) => {
    expect(() => plannedFault(text)).toThrow(message)
  })
})

describe('faults without services that can be broken', () => {
  it('are refused, and say why', () => {
    const clock = new FakeClock()
    const store = new StateStore(initialState({ session: {}, generator: {}, now: 0 }), clock)
    const log = new Log(clock, silentLogger)
    const faults = new FaultControl({ store, clock, log, start: () => {}, retryRefused: () => {} })
    expect(faults.inject('hub-away')).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/local target/),
    })
    expect(faults.inject('nothing')).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/There is no fault named nothing/),
    })
    expect(faults.mend()).toMatchObject({ ok: false, reason: 'Nothing is broken on purpose.' })
    expect(store.state.faults).toEqual([])
  })
})
