/** Every action with its key: the help, and the palette when one types in it. */
import type { AppState } from '../../pipeline/state/state.ts'
import { findCommands } from '../input/fuzzy.ts'
import type { Group } from '../input/keymap.ts'
import { ableIn } from '../input/palette-keys.ts'
import type { ViewState } from '../input/view-state.ts'
import { STATE_GLYPHS } from '../text/glyphs.ts'
import { cutStart, type Line, left, printable, span, wrap } from '../text/line.ts'
import { STATE_TOKENS } from './states.ts'

const KEYS = 14

/** With the row that must stay in sight. */
export interface HelpLines {
  lines: readonly Line[]
  /** Row of the chosen action. */
  chosenRow: number
}

/** Groups have headings as long as nothing is searched. */
export function helpLines(width: number, state: AppState, view: ViewState): HelpLines {
  const { query, isTyping, chosen } = view.palette
  const found = findCommands(query, ableIn(state, view))
  const lines: Line[] = isTyping || query !== '' ? [queryLine(query, isTyping, found.length, width), []] : []
  let group: Group | undefined
  let chosenRow = 0
  for (const [index, { shown, does, group: own }] of found.entries()) {
    if (query.trim() === '' && own !== group) lines.push(...(group ? [[]] : []), [span(own, 'title', true)])
    group = own
    const isChosen = index === chosen
    if (isChosen) chosenRow = lines.length
    for (const [row, text] of wrap(does, Math.max(20, width - KEYS - 2)).entries())
      lines.push([
        span(isChosen && row === 0 ? '▸ ' : '  ', 'accent', true),
        span(left(row === 0 ? shown : '', KEYS), 'accent', isChosen),
        { text, bold: isChosen, inverse: isChosen, token: isChosen ? 'accent' : undefined },
      ])
  }
  if (found.length === 0) lines.push([span('Nothing is called that.', 'muted')])
  return { lines: query.trim() === '' ? [...lines, [], ...stateLines()] : lines, chosenRow }
}

const queryLine = (query: string, isTyping: boolean, count: number, width: number): Line => [
  span(': ', 'accent', true),
  span(cutStart(printable(query), width - 4), 'title', true),
  span(isTyping ? '▏' : '', 'accent'),
  span(`   ${count} found, enter runs the chosen one`, 'muted'),
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
