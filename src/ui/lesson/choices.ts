/** Lists whose items are chosen by a letter: the faults and the lessons. */

import { FAULTS } from '../../pipeline/faults/registry.ts'
import { countOf } from '../../pipeline/state/count-of.ts'
import type { AppState } from '../../pipeline/state/state.ts'
import { LETTERS } from '../input/letters.ts'
import { type Line, left, printable, span, wrap } from '../text/line.ts'

const TITLE = 28

const hint = (text: string, width: number): Line[] =>
  wrap(text, width).map((line): Line => [span(line, 'muted')])

/** All faults, those that are active marked. */
export function faultLines(state: AppState, width: number): Line[] {
  const active = new Set(state.faults.filter((one) => one.state === 'active').map(({ name }) => name))
  return [
    ...hint(
      'A letter breaks it, over the real protocols. On the panels esc mends everything. Nothing is lost: that is the lesson.',
      width,
    ),
    [],
    ...FAULTS.flatMap(({ name, title, happens }, index) =>
      wrap(happens, Math.max(20, width - TITLE - 4)).map(
        (text, row): Line => [
          span(row === 0 ? `${LETTERS[index]}  ` : '   ', 'accent', true),
          span(left(row === 0 ? title : '', TITLE), active.has(name) ? 'fail' : 'title', active.has(name)),
          span(text, 'muted'),
        ],
      ),
    ),
  ]
}

/** All lessons that were found, in their order. */
export function lessonChoices({ lessons, lesson }: AppState, width: number): Line[] {
  if (lessons.length === 0) return [[span('There are no lessons here.', 'muted')]]
  return [
    ...hint('A letter begins one; in it, . is next, , is back, space pauses.', width),
    [],
    ...lessons.map(
      ({ name, title, minutes }, index): Line => [
        span(`${LETTERS[index]}  `, 'accent', true),
        span(left(printable(title), 48), lesson?.name === name ? 'ok' : 'title'),
        // Titles may say it already.
        span(title.includes(`${minutes} min`) ? '' : countOf(minutes, 'minute'), 'muted'),
      ],
    ),
  ]
}
