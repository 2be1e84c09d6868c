/** Rows of a query as lines of text, as wide as their longest cell. Pure. */
import type { QueryResult } from '../../pipeline/ports/query.ts'
import { left, printable } from '../text/line.ts'
import textWidth from '../text/text-width.ts'

/** Columns of a cell, at most. */
const MOST = 48
const GAP = '  '

export function tableLines({ columns, rows, isCut, files, bytes }: QueryResult): {
  lines: string[]
  /** Where each column begins. */
  starts: number[]
  /** Lines at the end that are no rows. */
  foot: number
} {
  const texts = rows.map((row) => row.map(cellText))
  // The last column has what is left of the window.
  const widths = columns.map((name, index) => {
    const longest = Math.max(textWidth(name), ...texts.map((row) => textWidth(row[index] ?? '')))
    return index === columns.length - 1 ? longest : Math.min(MOST, longest)
  })
  const line = (cells: readonly string[]) =>
    cells.map((cell, index) => left(cell, widths[index] ?? 0)).join(GAP)
  const count = `${rows.length.toLocaleString('en-US')}${isCut ? ' rows and more' : rows.length === 1 ? ' row' : ' rows'}`
  const starts = widths.map((_, index) =>
    widths.slice(0, index).reduce((sum, one) => sum + one + GAP.length, 0),
  )
  return {
    lines: [
      line(columns),
      ...texts.map(line),
      '',
      `${count}, from ${files} files, ${(bytes / 1e6).toFixed(1)} MB`,
    ],
    starts,
    foot: 2,
  }
}

const cellText = (value: unknown): string =>
  printable(value === null ? '–' : typeof value === 'object' ? JSON.stringify(value) : String(value))
