/** What happened, newest last. */
import type { LogEntry } from '../../pipeline/state/state.ts'
import { LOG_SOURCES, type LogSource } from '../input/view-state.ts'
import { formatClock, formatCompact } from '../text/format.ts'
import { STATE_GLYPHS } from '../text/glyphs.ts'
import { badge, type Line, left, lineWidth, printable, span, wrap } from '../text/line.ts'
import type { Token } from '../text/theme.ts'
import { logDetail } from './details.ts'
import { emptyText, isMatch, tailState } from './filter.ts'
import type { Panel, PanelContext } from './panel.ts'
import { fromEnd } from './scrolled.ts'

const LEVELS: Readonly<Record<LogEntry['level'], { glyph: string; token: Token | undefined }>> = {
  info: { glyph: ' ', token: undefined },
  warn: { glyph: STATE_GLYPHS.degraded, token: 'warn' },
  error: { glyph: STATE_GLYPHS.failed, token: 'fail' },
}
/** Ids of stages as this column has room for. */
const SHORT: Readonly<Record<string, string>> = { streamAnalytics: 'analytics' }

const TIME = 9
const SOURCE = 11
const MARK = 2

/** Zoomed: one source can be chosen. */
export const logPanel: Panel = (context) => {
  const { state, height, filter, scroll } = context
  const { isZoomed, logSource = 'all' } = context
  const head = isZoomed ? [sourceLine(context)] : []
  const isOf = ({ source }: LogEntry) => !isZoomed || logSource === 'all' || source === logSource
  const lines = state.log
    .filter((entry) => isOf(entry) && logMatches(entry, filter))
    .flatMap((entry) => entryLines(context, entry).map((line) => ({ line, entry })))
  const window = fromEnd(lines, height - head.length, scroll)
  return {
    title: 'log',
    value: tailState(context, window, 'follow'),
    lines: [
      ...head,
      ...(lines.length === 0
        ? [[span(emptyText(filter, whenEmpty(logSource, state.session.readOnly)), 'muted')]]
        : window.shown.map(({ line }) => line)),
    ],
    scrollable: window.scrollable,
    details: () => [...head.map(() => undefined), ...window.shown.map(({ entry }) => logDetail(entry))],
  }
}

/** `all  generator  hub …`, the chosen one marked, with how many lines each has; who said nothing gives way to who did. */
function sourceLine({ state, width, logSource = 'all' }: PanelContext): Line {
  const sources = LOG_SOURCES.map((source) => {
    const count = state.log.filter((entry) => source === 'all' || entry.source === source).length
    return { source, count, text: `${SHORT[source] ?? source} ${formatCompact(count)}` }
  })
  const draw = (shown: typeof sources) =>
    shown.flatMap(
      ({ source, count, text }): Line => [
        source === logSource ? badge(text, 'accent') : span(` ${text} `, count > 0 ? undefined : 'muted'),
        span(' '),
      ],
    )
  const whole = draw(sources)
  if (lineWidth(whole) <= width + 1) return whole
  const talking = sources.filter(({ source, count }) => count > 0 || source === logSource)
  while (lineWidth(draw(talking)) > width + 1) {
    const next = talking.findIndex(({ source }) => source !== 'all' && source !== logSource)
    if (next < 0) break
    talking.splice(next, 1)
  }
  return draw(talking)
}

/** Source and message. */
export const logMatches = ({ source, message }: LogEntry, filter: string): boolean =>
  isMatch(`${source} ${message}`, filter)

/** One line; zoomed, as many as the message needs. */
function entryLines({ isZoomed, width }: PanelContext, { at, level, source, message }: LogEntry): Line[] {
  const { glyph, token } = LEVELS[level]
  const text = printable(message)
  const [first = '', ...rest] = isZoomed ? wrap(text, width - TIME - SOURCE - MARK) : [text]
  return [
    [
      span(`${formatClock(at)} `, 'muted'),
      span(`${glyph} `, token),
      span(left(SHORT[source] ?? printable(source), SOURCE - 1), token ?? 'accent'),
      span(` ${first}`, token),
    ],
    ...rest.map((more): Line => [span(' '.repeat(TIME + SOURCE + MARK)), span(more, token)]),
  ]
}

const whenEmpty = (source: LogSource, isReadOnly: boolean) =>
  source === 'all'
    ? `${isReadOnly ? '' : 'a starts all stages, '}? shows every key`
    : `nothing was said by ${SHORT[source] ?? source}; ← → choose another`
