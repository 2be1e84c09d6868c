/** What the pipeline asks of the event hub. `src/azure/event-hubs/` implements it over the SDK. */
import type { ServiceError } from './errors.ts'

/** Its place in an array tells it from others: equal bodies are not one event. */
export interface OutgoingEvent {
  /** UTF-8 JSON, or any bytes when the reading was corrupted on purpose. */
  body: Uint8Array
  partitionKey: string
}

/** Part of a send was not acknowledged; the caller keeps these and sends them again. */
export class SendError extends Error {
  override readonly name = 'SendError'
  /** In the order of sending. The hub may hold some of them all the same. */
  readonly unacknowledged: readonly OutgoingEvent[]
  constructor(unacknowledged: readonly OutgoingEvent[], cause: ServiceError) {
    super(cause.message, { cause })
    this.unacknowledged = unacknowledged
  }
}

/** Open for the whole session. */
export interface HubProducer {
  /** Opens what the first send would wait for. Whoever leaves it out, or sees it fail, sends all the same. */
  open?(signal?: AbortSignal): Promise<void>
  /**
   * Sends the events, keeping the order within each partition key. Resolves when the hub has acknowledged all of them.
   * @throws SendError with those that were not acknowledged, in order.
   */
  send(events: readonly OutgoingEvent[], signal?: AbortSignal): Promise<void>
  close(): Promise<void>
}

/** As of the moment of asking. */
export interface PartitionProperties {
  id: string
  /** 0 while the partition has never held an event. */
  beginningSequenceNumber: number
  /** −1 while the partition has never held an event. */
  lastEnqueuedSequenceNumber: number
  lastEnqueuedAt: Date | undefined
  isEmpty: boolean
}

/** An event of any sender. */
export interface ReceivedEvent {
  partitionId: string
  sequenceNumber: number
  enqueuedAt: Date
  /** The data sections joined. Undefined: the body is of another kind (a value, a sequence, null), as other clients may send. */
  body: Uint8Array | undefined
}

/** Each call may throw ServiceError. */
export interface HubReader {
  partitions(signal?: AbortSignal): Promise<PartitionProperties[]>
  /**
   * Reads every event after the given sequence number of each partition, up to what the partition held when the call
   * began. The generator finds out with it what the hub had taken before a crash.
   */
  readAfter(positions: ReadonlyMap<string, number>, signal?: AbortSignal): AsyncIterable<ReceivedEvent[]>
  close(): Promise<void>
}

/** A consumer group of the hub, and how far it has read. */
export interface ConsumerGroup {
  name: string
  protocol: 'AMQP' | 'Kafka'
  /** Readers that are there now. */
  members: number
  /** By partition, the first sequence number that it has not read. Partitions where that is not known are missing. */
  next: Readonly<Record<string, number>>
}

/** How many events a partition has ever taken. */
export const eventsIn = (partition: PartitionProperties | undefined): number =>
  (partition?.lastEnqueuedSequenceNumber ?? -1) + 1

/** How many events the hub has ever taken. */
export const enqueuedIn = (partitions: readonly PartitionProperties[]): number =>
  partitions.reduce((sum, partition) => sum + eventsIn(partition), 0)
