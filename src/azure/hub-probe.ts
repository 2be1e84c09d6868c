/** One look at the event hub for doctor: its properties, and whether we may send, without sending anything. */
import { EventHubProducerClient } from '@azure/event-hubs'
import type { HubConnection } from './event-hubs.ts'
import { hubError } from './event-hubs-error.ts'

export interface HubProbe {
  partitions: number
  /** Until the properties had arrived, connecting included. */
  latencyMs: number
}

const OPTIONS = { retryOptions: { maxRetries: 0, timeoutInMs: 10_000 } }

/**
 * Asks for the hub's properties and opens a sender link, which the hub grants only to senders.
 * @throws ServiceError
 */
export async function probeHub(connection: HubConnection): Promise<HubProbe> {
  const client =
    'connectionString' in connection
      ? new EventHubProducerClient(connection.connectionString, connection.hub, OPTIONS)
      : new EventHubProducerClient(
          connection.fullyQualifiedNamespace,
          connection.hub,
          connection.credential,
          {
            ...OPTIONS,
            ...(connection.customEndpointAddress
              ? { customEndpointAddress: connection.customEndpointAddress }
              : {}),
          },
        )
  const startedAt = performance.now()
  try {
    const { partitionIds } = await client.getEventHubProperties()
    const latencyMs = performance.now() - startedAt
    // An empty batch needs the link's size limit, so the link is opened.
    await client.createBatch()
    return { partitions: partitionIds.length, latencyMs }
  } catch (error) {
    throw hubError(error)
  } finally {
    await client.close().catch(() => {
      // The connection is gone already; what matters has been thrown above.
    })
  }
}
