/** Tables: cells of fixed width, numbers to the right, names to the left. */
import { type Line, left, right, type Span, span } from './line.ts'
import type { Token } from './theme.ts'

export interface Column {
  title: string
  width: number
  align: 'left' | 'right'
}
export type Cell = string | { text: string; token?: Token | undefined; bold?: boolean }

const GAP = '  '

export function tableHead(columns: readonly Column[], ellipsis: string): Line {
  return columns.flatMap((column, index) => [
    ...gap(index),
    cellOf(column, { text: column.title, token: 'muted' }, ellipsis),
  ])
}

export function tableRow(columns: readonly Column[], cells: readonly Cell[], ellipsis: string): Line {
  return columns.flatMap((column, index) => [...gap(index), cellOf(column, cells[index] ?? '', ellipsis)])
}

/** The columns that fit, the last ones left out first; what is left over goes to the stretching one. */
export function columnsFor(width: number, columns: readonly Column[], stretch?: string): Column[] {
  const kept: Column[] = []
  let used = 0
  for (const column of columns) {
    const next = used + (kept.length > 0 ? GAP.length : 0) + column.width
    if (next > width) break
    kept.push(column)
    used = next
  }
  return kept.map((column) =>
    column.title === stretch ? { ...column, width: column.width + width - used } : column,
  )
}

const gap = (index: number): Span[] => (index === 0 ? [] : [span(GAP)])

function cellOf(column: Column, cell: Cell, ellipsis: string): Span {
  const { text, token, bold } =
    typeof cell === 'string' ? { text: cell, token: undefined, bold: undefined } : cell
  const filled =
    column.align === 'right' ? right(text, column.width, ellipsis) : left(text, column.width, ellipsis)
  return span(filled, token, bold)
}
