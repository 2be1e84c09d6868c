/** The event hub through @azure/event-hubs: sending with acknowledgement, partition properties, reading back. */
import {
  type EventHubClientOptions,
  EventHubConsumerClient,
  EventHubProducerClient,
  type ReceivedEventData,
  RetryMode,
  type PartitionProperties as SdkPartitionProperties,
} from '@azure/event-hubs'
import type { TokenCredential } from '@azure/identity'
import { partitionOf } from '../pipeline/contract/partition-hash.ts'
import {
  type HubProducer,
  type HubReader,
  type OutgoingEvent,
  type PartitionProperties,
  type ReceivedEvent,
  SendError,
} from '../pipeline/ports.ts'
import { hubError } from './event-hubs-error.ts'

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

/** The SDK's own default is silent for 30 s after a cut connection; these bring it back within a second. */
const CLIENT_OPTIONS: EventHubClientOptions = {
  retryOptions: {
    maxRetries: 3,
    retryDelayInMs: 200,
    maxRetryDelayInMs: 500,
    timeoutInMs: 5000,
    mode: RetryMode.Exponential,
  },
}

function newProducer(connection: HubConnection): EventHubProducerClient {
  if ('connectionString' in connection)
    return new EventHubProducerClient(connection.connectionString, connection.hub, CLIENT_OPTIONS)
  const { fullyQualifiedNamespace, hub, credential, customEndpointAddress } = connection
  return new EventHubProducerClient(fullyQualifiedNamespace, hub, credential, {
    ...CLIENT_OPTIONS,
    ...(customEndpointAddress === undefined ? {} : { customEndpointAddress }),
  })
}

/** A client of its own; close it. */
export function newConsumer(connection: HubConnection): EventHubConsumerClient {
  const { hub, consumerGroup } = connection
  if ('connectionString' in connection)
    return new EventHubConsumerClient(consumerGroup, connection.connectionString, hub, CLIENT_OPTIONS)
  const { fullyQualifiedNamespace, credential, customEndpointAddress } = connection
  return new EventHubConsumerClient(consumerGroup, fullyQualifiedNamespace, hub, credential, {
    ...CLIENT_OPTIONS,
    ...(customEndpointAddress === undefined ? {} : { customEndpointAddress }),
  })
}

/** Sends by partition: the key's own partition, so that the order within a key is the order of sending. */
export function createHubProducer(connection: HubConnection): HubProducer {
  const client = newProducer(connection)
  let partitionIds: Promise<string[]> | undefined

  const partitions = () => {
    partitionIds ??= client.getPartitionIds().catch((error) => {
      partitionIds = undefined
      throw error
    })
    return partitionIds
  }

  /** @returns the events that were not acknowledged, and why. */
  async function sendTo(
    partitionId: string,
    events: readonly OutgoingEvent[],
    signal: AbortSignal | undefined,
  ) {
    let from = 0
    try {
      while (from < events.length) {
        const options = { partitionId, ...(signal ? { abortSignal: signal } : {}) }
        const batch = await client.createBatch(options)
        let next = from
        while (
          next < events.length &&
          batch.tryAdd({ body: Buffer.from((events[next] as OutgoingEvent).body) })
        )
          next++
        if (next === from)
          throw Object.assign(new Error('An event is larger than the hub takes.'), {
            code: 'MessageTooLargeError',
          })
        await client.sendBatch(batch, signal ? { abortSignal: signal } : {})
        from = next
      }
      return undefined
    } catch (error) {
      return { unacknowledged: events.slice(from), error }
    }
  }

  return {
    async send(events, signal) {
      let ids: string[]
      try {
        ids = await partitions()
      } catch (error) {
        throw new SendError(events, hubError(error))
      }
      const byPartition = new Map<string, OutgoingEvent[]>()
      for (const event of events) {
        const id = ids[partitionOf(event.partitionKey, ids.length)] as string
        const group = byPartition.get(id)
        if (group) group.push(event)
        else byPartition.set(id, [event])
      }
      const outcomes = await Promise.all([...byPartition].map(([id, group]) => sendTo(id, group, signal)))
      const failures = outcomes.filter((outcome) => outcome !== undefined)
      const [first] = failures
      if (!first) return
      const missing = new Set(failures.flatMap((failure) => failure.unacknowledged))
      throw new SendError(
        events.filter((event) => missing.has(event)),
        hubError(first.error),
      )
    },
    close: () => client.close(),
  }
}

/** What a read-back takes at once. */
const READ_BATCH = 500

export function createHubReader(connection: HubConnection): HubReader {
  const client = newConsumer(connection)
  let partitionIds: string[] | undefined

  async function partitions(signal?: AbortSignal): Promise<PartitionProperties[]> {
    const options = signal ? { abortSignal: signal } : {}
    try {
      partitionIds ??= await client.getPartitionIds(options)
      const all = await Promise.all(partitionIds.map((id) => client.getPartitionProperties(id, options)))
      return all.map(described)
    } catch (error) {
      throw hubError(error)
    }
  }

  async function* readPartition(
    partition: PartitionProperties,
    after: number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<ReceivedEvent[]> {
    const last = partition.lastEnqueuedSequenceNumber
    let seen = Math.max(after, partition.beginningSequenceNumber - 1)
    while (seen < last && !signal?.aborted) {
      const page = await nextPage(client, partition.id, seen, signal)
      yield page.filter((event) => event.sequenceNumber <= last).map((event) => received(partition.id, event))
      seen = page.at(-1)?.sequenceNumber ?? seen
    }
  }

  return {
    partitions,
    async *readAfter(positions, signal) {
      for (const partition of await partitions(signal)) {
        if (partition.isEmpty) continue
        yield* readPartition(partition, positions.get(partition.id) ?? -1, signal)
      }
    },
    close: () => client.close(),
  }
}

/** Reads one page behind a sequence number, and waits for it: the caller knows that there is one. */
async function nextPage(
  client: EventHubConsumerClient,
  partitionId: string,
  after: number,
  signal: AbortSignal | undefined,
): Promise<ReceivedEventData[]> {
  const { promise, resolve, reject } = Promise.withResolvers<ReceivedEventData[]>()
  const abort = () => resolve([])
  signal?.addEventListener('abort', abort, { once: true })
  const subscription = client.subscribe(
    partitionId,
    {
      processEvents: async (events) => {
        if (events.length > 0) resolve(events)
      },
      processError: async (error) => reject(hubError(error)),
    },
    {
      startPosition: { sequenceNumber: after, isInclusive: false },
      maxBatchSize: READ_BATCH,
      maxWaitTimeInSeconds: 1,
      skipParsingBodyAsJson: true,
    },
  )
  try {
    return await promise
  } finally {
    signal?.removeEventListener('abort', abort)
    await subscription.close()
  }
}

const received = (partitionId: string, event: ReceivedEventData): ReceivedEvent => ({
  partitionId,
  sequenceNumber: event.sequenceNumber,
  enqueuedAt: event.enqueuedTimeUtc,
  body: event.body as Uint8Array,
})

function described(partition: SdkPartitionProperties): PartitionProperties {
  return {
    id: partition.partitionId,
    beginningSequenceNumber: partition.beginningSequenceNumber,
    lastEnqueuedSequenceNumber: partition.lastEnqueuedSequenceNumber,
    lastEnqueuedAt: partition.lastEnqueuedSequenceNumber < 0 ? undefined : partition.lastEnqueuedOnUtc,
    isEmpty: partition.isEmpty,
  }
}
