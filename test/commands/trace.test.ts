/** `trace --wait` looks for as long as it was told, whatever the clock is set to meanwhile. */
import { expect, it } from 'vitest'
import { runTrace } from '../../src/commands/trace.ts'
import { CLOCK_STEPS } from '../support/clock-steps.ts'

it.each(CLOCK_STEPS)('$name', async ({ from, by }) => {
  let wall = from
  let elapsed = 0
  let looks = 0
  const tracing = runTrace({
    tracer: {
      trace: async () => {
        looks++
        wall = from + by
        return undefined
      },
    },
    query: { kind: 'newest' },
    waitMs: 5000,
    json: false,
    write: () => {},
    now: () => wall,
    monotonic: () => elapsed,
    sleep: async (ms) => {
      elapsed += ms
    },
    signal: new AbortController().signal,
  })
  await expect(tracing).rejects.toThrow('The hub holds no such event')
  expect(looks).toBe(11)
})
