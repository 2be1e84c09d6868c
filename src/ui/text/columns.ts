/** Tables: cells of fixed width, numbers to the right, names to the left. */
import { type Line, left, right, type Span, span, toWidth } from './line.ts'

/** In columns of the terminal. */
export interface Column<Name extends string = string> {
  name: Name
  /** Above the column; the name, if not given. */
  title?: string
  width: number
  align: 'left' | 'right'
  /** Columns with the highest number go first where there is too little room; 0: never. */
  drop?: number
}
/** A text takes the look of its column. */
export type Cell = string | Span | Line

const GAP = '  '

/**
 * The columns that fit, in their order; what is left over goes to the stretching one, up to `most` columns of width.
 */
export function fitColumns<Name extends string>(
  width: number,
  columns: readonly Column<Name>[],
  stretch?: { name: Name; most?: number },
): readonly Column<Name>[] {
  let kept = columns
  const used = () => kept.reduce((sum, column) => sum + column.width, 0) + GAP.length * (kept.length - 1)
  while (used() > width) {
    const last = Math.max(...kept.map(({ drop = 0 }) => drop))
    if (last === 0) break
    kept = kept.filter(({ drop = 0 }) => drop !== last)
  }
  const spare = Math.max(0, width - used())
  return kept.map((column) =>
    column.name === stretch?.name
      ? { ...column, width: Math.min(column.width + spare, stretch.most ?? Number.POSITIVE_INFINITY) }
      : column,
  )
}

/** 0 for a column that was left out. */
export const widthOfColumn = (columns: readonly Column[], name: string): number =>
  columns.find((column) => column.name === name)?.width ?? 0

/** Titles, aligned as their columns. */
export const tableHead = (columns: readonly Column[]): Line =>
  joinCells(columns, (column) => [span(aligned(column, column.title ?? column.name), 'muted')])

/** A cell that is missing is empty. */
export const tableRow = <Name extends string>(
  columns: readonly Column<Name>[],
  cells: Readonly<Partial<Record<Name, Cell>>>,
): Line => joinCells(columns, (column) => cellOf(column, cells[column.name] ?? ''))

const joinCells = <Name extends string>(
  columns: readonly Column<Name>[],
  cell: (column: Column<Name>) => Line,
): Line => columns.flatMap((column, index) => [...(index === 0 ? [] : [span(GAP)]), ...cell(column)])

function cellOf(column: Column, cell: Cell): Line {
  if (typeof cell === 'string') return [span(aligned(column, cell))]
  if ('text' in cell) return [{ ...cell, text: aligned(column, cell.text) }]
  return toWidth(cell, column.width)
}

const aligned = ({ align, width }: Column, text: string) =>
  align === 'right' ? right(text, width) : left(text, width)
