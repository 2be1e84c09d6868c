/** Past and present runs of a stage, one a line, with what became of them. */
import type { RunOutcome } from '../../pipeline/ports/stages.ts'
import { STAGE_LABELS } from '../../pipeline/stages/stage-names.ts'
import type { StageSlice } from '../../pipeline/state/state.ts'
import type { Detail } from '../input/view-state.ts'
import { formatClock, formatInstant, formatUptime, UNKNOWN } from '../text/format.ts'
import { type Line, left, printable, span, wrap, wrapData } from '../text/line.ts'
import { outcomeSpan } from './states.ts'

const NAME = 18
/** Errors of runs are long; more than this of one says no more. */
const ERROR_LINES = 3

/** A line, and the run that opens on its first one. */
export interface RunRow {
  line: Line
  detail?: Detail | undefined
}

/** Empty when no run is known of any of the stages. */
export function historyRows(stages: readonly StageSlice[], now: number, width: number): RunRow[] {
  return stages.flatMap((stage): RunRow[] => {
    if (stage.history.length === 0) return []
    return [
      { line: [] },
      { line: [span(`history of ${STAGE_LABELS[stage.id]}`, 'title', true)] },
      ...stage.history.flatMap((run) =>
        runLines(stage, run, now, width).map((line, index) =>
          index === 0 ? { line, detail: runDetail(stage, run, now) } : { line },
        ),
      ),
    ]
  })
}

/** Without what is behind each line. */
export const historyLines = (stages: readonly StageSlice[], now: number, width: number): Line[] =>
  historyRows(stages, now, width).map(({ line }) => line)

/** A run with all that it gave back. */
function runDetail(stage: StageSlice, run: RunOutcome, now: number): Detail {
  const { id } = stage
  const at = (time: Date | undefined) =>
    time === undefined ? UNKNOWN : `${formatInstant(time.getTime())} UTC`
  return {
    title: `run of ${STAGE_LABELS[id]}`,
    link: run.url,
    subject: id === 'generator' ? undefined : id,
    facts: [
      ['run', run.runId],
      ['the service says', run.providerStatus || UNKNOWN],
      ['started', at(run.startedAt)],
      ['ended', run.endedAt ? at(run.endedAt) : 'not yet'],
      ['lasted', lasted(stage, run, now) ?? UNKNOWN],
      ...(run.error ? [['error', run.error] as const] : []),
      ['output', run.output ? 'below' : run.endedAt ? 'none' : 'when it has ended'],
    ],
    text: run.output,
  }
}

/** The present run is as old as the stage says, whatever the clock is set to meanwhile. */
function lasted(stage: StageSlice, run: RunOutcome, now: number): string | undefined {
  const started = run.startedAt?.getTime()
  if (started === undefined) return undefined
  if (run.endedAt) return formatUptime(run.endedAt.getTime() - started)
  return formatUptime(now - (run.runId === stage.runId ? (stage.since ?? started) : started))
}

function runLines(stage: StageSlice, run: RunOutcome, now: number, width: number): Line[] {
  const started = run.startedAt?.getTime()
  const outcome = outcomeSpan(run)
  const line: Line = [
    span('  '),
    outcome,
    span(` ${left(printable(run.runId), NAME)}`, 'muted'),
    span(
      `  ${started === undefined ? '–'.padEnd(8) : formatClock(started)}  ${(lasted(stage, run, now) ?? '–').padStart(9)}  `,
    ),
    span(printable(run.providerStatus), outcome.token),
  ]
  const error = run.error ? wrap(printable(run.error), Math.max(20, width - 6)).slice(0, ERROR_LINES) : []
  const output = run.output
    ? wrapData(printable(run.output), Math.max(20, width - 6)).slice(0, ERROR_LINES)
    : []
  return [
    line,
    ...output.map((text): Line => [span('      '), span(text, 'muted')]),
    ...error.map((text): Line => [span('      '), span(text, 'fail')]),
  ]
}
