/** Every key, by what it is about. */
import { STATE_GLYPHS } from '../glyphs.ts'
import { KEYMAP, keyGroups } from '../keymap.ts'
import { type Line, left, lineWidth, span } from '../line.ts'
import { STATE_TOKENS } from './states.ts'

const KEYS = 13
/** From this width on two columns of groups stand side by side. */
const TWO_COLUMNS = 112

export function helpLines(width: number): Line[] {
  const groups = keyGroups().map((group) => groupLines(group))
  const states = stateLines()
  if (width < TWO_COLUMNS) return [...groups.flatMap((group) => [...group, []]), ...states]
  const half = Math.floor(width / 2)
  const [stages = [], generator = [], screen = [], session = []] = groups
  const first = [...stages, [], ...generator, [], ...states]
  const second = [...screen, [], ...session]
  return Array.from({ length: Math.max(first.length, second.length) }, (_, row): Line => {
    const start = first[row] ?? []
    return [...start, span(' '.repeat(Math.max(1, half - lineWidth(start)))), ...(second[row] ?? [])]
  })
}

const groupLines = (group: string): Line[] => [
  [span(group, 'title', true)],
  ...KEYMAP.filter((one) => one.group === group).map(
    (one): Line => [span(`  ${left(one.shown, KEYS)}`, 'accent'), span(one.does)],
  ),
]

function stateLines(): Line[] {
  const names = ['running', 'stopped', 'starting', 'degraded', 'failed', 'unknown'] as const
  return [
    [span('States', 'title', true)],
    [
      span('  '),
      ...names.flatMap((state) => [
        span(STATE_GLYPHS[state], STATE_TOKENS[state]),
        span(` ${state === 'starting' ? 'starting or stopping' : state}   `, 'muted'),
      ]),
    ],
  ]
}
