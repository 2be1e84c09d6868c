/** What a run leaves behind: the counts, the five assertions, and where the data lies. */
import { grouped, groupedRate, roundedRate } from '../../contract/grouped.ts'
import type { TableAudit } from '../../pipeline/ports/lake.ts'
import { LATENCY_LIMIT_MS } from '../../pipeline/reconciliation/assertions.ts'
import { type VerdictKind, verdictOf } from '../../pipeline/reconciliation/verdict.ts'
import { elapsedText } from '../../pipeline/state/clock-text.ts'
import { counted, type LedgerCount, ofHub, waitingAt } from '../../pipeline/state/known.ts'
import type { AppState, Assertion, LedgerSlice } from '../../pipeline/state/state.ts'
import { inAscii } from './plain-text.ts'

/** The last line of `run --json`. */
export interface RunSummary {
  type: 'summary'
  target: 'local' | 'azure'
  durationSeconds: number
  ledger: Record<
    | 'acknowledged'
    /** Those of them that phones of the room sent. */
    | 'audience'
    /** Those of them that were typed on the screen in this session. */
    | 'typed'
    | 'enqueued'
    | 'bronze'
    | 'rejected'
    | 'silver'
    | 'quarantined'
    | 'duplicates'
    | 'gold'
    | 'aggregated'
    | 'lost'
    /** In no table yet, though nothing says that it is lost: it waits in front of a stage. */
    | 'waiting'
    /** Copies that silver dropped in this session, beyond those sent on purpose. */
    | 'enqueuedTwice',
    number | null
  >
  /** The one verdict: what the screen says too. `unknown`: not everything was read. */
  verdict: VerdictKind
  balanced: boolean
  assertions: {
    ratePerSecond: number | null
    latencyP95Ms: number | null
    duplicates: number | null
    outOfSequence: number | null
    missing: number | null
  }
  /** What must hold, and whether it does; null: not measured. */
  checks: readonly { name: string; limit: string; holds: boolean | null }[]
}

/** Taken by the command: the state does not tell it. */
export interface Measured {
  /** How long the generator ran (ms), and what the hub acknowledged of what it made. */
  generatingMs: number
  acknowledgedInRun: number
  durationMs: number
}

/**
 * Closes the ledger. The tables' own numbers (audit) stand above what their logs promised. Where the audit could not be made,
 * the log's numbers stand, the assertions that need the tables are null, and the verdict is unknown.
 * What is in no table and no counter either waits in front of a stage or is lost: `missing` is the lost.
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
  const nowhere = Math.max(
    0,
    Math.max(counts.acknowledged, counts.enqueued) +
      ledger.extraRows -
      counts.rejected -
      counts.silver -
      counts.quarantined -
      counts.duplicates,
  )
  const inFlight = ledger.inFlight.hub + ledger.inFlight.bronze + ledger.inFlight.silver
  const lost = Math.max(ledger.lost, nowhere - inFlight)
  const waiting = Math.max(0, nowhere - lost)
  const seconds = measured.generatingMs / 1000
  const isEmpty = counts.enqueued === 0 && counts.acknowledged === 0
  const verdict: VerdictKind =
    audit === undefined || ledger.isUnread
      ? 'unknown'
      : audit.byMinuteReadings !== audit.goldRows || !isBalanced(counts, ledger)
        ? 'unbalanced'
        : isEmpty
          ? 'empty'
          : 'balanced'
  const latency = audit?.latencyP95Ms
  return {
    type: 'summary',
    target: state.session.target,
    durationSeconds: round(measured.durationMs / 1000, 1),
    ledger: ledger.isUnread
      ? unread(audit)
      : {
          ...counts,
          audience: ledger.audience ?? null,
          typed: ledger.typed ?? 0,
          lost,
          waiting,
          enqueuedTwice: ledger.enqueuedTwice ?? null,
        },
    verdict,
    balanced: verdict === 'balanced' || verdict === 'empty',
    assertions: {
      ratePerSecond: seconds > 0 ? roundedRate(measured.acknowledgedInRun / seconds) : null,
      latencyP95Ms: audit?.latencyP95Ms === undefined ? null : Math.round(audit.latencyP95Ms),
      duplicates: audit?.duplicates ?? null,
      outOfSequence: audit?.outOfSequence ?? null,
      missing: ledger.isUnread ? null : lost,
    },
    checks: [
      check('rate', state.assertions.rate),
      {
        name: 'latency',
        limit: '≤ 15 s, p95 of this run',
        holds: latency === undefined ? null : latency <= LATENCY_LIMIT_MS,
      },
      none('duplicates', audit?.duplicates),
      none('out of sequence', audit?.outOfSequence),
      none('missing', ledger.isUnread ? undefined : lost),
    ],
  }
}

/** Hub and lake were never read both: only what the tables say is known. */
const unread = (audit: TableAudit | undefined): RunSummary['ledger'] => ({
  acknowledged: null,
  audience: null,
  typed: null,
  enqueued: null,
  bronze: null,
  rejected: null,
  silver: audit?.silverRows ?? null,
  quarantined: audit?.quarantinedRows ?? null,
  duplicates: null,
  gold: audit?.goldRows ?? null,
  aggregated: audit?.aggregatedReadings ?? null,
  lost: null,
  waiting: null,
  enqueuedTwice: null,
})

