/** The event hub through @azure/event-hubs: sending with acknowledgement. Reading is in `reader.ts`. */
import type { EventHubProducerClient } from '@azure/event-hubs'
import { partitionOf } from '../../contract/partition-hash.ts'
import { type HubProducer, type OutgoingEvent, SendError } from '../../pipeline/ports/hub.ts'
import { hubError } from '../errors/event-hubs-error.ts'
import { BatchFiller } from './batch-filler.ts'
import { type HubConnection, newProducer } from './connection.ts'
import { untilDisconnected } from './disconnect.ts'

export { type HubConnection, newConsumer } from './connection.ts'
export { createHubReader } from './reader.ts'

/**
 * Sends by partition, as the SDK's buffered producer does: each key has its own, and the batches of a partition follow each
 * other, so the order within a key is the order of sending. Partitions do not wait for each other.
 */
export function createHubProducer(connection: HubConnection): HubProducer {
  const client = newProducer(connection)
  const filler = new BatchFiller()
  let partitionIds: string[] | undefined
  const idsOf = async (signal: AbortSignal | undefined) => {
    partitionIds ??= await client.getPartitionIds(withSignal(signal))
    return partitionIds
  }

  return {
    async open(signal) {
      const ids = await idsOf(signal)
      // A batch knows how large it may be from its partition's link.
      await untilDisconnected(client, signal, (either) =>
        Promise.all(ids.map((partitionId) => client.createBatch({ partitionId, ...withSignal(either) }))),
      )
    },
    async send(events, signal) {
      if (events.length === 0) return
      let ids: string[]
      try {
        ids = await idsOf(signal)
      } catch (error) {
        throw new SendError(events, hubError(error))
      }
      const groups = [...byPartition(events, ids)]
      const { result, cut } = await untilDisconnected(client, signal, (either) =>
        Promise.all(groups.map(([id, group]) => sendTo({ client, filler, partitionId: id }, group, either))),
      )
      const failures = result.filter((failure) => failure !== undefined)
      const [first] = failures
      if (!first) return
      const unacknowledged = new Set(failures.flatMap((failure) => failure.unacknowledged))
      throw new SendError(
        events.filter((event) => unacknowledged.has(event)),
        cut ?? hubError(first.error),
      )
    },
    close: () => client.close(),
  }
}

const withSignal = (signal: AbortSignal | undefined) => (signal ? { abortSignal: signal } : {})

/** Cached partitions of keys, by partition count: the same stations send all the time. */
const partitions = new Map<number, Map<string, number>>()
const MOST_KEYS = 100_000

function partitionOfKey(key: string, count: number): number {
  const known = partitions.get(count) ?? new Map<string, number>()
  partitions.set(count, known)
  let partition = known.get(key)
  if (partition === undefined) {
    partition = partitionOf(key, count)
    if (known.size < MOST_KEYS) known.set(key, partition)
  }
  return partition
}

function byPartition(events: readonly OutgoingEvent[], ids: readonly string[]): Map<string, OutgoingEvent[]> {
  const groups = new Map<string, OutgoingEvent[]>()
  for (const event of events) {
    const id = ids[partitionOfKey(event.partitionKey, ids.length)] as string
    const group = groups.get(id)
    if (group) group.push(event)
    else groups.set(id, [event])
  }
  return groups
}

interface Destination {
  client: EventHubProducerClient
  filler: BatchFiller
  partitionId: string
}

/** @returns the events that were not acknowledged, and why; undefined when all were. */
async function sendTo(
  { client, filler, partitionId }: Destination,
  events: readonly OutgoingEvent[],
  signal: AbortSignal,
): Promise<{ unacknowledged: readonly OutgoingEvent[]; error: unknown } | undefined> {
  let acknowledged = 0
  try {
    while (acknowledged < events.length) {
      // The first batch asks the hub for its size limit.
      const batch = await client.createBatch({ partitionId, ...withSignal(signal) })
      const next = filler.fill(batch, events, acknowledged)
      if (next === acknowledged) throw tooLarge(events[next], batch.maxSizeInBytes)
      await client.sendBatch(batch, withSignal(signal))
      acknowledged = next
    }
    return undefined
  } catch (error) {
    return { unacknowledged: events.slice(acknowledged), error }
  }
}

function tooLarge(event: OutgoingEvent | undefined, limit: number): Error {
  const message = `An event of ${event?.body.length} bytes is larger than the hub takes (${limit}).`
  return Object.assign(new Error(message), { code: 'MessageTooLargeError' })
}
