import { describe, expect, it } from 'vitest'
import { type Counters, reconcile } from '../../../src/pipeline/reconciliation/ledger.ts'

/** A ledger that balances, with some of everything. */
const BALANCED: Counters = {
  acknowledged: 1000,
  enqueued: 1000,
  bronze: 990,
  rejected: 10,
  skipped: 0,
  extraRows: 0,
  silver: 900,
  quarantined: 60,
  duplicates: 30,
  gold: 900,
  aggregated: 900,
  read: { silver: 990, gold: 900, aggregate: 900 },
  isBronzeComplete: true,
  session: undefined,
  isSettled: true,
}
const ledgerOf = (changes: Partial<Counters> = {}) => reconcile({ ...BALANCED, ...changes })
const NOTHING: Partial<Counters> = Object.fromEntries(
  Object.entries(BALANCED).map(([key, value]) => [key, typeof value === 'number' ? 0 : value]),
)

describe('the ledger', () => {
  it('is empty before the first event', () => {
    expect(ledgerOf(NOTHING)).toMatchObject({ verdict: 'empty', lost: 0, explanation: undefined })
  })

  it('is balanced when every difference is zero', () => {
    expect(ledgerOf()).toMatchObject({
      verdict: 'balanced',
      lost: 0,
      explanation: undefined,
      inFlight: { hub: 0, bronze: 0, silver: 0, gold: 0, aggregate: 0 },
    })
    expect(ledgerOf({ isSettled: false }).verdict).toBe('balanced')
  })

  it('flows while rows are on their way, and says where', () => {
    const flowing = ledgerOf({ acknowledged: 1010, enqueued: 1005, aggregated: 880, isSettled: false })
    expect(flowing).toMatchObject({
      verdict: 'flowing',
      lost: 0,
      inFlight: { hub: 5, bronze: 5, silver: 0, gold: 0, aggregate: 20 },
      explanation: '5 before the hub, 5 before bronze, 20 before the aggregate',
    })
  })

  it('takes rows before a stopped stage for waiting, not for lost', () => {
    const waiting = ledgerOf({
      silver: 500,
      gold: 500,
      aggregated: 500,
      quarantined: 0,
      duplicates: 0,
      read: { silver: 500, gold: 500, aggregate: 500 },
    })
    expect(waiting).toMatchObject({ verdict: 'flowing', lost: 0, explanation: '490 before silver' })
  })

  it('counts events of other clients, and stays balanced', () => {
    expect(ledgerOf({ acknowledged: 600 })).toMatchObject({
      verdict: 'balanced',
      explanation: '400 events came from other clients',
      inFlight: { hub: 0 },
    })
  })

  it.each<[string, Partial<Counters>, number]>([
    ['were acknowledged and are not in the hub', { acknowledged: 1003 }, 3],
    ['were read from the hub and are not in bronze', { rejected: 8 }, 2],
    ['were read from bronze and are in no table of silver', { quarantined: 55 }, 5],
    ['row was read from silver and is not in gold', { gold: 899, aggregated: 899 }, 1],
    ['were read from gold and are not in the aggregate', { aggregated: 893 }, 7],
  ])('finds events that %s, once all has come to rest', (text, changes, lost) => {
    const found = ledgerOf({ ...changes, read: { silver: 990, gold: 900, aggregate: changes.gold ?? 900 } })
    expect(found).toMatchObject({ verdict: 'unbalanced', lost })
    expect(found.explanation).toMatch(new RegExp(`^${lost} .*${text}$`))
    expect(ledgerOf({ ...changes, isSettled: false })).toMatchObject({ verdict: 'flowing', lost: 0 })
  })

  it('counts what expired in the hub as lost', () => {
    expect(ledgerOf({ skipped: 4, bronze: 986, quarantined: 56 })).toMatchObject({
      verdict: 'unbalanced',
      lost: 4,
      explanation: '4 events expired in the hub before they were read',
    })
  })

  it.each<[string, Partial<Counters>]>([
    ['bronze holds more than the hub gave (5 rows)', { rejected: 15 }],
    ['silver holds more than bronze (1 row)', { duplicates: 31 }],
    ['gold holds more than silver (9 rows)', { gold: 909, aggregated: 909 }],
    ['the aggregate counts more readings than gold holds (2 rows)', { aggregated: 902 }],
  ])('is unbalanced when %s, and not merely looked at in between', (explanation, changes) => {
    expect(ledgerOf(changes)).toMatchObject({ verdict: 'unbalanced', explanation })
    expect(ledgerOf({ ...changes, isSettled: false }).verdict).toBe('flowing')
  })

  it('does not judge bronze whose files do not tell their rows', () => {
    expect(ledgerOf({ rejected: 0, isBronzeComplete: undefined })).toMatchObject({
      verdict: 'flowing',
      lost: 0,
    })
  })
})

describe('what stands in the hub twice', () => {
  const session = { acknowledged: 100, enqueued: 131, extraRows: 0, duplicates: 36, plannedDuplicates: 5 }
  const twice = {
    enqueued: 1031,
    bronze: 1021,
    duplicates: 61,
    read: { silver: 1021, gold: 900, aggregate: 900 },
  }

  it('has a line of its own, beside what other clients sent', () => {
    expect(ledgerOf({ ...twice, session })).toMatchObject({
      verdict: 'balanced',
      enqueuedTwice: 31,
      explanation: '31 events were enqueued twice and kept once',
    })
    expect(ledgerOf({ ...twice, session: { ...session, duplicates: 30 } })).toMatchObject({
      verdict: 'balanced',
      enqueuedTwice: 25,
      explanation: '25 events were enqueued twice and kept once; 6 events came from other clients',
    })
    expect(ledgerOf({ ...twice, session: undefined })).toMatchObject({
      enqueuedTwice: undefined,
      explanation: '31 events came from other clients',
    })
  })

  it('cannot hide an equal loss', () => {
    const hidden = { ...session, enqueued: 100 }
    expect(ledgerOf({ session: hidden })).toMatchObject({ verdict: 'unbalanced', lost: 31 })
    expect(ledgerOf({ session: { ...hidden, enqueued: 120 } }).lost).toBe(11)
    // While rows are on their way nobody can tell.
    expect(ledgerOf({ session: hidden, isSettled: false }).lost).toBe(0)
    expect(ledgerOf({ session: hidden, read: { ...BALANCED.read, silver: 900 } }).lost).toBe(0)
  })

  it('may be elements of one array', () => {
    const array = { acknowledged: 0, enqueued: 1, extraRows: 4, duplicates: 4, plannedDuplicates: 0 }
    const changes = { enqueued: 1001, extraRows: 4, bronze: 995, duplicates: 35 }
    expect(
      ledgerOf({ ...changes, session: array, read: { silver: 995, gold: 900, aggregate: 900 } }),
    ).toMatchObject({ lost: 0, verdict: 'balanced' })
  })
})
