/**
 * The strip while an event is followed: its steps in place of the services, from the station to the mean. Each step has its clock
 * time, the time since the step before and its bytes; steps still to come stand there hollow, and wait. Details are the overlay's.
 */
import type { StepState, TraceStep } from '../../pipeline/ports/trace.ts'
import type { AppState, TraceSlice } from '../../pipeline/state/state.ts'
import { type DescribedStep, describeTrace, positionText } from '../../pipeline/trace/describe.ts'
import { formatBytes, formatClock, formatDuration } from '../text/format.ts'
import { cut, type Line, printable, span, toWidth } from '../text/line.ts'
import textWidth from '../text/text-width.ts'
import type { Token } from '../text/theme.ts'

/** Rows with one for the name of the event. */
const ROWS = 5
/** `12:30:58.282` has room from here on; below it, whole seconds. */
const EXACT_FROM = 120
/** Steps in each band of a window that is too narrow for all of them side by side. */
const PER_BAND = 4
const BANDS_BELOW = 80
/** An arrow that reads well; below that, shorter names. */
const LEAST_ARROW = 3

const MARKS: Readonly<Record<StepState, string>> = {
  done: '●',
  waiting: '○',
  never: '–',
  gone: '?',
  unknown: '?',
}
const SHORT: Readonly<Record<string, string>> = { 'by minute': 'minute', aggregate: 'agg' }

/** A row of its own is needed, below the width at which the strip has one to spare. */
export const isStepping = ({ trace }: AppState): boolean => trace !== undefined

/** @param height rows that there are. @param gap blank rows above the strip, more than that. */
export function stepperLines(state: AppState, width: number, height: number, gap: 0 | 1 = 0): Line[] {
  const { trace: slice, now } = state
  if (!slice) return []
  const steps = describeTrace(slice.trace ?? { steps: TO_COME })
  const last = lastTime(steps)
  const name = toWidth(nameLine(slice, now, width), width)
  if (width < BANDS_BELOW) {
    const bands = [steps.slice(0, PER_BAND), steps.slice(PER_BAND)].map((part) =>
      band(part, width, last, now, false),
    )
    return [...bands.flatMap((lines) => [...lines, [] as Line]), name].slice(0, height)
  }
  const rows = gap + height
  // Where there is no row for the name of the event, times and bytes share one, if each has room.
  const isTight = rows < ROWS
  const lines = band(steps, width, last, now, isTight)
  const all = lines.length < rows ? [...lines, name] : lines
  return [...Array.from({ length: Math.max(0, rows - all.length) }, (): Line => []), ...all].slice(0, rows)
}

/** All that can come of an event: shown while it is looked for. */
const TO_COME: readonly TraceStep[] = (
  ['made', 'acknowledged', 'bronze', 'silver', 'gold', 'minute', 'aggregate'] as const
).map((step) => ({ step, state: 'waiting' }))

const lastTime = (steps: readonly DescribedStep[]) =>
  steps.reduce<number | undefined>(
    (last, { at }) => (at === undefined ? last : Math.max(last ?? at, at)),
    undefined,
  )

function nameLine({ trace, problem, lookedAt }: TraceSlice, now: number, width: number): Line {
  if (!trace) return [span(` ${problem ?? 'Looking for the event in the hub …'}`, problem ? 'warn' : 'muted')]
  const age = lookedAt === undefined ? undefined : Math.max(0, now - lookedAt)
  const place = ` at ${positionText(trace.position)}, as of ${formatDuration(age)} ago`
  const id = printable(trace.eventId ?? 'without an id')
  return [
    span(` Event ${cut(id, Math.max(8, width - textWidth(place) - 8))}`, 'title', true),
    span(place, problem === undefined ? 'muted' : 'warn'),
  ]
}

interface Cell {
  step: DescribedStep
  name: string
  box: number
  /** Of the arrow behind it; of blanks behind the last. */
  arrow: number
  isLast: boolean
  /** The event has gone on over it. */
  isPassed: boolean
}

