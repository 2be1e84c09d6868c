import { expect, it } from 'vitest'
import { screenLines } from '../../../src/ui/app/screen-lines.ts'
import { initialView } from '../../../src/ui/input/view-state.ts'
import { plainText } from '../../../src/ui/text/line.ts'
import { scenarios } from '../../support/scenario.ts'

const row = (changes: Partial<ReturnType<typeof scenarios.allRunning>['ledger']>) => {
  const state = scenarios.allRunning()
  const { lines } = screenLines({ ...state, ledger: { ...state.ledger, ...changes } }, initialView, 200, 60)
  const line = lines.map(plainText).find((one) => /│ enqueued /.test(one)) ?? ''
  return line.slice(line.indexOf('│ enqueued'))
}

it('beside a hop stand whole numbers: where there is no room for two, what is nothing goes', () => {
  expect(row({})).toContain('skipped 0')
  expect(row({ enqueuedTwice: 124 })).toMatch(/skipped 0 +twice 124 +│/)
  expect(row({ enqueuedTwice: 1_234_567 })).toMatch(/0 {2}twice 1,234,567 +│/)
  expect(row({ enqueuedTwice: 1_234_567, skipped: 7_654_321 })).toMatch(/skipped 7,654,321 +│/)
})
