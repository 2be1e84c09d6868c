/** A chart over time, one column a second: filled to an eighth of a row, a quieter line over it, ending at now or before. */
import { formatRate, niceStep } from '../text/format.ts'
import { BLOCKS } from '../text/glyphs.ts'
import { type Line, right, type Span, span } from '../text/line.ts'
import textWidth from '../text/text-width.ts'
import type { Token } from '../text/theme.ts'

/** What one chart draws; several share its axes. */
export interface Series {
  /** One per column, newest last. */
  values: readonly number[]
  token: Token
  /** A line of its own instead of a filled area. */
  isLine?: boolean
}

/** Columns of an axis label. */
const LABEL = 6
/** Label, blank, axis. */
export const AXIS = LABEL + 2
/** Right of the newest value: what it is. */
const LAST = 7

/** What the axis is drawn for at least, so that idling is not magnified. */
const LEAST_TOP = 4
/** Seconds between marks on the axis of time, from narrow to wide. */
const MARKS = [10, 20, 30, 60, 120, 300, 600]

/** In cells of the terminal. */
export interface ChartSize {
  width: number
  /** At least 3. */
  height: number
  /** Each column is a second: the last line is the axis of time. */
  isTimed: boolean
  /** Seconds before now at which the chart ends. */
  back?: number
  /** Seconds before now at which a person did something. */
  marks?: readonly number[]
}

/** Columns of values that a chart of a width has. */
const chartColumns = (width: number): number => Math.max(1, width - AXIS - LAST)

/** @param series later ones lie over earlier ones. */
export function chartLines(series: readonly Series[], size: ChartSize): Line[] {
  const { width, height, isTimed, back = 0 } = size
  const columns = chartColumns(width)
  const rows = Math.max(1, height - (isTimed ? 1 : 0))
  const shown = series.map((one) => ({
    ...one,
    values: steady(lastOf(one.values, columns + WARM_UP, back)).slice(WARM_UP),
  }))
  const known = shown.flatMap(({ values }) => values.filter((value) => value !== undefined))
  const step = stepFor(Math.max(LEAST_TOP, ...known), rows)
  const top = step * Math.ceil(Math.max(LEAST_TOP, ...known) / step)
  const last = shown.findLast(({ isLine }) => !isLine)?.values.at(-1)
  const labels = labelRows(top, step, rows, isTimed)
  const lines = Array.from({ length: rows }, (_, row): Line => {
    const label = labels.get(row)
    const isFloor = row === rows - 1 && !isTimed
    return [
      span(right(label ?? '', LABEL), 'muted'),
      span(isFloor ? ' ┼' : label === undefined ? ' │' : ' ┤', 'border'),
      // With nought on the axis of time, below it, a line in the middle of the row would say more than nought.
      ...cellsOf(shown, row, rows, top, isTimed ? '_' : '─'),
      ...lastLabel(last, row, rows, top),
    ]
  })
  return isTimed ? [...lines, timeAxis(columns, back, size.marks ?? [])] : lines
}

type Values = readonly (number | undefined)[]

/** Undefined where nothing is known. */
function lastOf(values: readonly number[], count: number, back: number): Values {
  const end = Math.max(0, values.length - back)
  const shown = values.slice(Math.max(0, end - count), end)
  return [...Array<undefined>(count - shown.length).fill(undefined), ...shown]
}

/** Half of the columns over which a mean is taken, and how far a value may stray from it to be shown as the mean. */
const SMOOTH = 3
const STRAY = 0.12
/** A mean that moves by less is still the one before: a share of it. */
const HELD = 0.05
/** Columns before the first one shown, so that it does not depend on where the chart begins. */
const WARM_UP = 30

/** What flutters around a mean is shown as the mean: a steady rate is a straight line, and a burst stays as sharp as it is. */
function steady(values: Values): Values {
  let held: number | undefined
  return values.map((value, index) => {
    if (value === undefined) return undefined
    const around = values
      .slice(Math.max(0, index - SMOOTH), index + SMOOTH + 1)
      .filter((one) => one !== undefined)
    const mean = around.reduce((sum, one) => sum + one, 0) / around.length
    const most = Math.max(1.5, mean * STRAY)
    if (around.some((one) => Math.abs(one - mean) > most)) {
      held = undefined
      return value
    }
    if (held === undefined || Math.abs(mean - held) > Math.max(0.5, held * HELD)) held = mean
    return held
  })
}

/** Labels are at most so close (rows). */
const BETWEEN_LABELS = 2

/** A round step, with room for a label at each; the greatest value lies below the top one. */
function stepFor(most: number, rows: number): number {
  const steps = Math.max(1, Math.min(4, Math.floor(rows / BETWEEN_LABELS)))
  return niceStep((most * 1.05) / steps)
}

