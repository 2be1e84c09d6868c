/** The ledger: what every hop received and passed on, from counters that each service keeps by itself. Pure. */
import { grouped } from '../../contract/grouped.ts'
import { countOf, nounOf } from '../state/count-of.ts'
import type { LedgerSlice } from '../state/state.ts'

/** Of the data folder's whole life, unless something else is said. */
export interface Counters {
  /** By the hub, over the data folder's life. */
  acknowledged: number
  /** From the partitions' sequence numbers. */
  enqueued: number
  /** Lines in bronze, events that were no JSON, and events that expired in the hub before the job read them. */
  bronze: number
  rejected: number
  skipped: number
  /** Rows in bronze beyond the first of each event: an array gives as many rows as it has elements. */
  extraRows: number
  silver: number
  quarantined: number
  duplicates: number
  gold: number
  aggregated: number
  /** Rows that each stage says it has read; undefined: it does not say. */
  read: { silver: number | undefined; gold: number | undefined; aggregate: number | undefined }
  /** True if bronze reaches to the newest event of every partition; undefined: not known. */
  isBronzeComplete: boolean | undefined
  /** What this session has added; undefined: rows were waiting when it began, so their origin is unknown. */
  session: SessionCounters | undefined
  /**
   * No counter has moved for some looks and nothing waits to be sent. The counters are read one after the other, so that
   * while rows flow a later one may be ahead; a difference means something only when they have come to rest.
   */
  isSettled: boolean
}

/** Differences to what was there when the session began. */
export interface SessionCounters {
  acknowledged: number
  enqueued: number
  extraRows: number
  /** Dropped by silver. */
  duplicates: number
  /** Readings that the generator sent twice on purpose. */
  plannedDuplicates: number
}

/** @param counters of the hops, each as its own service keeps it. */
export function reconcile(counters: Counters): LedgerSlice {
  const { isSettled, read, isBronzeComplete, session, ...counts } = counters
  const difference = {
    hub: counts.acknowledged - counts.enqueued,
    bronze: counts.enqueued + counts.extraRows - counts.bronze - counts.rejected - counts.skipped,
    silver: counts.bronze - counts.silver - counts.quarantined - counts.duplicates,
    gold: counts.silver - counts.gold,
    aggregate: counts.gold - counts.aggregated,
  }
  const enqueuedTwice = session && Math.max(0, session.duplicates - session.plannedDuplicates)
  const gone = isSettled ? [...missingRows(difference, counters), ...hiddenLoss(session, counters)] : []
  const lost = counts.skipped + gone.reduce((sum, [, rows]) => sum + rows, 0)
  const isEmpty = counts.enqueued === 0 && counts.acknowledged === 0
  const surplus = isSettled ? surplusRows(difference) : undefined
  // Other clients send too: what the hub holds beyond what was acknowledged to us is theirs.
  const isEven =
    difference.hub <= 0 && Object.entries(difference).every(([hop, rows]) => hop === 'hub' || rows === 0)
  const verdict = isEmpty ? 'empty' : lost > 0 || surplus ? 'unbalanced' : isEven ? 'balanced' : 'flowing'
  const inFlight = {
    hub: Math.max(0, difference.hub),
    bronze: Math.max(0, difference.bronze),
    silver: Math.max(0, difference.silver),
    gold: Math.max(0, difference.gold),
    aggregate: Math.max(0, difference.aggregate),
  }
  return { ...counts, lost, enqueuedTwice, inFlight, verdict, explanation: explain() }

  function explain(): string | undefined {
    const parts: string[] = []
    if (counts.skipped > 0)
      parts.push(
        `${countOf(counts.skipped, 'event')} expired in the hub before ${nounOf(counts.skipped, 'it was', 'they were')} read`,
      )
    for (const [words, rows] of gone) parts.push(countOf(rows, ...words))
    if (surplus) parts.push(surplus)
    if (verdict === 'flowing') parts.push(waiting(inFlight))
    if (verdict === 'balanced') parts.push(...surplusInHub(-difference.hub, enqueuedTwice ?? 0))
    return parts.length === 0 ? undefined : parts.join('; ')
  }
}

