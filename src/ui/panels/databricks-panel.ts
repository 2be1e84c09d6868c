/** The two Databricks runs: silver and gold. */
import type { StageSlice } from '../../pipeline/state.ts'
import { type Column, columnsFor, tableHead, tableRow } from '../columns.ts'
import { formatAge, formatClock, formatCount, formatDuration, formatUptime } from '../format.ts'
import { type Line, printable, span } from '../line.ts'
import type { PanelContext, PanelView } from './panel-content.ts'
import { STATE_TOKENS, sinceText } from './states.ts'

const COLUMNS: readonly Column[] = [
  { title: 'job', width: 8, align: 'left' },
  { title: 'state', width: 18, align: 'left' },
  { title: 'for', width: 9, align: 'right' },
  { title: 'batch', width: 8, align: 'right' },
  { title: 'took', width: 7, align: 'right' },
  { title: 'rows', width: 7, align: 'right' },
  { title: 'run', width: 14, align: 'left' },
]

export const databricksPanel: PanelView = (context) => {
  const { state, style, width, isZoomed } = context
  const columns = columnsFor(width, COLUMNS, 'state')
  const stages = [state.stages.silver, state.stages.gold]
  const row = (stage: StageSlice, key: string) => jobRow(context, stage, key, columns)
  return {
    title: '3 4 databricks',
    value: [
      span(
        `engine ${state.session.target === 'local' ? (state.session.engine === 'spark' ? 'Spark' : 'DuckDB') : 'Spark'}`,
        'muted',
      ),
    ],
    lines: [
      tableHead(columns, style.glyphs.ellipsis),
      row(stages[0] as StageSlice, '3 silver'),
      row(stages[1] as StageSlice, '4 gold'),
      ...stages.flatMap((stage) => troubles(stage)),
      history(context),
      ...(isZoomed ? stages.flatMap((stage) => runs(context, stage)) : []),
    ],
  }
}

function jobRow(
  { state, style }: PanelContext,
  stage: StageSlice,
  key: string,
  columns: readonly Column[],
): Line {
  const { batch, command } = stage
  const elapsed = command
    ? formatAge(state.now - command.startedAt)
    : stage.since === undefined
      ? '–'
      : formatUptime(state.now - stage.since)
  return tableRow(
    columns,
    [
      key,
      {
        text: `${style.glyphs.states[stage.state]} ${printable(stage.words || stage.state)}`,
        token: STATE_TOKENS[stage.state],
      },
      stage.state === 'stopped' ? '–' : elapsed,
      batch ? `#${formatCount(batch.id)}` : '–',
      formatDuration(batch?.durationMs),
      formatCount(batch?.rows),
      { text: stage.runId ?? '–', token: 'muted' },
    ],
    style.glyphs.ellipsis,
  )
}

function troubles(stage: StageSlice): Line[] {
  if (!stage.detail) return []
  return [[span(`${stage.id}: ${printable(stage.detail)}`, stage.state === 'failed' ? 'fail' : 'warn')]]
}

/** Outcomes of the last runs, newest last. */
function history({ state, style }: PanelContext): Line {
  const marks = (stage: StageSlice): Line =>
    [...stage.history]
      .reverse()
      .slice(-8)
      .map((run) => span(`${style.glyphs.states[run.state]} `, STATE_TOKENS[run.state]))
  const { silver, gold } = state.stages
  if (silver.history.length + gold.history.length === 0) return [span('no runs yet', 'muted')]
  return [span('runs  silver ', 'muted'), ...marks(silver), span('  gold ', 'muted'), ...marks(gold)]
}

function runs({ state, style }: PanelContext, stage: StageSlice): Line[] {
  return [
    [],
    [span(`${stage.id}  `, 'title', true), span(sinceText(stage, state.now), 'muted')],
    ...stage.history.map((run): Line => {
      const started = run.startedAt ? formatClock(run.startedAt.getTime()) : '–'
      const lasted = run.startedAt
        ? formatUptime((run.endedAt?.getTime() ?? state.now) - run.startedAt.getTime())
        : '–'
      return [
        span(`  ${style.glyphs.states[run.state]} `, STATE_TOKENS[run.state]),
        span(`${run.runId.padEnd(16)}`, 'muted'),
        span(`${started}  ${lasted.padStart(9)}  `),
        span(`${run.words}  `, STATE_TOKENS[run.state]),
        span(printable(run.error ?? ''), 'fail'),
      ]
    }),
  ]
}
