/** Every character beyond ASCII that the screen draws, in one table with its stand-in for terminals without UTF-8. */
import type { StageState } from '../../pipeline/ports/stages.ts'

/** A state is told by its glyph as well as by its colour. */
export const STATE_GLYPHS: Readonly<Record<StageState, string>> = {
  running: '●',
  stopped: '○',
  starting: '◐',
  stopping: '◐',
  degraded: '▲',
  failed: '✗',
  unknown: '?',
}

/** From nothing to most. The full block is left out: rows of a table would grow together. */
export const SPARKS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇'] as const

/** Eighths of a row, for charts. */
export const BLOCKS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const

const STAND_INS: Readonly<Record<string, string>> = {
  '●': '*',
  '○': 'o',
  '◐': '~',
  '▲': '!',
  '✗': 'x',
  '✓': 'v',
  '▁': '_',
  '▂': '.',
  '▃': ':',
  '▄': '-',
  '▅': '=',
  '▆': '+',
  '▇': '#',
  '█': '#',
  '▏': '|',
  '▎': '|',
  '▌': '#',
  '▐': '#',
  '▀': '#',
  '░': '.',
  '▒': ':',
  '▓': '#',
  '◂': '<',
  '├': '+',
  '┬': '+',
  '✦': '*',
  '“': '"',
  '”': '"',
  '─': '-',
  '━': '=',
  '╌': '.',
  '│': '|',
  '╭': '+',
  '╮': '+',
  '╰': '+',
  '╯': '+',
  '┤': '|',
  '┼': '+',
  '┴': '+',
  '▶': '>',
  '▸': '>',
  '→': '>',
  '←': '<',
  '↑': '^',
  '↓': 'v',
  '⏎': '<',
  '…': '~',
  '–': '-',
  '—': '-',
  '−': '-',
  '×': 'x',
  '÷': '/',
  '·': '.',
  '•': '*',
  '≈': '~',
  '≥': '>',
  '≤': '<',
  '°': "'",
  ø: 'o',
  Ø: 'O',
  æ: 'a',
  ß: 's',
  ł: 'l',
  Ł: 'L',
}

/** One ASCII character for one of a single column: its stand-in, the bare letter of an accented one, else `?`. */
export function asciiOf(character: string): string {
  const standIn = STAND_INS[character]
  if (standIn !== undefined) return standIn
  const letter = character.normalize('NFD')[0] ?? ''
  return letter >= ' ' && letter <= '~' ? letter : '?'
}

/** UTF-8 is what nearly every terminal speaks; the locale says when it does not. */
export function speaksUtf8(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
): boolean {
  if (platform === 'win32') return Boolean(env.WT_SESSION || env.TERM_PROGRAM || env.ConEmuANSI)
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || ''
  return locale === '' ? env.TERM !== 'linux' : /utf-?8/i.test(locale)
}
