/** The Stream Analytics job. */
import { nounOf } from '../../pipeline/state/count-of.ts'
import { counted, gaugesOf, type LedgerCount } from '../../pipeline/state/known.ts'
import { formatAge, formatCount, formatRate, formatShare, sparkline } from '../text/format.ts'
import { type Line, span } from '../text/line.ts'
import { chartLines } from './chart.ts'
import { stageDetail } from './details.ts'
import { type FactWidths, fact, note } from './facts.ts'
import type { Panel, PanelContext } from './panel.ts'
import { historyLines } from './run-table.ts'
import { scrolledDown } from './scrolled.ts'
import { forText, staleMetricsText, staleText, stateSpan, troubleLines } from './states.ts'

/** Facts that stand also beside a long reason. */
const LEAST_FACTS = 2
/** Lines from which on there is room for more than the seven facts. */
const ROOMY = 13
const WIDTHS: FactWidths = { name: 11, value: 9 }

/** Zoomed, or with room: also the delay over time. */
export const jobPanel: Panel = (context) => {
  const { state, height, scroll, isZoomed } = context
  const { job, now } = state
  const stage = state.stages.streamAnalytics
  const isUp = stage.state !== 'stopped' && stage.state !== 'unknown'
  const oldMetrics = staleMetricsText(job.metricsAt, now, state.session.target === 'local')
  const stale = staleText(stage.updatedAt, now) ?? (isUp && oldMetrics ? `metrics ${oldMetrics}` : undefined)
  const trouble = troubleLines(stage, now, { width: context.width, most: height - LEAST_FACTS - 1 })
  const facts = factLines(context).slice(0, Math.max(0, height - 1 - trouble.length))
  const lines: Line[] = [
    [stateSpan(stage), span(forText(stage, now), 'muted')],
    ...trouble,
    ...facts,
    ...(isZoomed || height >= ROOMY ? zoomedLines(context) : []),
  ]
  return {
    hotkey: '2',
    details: () => (scroll > 0 ? [] : [stageDetail(stage, now)]),
    title: 'stream analytics',
    value: stale ? [span(stale, 'warn')] : [span(formatDelay(context), 'title', true)],
    ...scrolledDown([...lines, ...delayChart(context, height - lines.length)], height, scroll, isZoomed),
  }
}

function formatDelay({ state }: PanelContext): string {
  const { watermarkDelaySeconds } = gaugesOf(state)
  return watermarkDelaySeconds === undefined ? '' : `delay ${formatAge(watermarkDelaySeconds * 1000)}`
}

function factLines(context: PanelContext): Line[] {
  const { state, width } = context
  const { job } = state
  const stage = state.stages.streamAnalytics
  const spark = Math.min(context.isZoomed ? 60 : 24, width - WIDTHS.name - WIDTHS.value - 2)
  const { watermarkDelaySeconds, backlogged, resourceUtilization } = gaugesOf(state)
  const backlog = stage.backlog ?? backlogged
  const notJson = job.deserializationErrors ?? 0
  // The service counts what it cannot read apart from the errors of the query.
  const errors = job.errors === undefined && notJson === 0 ? undefined : (job.errors ?? 0) + notJson
  const delay = watermarkDelaySeconds === undefined ? undefined : watermarkDelaySeconds * 1000
  return [
    fact(WIDTHS, 'watermark', formatAge(delay), [span(sparkline(job.watermarkHistory, spark), 'series1')]),
    fact(WIDTHS, 'backlog', formatCount(backlog)),
    fact(WIDTHS, 'in', `${formatRate(job.inputRate)}/s`),
    fact(WIDTHS, 'out', `${formatRate(job.outputRate)}/s`),
    fact(WIDTHS, 'errors', formatCount(errors), [
      span(notJson > 0 ? `${formatCount(notJson)} not JSON` : '', 'warn'),
    ]),
    fact(
      WIDTHS,
      'units',
      resourceUtilization === undefined
        ? formatCount(job.streamingUnits)
        : `${formatCount(job.streamingUnits)} · ${formatShare(resourceUtilization / 100)}`,
      [span(sparkline(job.utilizationHistory, spark), 'series1')],
    ),
  ]
}

function zoomedLines({ state, width }: PanelContext): Line[] {
  const { job, now } = state
  const count = (name: LedgerCount) => formatCount(counted(state, name))
  const age = job.metricsAt === undefined ? 'none yet' : `${formatAge(now - job.metricsAt)} old`
  return [
    [],
    note(WIDTHS.name + 2, 'in bronze', span(`${count('bronze')} ${nounOf(counted(state, 'bronze'), 'row')}`)),
    note(
      WIDTHS.name + 2,
      'rejected',
      span(
        `${count('rejected')} ${nounOf(counted(state, 'rejected'), 'event that is not a JSON object', 'events that are not JSON objects')}`,
      ),
    ),
    note(
      WIDTHS.name + 2,
      'skipped',
      span(
        `${count('skipped')} expired in the hub before ${nounOf(counted(state, 'skipped'), 'it was', 'they were')} read`,
      ),
    ),
    note(WIDTHS.name + 2, 'metrics', span(age)),
    ...historyLines([state.stages.streamAnalytics], now, width),
  ]
}

const LEAST_CHART = 8

/** Zoomed, the rest of the screen is the watermark's. */
function delayChart({ state, width, isZoomed }: PanelContext, height: number): Line[] {
  if (!isZoomed || height < LEAST_CHART) return []
  const heading: Line = [
    span('watermark delay', 'title', true),
    span('  seconds, by poll, newest at the right', 'muted'),
  ]
  const series = [{ values: state.job.watermarkHistory, token: 'series1' }] as const
  return [[], heading, ...chartLines(series, { width, height: height - 2, isTimed: false })]
}
