/** Rows that were asked for, wider than the window: whole columns, and how many stand at either side. Pure. */
import type { Detail, TableView } from '../input/view-state.ts'
import { fromColumn, type Line, plainText, span } from '../text/line.ts'
import textWidth from '../text/text-width.ts'

/** The rows from the first column on that is to be shown; the foot stays where it is. */
export function tableRows({ lines, starts, shifted, foot }: TableView): Line[] {
  const from = starts[shifted] ?? 0
  return lines.map((line, row): Line => {
    const whole: Line = [span(line, row === 0 && lines.length > 1 ? 'muted' : undefined)]
    return from > 0 && row < lines.length - foot ? fromColumn(whole, from) : whole
  })
}

/** `columns 3–6 of 10  ←→`; empty where all of them are shown. */
export function columnsText(table: TableView, width: number): string {
  const { starts, shifted } = table
  const last = lastShown(table, width)
  if (shifted === 0 && last === starts.length - 1) return ''
  const shown = last > shifted ? `${shifted + 1}–${last + 1}` : String(shifted + 1)
  return starts.length === 0 ? '' : `columns ${shown} of ${starts.length} ←→   `
}

/** Index of the last column that is seen whole, or of the first one shown. */
function lastShown({ lines, starts, shifted, foot }: TableView, width: number): number {
  const rows = lines.slice(0, lines.length - foot)
  const ends = starts.map((_, index) =>
    index === starts.length - 1
      ? Math.max(...rows.map((line) => textWidth(line.trimEnd())))
      : (starts[index + 1] as number) - 2,
  )
  const from = starts[shifted] ?? 0
  return Math.max(
    shifted,
    ends.findLastIndex((end) => end - from <= width),
  )
}

/** A row column by column, under the names of the head. */
export function rowDetail({ lines, starts, foot }: TableView, row: number): Detail | undefined {
  if (row === 0 || row >= lines.length - foot) return undefined
  if (starts.length === 0) return { title: 'row', facts: [], text: lines[row] }
  const cells = (line: string) =>
    starts.map((start, index) => {
      const end = starts[index + 1]
      const rest = plainText(fromColumn([span(line)], start))
      return (end === undefined ? rest : firstColumns(rest, end - start - 2)).trim()
    })
  const head = cells(lines[0] ?? '')
  const values = cells(lines[row] ?? '')
  return { title: 'row', facts: head.map((name, index) => [name, values[index] ?? '']) }
}

function firstColumns(text: string, width: number): string {
  let end = text.length
  while (end > 0 && textWidth(text.slice(0, end)) > width) end--
  return text.slice(0, end)
}
