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
