/** The two Databricks runs: silver and gold. */
import type { StageSlice } from '../../pipeline/state/state.ts'
import { type Column, fitColumns, tableHead, tableRow, widthOfColumn } from '../text/columns.ts'
import { formatCount, formatDuration, formatRate, UNKNOWN } from '../text/format.ts'
import { type Line, printable, span } from '../text/line.ts'
import { chartLines } from './chart.ts'
import { stageDetail } from './details.ts'
import type { Panel, PanelContext } from './panel.ts'
import { historyRows, type RunRow } from './run-table.ts'
import { fromTop } from './scrolled.ts'
import { historyLine, runsFor, staleText, stateSpan, troubleLines } from './states.ts'

type Name = 'job' | 'state' | 'run' | 'for' | 'batch' | 'rows' | 'took' | 'rate'

const COLUMNS: readonly Column<Name>[] = [
  { name: 'job', width: 6, align: 'left' },
  { name: 'state', width: 12, align: 'left' },
  { name: 'run', width: 8, align: 'left', drop: 1 },
  { name: 'for', width: 8, align: 'right' },
  { name: 'batch', width: 7, align: 'right' },
  { name: 'rows', width: 6, align: 'right' },
  { name: 'took', width: 6, align: 'right' },
  { name: 'rate', title: 'row/s', width: 5, align: 'right', drop: 2 },
]

const HISTORY = 10
/** The head of the table and a row for each job. */
const HEAD = 3
/** Lines from which on runs are listed rather than marked. */
const LEAST_HISTORY = 5

/** Reasons and errors come before the history of runs, which needs room. */
export const databricksPanel: Panel = (context) => {
  const { state, width, height, isZoomed, scroll } = context
  const { silver, gold } = state.stages
  const columns = fitColumns(width, COLUMNS, { name: 'state', most: 30 })
  // Both have something to say: each has half of the room.
  const hasTwo = [silver, gold].every((stage) => stage.command || stage.detail)
  const trouble = { width, most: Math.floor((height - HEAD) / (hasTwo ? 2 : 1)) }
  const above = [
    tableHead(columns),
    jobRow(context, silver, columns),
    jobRow(context, gold, columns),
    ...troubleLines(silver, state.now, trouble, 'silver'),
    ...troubleLines(gold, state.now, trouble, 'gold'),
  ]
  const hasRoom = isZoomed || height >= above.length + LEAST_HISTORY
  const runs: readonly RunRow[] = hasRoom
    ? historyRows([silver, gold], state.now, width)
    : [{ line: lastRuns(silver, gold) }]
  const chart = isZoomed ? batchCharts(context, height - above.length - runs.length) : []
  const stages = [undefined, stageDetail(silver, state.now), stageDetail(gold, state.now)]
  const rows: readonly RunRow[] = [
    ...above.map((line, index) => ({ line, detail: stages[index] })),
    ...chart.map((line) => ({ line })),
    ...runs,
  ]
  const window = fromTop(rows, height, isZoomed ? scroll : 0)
  const stale = staleText(Math.min(silver.updatedAt ?? state.now, gold.updatedAt ?? state.now), state.now)
  return {
    hotkey: '3 4',
    title: 'databricks',
    value: stale ? [span(stale, 'warn')] : [span(engineOf(context), 'muted')],
    lines: window.shown.map(({ line }) => line),
    details: () => window.shown.map(({ detail }) => detail),
    scrollable: isZoomed ? window.scrollable : undefined,
  }
}

/** Least rows of a chart with its heading, and most: the runs below it must be reached. */
const CHART = { least: 6, most: 12 }

/** How long the last batches of silver and gold took, as the commits of their tables tell. */
function batchCharts({ state, width, height }: PanelContext, room: number): Line[] {
  const batches = (['silver', 'gold'] as const).flatMap((name) => {
    const times = (state.lake.layers[name].commits ?? []).flatMap(({ durationMs }) => durationMs ?? [])
    return times.length > 1 ? [{ name, times }] : []
  })
  if (batches.length === 0) return []
  const each = Math.min(
    CHART.most,
    Math.max(CHART.least, Math.floor(Math.max(room, height / 2) / batches.length) - 2),
  )
  return batches.flatMap(({ name, times }): Line[] => [
    [],
    [
      span(`batches of ${name}`, 'title', true),
      span(`  ms, the last ${times.length}, newest at the right`, 'muted'),
    ],
    ...chartLines([{ values: times, token: name === 'silver' ? 'series1' : 'series2' }], {
      width,
      height: each,
      isTimed: false,
    }),
  ])
}

const engineOf = ({ state }: PanelContext) =>
  state.session.target === 'azure' || state.session.engine === 'spark' ? 'Spark' : 'DuckDB, local stand-in'

function jobRow({ state }: PanelContext, stage: StageSlice, columns: readonly Column<Name>[]): Line {
  const { batch } = stage
  return tableRow(columns, {
    job: span(stage.id, 'title', true),
    state: stateSpan(stage, widthOfColumn(columns, 'state')),
    run: span(stage.runId === undefined ? '–' : tail(printable(stage.runId), 8), 'muted'),
    for: runsFor(stage, state.now) ?? UNKNOWN,
    batch: batch ? `#${formatCount(batch.id)}` : '–',
    rows: formatCount(batch?.rows),
    took: formatDuration(batch?.durationMs),
    rate: span(formatRate(stage.rate), stage.rate ? undefined : 'muted'),
  })
}

/** Ids of runs differ at their end. */
const tail = (text: string, length: number) => (text.length <= length ? text : `…${text.slice(1 - length)}`)

function lastRuns(silver: StageSlice, gold: StageSlice): Line {
  if (silver.history.length + gold.history.length === 0) return [span('no runs yet', 'muted')]
  return [
    span('runs  ', 'muted'),
    ...(silver.history.length > 0 ? [span('silver ', 'muted'), ...historyLine(silver.history, HISTORY)] : []),
    ...(gold.history.length > 0 ? [span('   gold ', 'muted'), ...historyLine(gold.history, HISTORY)] : []),
  ]
}
