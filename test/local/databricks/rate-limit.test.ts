import { expect, it } from 'vitest'
import { rateLimiter } from '../../../src/local/databricks/rate-limit.ts'
import { CLOCK_STEPS } from '../../support/clock-steps.ts'

function limiter() {
  const clock = { time: 1_000_000, now: () => clock.time }
  const check = rateLimiter({ perSecond: 10, burst: 20 }, clock)
  const taken = () => {
    for (let count = 0; ; count++) {
      try {
        check()
      } catch (error) {
        expect(error).toMatchObject({ status: 429 })
        return count
      }
    }
  }
  return { clock, taken }
}

it('takes a burst, then so many a second', () => {
  const { clock, taken } = limiter()
  expect(taken()).toBe(20)
  clock.time += 1000
  expect(taken()).toBe(10)
})

it('saves up no more than a burst, however quiet it was', () => {
  const { clock, taken } = limiter()
  taken()
  clock.time += 3_600_000
  expect(taken()).toBe(20)
})

it.each(CLOCK_STEPS)('$name: a clock that is set neither fills the bucket nor empties it', ({ from, by }) => {
  let wall = from
  let elapsed = 0
  const check = rateLimiter({ perSecond: 10, burst: 2 }, { now: () => wall, monotonic: () => elapsed })
  check()
  check()
  wall += by
  expect(check).toThrow()
  elapsed += 100
  check()
  expect(check).toThrow()
})
