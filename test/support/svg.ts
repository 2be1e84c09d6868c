/** Draws a terminal as it stands, cell by cell, so that a picture shows what a person saw and nothing else. */
import type { Cell, Terminal } from './terminal.ts'

const CELL = { width: 8.4, height: 17, size: 14 }
const MARGIN = 14
const COLORS = { background: '#14181f', text: '#d5dae3' }

/** The sixteen colours as many terminals have them. */
const ANSI = [
  '#1c2430', '#e5534b', '#57ab5a', '#c69026', '#539bf5', '#b083f0', '#39c5cf', '#adbac7',
  '#768390', '#ff938a', '#6bc46d', '#daaa3f', '#6cb6ff', '#dcbdfb', '#56d4dd', '#ffffff',
] // biome-ignore format: a table

export function screenshot(terminal: Terminal, title: string): string {
  const width = terminal.columns * CELL.width + 2 * MARGIN
  const height = terminal.rows * CELL.height + 2 * MARGIN
  const rows = Array.from({ length: terminal.rows }, (_, row) => drawRow(terminal.cells(row), row)).join('\n')
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    `<rect width="${width}" height="${height}" rx="8" fill="${COLORS.background}"/>`,
    `<g font-family="'DejaVu Sans Mono', 'SF Mono', Menlo, Consolas, monospace" font-size="${CELL.size}" xml:space="preserve">`,
    rows,
    '</g>',
    '</svg>',
    '',
  ].join('\n')
}

function drawRow(cells: readonly Cell[], row: number): string {
  const y = MARGIN + row * CELL.height
  return runsOf(cells)
    .map(({ column, columns, text, cell }) => {
      const x = MARGIN + column * CELL.width
      const width = columns * CELL.width
      const [ink, paper] = inkAndPaper(cell)
      const box = paper === undefined ? '' : rect(x, y, width, paper)
      if (text.trim() === '') return box
      const weight = (cell.isBold ? ' font-weight="bold"' : '') + (cell.isDim ? ' opacity="0.6"' : '')
      const baseline = (y + CELL.height * 0.76).toFixed(1)
      return `${box}<text x="${x.toFixed(1)}" y="${baseline}" textLength="${width.toFixed(1)}" lengthAdjust="spacingAndGlyphs" fill="${ink}"${weight}>${escapeXml(text)}</text>`
    })
    .filter((one) => one !== '')
    .join('')
}

const rect = (x: number, y: number, width: number, color: string) =>
  `<rect x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${CELL.height}" fill="${color}"/>`

interface Run {
  column: number
  columns: number
  text: string
  cell: Cell
}

/** Neighbouring cells of the same look. A wide character stands for itself: fonts disagree about its width. */
function runsOf(cells: readonly Cell[]): Run[] {
  const runs: Run[] = []
  let isAfterWide = false
  for (const [column, cell] of cells.entries()) {
    const last = runs.at(-1)
    const isWide = cells[column + 1]?.text === ''
    if (cell.text === '' && last) last.columns++
    else if (last && !isWide && !isAfterWide && looksAs(last.cell, cell)) {
      last.text += cell.text
      last.columns++
    } else runs.push({ column, columns: 1, text: cell.text, cell })
    isAfterWide = isWide || cell.text === ''
  }
  return runs.flatMap((run) => (run.cell.isInverse || run.cell.background !== 'default' ? [run] : words(run)))
}

/** Wide gaps are left out rather than stretched. */
function words(run: Run): Run[] {
  if (run.columns !== run.text.length) return [run]
  return [...run.text.matchAll(/\S+(?: \S+)*/g)].map((match) => ({
    column: run.column + match.index,
    columns: match[0].length,
    text: match[0],
    cell: run.cell,
  }))
}

const looksAs = (one: Cell, other: Cell) =>
  one.foreground === other.foreground &&
  one.background === other.background &&
  one.isBold === other.isBold &&
  one.isDim === other.isDim &&
  one.isInverse === other.isInverse

function inkAndPaper(cell: Cell): [ink: string, paper: string | undefined] {
  const ink = colorOf(cell.foreground) ?? COLORS.text
  const paper = colorOf(cell.background)
  return cell.isInverse ? [paper ?? COLORS.background, ink] : [ink, paper]
}

function colorOf(color: Cell['foreground']): string | undefined {
  if (color === 'default') return undefined
  if (typeof color === 'string') return color
  if (color < 16) return ANSI[color]
  if (color >= 232) return hex([8 + (color - 232) * 10, 8 + (color - 232) * 10, 8 + (color - 232) * 10])
  const level = (value: number) => (value === 0 ? 0 : 55 + value * 40)
  const index = color - 16
  return hex([level(Math.floor(index / 36)), level(Math.floor(index / 6) % 6), level(index % 6)])
}

const hex = (parts: readonly number[]) =>
  `#${parts.map((part) => part.toString(16).padStart(2, '0')).join('')}`

const escapeXml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
