/** `trace --wait` looks for as long as it was told, whatever the clock is set to meanwhile; what is not found is named. */
import { expect, it } from 'vitest'
import { runTrace, traceQuery } from '../../src/commands/trace.ts'
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
  await expect(tracing).rejects.toThrow('The hub holds no event.')
  expect(looks).toBe(11)
})

it.each([
  [{ id: '9:3' }, 'The hub holds no event at 9:3.', /keeps it no longer/],
  [{ city: 'Atlantis' }, 'The hub holds no event from Atlantis.', /Is the name right\?/],
  [{ id: 'e-1' }, 'The hub holds no event e-1.', /named by its position/],
  [{ newest: true }, 'The hub holds no event.', /Start the generator first/],
])(
  'what is not found is named, and what to do depends on how it was asked for: %j',
  async (given, message, hint) => {
    const tracing = runTrace({
      tracer: { trace: async () => undefined },
      query: traceQuery(given),
      waitMs: 0,
      json: false,
      write: () => {},
      now: () => 0,
      signal: new AbortController().signal,
    })
    await expect(tracing).rejects.toMatchObject({ message, hint: expect.stringMatching(hint) })
  },
)
