/** The screen as files: plain text, text with colours, and a picture. Pure. */
import type { Painter } from '../text/ansi.ts'
import { type Line, lineWidth, plainText, type Span } from '../text/line.ts'
import { type PictureRun, pictureOf } from '../text/picture.ts'
import textWidth from '../text/text-width.ts'
import type { AnsiColor, Color, Theme } from '../text/theme.ts'

/** One form of the saved screen. */
export interface ScreenFile {
  extension: 'txt' | 'ansi' | 'svg'
  content: string
}

const GROUNDS = {
  dark: { background: '#14181f', text: '#d5dae3' },
  light: { background: '#ffffff', text: '#1c2430' },
}
/** What a camera reads. */
const PRINT = { ink: '#000000', paper: '#ffffff' }
/** Names of colours as many terminals show them. */
const NAMED: Readonly<Record<AnsiColor, string>> = {
  red: '#e5534b',
  green: '#57ab5a',
  yellow: '#c69026',
  blue: '#539bf5',
  magenta: '#b083f0',
  cyan: '#39c5cf',
  gray: '#768390',
}

/** All three, of the same moment. @param isLight decides the picture's ground. */
export function screenFiles(
  lines: readonly Line[],
  paint: Painter,
  theme: Theme,
  isLight: boolean,
): ScreenFile[] {
  return [
    { extension: 'txt', content: `${lines.map((line) => plainText(line).trimEnd()).join('\n')}\n` },
    { extension: 'ansi', content: `${lines.map(paint).join('\n')}\n` },
    { extension: 'svg', content: svgOf(lines, theme, isLight ? GROUNDS.light : GROUNDS.dark) },
  ]
}

function svgOf(lines: readonly Line[], theme: Theme, ground: { background: string; text: string }): string {
  return pictureOf(
    lines.map((line) => runsOf(line, theme, ground)),
    {
      columns: Math.max(0, ...lines.map(lineWidth)),
      rows: lines.length,
      title: 'rtstream-tui',
      background: ground.background,
    },
  )
}

function runsOf(line: Line, theme: Theme, ground: { background: string; text: string }): PictureRun[] {
  let column = 0
  return line.map((one) => {
    const color = one.isPrint ? PRINT.ink : (colorOf(one, theme) ?? ground.text)
    const columns = textWidth(one.text)
    const run: PictureRun = {
      column,
      columns,
      text: one.text,
      ink: one.inverse ? ground.background : color,
      paper: one.isPrint ? PRINT.paper : one.inverse ? color : undefined,
      bold: one.bold,
      dim: !one.bold && one.token !== undefined && theme.dim.includes(one.token),
    }
    column += columns
    return run
  })
}

function colorOf({ token }: Span, { palette }: Theme): string | undefined {
  const color: Color = token && palette[token]
  if (color === undefined) return undefined
  return color.startsWith('#') ? color : NAMED[color as AnsiColor]
}
