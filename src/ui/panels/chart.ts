/** A chart over time, one column a second, ending at now. Drawn by asciichart; laid over each other and coloured here. */
import asciichart from 'asciichart'
import { niceStep } from '../text/format.ts'
import { type Line, right, type Span, span } from '../text/line.ts'
import type { Token } from '../text/theme.ts'

export interface Series {
  /** One per second, newest last. */
  values: readonly number[]
  token: Token
}

/** Columns of an axis label. */
const LABEL = 6
/** Label, blank, axis. */
export const AXIS = LABEL + 2

/** asciichart draws an axis of its own, which gives way to ours: a label, a blank and the axis. */
const NO_LABEL = '   '
const ASCIICHART_AXIS = NO_LABEL.length + 2

/** What the axis is drawn for at least, so that idling is not magnified. */
const LEAST_TOP = 4
/** More labels than this on the upright axis are a burden. */
const MOST_LABELS = 8
/** Seconds between marks on the axis of time, from narrow to wide. */
const MARKS = [10, 20, 30, 60]

export interface ChartSize {
  width: number
  /** At least 3. */
  height: number
  /** Each column is a second: the last line is the axis of time. */
  isTimed: boolean
}

/** @param series later ones lie over earlier ones. */
export function chartLines(series: readonly Series[], { width, height, isTimed }: ChartSize): Line[] {
  const columns = width - AXIS
  const intervals = height - (isTimed ? 2 : 1)
  const perLabel = Math.ceil(intervals / MOST_LABELS)
  const shown = series.map(({ values }) => lastOf(values, columns + 1))
  // A round number from label to label: the axis stands still while values move within such a step.
  const step = niceStep((Math.max(LEAST_TOP, ...shown.flat()) / intervals) * perLabel)
  const grids = shown.map((values) =>
    asciichart
      .plot(values, {
        height: intervals,
        min: 0,
        max: (step * intervals) / perLabel,
        format: () => NO_LABEL,
      })
      .split('\n')
      .map((row) => [...row].slice(ASCIICHART_AXIS)),
  )
  const every = MARKS.find((seconds) => Math.floor(columns / seconds) * 9 <= columns) ?? 60
  const rows = Array.from({ length: intervals + 1 }, (_, row): Line => {
    const fromFloor = intervals - row
    const isLabelled = fromFloor % perLabel === 0
    const floor = isTimed ? every : 'line'
    return [
      span(right(isLabelled ? labelOf((step * fromFloor) / perLabel) : '', LABEL), 'muted'),
      span(fromFloor === 0 ? ' ┼' : isLabelled ? ' ┤' : ' │', 'border'),
      ...cellsOf(grids, series, row, columns, fromFloor === 0 ? floor : 'none'),
    ]
  })
  return isTimed ? [...rows, timeAxis(columns, every)] : rows
}

const lastOf = (values: readonly number[], count: number): number[] => {
  const shown = values.slice(-count)
  return [...Array<number>(count - shown.length).fill(0), ...shown]
}

/** @param below what shows through: nothing, a line, or a line with a mark every so many seconds. */
function cellsOf(
  grids: readonly (readonly (readonly string[])[])[],
  series: readonly Series[],
  row: number,
  columns: number,
  below: 'none' | 'line' | number,
): Span[] {
  const spans: Span[] = []
  for (let column = 0; column < columns; column++) {
    const over = grids.findLastIndex((grid) => (grid[row]?.[column] ?? ' ') !== ' ')
    const isMark = typeof below === 'number' && (columns - 1 - column) % below === 0 && column < columns - 1
    const behind = below === 'none' ? ' ' : isMark ? '┴' : '─'
    const text = over >= 0 ? (grids[over]?.[row]?.[column] ?? ' ') : behind
    const token: Token = over >= 0 ? (series[over]?.token ?? 'series1') : 'border'
    const last = spans.at(-1)
    if (last && last.token === token) last.text += text
    else spans.push(span(text, token))
  }
  return spans
}

/** `−60 s` under its mark, and `now` at the end. */
function timeAxis(columns: number, every: number): Line {
  const cells = Array<string>(columns).fill(' ')
  const write = (text: string, start: number) => {
    if (start < 0 || start + text.length > columns) return
    if (cells.slice(Math.max(0, start - 1), start + text.length + 1).some((cell) => cell !== ' ')) return
    for (const [index, character] of [...text].entries()) cells[start + index] = character
  }
  write('now', columns - 3)
  for (let seconds = every; seconds < columns; seconds += every) {
    const text = `−${seconds} s`
    write(text, columns - 1 - seconds - Math.floor(text.length / 2))
  }
  return [span(' '.repeat(AXIS)), span(cells.join(''), 'muted')]
}

/** `150`, `2.5`, `12.5k` */
function labelOf(value: number): string {
  const [shown, unit] =
    value >= 1e6 ? [value / 1e6, 'M'] : value >= 10_000 ? [value / 1000, 'k'] : [value, '']
  return `${Math.round(shown * 10) / 10}${unit}`
}
