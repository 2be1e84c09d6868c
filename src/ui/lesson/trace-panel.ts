/** One event as a stepper: what has happened to it, when, and what is still to come. */
import type { StepState } from '../../pipeline/ports/trace.ts'
import type { AppState } from '../../pipeline/state/state.ts'
import { type DescribedStep, describeTrace, positionText } from '../../pipeline/trace/describe.ts'
import { formatBytes, formatDuration } from '../text/format.ts'
import {
  type Line,
  left,
  lineWidth,
  printable,
  right,
  type Span,
  span,
  wrap,
  wrapData,
} from '../text/line.ts'
import type { Token } from '../text/theme.ts'

const MARKS: Readonly<Record<StepState, readonly [mark: string, token: Token]>> = {
  done: ['●', 'ok'],
  waiting: ['○', 'muted'],
  never: ['–', 'muted'],
  gone: ['?', 'warn'],
  unknown: ['?', 'warn'],
}
const INDENT = 14

/** As many as there are; the overlay scrolls. */
export function traceLines({ trace: slice, now }: AppState, width: number): Line[] {
  if (!slice)
    return [[span('No event is followed. T follows the newest one, w sends one of your own.', 'muted')]]
  const { trace, problem, lookedAt } = slice
  if (!trace)
    return [[span(problem ?? 'Looking for the event in the hub …', problem === undefined ? 'muted' : 'warn')]]
  const steps = describeTrace(trace)
  const stepper = inRows(
    steps.map(({ title, state }, index): Line => {
      const [mark, token] = MARKS[state]
      return [
        span(`${mark} `, token),
        span(title, state === 'done' ? 'title' : 'muted', state === 'done'),
        span(index === steps.length - 1 ? '' : ' → ', 'muted'),
      ]
    }),
    width,
  )
  const age = lookedAt === undefined ? undefined : Math.max(0, now - lookedAt)
  return [
    ...inRows(
      [
        [span(`Event ${printable(trace.eventId ?? 'without an id')} `, 'title', true)],
        [span(`at ${positionText(trace.position)}, as of ${formatDuration(age)} ago`, 'muted')],
      ],
      width,
    ),
    ...(problem === undefined ? [] : [[span(problem, 'warn')] as Line]),
    [],
    ...stepper,
    [],
    ...steps.flatMap((step) => stepLines(step, width)),
  ]
}

/** Parts one behind the other, in as many rows as they need. */
function inRows(parts: readonly Line[], width: number): Line[] {
  const rows: Line[] = [[]]
  for (const part of parts) {
    const last = rows.at(-1) as Line
    if (last.length === 0 || lineWidth([...last, ...part]) <= width)
      rows[rows.length - 1] = [...last, ...part]
    else rows.push(part)
  }
  return rows
}

function stepLines(
  { state, title, at, sinceMs, bytes, summary, details }: DescribedStep,
  width: number,
): Line[] {
  const [mark, token] = MARKS[state]
  const time = at === undefined ? '' : new Date(at).toISOString().slice(11, 23)
  const since = sinceMs === undefined ? '' : `${sinceMs < 0 ? '−' : '+'}${formatDuration(Math.abs(sinceMs))}`
  const size = bytes === undefined ? '' : formatBytes(bytes)
  const head: Line = [span(`${mark} `, token), span(left(title, INDENT - 2), 'title', true)]
  const measured = span(`${left(time, 13)}${right(since, 8)} ${right(size, 9)}  `, 'muted')
  const ink = state === 'done' ? undefined : 'muted'
  const said = printable(summary)
  return [
    ...(lineWidth([...head, measured, span(said)]) <= width
      ? [[...head, measured, span(said, ink)]]
      : besideOrBelow(head, time || since || size ? measured : undefined, said, ink, width)),
    ...details.flatMap(([name, value]) =>
      wrapData(printable(value), Math.max(20, width - INDENT - name.length - 2)).map(
        (text, row): Line => [
          span(left('', INDENT)),
          span(`${row === 0 ? `${name}: ` : ' '.repeat(name.length + 2)}${text}`, 'muted'),
        ],
      ),
    ),
  ]
}

/** A summary that has no room behind the numbers: below them, or in their place where there are none. */
function besideOrBelow(
  head: Line,
  measured: Span | undefined,
  said: string,
  ink: Token | undefined,
  width: number,
): Line[] {
  const rows = wrap(said, Math.max(20, width - INDENT)).map((text): Line => [span(text, ink)])
  const first = measured ? [measured] : (rows.shift() ?? [])
  return [[...head, ...first], ...rows.map((row): Line => [span(left('', INDENT)), ...row])]
}
