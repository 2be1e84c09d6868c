/** The Stream Analytics job. */
import { formatAge, formatCount, formatRate, sparkline } from '../format.ts'
import { type Line, printable, span } from '../line.ts'
import type { PanelContext, PanelView } from './panel-content.ts'
import { sinceText, staleText, stateLine } from './states.ts'

const NAME = 16
const SPARK = 10

export const jobPanel: PanelView = (context) => {
  const { state, style } = context
  const { job, now } = state
  const stage = state.stages.streamAnalytics
  const { spark } = style.glyphs
  const fact = (name: string, value: string, more: Line = []): Line => [
    span(name.padEnd(NAME), 'muted'),
    span(value.padEnd(10)),
    ...more,
  ]
  const stale = staleText(job.metricsAt, now)
  const seconds = job.watermarkDelaySeconds === undefined ? undefined : job.watermarkDelaySeconds * 1000
  const errors = job.deserializationErrors ?? 0
  return {
    title: '2 stream analytics',
    value:
      stale && stage.state !== 'stopped'
        ? [span(`metrics ${stale}`, 'warn')]
        : [span(sinceText(stage, now), 'muted')],
    lines: [
      [
        ...stateLine(stage, style.glyphs),
        span(stage.detail ? `  ${printable(stage.detail)}` : '', stage.state === 'failed' ? 'fail' : 'muted'),
      ],
      fact('watermark delay', formatAge(seconds), [
        span(sparkline(job.watermarkHistory, SPARK, spark), 'series1'),
      ]),
      fact('backlogged', formatCount(stage.backlog ?? job.backlogged)),
      fact('in / out', `${formatRate(job.inputRate)} / ${formatRate(job.outputRate)} per s`),
      fact(
        'errors',
        formatCount(job.errors),
        errors > 0 ? [span(`${formatCount(errors)} not JSON`, 'warn')] : [],
      ),
      fact('streaming units', job.streamingUnits === undefined ? '–' : String(job.streamingUnits)),
      fact(
        'utilization',
        job.resourceUtilization === undefined ? '–' : `${Math.round(job.resourceUtilization)} %`,
        [span(sparkline(job.utilizationHistory, SPARK, spark), 'series1')],
      ),
      ...(context.isZoomed ? zoomed(context) : []),
    ],
  }
}

function zoomed({ state }: PanelContext): Line[] {
  const { ledger, job } = state
  const age = job.metricsAt === undefined ? 'none yet' : `${formatAge(state.now - job.metricsAt)} old`
  return [
    [],
    [span('landed in bronze'.padEnd(NAME + 2), 'muted'), span(formatCount(ledger.bronze))],
    [span('rejected'.padEnd(NAME + 2), 'muted'), span(formatCount(ledger.rejected))],
    [span('metrics'.padEnd(NAME + 2), 'muted'), span(age)],
  ]
}
