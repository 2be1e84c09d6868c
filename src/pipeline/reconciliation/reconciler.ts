/** Keeps the ledger up to date: gathers the counters of all services, and knows when they have stopped changing. */
import { enqueuedIn, type PartitionProperties } from '../ports/hub.ts'
import type { BronzeSnapshot, LakeSnapshot } from '../ports/lake.ts'
import type { LedgerSlice } from '../state/state.ts'
import { type Counters, reconcile, type SessionCounters } from './ledger.ts'

/** What the counters come from: rows that arrived are not kept until the next look, as there may be megabytes of them. */
type LakeCounters = Pick<LakeSnapshot, 'bronze' | 'silver' | 'quarantine' | 'gold' | 'aggregated'>
type SessionTotals = Omit<Counters, 'isSettled' | 'session'>

/** Looks at hub and lake each, without any change, after which the counters count as being at rest. */
export const RESTING_LOOKS = 3

/** Told of every look; it asks nobody. */
export class Reconciler {
  #partitions: readonly PartitionProperties[] | undefined
  #lake: LakeCounters | undefined
  /** From the job's metrics; for bronze whose file names do not tell. */
  #rejected = 0
  #restingLooks = { hub: 0, lake: 0 }
  #seen = ''
  /** The counters as this session found them. */
  #begun: SessionTotals | undefined

  sawHub(partitions: readonly PartitionProperties[]): void {
    this.#partitions = partitions
    this.#restingLooks.hub++
  }

  sawLake({ bronze, silver, quarantine, gold, aggregated }: LakeCounters): void {
    this.#lake = { bronze, silver, quarantine, gold, aggregated }
    this.#restingLooks.lake++
  }

  /** By the job's metrics, for bronze whose names do not tell. */
  sawRejected(events: number): void {
    this.#rejected = events
  }

  /** Newest sequence number in bronze by partition; undefined: bronze does not tell. */
  get bronzePositions(): ReadonlyMap<string, number> | undefined {
    return this.#lake?.bronze.rows === undefined ? undefined : this.#lake.bronze.positions
  }

  /**
   * @param acknowledged events, over the data folder's life. @param isSending readings are made, or wait for the hub.
   * @param plannedDuplicates readings sent twice on purpose in this session.
   * @returns undefined until hub and lake have both been seen, and while a table does not tell its rows.
   */
  ledger(acknowledged: number, isSending: boolean, plannedDuplicates: number): LedgerSlice | undefined {
    if (!this.#partitions || !this.#lake) return undefined
    const counters = this.#counters(acknowledged, this.#partitions, this.#lake)
    if (!counters) return undefined
    const seen = JSON.stringify(counters)
    if (seen !== this.#seen || isSending) this.#restingLooks = { hub: 0, lake: 0 }
    this.#seen = seen
    const { hub, lake } = this.#restingLooks
    const session = this.#session(counters, plannedDuplicates)
    return reconcile({ ...counters, session, isSettled: Math.min(hub, lake) >= RESTING_LOOKS })
  }

  /** What has been added since the first look; undefined when rows were on their way then. */
  #session(now: SessionTotals, plannedDuplicates: number): SessionCounters | undefined {
    this.#begun ??= now
    const begun = this.#begun
    if (!begun.isBronzeComplete || (begun.read.silver ?? 0) !== begun.bronze) return undefined
    return {
      acknowledged: now.acknowledged - begun.acknowledged,
      enqueued: now.enqueued - begun.enqueued,
      extraRows: now.extraRows - begun.extraRows,
      duplicates: now.duplicates - begun.duplicates,
      plannedDuplicates,
    }
  }

  #counters(
    acknowledged: number,
    partitions: readonly PartitionProperties[],
    { bronze, silver, quarantine, gold, aggregated }: LakeCounters,
  ): SessionTotals | undefined {
    const rows = { silver: silver.rows, quarantined: quarantine.rows, gold: gold.rows }
    if (rows.silver === undefined || rows.quarantined === undefined || rows.gold === undefined)
      return undefined
    const read = {
      silver: silver.commitMetadata?.totals.input,
      gold: gold.commitMetadata?.totals.input,
      aggregate: aggregated.commitMetadata?.totals.input,
    }
    return {
      acknowledged,
      enqueued: enqueuedIn(partitions),
      // Where the names of the files do not tell their rows, silver tells how many it has read.
      bronze: bronze.rows ?? read.silver ?? 0,
      rejected: bronze.rejected ?? this.#rejected,
      skipped: bronze.skipped ?? 0,
      extraRows: bronze.extraRows ?? 0,
      silver: rows.silver,
      quarantined: rows.quarantined,
      duplicates: silver.commitMetadata?.totals.duplicates ?? 0,
      gold: rows.gold,
      aggregated: aggregated.commitMetadata?.totals.output ?? 0,
      read,
      isBronzeComplete: isComplete(bronze, partitions),
    }
  }
}

function isComplete(bronze: BronzeSnapshot, partitions: readonly PartitionProperties[]): boolean | undefined {
  if (bronze.rows === undefined) return undefined
  return partitions.every((one) => (bronze.positions.get(one.id) ?? -1) >= one.lastEnqueuedSequenceNumber)
}
