/** What stays on the screen for a while goes by itself, whichever way the clock is set meanwhile. */
import { expect, it } from 'vitest'
import type { AppState } from '../../../src/pipeline/state/state.ts'
import { screenLines } from '../../../src/ui/app/screen-lines.ts'
import { initialView } from '../../../src/ui/input/view-state.ts'
import { sendersOf } from '../../../src/ui/strip/room-names.ts'
import { plainText } from '../../../src/ui/text/line.ts'
import { CLOCK_STEPS } from '../../support/clock-steps.ts'
import { scenarios } from '../../support/scenario.ts'

/** The screen at a moment, after something that was said and sent at another. */
function screenAt(now: number, at: number) {
  const state: AppState = {
    ...scenarios.allRunning(),
    now,
    log: [{ at, level: 'info', source: 'you', message: 'A deed of mine.' }],
  }
  const view = {
    ...initialView,
    isPresenting: true,
    toast: { text: 'What came of it.', isRefusal: false, at },
  }
  const lines = screenLines(state, view, 160, 50).lines.map((line) => plainText(line))
  const audience = { senders: [{ name: 'Otter', at }] } as unknown as NonNullable<AppState['audience']>
  return {
    toast: lines.at(-1)?.includes('What came of it.'),
    caption: lines.some((line) => line.includes('▸ A deed of mine.')),
    names: sendersOf({ ...state, audience }).length,
  }
}

it.each(CLOCK_STEPS)('$name', ({ from, by }) => {
  expect(screenAt(from + 1000, from)).toEqual({ toast: true, caption: true, names: 1 })
  expect(screenAt(from + by, from)).toEqual({ toast: false, caption: false, names: 0 })
})
