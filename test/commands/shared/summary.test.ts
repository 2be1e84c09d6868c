import { expect, it } from 'vitest'
import {
  type RunSummary,
  summarise,
  summariseSession,
  summaryText,
} from '../../../src/commands/shared/summary.ts'
import type { TableAudit } from '../../../src/pipeline/ports/lake.ts'
import { reconcile } from '../../../src/pipeline/reconciliation/ledger.ts'
import { verdictOf } from '../../../src/pipeline/reconciliation/verdict.ts'
import { initialState } from '../../../src/pipeline/state/initial-state.ts'
import { scenarios } from '../../support/scenario.ts'

it('fits a window of 80 columns, with numbers of a long day', () => {
  const many = 864_000_000
  const names = [
    'acknowledged',
    'enqueued',
    'bronze',
    'rejected',
    'silver',
    'quarantined',
    'duplicates',
    'gold',
    'aggregated',
    'lost',
    'waiting',
    'enqueuedTwice',
  ]
  const summary: RunSummary = {
    type: 'summary',
    target: 'local',
    durationSeconds: 86_400,
    ledger: Object.fromEntries(names.map((name) => [name, many])) as RunSummary['ledger'],
    verdict: 'unbalanced',
    balanced: false,
    checks: ['rate', 'latency', 'duplicates', 'out of sequence', 'missing'].map((name) => ({
      name,
      limit: '≤ 15 s, last 60 s',
      holds: true,
    })),
    assertions: {
      ratePerSecond: 10_000.5,
      latencyP95Ms: 123_456,
      duplicates: 1_234_567,
      outOfSequence: 1_234_567,
      missing: many,
    },
  }
  const lines = summaryText(summary, { dataDir: undefined, ephemeral: false, logFile: undefined }).split('\n')
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
  expect(lines.join(' ')).toMatch(/p95 123,456 ms.*out of sequence 1,234,567 .*missing 864,000,000/)
})

const MEASURED = { generatingMs: 10_000, acknowledgedInRun: 100, durationMs: 12_000 }

/** A ledger at rest: what the hub took, and how far it has come. */
const stateOf = (silver: number, readBySilver: number) => {
  const ledger = reconcile({
    acknowledged: 100,
    enqueued: 100,
    bronze: 100,
    rejected: 0,
    skipped: 0,
    extraRows: 0,
    silver,
    quarantined: 0,
    duplicates: 0,
    gold: silver,
    aggregated: silver,
    read: { silver: readBySilver, gold: silver, aggregate: silver },
    isBronzeComplete: true,
    session: undefined,
    isSettled: true,
  })
  const options = {
    session: { startedAt: 0 },
    generator: { stations: 1, intervalMs: 1000, dirty: 0 },
    now: 0,
  }
  return { ...initialState(options), ledger }
}
const auditOf = (rows: number): TableAudit => ({
  silverRows: rows,
  quarantinedRows: 0,
  goldRows: rows,
  byMinuteReadings: rows,
  aggregatedReadings: rows,
  duplicates: 0,
  outOfSequence: 0,
  sequenceGaps: 0,
  latencyP95Ms: 1,
})

it.each([
  ['everything is there', stateOf(100, 100), auditOf(100), { balanced: true, lost: 0, waiting: 0 }],
  [
    'rows wait in front of a failed stage',
    stateOf(60, 60),
    auditOf(60),
    { balanced: false, lost: 0, waiting: 40 },
  ],
  [
    'rows were read and are nowhere',
    stateOf(60, 100),
    auditOf(60),
    { balanced: false, lost: 40, waiting: 0 },
  ],
  [
    'the table has less than its log says',
    stateOf(100, 100),
    auditOf(90),
    { balanced: false, lost: 10, waiting: 0 },
  ],
  ['the tables cannot be read', stateOf(100, 100), undefined, { balanced: false, lost: 0, waiting: 0 }],
])('says that rows are lost only when they are: %s', (_, state, audit, expected) => {
  const { balanced, ledger, assertions } = summarise(state, audit, MEASURED)
  expect({ balanced, lost: ledger.lost, waiting: ledger.waiting }).toEqual(expected)
  // The two never tell different stories.
  expect(assertions.missing).toBe(ledger.lost)
})

it('is not known while a service has not been read, whatever the tables hold', () => {
  const state = stateOf(100, 100)
  const unread = { ...state, ledger: { ...state.ledger, isUnread: true as const } }
  expect(summarise(unread, auditOf(100), MEASURED)).toMatchObject({ verdict: 'unknown', balanced: false })
})

it('a table of minutes that has fewer readings than gold is no balance', () => {
  const audit = { ...auditOf(100), byMinuteReadings: 99 }
  expect(summarise(stateOf(100, 100), audit, MEASURED).balanced).toBe(false)
})

it.each([
  ['events expired before they were read', { skipped: 1 }],
  ['more was acknowledged than the hub holds', { acknowledged: 101, enqueued: 100 }],
  ['bronze lacks events', { enqueued: 101, acknowledged: 100 }],
  ['bronze holds more', { bronze: 101 }],
  ['events were rejected twice', { rejected: 1 }],
])('does not balance, whatever the tables hold: %s', (_, changes) => {
  const state = stateOf(100, 100)
  const { balanced } = summarise(
    { ...state, ledger: { ...state.ledger, ...changes } },
    auditOf(100),
    MEASURED,
  )
  expect(balanced).toBe(false)
})

