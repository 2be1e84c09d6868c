/** What a look at the hub means for the screen. */
import { type ConsumerGroup, enqueuedIn, eventsIn, type PartitionProperties } from '../ports/hub.ts'
import { pushBounded, RateMeter, SecondSeries } from '../runtime/rates.ts'
import type { ConsumerGroupSlice, HubSlice, PartitionSlice } from '../state/state.ts'

/** Looks that a partition's history goes back. */
const HISTORY_POINTS = 120

/** Keeps what rates are made of from one look to the next. */
export class HubView {
  readonly #rate = new RateMeter()
  readonly #series = new SecondSeries()
  readonly #histories = new Map<string, readonly number[]>()
  readonly #partitionRates = new Map<string, RateMeter>()

  /** @param at monotonic, @param now epoch milliseconds. */
  slice(
    partitions: readonly PartitionProperties[],
    positions: BronzePositions,
    at: number,
    now: number,
    groups?: readonly ConsumerGroup[],
  ): HubSlice {
    const enqueued = enqueuedIn(partitions)
    this.#rate.observe(enqueued, at)
    this.#series.observe(enqueued, at)
    const rates = partitions.map((one) => this.#observe(one, at))
    for (const [index, { id }] of partitions.entries()) {
      const rate = Math.round((rates[index] ?? 0) * 10) / 10
      const history = this.#histories.get(id)
      // It begins with the first event: as long as nothing happens, nothing changes on the screen.
      if (rate > 0 || history) this.#histories.set(id, pushBounded(history ?? [], rate, HISTORY_POINTS))
    }
    // Shares of the present rate; of all events while there is none.
    const sum = rates.reduce((total, rate) => total + rate, 0)
    const share = (index: number) =>
      sum > 0 ? (rates[index] as number) / sum : enqueued > 0 ? eventsIn(partitions[index]) / enqueued : 0
    return {
      partitions: partitions.map(
        (one, index): PartitionSlice => ({
          id: one.id,
          lastSequenceNumber: one.lastEnqueuedSequenceNumber,
          beginningSequenceNumber: one.beginningSequenceNumber,
          rate: rates[index] as number,
          share: share(index),
          backlog: backlogOf(one.id, one.lastEnqueuedSequenceNumber, positions),
          lastEnqueuedAt: one.lastEnqueuedAt?.getTime(),
          history: this.#histories.get(one.id),
        }),
      ),
      ...(groups && { groups: groups.map((group) => groupSlice(group, partitions)) }),
      enqueued,
      rate: this.#rate.rate,
      ratePerSecond: this.#series.values,
      updatedAt: now,
      error: undefined,
    }
  }

  #observe(partition: PartitionProperties, at: number): number {
    const meter = this.#partitionRates.get(partition.id) ?? new RateMeter()
    this.#partitionRates.set(partition.id, meter)
    meter.observe(eventsIn(partition), at)
    return meter.rate
  }
}

/** What expired before the group read it cannot be read any more: it is not behind by it. */
function groupSlice(
  { name, protocol, members, next }: ConsumerGroup,
  partitions: readonly PartitionProperties[],
): ConsumerGroupSlice {
  const lags = partitions.map(({ id, beginningSequenceNumber: begin, lastEnqueuedSequenceNumber: last }) => {
    const from = next[id]
    return from === undefined ? undefined : Math.max(0, last + 1 - Math.max(from, begin))
  })
  const known = lags.filter((lag) => lag !== undefined)
  const lag = known.length > 0 ? known.reduce((sum, one) => sum + one, 0) : undefined
  return { name, protocol, members, lag, lags }
}

/** Newest sequence number in bronze by partition; undefined: bronze does not tell. */
type BronzePositions = ReadonlyMap<string, number> | undefined

const backlogOf = (id: string, last: number, positions: BronzePositions) =>
  positions && Math.max(0, last - (positions.get(id) ?? -1))

/** The backlogs move with bronze too, which is looked at at other times than the hub. */
export const withBronze = (hub: HubSlice, positions: BronzePositions): HubSlice => ({
  ...hub,
  partitions: hub.partitions.map((one) => ({
    ...one,
    backlog: backlogOf(one.id, one.lastSequenceNumber, positions),
  })),
})
