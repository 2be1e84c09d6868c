/** The books: what every hop received and passed on, from counters that each service keeps by itself. Pure. */
import type { LedgerSlice } from './state.ts'

export interface Counters {
  /** Acknowledged by the hub over the folder's life: what it held when the session began, and what this session sent. */
  acknowledged: number
  /** From the partitions' sequence numbers. */
  enqueued: number
  bronze: number
  rejected: number
  skipped: number
  silver: number
  quarantined: number
  duplicates: number
  gold: number
  aggregated: number
  /** Nothing has moved for several looks and nothing is being made: differences are no longer merely on their way. */
  isSettled: boolean
}

export function closeBooks(counters: Counters): LedgerSlice {
  const { isSettled, ...books } = counters
  const inFlight = {
    hub: books.enqueued - books.bronze - books.rejected - books.skipped,
    bronze: books.bronze - books.silver - books.quarantined - books.duplicates,
    silver: books.silver - books.gold,
    gold: books.gold - books.aggregated,
    aggregate: 0,
  }
  const unseen = Math.max(0, books.acknowledged - books.enqueued)
  const lost = books.skipped + (isSettled ? unseen : 0)
  const differences = Object.values(inFlight)
  const verdict = verdictOf(books.enqueued, unseen, lost, differences, isSettled)
  return { ...books, lost, inFlight, verdict, explanation: explain(verdict, books, inFlight, unseen) }
}

function verdictOf(
  enqueued: number,
  unseen: number,
  lost: number,
  differences: readonly number[],
  isSettled: boolean,
): LedgerSlice['verdict'] {
  if (lost > 0) return 'unbalanced'
  // Counters are read one after the other, so a later one may run ahead for a moment; only a settled one is wrong.
  if (isSettled && differences.some((difference) => difference < 0)) return 'unbalanced'
  if (enqueued === 0) return 'empty'
  return unseen === 0 && differences.every((difference) => difference === 0) ? 'balanced' : 'flowing'
}

const count = (value: number) => value.toLocaleString('en-US')

function explain(
  verdict: LedgerSlice['verdict'],
  books: Omit<Counters, 'isSettled'>,
  inFlight: LedgerSlice['inFlight'],
  unseen: number,
): string | undefined {
  if (books.skipped > 0) return `${count(books.skipped)} events expired in the hub before they were read`
  if (verdict === 'unbalanced') {
    if (unseen > 0) return `${count(unseen)} events were acknowledged and are not in the hub`
    const [hop, difference] = Object.entries(inFlight).find(([, value]) => value < 0) ?? ['', 0]
    return `${count(-difference)} more left ${hop} than came in`
  }
  if (verdict === 'flowing') {
    const waiting = Object.values(inFlight).reduce((sum, value) => sum + Math.max(0, value), 0)
    return `${count(waiting)} in flight`
  }
  const foreign = books.enqueued - books.acknowledged
  return foreign > 0 ? `${count(foreign)} events came from other clients` : undefined
}
