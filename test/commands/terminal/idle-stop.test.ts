import { expect, it } from 'vitest'
import { idleStop } from '../../../src/commands/terminal/idle-stop.ts'
import { accepted } from '../../../src/pipeline/state/actions.ts'
import { FakeClock } from '../../support/fake-clock.ts'

it.each([
  [60_000, 'no key for 1 min'],
  [90_000, 'no key for 1.5 min'],
  [100_000, 'no key for 100 s'],
  [86_400_000, 'no key for 1 d'],
])('after %d ms it says how long that was, as it is set: %s', async (afterMs, why) => {
  const clock = new FakeClock()
  const said: (string | undefined)[] = []
  const stopAll = (reason?: string) => {
    said.push(reason)
    return accepted('')
  }
  const idle = idleStop(afterMs, { stopAll }, clock)
  await clock.advance(afterMs)
  expect(said).toEqual([why])
  idle.cancel()
})
