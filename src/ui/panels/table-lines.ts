/** Rows of a query as lines of text, as wide as their longest cell. Pure. */

import { QUERY_TABLES, type QueryResult } from '../../pipeline/ports/query.ts'
import { countOf } from '../../pipeline/state/count-of.ts'
import type { TableView } from '../input/view-state.ts'
import { cutStart, left, printable, right } from '../text/line.ts'
import textWidth from '../text/text-width.ts'

/** Columns of a cell, at most, on the screen. */
export const MOST_OF_A_CELL = 48
const GAP = '  '

/**
 * Numbers stand to the right, paths are cut at their start; the foot says when there were more rows.
 * @param most columns of a cell, but for those of the last column.
 */
export function tableLines(
  { columns, rows, isCut, files, bytes }: QueryResult,
  most = MOST_OF_A_CELL,
): Pick<TableView, 'lines' | 'starts' | 'cells' | 'foot'> {
  const names = columns.map(printable)
  const texts = rows.map((row) => row.map(cellText))
  // The last column has what is left of the window.
  const widths = names.map((name, index) => {
    const longest = texts.reduce(
      (width, row) => Math.max(width, textWidth(row[index] ?? '')),
      textWidth(name),
    )
    return index === names.length - 1 ? longest : Math.min(most, longest)
  })
  const looks = names.map((_, index) => lookOf(texts.map((row) => row[index] ?? '')))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) => {
        const width = widths[index] ?? 0
        return looks[index] === 'number'
          ? right(cell, width)
          : left(looks[index] === 'path' ? cutStart(cell, width) : cell, width)
      })
      .join(GAP)
  const count = isCut ? `${countOf(rows.length, 'row')} and more` : countOf(rows.length, 'row')
  const starts = widths.map((_, index) =>
    widths.slice(0, index).reduce((sum, one) => sum + one + GAP.length, 0),
  )
  return {
    lines: [
      line(names),
      ...texts.map(line),
      '',
      `${count}, from ${countOf(files, 'file')}, ${(bytes / 1e6).toFixed(1)} MB`,
    ],
    starts,
    cells: [names, ...texts],
    foot: 2,
  }
}

/** Numbers stand at the right, and of a path the end counts. */
function lookOf(cells: readonly string[]): 'number' | 'path' | 'text' {
  const known = cells.filter((cell) => cell !== UNKNOWN)
  if (known.length === 0) return 'text'
  if (known.every((cell) => /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(cell))) return 'number'
  return known.every((cell) => /^[^\s/{]+(?:\/[^\s/{]+)+$/.test(cell)) ? 'path' : 'text'
}

const UNKNOWN = '–'

const cellText = (value: unknown): string =>
  printable(value === null ? UNKNOWN : typeof value === 'object' ? JSON.stringify(value) : String(value))

const TABLES: readonly string[] = QUERY_TABLES

/** Why a query failed, and what can be asked. A guess of the engine's that names something else of its own is left out. */
export function mistakeLines(error: unknown): string[] {
  const told = (error instanceof Error ? error.message : String(error)).split('\n').filter((line) => {
    const guess = /^Did you mean "([^"]+)"\?$/.exec(line)?.[1]
    return guess === undefined || TABLES.includes(guess)
  })
  return ['The query failed.', ...told, '', `The views are ${TABLES.join(', ')}.`]
}
