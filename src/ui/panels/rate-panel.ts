/** Event rate: what was sent and what the hub acknowledged. */
import { STAGE_IDS } from '../../pipeline/ports/stages.ts'
import { ofHub } from '../../pipeline/state/known.ts'
import { CORRUPTION_KINDS } from '../../pipeline/state/state.ts'
import { formatAge, formatCount, formatInterval, formatPercent, formatRate } from '../text/format.ts'
import { badge, type Line, lineWidth, overlay, span, wrap } from '../text/line.ts'
import { AXIS, chartLines, type Series } from './chart.ts'
import { note } from './facts.ts'
import type { Panel, PanelContext } from './panel.ts'
import { troubleLines } from './states.ts'

const LEAST_CHART = 4
/** Columns of the name of a fact. */
const NAME = 16
/** Lines of a reason, at most. */
const TROUBLE = 4

/** Marks on the chart are what a person did. */
export const ratePanel: Panel = (context) => {
  const { state, width, height, isZoomed } = context
  const { generator, hub } = state
  const below: Line[] = isZoomed
    ? [...trouble(context), legend(context), [], ...zoomedFacts(context)]
    : height > LEAST_CHART + 1
      ? [...trouble(context), legend(context)]
      : []
  const chart = chartLines(seriesOf(context), {
    width,
    height: Math.max(LEAST_CHART, height - below.length),
    isTimed: true,
    back: secondsBack(context),
    marks: marksOf(context),
  })
  return {
    title: 'event rate',
    subtitle: 'events/s',
    value: [
      ...(generator.backPressure ? [badge('back-pressure', 'warn'), span('  ')] : []),
      ...burst(context),
      span('now ', 'muted'),
      span(formatRate(ofHub(state, hub.rate)), 'title', true),
    ],
    lines: [...withHint(context, chart), ...below],
  }
}

/** How far one has gone back in time, in seconds. */
const secondsBack = ({ state, chartAt }: PanelContext): number =>
  chartAt === undefined ? 0 : Math.max(0, Math.round((state.now - chartAt) / 1000))

/** Seconds before now at which a person pressed something that acts. */
const marksOf = ({ state }: PanelContext): number[] =>
  state.log.filter(({ source }) => source === 'you').map(({ at }) => (state.now - at) / 1000)

/** Who sees this for the first time is told what to press, where the eye looks for a curve. */
function withHint({ state, width }: PanelContext, chart: readonly Line[]): readonly Line[] {
  const { session, stages, generator, hub } = state
  const isFlat = [generator.sentPerSecond, hub.ratePerSecond].every(
    (rates) => !rates.some((rate) => rate > 0),
  )
  if (!session.connected || !isFlat || STAGE_IDS.some((id) => stages[id].state !== 'stopped')) return chart
  const hint: Line = session.readOnly
    ? [span(' Nothing runs. ', 'muted')]
    : [span(' Nothing runs: ', 'muted'), span('a', 'accent', true), span(' starts all stages. ', 'muted')]
  const row = Math.floor((chart.length - 2) / 2)
  const start = AXIS + Math.floor((width - AXIS - lineWidth(hint)) / 2)
  return chart.map((line, index) => (index === row ? overlay(line, start, hint) : line))
}

/** Other clients may send while the generator rests: then the hub's own rate is what there is to see. */
const isOurs = ({ state }: PanelContext) =>
  state.generator.sentPerSecond.some((rate) => rate > 0) || !state.hub.ratePerSecond.some((rate) => rate > 0)

function seriesOf(context: PanelContext): Series[] {
  const { generator, hub } = context.state
  if (!isOurs(context)) return [{ values: hub.ratePerSecond, token: 'series1' }]
  return [
    { values: generator.acknowledgedPerSecond, token: 'series1' },
    { values: generator.sentPerSecond, token: 'muted', isLine: true },
  ]
}

/** Why readings wait, and what to do. */
function trouble({ state, width, height, isZoomed }: PanelContext): Line[] {
  const { generator } = state.stages
  const most = isZoomed ? TROUBLE : Math.min(TROUBLE, height - LEAST_CHART - 1)
  return generator.detail && most > 0 ? troubleLines(generator, state.now, { width, most }) : []
}

function burst({ state }: PanelContext): Line {
  const { burstUntil } = state.generator
  if (burstUntil === undefined || burstUntil <= state.now) return []
  return [badge(`burst ${formatAge(burstUntil - state.now)}`, 'accent'), span('  ')]
}

function legend(context: PanelContext): Line {
  const { state } = context
  const { generator, hub } = state
  // Nothing can have been sent to a hub that was not reached yet.
  const own = (count: number) => formatCount(count > 0 ? count : ofHub(state, count))
  if (!isOurs(context)) return [span('  ▇ ', 'series1'), span('enqueued ', 'muted'), span(own(hub.enqueued))]
  const sent: Line = [span('   · ', 'muted'), span('sent ', 'muted'), span(own(generator.sent))]
  const line = (middle: Line): Line => [
    span('  ▇ ', 'series1'),
    span('acknowledged ', 'muted'),
    span(own(generator.acknowledged)),
    ...middle,
    span('   waiting ', 'muted'),
    span(own(generator.buffered), generator.backPressure ? 'warn' : undefined),
  ]
  // What waits is what is left to send: the second number is the one that can go.
  return lineWidth(line(sent)) <= context.width ? line(sent) : line([])
}

function zoomedFacts({ state, width }: PanelContext): Line[] {
  const { generator } = state
  const corrupted = CORRUPTION_KINDS.filter((kind) => generator.corrupted[kind] > 0)
    .map((kind) => `${kind} ${formatCount(generator.corrupted[kind])}`)
    .join(', ')
  const line = (name: string, text: string): Line[] =>
    wrap(text, width - NAME).map((part, index) => note(NAME, index === 0 ? `  ${name}` : '', span(part)))
  return [
    ...line(
      'stations',
      `${formatCount(generator.stations)}, each every ${formatInterval(generator.intervalMs)}`,
    ),
    ...line('dirty data', generator.dirty > 0 ? formatPercent(generator.dirty) : 'off'),
    ...line('corrupted', corrupted || 'none'),
    ...line('waiting', `${formatCount(generator.buffered)} of at most ${formatCount(generator.bufferLimit)}`),
  ]
}
