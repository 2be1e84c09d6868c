import {
  type EventHubClientOptions,
  EventHubConsumerClient,
  EventHubProducerClient,
  RetryMode,
} from '@azure/event-hubs'
import type { TokenCredential } from '@azure/identity'
import { boundIncoming } from './incoming-bounds.ts'

/** Where the hub is and who we are: a connection string, or a namespace with a credential. */
export type HubConnection =
  | { connectionString: string; hub: string; consumerGroup: string }
  | {
      fullyQualifiedNamespace: string
      hub: string
      consumerGroup: string
      credential: TokenCredential
      /** `sb://localhost:PORT` for the local hub. */
      customEndpointAddress?: string
    }

/**
 * By default the SDK reports nothing for 30 s after a cut connection. With these options it reports within a
 * second that nobody answers. All callers retry by themselves, so they notice at once when the hub is back.
 */
const CLIENT_OPTIONS: EventHubClientOptions = {
  retryOptions: {
    maxRetries: 1,
    retryDelayInMs: 200,
    maxRetryDelayInMs: 500,
    timeoutInMs: 5000,
    mode: RetryMode.Exponential,
  },
}

/** Whoever sends tries again, and asks the hub first where that is late: the SDK's own retry would not. */
const PRODUCER_OPTIONS: EventHubClientOptions = {
  retryOptions: { ...CLIENT_OPTIONS.retryOptions, maxRetries: 0 },
}

/** A client of its own; close it. */
export function newProducer(connection: HubConnection): EventHubProducerClient {
  const { hub } = connection
  if ('connectionString' in connection)
    return boundIncoming(new EventHubProducerClient(connection.connectionString, hub, PRODUCER_OPTIONS))
  const { fullyQualifiedNamespace, credential } = connection
  const options = optionsFor(connection, PRODUCER_OPTIONS)
  return boundIncoming(new EventHubProducerClient(fullyQualifiedNamespace, hub, credential, options))
}

/** A client of its own; close it. */
export function newConsumer(connection: HubConnection): EventHubConsumerClient {
  const { hub, consumerGroup } = connection
  if ('connectionString' in connection)
    return boundIncoming(
      new EventHubConsumerClient(consumerGroup, connection.connectionString, hub, CLIENT_OPTIONS),
    )
  const { fullyQualifiedNamespace, credential } = connection
  const options = optionsFor(connection, CLIENT_OPTIONS)
  return boundIncoming(
    new EventHubConsumerClient(consumerGroup, fullyQualifiedNamespace, hub, credential, options),
  )
}

const optionsFor = (
  { customEndpointAddress }: { customEndpointAddress?: string },
  options: EventHubClientOptions,
): EventHubClientOptions =>
  customEndpointAddress === undefined ? options : { ...options, customEndpointAddress }
