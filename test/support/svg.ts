/** Draws a terminal as it stands, cell by cell, so that a picture shows what a person saw and nothing else. */
import { pictureOf } from '../../src/ui/text/picture.ts'
import type { Cell, Terminal } from './terminal.ts'

/** What the terminal itself brings along. */
const COLORS = {
  dark: { background: '#14181f', text: '#d5dae3' },
  light: { background: '#fbfbf9', text: '#24292f' },
}
export type PictureColors = keyof typeof COLORS

/** The sixteen colours as many terminals have them. */
const ANSI = [
  '#1c2430', '#e5534b', '#57ab5a', '#c69026', '#539bf5', '#b083f0', '#39c5cf', '#adbac7',
  '#768390', '#ff938a', '#6bc46d', '#daaa3f', '#6cb6ff', '#dcbdfb', '#56d4dd', '#ffffff',
] // biome-ignore format: a table

export function screenshot(terminal: Terminal, title: string, colors: PictureColors = 'dark'): string {
  const { columns, rows } = terminal
  const drawn = Array.from({ length: rows }, (_, row) =>
    runsOf(terminal.cells(row)).map(({ column, columns, text, cell }) => {
      const [ink, paper] = inkAndPaper(cell, COLORS[colors])
      return { column, columns, text, ink, paper, bold: cell.isBold, dim: cell.isDim }
    }),
  )
  return pictureOf(drawn, { columns, rows, title, background: COLORS[colors].background })
}

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
  return runs
}

const looksAs = (one: Cell, other: Cell) =>
  one.foreground === other.foreground &&
  one.background === other.background &&
  one.isBold === other.isBold &&
  one.isDim === other.isDim &&
  one.isInverse === other.isInverse

function inkAndPaper(
  cell: Cell,
  { background, text }: Readonly<Record<'background' | 'text', string>>,
): [ink: string, paper: string | undefined] {
  const ink = colorOf(cell.foreground) ?? text
  const paper = colorOf(cell.background)
  return cell.isInverse ? [paper ?? background, ink] : [ink, paper]
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
