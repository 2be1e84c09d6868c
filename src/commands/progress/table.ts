/** What `run` shows on a terminal: a row for each stage, and what the ledger says. Pure. */

import { STAGE_IDS, type StageId } from '../../pipeline/ports/stages.ts'
import { verdictOf } from '../../pipeline/reconciliation/verdict.ts'
import { STAGE_LABELS } from '../../pipeline/stages/stage-names.ts'
import { elapsedText } from '../../pipeline/state/clock-text.ts'
import { counted, type LedgerCount, ofHub, waitingAt } from '../../pipeline/state/known.ts'
import type { AppState } from '../../pipeline/state/state.ts'
import { forText, stateSpan } from '../../ui/panels/states.ts'
import { type Column, fitColumns, tableHead, tableRow, widthOfColumn } from '../../ui/text/columns.ts'
import { formatAge, formatCount, formatDuration, formatInterval, formatRate } from '../../ui/text/format.ts'
import { type Line, span, toWidth } from '../../ui/text/line.ts'
import type { Progress } from './text.ts'

type Name = 'stage' | 'state' | 'rate' | 'rows' | 'waiting' | 'batch' | 'took'

const COLUMNS: readonly Column<Name>[] = [
  { name: 'stage', width: 16, align: 'left' },
  { name: 'state', width: 12, align: 'left' },
  { name: 'rate', title: 'out/s', width: 6, align: 'right' },
  { name: 'rows', width: 9, align: 'right' },
  { name: 'waiting', width: 8, align: 'right' },
  { name: 'batch', width: 7, align: 'right', drop: 1 },
  { name: 'took', width: 6, align: 'right', drop: 2 },
]
/** Columns: a wider terminal does not stretch the table. */
export const WIDEST = 90

const STAGES: Readonly<Record<StageId, { count: LedgerCount; waits: keyof AppState['ledger']['inFlight'] }>> =
  {
    generator: { count: 'acknowledged', waits: 'hub' },
    streamAnalytics: { count: 'bronze', waits: 'bronze' },
    silver: { count: 'silver', waits: 'silver' },
    gold: { count: 'gold', waits: 'gold' },
    aggregate: { count: 'aggregated', waits: 'aggregate' },
  }

/** The pipeline as a table: a row for each stage, and what the ledger says. @param lastsMs as long as the generator is to run. */
export function progressTable({ state, elapsedSeconds }: Progress, columns: number, lastsMs: number): Line[] {
  const width = Math.min(WIDEST, columns - 1)
  const fitted = fitColumns(width, COLUMNS, { name: 'state', most: 30 })
  const { mark, text, kind } = verdictOf(state)
  const { latencyP95 } = state.assertions
  const rejected = counted(state, 'rejected')
  const quarantined = counted(state, 'quarantined')
  const lines: Line[] = [
    [
      span(elapsedText(elapsedSeconds), 'title', true),
      span(`, with readings for ${formatInterval(lastsMs)}  `, 'muted'),
      span(`${formatRate(ofHub(state, state.hub.rate))}/s`, 'title', true),
      span('  ctrl+c ends it in order', 'muted'),
    ],
    tableHead(fitted),
    ...STAGE_IDS.map((id): Line => {
      const stage = state.stages[id]
      const { count, waits } = STAGES[id]
      const waiting = waitingAt(state, waits)
      return tableRow(fitted, {
        stage: span(STAGE_LABELS[id], 'title', true),
        state: [stateSpan(stage, widthOfColumn(fitted, 'state')), span(forText(stage, state.now), 'muted')],
        rate: formatRate(stage.rate ?? (stage.state === 'stopped' ? 0 : undefined)),
        rows: formatCount(counted(state, count)),
        waiting: span(formatCount(waiting), waiting ? 'warn' : 'muted'),
        batch: span(stage.batch ? `#${formatCount(stage.batch.id)}` : '', 'muted'),
        took: span(stage.batch ? formatDuration(stage.batch.durationMs) : '', 'muted'),
      })
    }),
    [
      span('ledger ', 'muted'),
      span(`${mark} ${text}`, kind === 'unbalanced' ? 'fail' : kind === 'unknown' ? 'warn' : 'ok'),
      span('  rejected ', 'muted'),
      span(formatCount(rejected), rejected ? 'warn' : undefined),
      span('  quarantined ', 'muted'),
      span(formatCount(quarantined), quarantined ? 'warn' : undefined),
      span('  created→gold p95 ', 'muted'),
      span(formatAge(latencyP95.value), latencyP95.holds === false ? 'warn' : undefined),
    ],
  ]
  return lines.map((line) => toWidth(line, width))
}
