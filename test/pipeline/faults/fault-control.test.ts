import { describe, expect, it } from 'vitest'
import { FaultControl } from '../../../src/pipeline/faults/fault-control.ts'
import type { Clock } from '../../../src/pipeline/runtime/clock.ts'
import { initialState } from '../../../src/pipeline/state/initial-state.ts'
import { Log, silentLogger } from '../../../src/pipeline/state/log.ts'
import { StateStore } from '../../../src/pipeline/state/store.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { FakeTarget } from '../../support/fake-target.ts'

/** As a real one: some time passes between two looks at it. */
function moving(fake: FakeClock): Clock {
  let looks = 0
  return {
    now: () => fake.now(),
    monotonic: () => fake.monotonic() + ++looks / 1000,
    after: (ms, callback) => fake.after(ms, callback),
  }
}

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
