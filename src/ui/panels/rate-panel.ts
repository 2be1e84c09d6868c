/** Event rate: what was sent and what the hub acknowledged, one column a second. */
import asciichart from 'asciichart'
import { SPOIL_KINDS } from '../../pipeline/state.ts'
import { formatCount, formatRate, scaleStep } from '../format.ts'
import { type Line, right, span } from '../line.ts'
import { escapeOf } from '../theme.ts'
import type { PanelContext, PanelView } from './panel-content.ts'

/** Width of the axis labels and the axis itself. */
const LABEL = 7
const AXIS = LABEL + 1
const RESET = '\x1b[0m'

export const ratePanel: PanelView = (context) => {
  const { state, height, isZoomed } = context
  const { generator, hub } = state
  const below = isZoomed ? zoomedLines(context) : [totals(context)]
  const axisLines = 1
  const room = Math.max(2, height - below.length - axisLines)
  return {
    title: 'event rate  events/s',
    value: [
      ...(generator.backPressure ? [span('back-pressure  ', 'warn')] : []),
      ...(generator.burstUntil ? [span('burst  ', 'warn')] : []),
      span('now ', 'muted'),
      span(formatRate(hub.rate), 'title', true),
    ],
    lines: [...chart(context, room), axis(context), ...below],
  }
}

function chart({ state, style, width }: PanelContext, height: number): Line[] {
  const columns = Math.max(2, width - AXIS)
  const pad = (values: readonly number[]) => {
    const shown = values.slice(-columns)
    return [...Array<number>(columns - shown.length).fill(0), ...shown]
  }
  const sent = pad(state.generator.sentPerSecond)
  const enqueued = pad(state.hub.ratePerSecond.length > 0 ? smooth(state) : [])
  const top = scaleStep(Math.max(4, ...sent, ...enqueued))
  const { palette } = style
  const colors = [escapeOf(palette, 'series2'), escapeOf(palette, 'series1')]
  const text = asciichart.plot([sent, enqueued], {
    height: height - 1,
    min: 0,
    max: top,
    format: (value: number) => right(axisLabel(value), LABEL),
    ...(colors[0] === '' ? {} : { colors: colors as never }),
  })
  // Each row ends with a blank cell, and a colour that was begun ends with its row.
  return text.split('\n').map((line) => [span(colors[0] === '' ? line.trimEnd() : line.trimEnd() + RESET)])
}

/** Acknowledged by the second; what other clients send is in the hub's own rate. */
function smooth(state: PanelContext['state']): readonly number[] {
  const own = state.generator.acknowledgedPerSecond
  return own.some((value) => value > 0) ? own : state.hub.ratePerSecond
}

const axisLabel = (value: number) =>
  value >= 1000
    ? `${Math.round(value / 100) / 10}k`
    : value >= 10
      ? String(Math.round(value))
      : value.toFixed(1)

/** Marks every ten or thirty seconds, ending at now. */
function axis({ width }: PanelContext): Line {
  const columns = Math.max(2, width - AXIS)
  const every = columns > 90 ? 30 : 20
  const cells = Array<string>(columns).fill(' ')
  const write = (text: string, end: number) => {
    const start = end - text.length + 1
    if (start < 0 || cells.slice(start, end + 1).some((cell) => cell !== ' ')) return
    for (const [index, character] of [...text].entries()) cells[start + index] = character
  }
  write('now', columns - 1)
  for (let seconds = every; seconds < columns - 4; seconds += every)
    write(`−${seconds} s`, columns - 1 - seconds + 2)
  return [span(' '.repeat(AXIS)), span(cells.join(''), 'muted')]
}

function totals({ state }: PanelContext): Line {
  const { sent, acknowledged, buffered } = state.generator
  return [
    span('  '),
    span('━ ', 'series2'),
    span('sent ', 'muted'),
    span(formatCount(sent)),
    span('   '),
    span('━ ', 'series1'),
    span('acknowledged ', 'muted'),
    span(formatCount(acknowledged)),
    span('   in flight ', 'muted'),
    span(formatCount(buffered)),
  ]
}

function zoomedLines(context: PanelContext): Line[] {
  const { generator } = context.state
  const fact = (name: string, value: string): Line => [span(`  ${name.padEnd(18)}`, 'muted'), span(value)]
  const spoiled = SPOIL_KINDS.filter((kind) => generator.spoiled[kind] > 0).map(
    (kind) => `${kind} ${formatCount(generator.spoiled[kind])}`,
  )
  return [
    totals(context),
    [],
    fact('stations', `${formatCount(generator.stations)}, each every ${generator.intervalMs / 1000} s`),
    fact('dirty data', generator.dirty > 0 ? `${Math.round(generator.dirty * 1000) / 10} %` : 'off'),
    fact('spoiled', spoiled.join(', ') || 'none'),
    fact('buffer', `${formatCount(generator.buffered)} of ${formatCount(generator.bufferLimit)}`),
  ]
}
