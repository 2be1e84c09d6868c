/** Past and present runs of a stage, one a line, with what became of them. */
import type { StageSlice } from '../../pipeline/state/state.ts'
import { formatClock, formatUptime } from '../text/format.ts'
import { type Line, left, printable, span, wrap } from '../text/line.ts'
import { outcomeSpan } from './states.ts'

const NAME = 18
/** Errors of runs are long; more than this of one says no more. */
const ERROR_LINES = 3

/** Empty when no run is known of any of the stages. */
export function historyLines(stages: readonly StageSlice[], now: number, width: number): Line[] {
  return stages.flatMap((stage): Line[] => {
    if (stage.history.length === 0) return []
    return [
      [],
      [span(`history of ${stage.id}`, 'title', true)],
      ...stage.history.flatMap((run) => runLines(run, now, width)),
    ]
  })
}

function runLines(run: StageSlice['history'][number], now: number, width: number): Line[] {
  const started = run.startedAt?.getTime()
  const lasted = started === undefined ? '–' : formatUptime((run.endedAt?.getTime() ?? now) - started)
  const outcome = outcomeSpan(run)
  const line: Line = [
    span('  '),
    outcome,
    span(` ${left(printable(run.runId), NAME)}`, 'muted'),
    span(`  ${started === undefined ? '–'.padEnd(8) : formatClock(started)}  ${lasted.padStart(9)}  `),
    span(printable(run.providerStatus), outcome.token),
  ]
  const error = run.error ? wrap(printable(run.error), Math.max(20, width - 6)).slice(0, ERROR_LINES) : []
  return [line, ...error.map((text): Line => [span('      '), span(text, 'fail')])]
}
