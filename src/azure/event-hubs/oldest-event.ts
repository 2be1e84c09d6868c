/** Finds the oldest event in a hub, which a Stream Analytics job needs at its first start. */
import { type EventHubConsumerClient, earliestEventPosition } from '@azure/event-hubs'
import type { PartitionProperties } from '../../pipeline/ports/hub.ts'
import { hubError } from '../errors/event-hubs-error.ts'
import { onTooLong } from './incoming-bounds.ts'

/** Longest wait for an event (s): a partition's last events may just have expired. */
const WAIT_SECONDS = 5

/**
 * @returns the enqueued time of the oldest event over all partitions; undefined when there is none.
 * @throws ServiceError
 */
export async function oldestEnqueuedAt(
  client: EventHubConsumerClient,
  partitions: readonly PartitionProperties[],
  signal: AbortSignal | undefined,
): Promise<Date | undefined> {
  const filled = partitions.filter(({ isEmpty }) => !isEmpty)
  const times = await Promise.all(filled.map(({ id }) => firstEnqueuedAt(client, id, signal)))
  signal?.throwIfAborted()
  const known = times.filter((time) => time !== undefined)
  return known.length > 0 ? new Date(Math.min(...known.map((time) => time.getTime()))) : undefined
}

async function firstEnqueuedAt(
  client: EventHubConsumerClient,
  partitionId: string,
  signal: AbortSignal | undefined,
): Promise<Date | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Date | undefined>()
  const abort = () => resolve(undefined)
  signal?.addEventListener('abort', abort, { once: true })
  const stopListening = onTooLong(client, reject)
  const subscription = client.subscribe(
    partitionId,
    {
      // Called with no events when the time is up.
      processEvents: async ([event]) => resolve(event?.enqueuedTimeUtc),
      processError: async (error) => reject(hubError(error)),
    },
    {
      startPosition: earliestEventPosition,
      maxBatchSize: 1,
      maxWaitTimeInSeconds: WAIT_SECONDS,
      skipParsingBodyAsJson: true,
    },
  )
  try {
    return await promise
  } finally {
    signal?.removeEventListener('abort', abort)
    stopListening()
    await subscription.close()
  }
}