type Differences = LedgerSlice['inFlight']

/** For one and for several of them: `event is lost`, `events are lost`. */
type Words = readonly [one: string, several: string]
type Gone = readonly [words: Words, rows: number]

/** Rows in no table although every stage has read all its input. Rows before a stopped stage are only waiting. */
function missingRows(difference: Differences, counters: Counters): Gone[] {
  const { read, bronze, silver, gold, isBronzeComplete } = counters
  const all: [Words, number, boolean][] = [
    [
      ['event was acknowledged and is not in the hub', 'events were acknowledged and are not in the hub'],
      difference.hub,
      true,
    ],
    [
      [
        'event was read from the hub and is not in bronze',
        'events were read from the hub and are not in bronze',
      ],
      difference.bronze,
      isBronzeComplete === true,
    ],
    [
      [
        'row was read from bronze and is in no table of silver',
        'rows were read from bronze and are in no table of silver',
      ],
      difference.silver,
      has(read.silver, bronze),
    ],
    [
      ['row was read from silver and is not in gold', 'rows were read from silver and are not in gold'],
      difference.gold,
      has(read.gold, silver),
    ],
    [
      [
        'reading was read from gold and is not in the aggregate',
        'readings were read from gold and are not in the aggregate',
      ],
      difference.aggregate,
      has(read.aggregate, gold),
    ],
  ]
  return all.filter(([, rows, isRead]) => isRead && rows > 0).map(([words, rows]) => [words, rows])
}

/**
 * By counts alone an unplanned copy in the hub hides a lost event. Silver counts the copies:
 * as many events are lost as it has more copies than the hub has surplus events.
 */
function hiddenLoss(
  session: SessionCounters | undefined,
  { read, bronze, isBronzeComplete }: Counters,
): Gone[] {
  if (!session || !isBronzeComplete || !has(read.silver, bronze)) return []
  const copies = session.duplicates - session.plannedDuplicates
  const surplus = Math.max(0, session.enqueued + session.extraRows - session.acknowledged)
  if (copies <= surplus) return []
  const where = 'in the hub, where copies of others stand'
  return [
    [
      [`event was acknowledged and is not ${where}`, `events were acknowledged and are not ${where}`],
      copies - surplus,
    ],
  ]
}

/** What the hub holds beyond what was acknowledged. */
function surplusInHub(surplus: number, enqueuedTwice: number): string[] {
  const twice = Math.min(Math.max(0, surplus), enqueuedTwice)
  const others = surplus - twice
  return [
    ...(twice > 0 ? [`${countOf(twice, 'event was', 'events were')} enqueued twice and kept once`] : []),
    ...(others > 0 ? [`${countOf(others, 'event')} came from other clients`] : []),
  ]
}

const has = (read: number | undefined, all: number) => read !== undefined && read >= all

function surplusRows(difference: Differences): string | undefined {
  const names = {
    bronze: 'bronze holds more than the hub gave',
    silver: 'silver holds more than bronze',
    gold: 'gold holds more than silver',
    aggregate: 'the aggregate counts more readings than gold holds',
  }
  const found = Object.entries(names).find(([hop]) => difference[hop as keyof Differences] < 0)
  if (!found) return undefined
  const [hop, text] = found
  return `${text} (${countOf(-difference[hop as keyof Differences], 'row')})`
}

function waiting(inFlight: Differences): string {
  const places = [
    ['before the hub', inFlight.hub],
    ['before bronze', inFlight.bronze],
    ['before silver', inFlight.silver],
    ['before gold', inFlight.gold],
    ['before the aggregate', inFlight.aggregate],
  ] as const
  return places
    .filter(([, rows]) => rows > 0)
    .map(([place, rows]) => `${grouped(rows)} ${place}`)
    .join(', ')
}