it.each([
  ['silver', { silverRows: 101, goldRows: 101, byMinuteReadings: 101, aggregatedReadings: 101 }],
  ['gold', { goldRows: 99, byMinuteReadings: 99, aggregatedReadings: 99 }],
  ['the aggregate', { aggregatedReadings: 99 }],
])('does not balance when %s has another number', (_, changes) => {
  const audit = { ...auditOf(100), ...changes }
  expect(summarise(stateOf(100, 100), audit, MEASURED).balanced).toBe(false)
})

it('holds the latency to its limit', () => {
  const holds = (latencyP95Ms: number) =>
    summarise(stateOf(100, 100), { ...auditOf(100), latencyP95Ms }, MEASURED).checks.find(
      ({ name }) => name === 'latency',
    )?.holds
  expect([holds(15_000), holds(15_001)]).toEqual([true, false])
})

const WHERE = { dataDir: undefined, ephemeral: false, logFile: undefined }

it('a session that has read nothing says so: not balanced, no number is 0', () => {
  const summary = summariseSession(initialState(), 1000)
  expect(summary).toMatchObject({ verdict: 'unknown', balanced: false, ledger: { silver: null, lost: null } })
  const text = summaryText(summary, WHERE)
  expect(text).toMatch(/not known, as not everything could be read/)
  expect(text).not.toMatch(/✓|balanced| 0$/m)
})

it('says what the screen says, whatever it is', () => {
  for (const [name, scenario] of Object.entries(scenarios)) {
    const state = scenario()
    const said = verdictOf(state)
    const summary = summariseSession(state, 1000)
    expect(summary.verdict, name).toBe(said.kind)
    const [first = ''] = summaryText(summary, { ...WHERE, inFlight: 38 }).split('\n')
    expect(first.includes(said.mark), `${name}: ${said.mark} ${first}`).toBe(true)
  }
})

it('keeps rows in flight for the next start only where there can be one', () => {
  const summary = summariseSession(scenarios.allRunning(), 1000)
  const first = (ephemeral: boolean) =>
    summaryText(summary, { ...WHERE, ephemeral, inFlight: 38 }).split('\n')[0]
  expect(first(false)).toContain('38 in flight, kept for the next start')
  expect(first(true)).toContain('38 in flight, given up with the temporary folder')
})

it('tells the limits of the assertions with a mark, in ASCII where the locale has no more', () => {
  const summary = summariseSession(scenarios.allRunning(), 1000)
  expect(summaryText(summary, WHERE)).toMatch(/✓ created→gold p95 1,400 ms \(≤ 15 s/)
  expect(summaryText(summary, { ...WHERE, isAscii: true })).toMatch(/^[ -~\n]*$/)
})

it('tells a slow rate: of one station that reports every ten seconds, or once an hour, it is not 0', () => {
  const state = scenarios.allRunning()
  const told = (value: number) => {
    const rate = { ...state.assertions.rate, value }
    const summary = summariseSession({ ...state, assertions: { ...state.assertions, rate } }, 1000)
    return [summary.assertions.ratePerSecond, /rate \S+/.exec(summaryText(summary, WHERE))?.[0]]
  }
  expect(told(0.1)).toEqual([0.1, 'rate 0.1/s'])
  expect(told(1 / 3600)).toEqual([0.0003, 'rate 0.0003/s'])
  expect(told(0)).toEqual([0, 'rate 0/s'])
  expect(told(9.46)).toEqual([9.5, 'rate 9.5/s'])
  expect(told(12_345.6)).toEqual([12_345.6, 'rate 12,346/s'])
})

it('has what was typed on the screen as a line of its own, and nothing of it where nothing was', () => {
  const state = stateOf(100, 100)
  const where = { dataDir: undefined, ephemeral: false, logFile: undefined }
  const withTyped = { ...state, ledger: { ...state.ledger, audience: 42, typed: 3 } }
  for (const summary of [summarise(withTyped, auditOf(100), MEASURED), summariseSession(withTyped, 1000)]) {
    expect(summary.ledger.typed).toBe(3)
    expect(summaryText(summary, where)).toMatch(/by phones\n {4}typed +3 +of them, by you\n {2}enqueued +100/)
  }
  expect(summarise(state, auditOf(100), MEASURED).ledger.typed).toBe(0)
  expect(summaryText(summarise(state, auditOf(100), MEASURED), where)).not.toContain('typed')
})

it('has the audience as a line of its own, where there was one', () => {
  const state = stateOf(100, 100)
  const where = { dataDir: undefined, ephemeral: false, logFile: undefined }
  const withRoom = { ...state, ledger: { ...state.ledger, audience: 42 } }
  for (const summary of [summarise(withRoom, auditOf(100), MEASURED), summariseSession(withRoom, 1000)]) {
    expect(summary.ledger.audience).toBe(42)
    expect(summaryText(summary, where)).toMatch(/acknowledged +100\n {4}audience +42 +of them, by phones\n/)
  }
  expect(summarise(state, auditOf(100), MEASURED).ledger.audience).toBeNull()
  expect(summaryText(summarise(state, auditOf(100), MEASURED), where)).not.toContain('audience')
})
