/** What happened, newest last. */
import type { LogEntry } from '../../pipeline/state.ts'
import { formatClock } from '../format.ts'
import { type Line, left, printable, span } from '../line.ts'
import type { Token } from '../theme.ts'
import { windowOf } from './list-window.ts'
import type { PanelView } from './panel-content.ts'

const TOKENS: Readonly<Record<LogEntry['level'], Token | undefined>> = {
  info: undefined,
  warn: 'warn',
  error: 'fail',
}
const SOURCE = 15

export const logPanel: PanelView = ({ state, style, height, filter, scroll }) => {
  const wanted = filter.toLowerCase()
  const matching =
    wanted === ''
      ? state.log
      : state.log.filter((entry) => `${entry.source} ${entry.message}`.toLowerCase().includes(wanted))
  const { shown, scrollable } = windowOf(matching, height, scroll)
  return {
    title: 'log',
    value: [
      span(
        filter ? `/${filter}` : scroll > 0 ? 'scrolled, f follows' : 'follow',
        scroll > 0 || filter ? 'accent' : 'muted',
      ),
    ],
    lines:
      shown.length === 0
        ? [[span(filter ? 'nothing matches the filter' : 'press a to start all stages, ? for help', 'muted')]]
        : shown.map((entry) => logLine(entry, style.glyphs.ellipsis)),
    scrollable,
  }
}

const logLine = (entry: LogEntry, ellipsis: string): Line => [
  span(`${formatClock(entry.at)} `, 'muted'),
  span(left(entry.source, SOURCE, ellipsis), entry.level === 'info' ? 'accent' : TOKENS[entry.level]),
  span(` ${printable(entry.message)}`, TOKENS[entry.level]),
]
