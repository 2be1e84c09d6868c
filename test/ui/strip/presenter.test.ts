/** The large digits have room whatever the numbers are: none is cut. */
import { expect, it } from 'vitest'
import { presenterLines } from '../../../src/ui/strip/presenter.ts'
import { plainText } from '../../../src/ui/text/line.ts'
import { scenarios } from '../../support/scenario.ts'

it.each([
  [1700, 's'],
  [99_400, 's'],
  [999_000, 's'],
  [1_000_000, 'min'],
  [5_960_000, 'min'],
  [5_980_000, 'h'],
  [10_400_000, 'h'],
  [360_000_000, 'h'],
])('of %i ms on the way to gold, in %s', (value, unit) => {
  const state = scenarios.allRunning()
  const latencyP95 = { ...state.assertions.latencyP95, value }
  const lines = presenterLines({ ...state, assertions: { ...state.assertions, latencyP95 } }, 80, 19)
  const text = lines.map(plainText).join('\n')
  expect(text).not.toContain('…')
  expect(text).toMatch(new RegExp(`█ +${unit} `))
})

it.each([
  [80, 19, 5],
  [118, 33, 5],
  [160, 43, 10],
  [200, 53, 10],
  [298, 93, 20],
])('at %i×%i they are %i rows high, and all five have room', (width, height, rows) => {
  const allRunning = scenarios.allRunning()
  const state = {
    ...allRunning,
    hub: { ...allRunning.hub, rate: 999_400 },
    ledger: { ...allRunning.ledger, quarantined: 888_000 },
    assertions: {
      ...allRunning.assertions,
      latencyP95: { ...allRunning.assertions.latencyP95, value: 888 * 60_000 },
    },
  }
  const lines = presenterLines(state, width, height).map(plainText)
  expect(lines).toHaveLength(height)
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width)
  expect(lines.join('\n')).not.toContain('…')
  const first = lines.findIndex((line) => line.includes('█'))
  expect(lines.slice(first).findIndex((line) => !line.includes('█'))).toBe(rows)
  for (const name of ['events a second', 'waiting', 'in quarantine', 'lost'])
    expect(lines.join('\n')).toContain(name)
})

it.each([
  [undefined, 'from the station to gold.'],
  [2000, 'from the station to gold in seconds.'],
  [61_000, 'from the station to gold.'],
])('with %s ms to gold, it says no more than is known', (value, said) => {
  const state = scenarios.allRunning()
  const latencyP95 = { ...state.assertions.latencyP95, value }
  const lines = presenterLines(
    {
      ...state,
      log: [],
      generator: { ...state.generator, dirty: 0 },
      assertions: { ...state.assertions, latencyP95 },
    },
    120,
    30,
  )
  expect(lines.map(plainText).join('\n')).toContain(said)
})