/** Nought lies at the lower end of the last row: on the axis of time, where there is one. */
function labelRows(top: number, step: number, rows: number, isTimed: boolean): ReadonlyMap<number, string> {
  const labels = new Map<number, string>()
  for (let value = top; value >= 0; value -= step) {
    // The row that the upper end of such a column lies in.
    const row = Math.min(rows - 1, Math.floor((1 - value / top) * rows))
    const isNought = Math.abs(value) < step / 2
    if (!labels.has(row) && !(isNought && isTimed)) labels.set(row, labelOf(isNought ? 0 : value))
  }
  return labels
}

/** Eighths of rows that a value fills. */
const eighths = (value: number, rows: number, top: number) =>
  Math.max(value > 0 ? 1 : 0, Math.round((Math.min(value, top) / top) * rows * 8))

/** @param row from the top. @param floorMark of the last row, where nothing stands. */
function cellsOf(
  series: readonly { values: Values; token: Token; isLine?: boolean }[],
  row: number,
  rows: number,
  top: number,
  floorMark: string,
): Span[] {
  const floor = (rows - 1 - row) * 8
  const spans: Span[] = []
  const columns = series[0]?.values.length ?? 0
  for (let column = 0; column < columns; column++) {
    let text = ' '
    let token: Token = 'border'
    for (const { values, token: own, isLine } of series) {
      const value = values[column]
      if (value === undefined) continue
      const level = eighths(value, rows, top)
      if (isLine) {
        // The row in which the line runs; what is filled covers it.
        if (Math.floor(Math.max(0, level - 1) / 8) === rows - 1 - row && text === ' ') {
          text = '·'
          token = own
        }
      } else {
        const full = Math.min(8, level - floor)
        if (full > 0) {
          text = BLOCKS[full - 1] as string
          // The crest stands out, what lies below is calm.
          token = level - floor > 8 ? 'fill' : own
        }
      }
    }
    if (text === ' ' && row === rows - 1) text = floorMark
    const previous = spans.at(-1)
    if (previous && previous.token === token) previous.text += text
    else spans.push(span(text, token))
  }
  return spans
}

/** The newest value, beside where it stands. */
function lastLabel(last: number | undefined, row: number, rows: number, top: number): Line {
  if (last === undefined) return []
  const at = rows - 1 - Math.floor(Math.max(0, eighths(last, rows, top) - 1) / 8)
  return at === row ? [span('◂', 'muted'), span(formatRate(last), 'title', true)] : []
}

/** `−60 s` under its mark, `now` at the end, and `▲` where a person did something. */
function timeAxis(columns: number, back: number, marks: readonly number[]): Line {
  const cells = Array.from({ length: columns }, () => ({ text: ' ', token: 'muted' as Token }))
  const write = (text: string, start: number) => {
    if (start < 1 || start + text.length > columns) return
    if (cells.slice(Math.max(0, start - 1), start + text.length + 1).some((cell) => cell.text !== ' ')) return
    for (const [index, character] of [...text].entries())
      cells[start + index] = { text: character, token: 'muted' }
  }
  // One unit on an axis: what is farther away decides.
  const agoText = back + columns <= LONGEST_IN_SECONDS ? secondsText : minutesText
  const end = back === 0 ? 'now' : agoText(back)
  write(end, columns - end.length)
  for (const mark of marks) {
    const column = columns - 1 - Math.round(mark - back)
    if (column >= 0 && column < columns - end.length) cells[column] = { text: '▲', token: 'accent' }
  }
  const every = MARKS.find((seconds) => Math.floor(columns / seconds) * 9 <= columns) ?? 600
  for (let seconds = every; seconds < columns; seconds += every) {
    const text = agoText(seconds + back)
    write(text, columns - 1 - seconds - Math.floor(textWidth(text) / 2))
  }
  const spans: Span[] = [span(right('0', LABEL), 'muted'), span(' ┼', 'border'), span('')]
  for (const { text, token } of cells) {
    const previous = spans.at(-1)
    if (previous && (previous.token === token || text === ' ')) previous.text += text
    else spans.push(span(text, token))
  }
  return spans
}

/** An axis that goes back farther is in minutes. */
const LONGEST_IN_SECONDS = 120
const secondsText = (seconds: number) => `−${seconds} s`
/** In minutes over the hour too, which series are hardly longer than: a mark has room for no more. */
const minutesText = (seconds: number) =>
  `−${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`

/** `150`, `2.5`, `12.5k` */
function labelOf(value: number): string {
  const [shown, unit] =
    value >= 1e6 ? [value / 1e6, 'M'] : value >= 10_000 ? [value / 1000, 'k'] : [value, '']
  return `${Math.round(shown * 10) / 10}${unit}`
}
