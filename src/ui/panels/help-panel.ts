/** Every key, by what it is about. */

import { GROUPS, type Group, KEYMAP } from '../input/keymap.ts'
import { STATE_GLYPHS } from '../text/glyphs.ts'
import { type Line, left, span, toWidth, wrap } from '../text/line.ts'
import { STATE_TOKENS } from './states.ts'

const KEYS = 12
/** From this width on two columns of groups stand side by side. */
const TWO_COLUMNS = 112

export function helpLines(width: number): Line[] {
  const isWide = width >= TWO_COLUMNS
  const half = Math.floor(width / 2)
  const groups = GROUPS.map((group) => groupLines(group, isWide ? half - 2 : width))
  const states = stateLines()
  if (!isWide) return [...groups.flatMap((group) => [...group, []]), ...states]
  const [stages = [], generator = [], screen = [], session = []] = groups
  const first = [...stages, [], ...generator, [], ...states]
  const second = [...screen, [], ...session]
  return Array.from({ length: Math.max(first.length, second.length) }, (_, row): Line => {
    return [...toWidth(first[row] ?? [], half), ...(second[row] ?? [])]
  })
}

const groupLines = (group: Group, width: number): Line[] => [
  [span(group, 'title', true)],
  ...KEYMAP.filter((one) => one.group === group).flatMap(({ shown, does }) =>
    wrap(does, width - KEYS - 2).map(
      (text, row): Line => [span(`  ${left(row === 0 ? shown : '', KEYS)}`, 'accent'), span(text)],
    ),
  ),
]

function stateLines(): Line[] {
  const names = ['running', 'stopped', 'starting', 'degraded', 'failed', 'unknown'] as const
  return [
    [span('States', 'title', true)],
    ...names.map(
      (state): Line => [
        span('  '),
        span(left(STATE_GLYPHS[state], KEYS), STATE_TOKENS[state]),
        span(state === 'starting' ? 'starting or stopping' : state),
      ],
    ),
  ]
}
