/** Finds one event in the hub: by position, or from the newest backwards, in a bounded number of events. */
import type { EventHubConsumerClient, EventPosition, ReceivedEventData } from '@azure/event-hubs'
import type { HubReader, PartitionProperties } from '../../pipeline/ports/hub.ts'
import type { TracePosition } from '../../pipeline/ports/trace.ts'
import { hubError } from '../errors/event-hubs-error.ts'
import { type HubConnection, newConsumer } from '../event-hubs/connection.ts'
import { openPartition } from '../event-hubs/reader.ts'

/** An event as the hub returns it. */
export interface HubEvent extends TracePosition {
  offset: string
  partitionKey: string | undefined
  /** Epoch milliseconds. */
  enqueuedAt: number
  body: Uint8Array
}

/** How far back a search goes in each partition, step by step: most searches are for recent events. */
const LOOK_BACK = [1000, 10_000, 50_000]
/** Empty pages after which the search of a range ends: retention may have deleted the rest. */
const MOST_SILENT_PAGES = 3

/** For one session; its connection is made by the first search. */
export class HubSearch {
  readonly #connection: HubConnection
  readonly #hub: HubReader
  #client: EventHubConsumerClient | undefined

  constructor(connection: HubConnection, hub: HubReader) {
    this.#connection = connection
    this.#hub = hub
  }

  partitions(signal?: AbortSignal): Promise<PartitionProperties[]> {
    return this.#hub.partitions(signal)
  }

  /** Events of a partition, from … to, both inclusive; deleted ones are left out. */
  async read(
    partition: PartitionProperties,
    from: number,
    to: number,
    signal?: AbortSignal,
  ): Promise<HubEvent[]> {
    const first = Math.max(from, partition.beginningSequenceNumber, 0)
    const last = Math.min(to, partition.lastEnqueuedSequenceNumber)
    if (first > last || partition.isEmpty) return []
    return this.#readFrom(
      partition.id,
      { sequenceNumber: first, isInclusive: true },
      (event) => event.sequenceNumber >= last,
      signal,
      (event) => event.sequenceNumber <= last,
    )
  }

  /** Events that a partition took at a moment (epoch ms) or soon after, up to a limit. */
  async readAt(
    partitionId: string,
    enqueuedAt: number,
    most: number,
    signal?: AbortSignal,
  ): Promise<HubEvent[]> {
    let count = 0
    return this.#readFrom(
      partitionId,
      // Exclusive, and the service's own clock is finer than a millisecond.
      { enqueuedOn: enqueuedAt - 1 },
      (event) => ++count >= most || event.enqueuedTimeUtc.getTime() > enqueuedAt + 1,
      signal,
    )
  }

  /**
   * Events that match, oldest first. The search stops at the first step that finds one.
   * @returns an empty list when none of the newest of each partition ({@link LOOK_BACK}) matches.
   */
  async find(passes: (event: HubEvent) => boolean, signal?: AbortSignal): Promise<HubEvent[]> {
    const partitions = await this.partitions(signal)
    let above = 0
    for (const depth of LOOK_BACK) {
      const found = await Promise.all(
        partitions.map(async (one) => {
          const { lastEnqueuedSequenceNumber: last } = one
          return (await this.read(one, last - depth + 1, last - above, signal)).filter(passes)
        }),
      )
      above = depth
      const all = found.flat()
      if (all.length > 0)
        return all.sort((a, b) => a.enqueuedAt - b.enqueuedAt || a.sequenceNumber - b.sequenceNumber)
    }
    return []
  }

  /** A later search connects anew. */
  async close(): Promise<void> {
    await this.#client?.close()
    this.#client = undefined
  }

  async #readFrom(
    id: string,
    position: EventPosition,
    isLast: (event: ReceivedEventData) => boolean,
    signal: AbortSignal | undefined,
    isWanted: (event: ReceivedEventData) => boolean = () => true,
  ): Promise<HubEvent[]> {
    this.#client ??= newConsumer(this.#connection)
    const pages = openPartition(this.#client, id, position, signal)
    const events: HubEvent[] = []
    try {
      for (let silent = 0; silent < MOST_SILENT_PAGES; ) {
        const page = await pages.take()
        silent = page.length === 0 ? silent + 1 : 0
        for (const event of page) {
          if (isWanted(event)) events.push(hubEvent(id, event))
          if (isLast(event)) return events
        }
      }
      return events
    } catch (error) {
      signal?.throwIfAborted()
      throw hubError(error)
    } finally {
      await pages.close()
    }
  }
}

const hubEvent = (partition: string, event: ReceivedEventData): HubEvent => ({
  partition,
  sequenceNumber: event.sequenceNumber,
  offset: String(event.offset),
  partitionKey: event.partitionKey ?? undefined,
  enqueuedAt: event.enqueuedTimeUtc.getTime(),
  body: event.body as Uint8Array,
})
