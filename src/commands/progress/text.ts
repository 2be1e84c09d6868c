/** What `run` says each second in lines: for a person whose output goes elsewhere, and for a program. */

import { grouped, roundedRate } from '../../contract/grouped.ts'
import { STAGE_IDS } from '../../pipeline/ports/stages.ts'
import { verdictOf } from '../../pipeline/reconciliation/verdict.ts'
import { STAGE_LABELS } from '../../pipeline/stages/stage-names.ts'
import { counted, isLedgerCount, type LedgerCount, ofHub } from '../../pipeline/state/known.ts'
import type { AppState } from '../../pipeline/state/state.ts'
import { UNKNOWN } from '../../ui/text/format.ts'

/** What a line of progress tells of. */
export interface Progress {
  state: AppState
  elapsedSeconds: number
}

const COUNTS = ['acknowledged', 'bronze', 'silver', 'gold', 'aggregated'] as const satisfies LedgerCount[]

/** `12 s  100/s  acknowledged 1,200  bronze 1,188 …  (gold starting)` */
export function progressLine({ state, elapsedSeconds }: Progress): string {
  const rate = ofHub(state, rateOf(state.hub.rate)) ?? UNKNOWN
  const numbers = COUNTS.map((name) => `${name} ${textOf(counted(state, name))}`)
  const notRunning = STAGE_IDS.filter((id) => state.stages[id].state !== 'running').map(
    (id) => `${STAGE_LABELS[id]} ${state.stages[id].state}`,
  )
  const rest = notRunning.length > 0 ? `  (${notRunning.join(', ')})` : ''
  return `${String(elapsedSeconds).padStart(4)} s  ${rate}/s  ${numbers.join('  ')}${rest}`
}

/** Few a second are not nought. */
const rateOf = (rate: number): number => (rate < 10 ? roundedRate(rate) : Math.round(rate))

const textOf = (value: number | undefined) => (value === undefined ? UNKNOWN : grouped(value))

/** Null stands for what nobody has read yet. */
export function progressJson({ state, elapsedSeconds }: Progress): string {
  const { inFlight: _, explanation: __, isUnread: ___, ...ledger } = state.ledger
  const counts = Object.entries(ledger).map(([name, value]) => [
    name,
    isLedgerCount(name) ? (counted(state, name) ?? null) : (value ?? null),
  ])
  return JSON.stringify({
    type: 'progress',
    elapsedSeconds,
    ratePerSecond: ofHub(state, rateOf(state.hub.rate)) ?? null,
    stages: Object.fromEntries(STAGE_IDS.map((id) => [id, state.stages[id].state])),
    ledger: { ...Object.fromEntries(counts), verdict: verdictOf(state).kind },
  })
}
