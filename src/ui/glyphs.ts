/** Every character beyond ASCII that the screen draws, in one table with its ASCII stand-in. */
import type { StageState } from '../pipeline/ports.ts'

export interface Glyphs {
  states: Readonly<Record<StageState, string>>
  corners: readonly [topLeft: string, topRight: string, bottomLeft: string, bottomRight: string]
  horizontal: string
  vertical: string
  arrow: string
  arrowHead: string
  bar: string
  barRest: string
  spark: readonly string[]
  ellipsis: string
  check: string
  cross: string
  dash: string
  minus: string
  times: string
  divide: string
  enter: string
  upDown: string
}

export const unicode: Glyphs = {
  states: {
    running: '●',
    stopped: '○',
    starting: '◐',
    stopping: '◐',
    degraded: '▲',
    failed: '✗',
    unknown: '?',
  },
  corners: ['╭', '╮', '╰', '╯'],
  horizontal: '─',
  vertical: '│',
  arrow: '━',
  arrowHead: '▶',
  bar: '█',
  barRest: '░',
  spark: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
  ellipsis: '…',
  check: '✓',
  cross: '✗',
  dash: '–',
  minus: '−',
  times: '×',
  divide: '÷',
  enter: '⏎',
  upDown: '↑↓',
}

export const ascii: Glyphs = {
  states: {
    running: '*',
    stopped: 'o',
    starting: '~',
    stopping: '~',
    degraded: '!',
    failed: 'x',
    unknown: '?',
  },
  corners: ['+', '+', '+', '+'],
  horizontal: '-',
  vertical: '|',
  arrow: '-',
  arrowHead: '>',
  bar: '#',
  barRest: '.',
  spark: ['_', '.', ':', '-', '=', '+', '*', '#'],
  ellipsis: '~',
  check: 'ok',
  cross: 'x',
  dash: '-',
  minus: '-',
  times: 'x',
  divide: '/',
  enter: 'enter',
  upDown: 'up/down',
}

/** UTF-8 is what nearly every terminal speaks; the locale says when it does not. */
export function speaksUtf8(env: Readonly<Record<string, string | undefined>>): boolean {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || ''
  if (process.platform === 'win32') return Boolean(env.WT_SESSION || env.TERM_PROGRAM)
  return locale === '' ? env.TERM !== 'linux' : /utf-?8/i.test(locale)
}
