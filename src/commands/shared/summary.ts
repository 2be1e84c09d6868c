/** What a run leaves behind: the counts, the five assertions, and where the data lies. */
import type { TableAudit } from '../../pipeline/ports/lake.ts'
import type { AppState, LedgerSlice } from '../../pipeline/state/state.ts'

/** The last line of `run --json`. */
export interface RunSummary {
  type: 'summary'
  target: 'local' | 'azure'
  durationSeconds: number
  ledger: Record<
    | 'acknowledged'
    | 'enqueued'
    | 'bronze'
    | 'rejected'
    | 'silver'
    | 'quarantined'
    | 'duplicates'
    | 'gold'
    | 'aggregated'
    | 'lost',
    number
  >
  balanced: boolean
  assertions: {
    ratePerSecond: number | null
    latencyP95Ms: number | null
    duplicates: number | null
    outOfSequence: number | null
    missing: number
  }
}

export interface Measured {
  /** How long the generator ran (ms), and what the hub acknowledged of what it made. */
  generatingMs: number
  acknowledgedInRun: number
  durationMs: number
}

/**
 * Closes the ledger. The tables' own numbers (audit) stand above what their logs promised. Where the audit could not be made,
 * the log's numbers stand, the assertions that need the tables are null, and nobody can say that the ledger balances.
 * `missing` is in no table and no counter, for whatever reason; `lost` does not count what waits in front of a stage.
 */
export function summarise(state: AppState, audit: TableAudit | undefined, measured: Measured): RunSummary {
  const { ledger } = state
  const counts = {
    acknowledged: ledger.acknowledged,
    enqueued: ledger.enqueued,
    bronze: ledger.bronze,
    rejected: ledger.rejected,
    silver: audit?.silverRows ?? ledger.silver,
    quarantined: audit?.quarantinedRows ?? ledger.quarantined,
    duplicates: ledger.duplicates,
    gold: audit?.goldRows ?? ledger.gold,
    aggregated: audit?.aggregatedReadings ?? ledger.aggregated,
  }
  const missing = Math.max(
    0,
    Math.max(counts.acknowledged, counts.enqueued) -
      counts.rejected -
      counts.silver -
      counts.quarantined -
      counts.duplicates,
  )
  const waiting = ledger.inFlight.hub + ledger.inFlight.bronze + ledger.inFlight.silver
  const lost = Math.max(ledger.lost, missing - waiting)
  const seconds = measured.generatingMs / 1000
  return {
    type: 'summary',
    target: state.session.target,
    durationSeconds: round(measured.durationMs / 1000, 1),
    ledger: { ...counts, lost },
    balanced: audit !== undefined && isBalanced(counts, missing, ledger),
    assertions: {
      ratePerSecond: seconds > 0 ? round(measured.acknowledgedInRun / seconds, 1) : null,
      latencyP95Ms: audit?.latencyP95Ms === undefined ? null : Math.round(audit.latencyP95Ms),
      duplicates: audit?.duplicateEventIds ?? null,
      outOfSequence: audit?.outOfSequence ?? null,
      missing,
    },
  }
}

/**
 * The ledger as it stands when a session ends in the middle of things: what is in flight is kept in the hub and the lake,
 * and goes on at the next start. Assertions are those of the screen, over what it has seen.
 */
export function summariseSession(state: AppState, durationMs: number): RunSummary {
  const { ledger, assertions } = state
  const {
    acknowledged,
    enqueued,
    bronze,
    rejected,
    silver,
    quarantined,
    duplicates,
    gold,
    aggregated,
    lost,
  } = ledger
  return {
    type: 'summary',
    target: state.session.target,
    durationSeconds: round(durationMs / 1000, 1),
    ledger: {
      acknowledged,
      enqueued,
      bronze,
      rejected,
      silver,
      quarantined,
      duplicates,
      gold,
      aggregated,
      lost,
    },
    balanced: ledger.verdict === 'balanced' || ledger.verdict === 'empty',
    assertions: {
      ratePerSecond: assertions.rate.value === undefined ? null : round(assertions.rate.value, 1),
      latencyP95Ms:
        assertions.latencyP95.value === undefined ? null : Math.round(assertions.latencyP95.value),
      duplicates: assertions.duplicates.value ?? null,
      outOfSequence: assertions.outOfSequence.value ?? null,
      missing: lost,
    },
  }
}

function isBalanced(
  counts: Omit<RunSummary['ledger'], 'lost'>,
  missing: number,
  ledger: LedgerSlice,
): boolean {
  return (
    missing === 0 &&
    ledger.skipped === 0 &&
    counts.acknowledged <= counts.enqueued &&
    counts.enqueued === counts.bronze + counts.rejected &&
    counts.bronze === counts.silver + counts.quarantined + counts.duplicates &&
    counts.gold === counts.silver &&
    counts.aggregated === counts.gold
  )
}

const round = (value: number, digits: number) => Number(value.toFixed(digits))
const count = (value: number) => value.toLocaleString('en-US')

/** The same for a person, a handful of aligned lines without a final line end. */
export function summaryText(
  summary: RunSummary,
  where: { dataDir: string | undefined; ephemeral: boolean; logFile: string | undefined; inFlight?: number },
): string {
  const { ledger, assertions } = summary
  const hop = (name: string, value: string) => `  ${name.padEnd(14)}${value}`
  const known = (value: number | null, unit = '') => (value === null ? 'not known' : `${count(value)}${unit}`)
  const inFlight = where.inFlight ?? 0
  const verdict = summary.balanced
    ? '✓ balanced'
    : inFlight > 0 && ledger.lost === 0
      ? `✓ ${count(inFlight)} in flight, kept for the next start`
      : '✗ not balanced'
  return [
    `The ledger after ${count(summary.durationSeconds)} s: ${verdict}`,
    hop('acknowledged', count(ledger.acknowledged)),
    hop('enqueued', count(ledger.enqueued)),
    hop('bronze', `${count(ledger.bronze)}   rejected ${count(ledger.rejected)}`),
    hop(
      'silver',
      `${count(ledger.silver)}   quarantined ${count(ledger.quarantined)}   duplicates ${count(ledger.duplicates)}`,
    ),
    hop('gold', count(ledger.gold)),
    hop('aggregated', count(ledger.aggregated)),
    hop('lost', count(ledger.lost)),
    `Rate ${known(assertions.ratePerSecond, '/s')}, created→gold p95 ${known(assertions.latencyP95Ms, ' ms')}`,
    `Duplicates in silver ${known(assertions.duplicates)}, out of sequence ${known(assertions.outOfSequence)}, missing ${known(assertions.missing)}`,
    ...(where.dataDir === undefined
      ? []
      : [where.ephemeral ? 'The temporary data folder was removed.' : `The data lies in ${where.dataDir}`]),
    ...(where.logFile === undefined || where.ephemeral ? [] : [`The log is ${where.logFile}`]),
  ].join('\n')
}
