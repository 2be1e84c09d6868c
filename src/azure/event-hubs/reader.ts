/** The event hub through @azure/event-hubs: partition properties, and reading a partition's events. */
import {
  type EventHubConsumerClient,
  type EventPosition,
  earliestEventPosition,
  type ReceivedEventData,
  type PartitionProperties as SdkPartitionProperties,
} from '@azure/event-hubs'
import type { HubReader, PartitionProperties, ReceivedEvent } from '../../pipeline/ports/hub.ts'
import { hubError } from '../errors/event-hubs-error.ts'
import { AsyncChannel } from './async-channel.ts'
import { type HubConnection, newConsumer } from './connection.ts'
import { untilDisconnected } from './disconnect.ts'
import { onTooLong } from './incoming-bounds.ts'

/** Events per page. The SDK waits 20 ms per page, so small pages are slow. */
const PAGE_EVENTS = 500
/** After this long without an event we ask the partition whether there are more (s). */
const SILENCE_SECONDS = 1

/** Opens no connection before the first question. */
export function createHubReader(connection: HubConnection): HubReader {
  const client = newConsumer(connection)
  let partitionIds: string[] | undefined

  // All queries share one management link, which the SDK keeps open.
  const describe = async (id: string, signal: AbortSignal | undefined) =>
    described(await client.getPartitionProperties(id, signal ? { abortSignal: signal } : {}))

  async function partitions(signal?: AbortSignal): Promise<PartitionProperties[]> {
    try {
      const { result } = await untilDisconnected(client, signal, async (either) => {
        partitionIds ??= await client.getPartitionIds({ abortSignal: either })
        return Promise.all(partitionIds.map((id) => describe(id, either)))
      })
      return result
    } catch (error) {
      throw hubError(error)
    }
  }

  async function* readPartition(
    { id, beginningSequenceNumber, lastEnqueuedSequenceNumber: last }: PartitionProperties,
    after: number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<ReceivedEvent[]> {
    const position: EventPosition =
      after < beginningSequenceNumber ? earliestEventPosition : { sequenceNumber: after, isInclusive: false }
    const pages = openPartition(client, id, position, signal)
    try {
      for (let seen = after; seen < last; ) {
        const page = await pages.take()
        const events = page
          .map((event) => received(id, event))
          .filter((event) => event.sequenceNumber <= last)
        if (events.length > 0) yield events
        seen = page.at(-1)?.sequenceNumber ?? seen
        // Retention may have deleted the rest in the meantime.
        if (page.length === 0 && (await describe(id, signal)).beginningSequenceNumber > last) return
      }
    } catch (error) {
      if (!signal?.aborted) throw hubError(error)
    } finally {
      await pages.close()
    }
  }

  return {
    partitions,
    async *readAfter(positions, signal) {
      for (const partition of await partitions(signal)) {
        if (signal?.aborted) return
        const after = positions.get(partition.id) ?? -1
        if (partition.isEmpty || after >= partition.lastEnqueuedSequenceNumber) continue
        yield* readPartition(partition, after, signal)
      }
    },
    close: () => client.close(),
  }
}

/**
 * Pages of a partition, one at a time: the next is received after the last was taken. An empty page means no
 * events.
 */
export function openPartition(
  client: EventHubConsumerClient,
  partitionId: string,
  startPosition: EventPosition,
  signal: AbortSignal | undefined,
): { take(): Promise<ReceivedEventData[]>; close(): Promise<void> } {
  const pages = new AsyncChannel<ReceivedEventData[]>()
  const subscription = client.subscribe(
    partitionId,
    {
      processEvents: (events) => pages.give(events),
      processError: async (error) => pages.fail(error),
    },
    {
      startPosition,
      maxBatchSize: PAGE_EVENTS,
      maxWaitTimeInSeconds: SILENCE_SECONDS,
      skipParsingBodyAsJson: true,
    },
  )
  const abort = () => pages.fail(new Error('Reading was cancelled.'))
  signal?.addEventListener('abort', abort, { once: true })
  const stopListening = onTooLong(client, (error) => pages.fail(error))
  return {
    take: () => pages.take(),
    close: async () => {
      signal?.removeEventListener('abort', abort)
      stopListening()
      pages.close()
      await subscription.close()
    },
  }
}

const received = (partitionId: string, event: ReceivedEventData): ReceivedEvent => ({
  partitionId,
  sequenceNumber: event.sequenceNumber,
  enqueuedAt: event.enqueuedTimeUtc,
  body: bytesOf(event.body),
})

/**
 * The SDK returns a body of one data section as bytes, of several as an array of bytes, of any other kind as
 * its value.
 */
function bytesOf(body: unknown): Uint8Array | undefined {
  if (body instanceof Uint8Array) return body
  const isBytes = Array.isArray(body) && body.length > 0 && body.every((part) => part instanceof Uint8Array)
  return isBytes ? Buffer.concat(body) : undefined
}

function described(partition: SdkPartitionProperties): PartitionProperties {
  const { lastEnqueuedSequenceNumber } = partition
  return {
    id: partition.partitionId,
    // The service says −1 of a partition that never had an event: its first one will be 0.
    beginningSequenceNumber: Math.max(0, partition.beginningSequenceNumber),
    lastEnqueuedSequenceNumber,
    lastEnqueuedAt: lastEnqueuedSequenceNumber < 0 ? undefined : partition.lastEnqueuedOnUtc,
    isEmpty: partition.isEmpty,
  }
}
