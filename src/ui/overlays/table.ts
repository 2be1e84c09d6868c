/** Rows that were asked for, wider than the window: whole columns, and how many stand at either side. Pure. */
import type { Detail, TableView } from '../input/view-state.ts'
import { MOST_OF_A_CELL } from '../panels/table-lines.ts'
import { columnsOf, type Line, span } from '../text/line.ts'
import textWidth from '../text/text-width.ts'

/** A text that is cut at the edge of the window has at least so many columns. */
const LEAST_OF_A_TEXT = 16

/** The columns that have room, from the first on that is to be shown; the foot stays where it is. */
export function tableRows(table: TableView, width: number): Line[] {
  const { lines, starts, shifted, foot } = table
  const from = starts[shifted] ?? 0
  const end = starts[lastShown(table, width) + 1]
  const isCut = end !== undefined && !isCutText(table, width)
  return lines.map((line, row): Line => {
    const whole: Line = [span(line, row === 0 && lines.length > 1 ? 'muted' : undefined)]
    if (starts.length === 0 || row >= lines.length - foot) return whole
    const shown = columnsOf(whole, from, isCut ? end : textWidth(line))
    return isCut ? [...shown, span('…', 'muted')] : shown
  })
}

/** `columns 3–6 of 10 ←→`; empty where all of them are shown. */
export function columnsText(table: TableView, width: number): string {
  const { starts, shifted } = table
  const last = lastShown(table, width)
  if (starts.length === 0 || (shifted === 0 && last === starts.length - 1)) return ''
  const shown = last > shifted ? `columns ${shifted + 1}–${last + 1}` : `column ${shifted + 1}`
  return `${shown} of ${starts.length} ←→   `
}

const ends = ({ lines, starts, foot }: TableView) =>
  starts.map((_, index) =>
    index === starts.length - 1
      ? lines
          .slice(0, lines.length - foot)
          .reduce((most, line) => Math.max(most, textWidth(line.trimEnd())), 0)
      : (starts[index + 1] as number) - 2,
  )

/** Index of the last column that is seen whole, with room for the sign that there are more; or of the first one shown. */
function lastShown(table: TableView, width: number): number {
  const { starts, shifted } = table
  const from = starts[shifted] ?? 0
  return Math.max(
    shifted,
    ends(table).findLastIndex((end, index) => end - from + (index === starts.length - 1 ? 0 : 3) <= width),
  )
}

/** The next column is the last, a long text, and there is room for its beginning: no window may have room for all of it. */
function isCutText(table: TableView, width: number): boolean {
  const { starts, shifted } = table
  const next = lastShown(table, width) + 1
  const start = starts[next] as number
  if (next < starts.length - 1) return false
  return (
    (ends(table)[next] ?? 0) - start > MOST_OF_A_CELL &&
    start - (starts[shifted] ?? 0) + LEAST_OF_A_TEXT <= width
  )
}

/** A row column by column, under the names of the head; it is copied with tabs between its columns. */
export function rowDetail({ lines, cells, foot }: TableView, row: number): Detail | undefined {
  if (row === 0 || row >= lines.length - foot) return undefined
  const [head, values] = [cells[0], cells[row]]
  if (!head || !values) return { title: 'row', facts: [], text: lines[row] }
  return {
    title: 'row',
    facts: head.map((name, index) => [name, values[index] ?? '']),
    row: values.map((value) => value.replace(/[\t\r\n]+/g, ' ')).join('\t'),
  }
}