function band(
  steps: readonly DescribedStep[],
  width: number,
  last: number | undefined,
  now: number,
  isTight: boolean,
): Line[] {
  const cells = cellsOf(steps, width)
  const line = (draw: (cell: Cell) => Line): Line =>
    toWidth([span(' '), ...cells.flatMap((cell) => toWidth(draw(cell), cell.box + cell.arrow))], width)
  const waiting = cells.find(({ step }) => step.state === 'waiting')
  const below = (text: string, { box, arrow }: Cell, token: Token = 'muted') => [
    span(` ${cut(text, box + arrow - 1)}`, token),
  ]
  const times = (cell: Cell) => {
    const { step } = cell
    if (step.state !== 'waiting')
      return below(timeOf(step, width), cell, step.state === 'done' ? 'title' : 'muted')
    if (cell !== waiting || last === undefined) return below('waits', cell)
    const since = formatDuration(Math.max(0, now - last))
    // A number is never cut: without room for both, the hollow box says that it waits.
    const whole = `waits ${since}`
    return below(textWidth(whole) < cell.box + cell.arrow ? whole : since, cell, 'warn')
  }
  const both = ({ step }: Cell) => [sinceOf(step), bytesOf(step)].filter((text) => text !== '').join('  ')
  const areBoth = isTight && cells.every((cell) => textWidth(both(cell)) < cell.box + cell.arrow - 1)
  return [
    line((cell) => [...boxOf(cell), ...arrowOf(cell)]),
    line(times),
    ...(areBoth
      ? [line((cell) => below(both(cell), cell))]
      : [line((cell) => below(sinceOf(cell.step), cell)), line((cell) => below(bytesOf(cell.step), cell))]),
  ]
}

const timeOf = ({ at, state }: DescribedStep, width: number): string =>
  at === undefined
    ? state === 'never'
      ? 'never'
      : state === 'done'
        ? '–'
        : state
    : width >= EXACT_FROM
      ? new Date(at).toISOString().slice(11, 23)
      : formatClock(at)
const sinceOf = ({ sinceMs }: DescribedStep): string =>
  sinceMs === undefined ? '' : `${sinceMs < 0 ? '−' : '+'}${formatDuration(Math.abs(sinceMs))}`
/** Of the event itself; of the file where a row has no size of its own. */
const bytesOf = ({ bytes, fileBytes }: DescribedStep): string =>
  bytes !== undefined
    ? formatBytes(bytes)
    : fileBytes !== undefined
      ? `in ${formatBytes(fileBytes).replace(/\.\d+/, '')}`
      : ''

function cellsOf(steps: readonly DescribedStep[], width: number): Cell[] {
  const named = (isShort: boolean) =>
    steps.map(({ outcome, title }) => outcome ?? (isShort ? (SHORT[title] ?? title) : title))
  const each = (names: readonly string[]) => {
    // The last step has no arrow behind it, and its time needs room.
    const boxes = names.map((name, index) =>
      Math.max(textWidth(name) + 4, index === names.length - 1 ? 10 : 0),
    )
    const room = width - 2 - boxes.reduce((sum, box) => sum + box, 0)
    return { boxes, arrow: Math.max(1, Math.floor(room / Math.max(1, names.length - 1))) }
  }
  const long = named(false)
  const names = each(long).arrow >= LEAST_ARROW ? long : named(true)
  const { boxes, arrow } = each(names)
  return steps.map((step, index) => ({
    step,
    name: names[index] as string,
    box: textWidth(names[index] as string) + 4,
    arrow:
      index === steps.length - 1 ? (boxes[index] as number) - textWidth(names[index] as string) - 4 : arrow,
    isLast: index === steps.length - 1,
    isPassed: step.state === 'done' && index < steps.length - 1 && steps[index + 1]?.state === 'done',
  }))
}

/** What has happened is text on its colour; what is to come is a hollow box: told apart without any colour. */
function boxOf({ step: { state, outcome }, name }: Cell): Line {
  const text = `${MARKS[state]} ${name}`
  if (state !== 'done')
    return [span('▐', 'muted'), span(text, state === 'waiting' ? 'title' : 'muted'), span('▌', 'muted')]
  return [{ text: ` ${text} `, token: outcome === undefined ? 'ok' : 'warn', bold: true, inverse: true }]
}

function arrowOf({ arrow, step, isLast, isPassed }: Cell): Line {
  if (arrow < 1 || isLast) return []
  const isNext = step.state === 'done' && !isPassed
  return [span(`${(isPassed ? '━' : isNext ? '─' : '╌').repeat(arrow - 1)}▶`, isPassed ? 'accent' : 'border')]
}