const check = (name: string, { expectation, holds }: Assertion) => ({
  name,
  limit: expectation,
  holds: holds ?? null,
})
const none = (name: string, value: number | undefined) => ({
  name,
  limit: 'none',
  holds: value === undefined ? null : value === 0,
})

/**
 * The ledger of a session that ends in the middle of things: what is in flight is kept in the hub and the lake,
 * and goes on at the next start. Assertions are those of the screen, over what it has seen.
 */
export function summariseSession(state: AppState, durationMs: number): RunSummary {
  const { ledger, assertions } = state
  const { kind } = verdictOf(state)
  const count = (name: LedgerCount) => counted(state, name) ?? null
  const waits = (['hub', 'bronze', 'silver'] as const).map((hop) => waitingAt(state, hop))
  return {
    type: 'summary',
    target: state.session.target,
    durationSeconds: round(durationMs / 1000, 1),
    ledger: {
      acknowledged: count('acknowledged'),
      audience: ledger.audience ?? null,
      typed: count('acknowledged') === null ? null : (ledger.typed ?? 0),
      enqueued: count('enqueued') ?? ofHub(state, state.hub.enqueued) ?? null,
      bronze: count('bronze'),
      rejected: count('rejected'),
      silver: count('silver'),
      quarantined: count('quarantined'),
      duplicates: count('duplicates'),
      gold: count('gold'),
      aggregated: count('aggregated'),
      lost: count('lost'),
      waiting: waits.includes(undefined) ? null : waits.reduce<number>((sum, one) => sum + (one ?? 0), 0),
      enqueuedTwice: count('duplicates') === null ? null : (ledger.enqueuedTwice ?? null),
    },
    verdict: kind,
    balanced: kind === 'balanced' || kind === 'empty',
    assertions: {
      ratePerSecond: assertions.rate.value === undefined ? null : roundedRate(assertions.rate.value),
      latencyP95Ms:
        assertions.latencyP95.value === undefined ? null : Math.round(assertions.latencyP95.value),
      duplicates: assertions.duplicates.value ?? null,
      outOfSequence: assertions.outOfSequence.value ?? null,
      missing: count('lost'),
    },
    checks: [
      check('rate', assertions.rate),
      check('latency', assertions.latencyP95),
      check('duplicates', assertions.duplicates),
      check('out of sequence', assertions.outOfSequence),
      check('missing', assertions.missing),
    ],
  }
}

