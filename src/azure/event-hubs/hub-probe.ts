/** Checks the event hub for doctor: its properties, and whether we may send, without sending anything. */
import { EventHubProducerClient } from '@azure/event-hubs'
import { hubError } from '../errors/event-hubs-error.ts'
import { boundIncoming } from './incoming-bounds.ts'
import type { HubConnection } from './producer.ts'

/** What the two questions came to. */
export interface HubProbe {
  partitions: number
  /** Time until the hub opened a link for sending, including the connection. */
  latencyMs: number
}

const OPTIONS = { retryOptions: { maxRetries: 0, timeoutInMs: 10_000 } }

/**
 * Opens a sender link, which the hub grants only to senders, and asks for the hub's properties.
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
  boundIncoming(client)
  const startedAt = performance.now()
  try {
    // An empty batch needs the link's size limit, so a link is opened, and its errors say what is wrong.
    await client.createBatch()
    const latencyMs = performance.now() - startedAt
    const { partitionIds } = await client.getEventHubProperties()
    return { partitions: partitionIds.length, latencyMs }
  } catch (error) {
    throw hubError(error)
  } finally {
    await client.close().catch(() => {
      // The connection is already gone; the error that matters was thrown above.
    })
  }
}
