/** The screen as files: plain text, text with colours, and a picture. Pure. */
import type { Painter } from '../text/ansi.ts'
import { type Line, plainText, type Span } from '../text/line.ts'
import textWidth from '../text/text-width.ts'
import type { AnsiColor, Color, Theme } from '../text/theme.ts'

export interface ScreenFile {
  extension: 'txt' | 'ansi' | 'svg'
  content: string
}

const CELL = { width: 8.4, height: 17, size: 14 }
const MARGIN = 14
const GROUNDS = {
  dark: { background: '#14181f', text: '#d5dae3' },
  light: { background: '#ffffff', text: '#1c2430' },
}
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
  const columns = Math.max(0, ...lines.map((line) => textWidth(plainText(line))))
  const width = (columns * CELL.width + 2 * MARGIN).toFixed(1)
  const height = lines.length * CELL.height + 2 * MARGIN
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" role="img">`,
    '<title>rtstream-tui</title>',
    `<rect width="100%" height="100%" rx="8" fill="${ground.background}"/>`,
    `<g font-family="monospace" font-size="${CELL.size}" xml:space="preserve">`,
    ...lines.map((line, row) => rowOf(line, row, theme, ground)),
    '</g>',
    '</svg>',
    '',
  ].join('\n')
}

function rowOf(line: Line, row: number, theme: Theme, ground: { background: string; text: string }): string {
  const y = MARGIN + row * CELL.height
  let column = 0
  let drawn = ''
  for (const one of line) {
    const x = MARGIN + column * CELL.width
    const wide = textWidth(one.text) * CELL.width
    column += textWidth(one.text)
    const color = colorOf(one, theme) ?? ground.text
    if (one.inverse)
      drawn += `<rect x="${x.toFixed(1)}" y="${y}" width="${wide.toFixed(1)}" height="${CELL.height}" fill="${color}"/>`
    if (one.text.trim() === '') continue
    const ink = one.inverse ? ground.background : color
    const weight = one.bold ? ' font-weight="bold"' : ''
    drawn += `<text x="${x.toFixed(1)}" y="${(y + CELL.height * 0.76).toFixed(1)}" textLength="${wide.toFixed(1)}" lengthAdjust="spacingAndGlyphs" fill="${ink}"${weight}>${escapeXml(one.text)}</text>`
  }
  return drawn
}

function colorOf({ token }: Span, { palette }: Theme): string | undefined {
  const color: Color = token && palette[token]
  if (color === undefined) return undefined
  return color.startsWith('#') ? color : NAMED[color as AnsiColor]
}

const escapeXml = (text: string) =>
  text.replace(/[&<>]/g, (one) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[one] ?? one)