function isBalanced(
  counts: Record<
    Exclude<keyof RunSummary['ledger'], 'audience' | 'typed' | 'lost' | 'waiting' | 'enqueuedTwice'>,
    number
  >,
  ledger: LedgerSlice,
): boolean {
  return (
    ledger.lost === 0 &&
    ledger.skipped === 0 &&
    counts.acknowledged <= counts.enqueued &&
    counts.enqueued + ledger.extraRows === counts.bronze + counts.rejected &&
    counts.bronze === counts.silver + counts.quarantined + counts.duplicates &&
    counts.gold === counts.silver &&
    counts.aggregated === counts.gold
  )
}

const round = (value: number, digits: number) => Number(value.toFixed(digits))

const VERDICT_TEXTS: Readonly<Record<Exclude<VerdictKind, 'flowing'>, string>> = {
  balanced: '✓ balanced',
  empty: '– empty: no events',
  unbalanced: '✗ not balanced',
  unknown: '– not known, as not everything could be read',
}

/** Where things lie, and how to write about them. */
export interface SummaryPlace {
  dataDir: string | undefined
  ephemeral: boolean
  logFile: string | undefined
  inFlight?: number
  /** The locale has no UTF-8. */
  isAscii?: boolean
}

/** The same for a person, a handful of aligned lines without a final line end. */
export function summaryText(summary: RunSummary, where: SummaryPlace): string {
  const { ledger, assertions, checks } = summary
  const known = (value: number | null, unit = '') =>
    value === null ? 'not known' : `${grouped(value)}${unit}`
  const hop = (name: string, value: number | null, more = '') => `  ${name.padEnd(14)}${known(value)}${more}`
  const beside = (name: string, value: number | null) =>
    value === null ? '' : `   ${name} ${grouped(value)}`
  const some = (name: string, value: number | null) => (value ? beside(name, value) : '')
  const mark = (name: string) => {
    const found = checks.find((one) => one.name === name)
    return found?.holds == null ? '–' : found.holds ? '✓' : '✗'
  }
  const limit = (name: string) => checks.find((one) => one.name === name)?.limit ?? ''
  const { ratePerSecond: rate } = assertions
  const verdict =
    summary.verdict === 'flowing'
      ? `✓ ${grouped(where.inFlight ?? 0)} in flight, ${where.ephemeral ? 'given up with the temporary folder' : 'kept for the next start'}`
      : VERDICT_TEXTS[summary.verdict]
  const text = [
    `The ledger after ${elapsedText(summary.durationSeconds)}: ${verdict}`,
    hop('acknowledged', ledger.acknowledged),
    ...(ledger.audience ? [hop('  audience', ledger.audience, '   of them, by phones')] : []),
    ...(ledger.typed ? [hop('  typed', ledger.typed, '   of them, by you')] : []),
    hop('enqueued', ledger.enqueued, some('twice', ledger.enqueuedTwice)),
    hop('bronze', ledger.bronze, beside('rejected', ledger.rejected)),
    hop(
      'silver',
      ledger.silver,
      beside('quarantined', ledger.quarantined) + beside('duplicates', ledger.duplicates),
    ),
    hop('gold', ledger.gold),
    hop('aggregated', ledger.aggregated),
    hop('lost', ledger.lost, some('waiting', ledger.waiting)),
    `${mark('rate')} rate ${rate === null ? 'not known' : `${groupedRate(rate)}/s`} (${limit('rate')})`,
    `${mark('latency')} created→gold p95 ${known(assertions.latencyP95Ms, ' ms')} (${limit('latency')})`,
    `${mark('duplicates')} duplicates ${known(assertions.duplicates)}  ${mark('out of sequence')} out of sequence ${known(assertions.outOfSequence)}  ${mark('missing')} missing ${known(assertions.missing)}`,
    ...(where.dataDir === undefined
      ? []
      : [where.ephemeral ? 'The temporary data folder was removed.' : `The data lies in ${where.dataDir}`]),
    ...(where.logFile === undefined || where.ephemeral ? [] : [`The log is ${where.logFile}`]),
  ].join('\n')
  return where.isAscii ? inAscii(text) : text
}
