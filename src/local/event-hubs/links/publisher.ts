/** What senders bring: batches and single events, onto the partition that their link, their key, or the hub chooses. */
import type { Logger } from 'pino'
import type { Receiver } from 'rhea'
import { partitionOf } from '../../../contract/partition-hash.ts'
import type { Unfit } from '../amqp/connection-limits.ts'
import { integerOf, partsOf } from '../amqp/library.ts'
import type { Rejection } from '../amqp/refusal.ts'
import { checkMessage, openBatch, partitionKeyOf } from '../amqp/sections.ts'
import { MalformedAmqpError } from '../amqp/values.ts'
import { HubFullError } from '../log/database.ts'
import type { HubLog } from '../log/log.ts'
import { checkBatch, type ProducerLink, sequenceNumberOf } from './idempotence.ts'
import { withPublisher } from './publisher-name.ts'

/** `message-format` of a batch: each data section is a whole encoded message. */
const BATCH_FORMAT = 0x80013700
/** Event Hubs (Standard) refuses more in one send. */
export const MAX_MESSAGE_BYTES = 1024 * 1024

/** One transfer of a sender, whole. */
export interface Delivery {
  /** As its peer counts deliveries. */
  id: number
  bytes: Buffer
  /** Undefined: a plain message. */
  format: number | undefined
  unfit: Unfit | undefined
}

/**
 * What a link takes in one send: the hub's own limit, or the lower one that its peer has set itself in its attach, as in the service (Azure
 * SDK for Python, pull request 43462: the lower of both, 0 is none).
 */
export function maxMessageBytes(link: Receiver): number {
  const asked = integerOf(partsOf(link).remote.attach.max_message_size) ?? 0n
  return asked > 0n && asked < BigInt(MAX_MESSAGE_BYTES) ? Number(asked) : MAX_MESSAGE_BYTES
}

/** The service's sentence, as clients log it (azure-event-hubs-python, issue 106). */
const tooLarge = (id: number, bytes: number, limit: number): Rejection => ({
  condition: 'amqp:link:message-size-exceeded',
  description: `The received message (delivery-id:${id}, size:${bytes} bytes) exceeds the limit (${limit} bytes) currently allowed on the link.`,
})

/** By the address of the link. */
export interface Destination {
  /** Undefined: the publisher's name or the partition key decides, else the partitions take turns. */
  partition: number | undefined
  publisher?: string | undefined
  /** See {@link maxMessageBytes}. */
  limit: number
}

/** For all links that send to the hub. */
export class Publisher {
  readonly #log: HubLog
  readonly #logger: Logger
  #turn = 0

  constructor(log: HubLog, logger: Logger) {
    this.#log = log
    this.#logger = logger
  }

  /**
   * Stores what one delivery carries, all of it or nothing.
   * @param producer of an idempotent link.
   * @returns why it is rejected, undefined when it is stored, now or by an earlier send.
   */
  take(
    delivery: Delivery,
    { partition, publisher, limit }: Destination,
    producer?: ProducerLink,
  ): Rejection | undefined {
    if (delivery.unfit?.why === 'oversize') return tooLarge(delivery.id, delivery.unfit.bytes, limit)
    try {
      const events = opened(delivery)
      for (const event of events) checkMessage(event)
      if (producer) return this.#takeOnce(events, producer)
      this.#log.append(
        partition ?? this.#choose(publisher ?? partitionKeyOf(delivery.bytes)),
        publisher === undefined ? events : events.map((event) => withPublisher(event, publisher)),
      )
      return undefined
    } catch (error) {
      return this.#rejection(error as Error)
    }
  }

  #takeOnce(events: readonly Buffer[], producer: ProducerLink): Rejection | undefined {
    const first = sequenceNumberOf(events[0] as Buffer)
    const checked = checkBatch(this.#log.producers, producer, first, events.length)
    if (checked === 'repeated') return undefined
    if ('condition' in checked) return checked
    this.#log.append(producer.partition, events, { id: producer.id, state: checked.state })
    return undefined
  }

  #choose(partitionKey: string | undefined): number {
    const { partitionCount } = this.#log
    if (partitionKey !== undefined) return partitionOf(partitionKey, partitionCount)
    this.#turn = (this.#turn + 1) % partitionCount
    return this.#turn
  }

  #rejection(error: Error): Rejection {
    if (error instanceof MalformedAmqpError)
      return { condition: 'amqp:decode-error', description: `The message cannot be read: ${error.message}.` }
    // As the service says it when a quota is used up.
    if (error instanceof HubFullError)
      return { condition: 'amqp:resource-limit-exceeded', description: `${error.message} ${error.hint}` }
    this.#logger.error({ err: error }, 'event hub: events could not be stored')
    return {
      condition: 'amqp:internal-error',
      description: 'The hub could not store the events; see its log.',
    }
  }
}

function opened({ bytes, format }: Delivery): Buffer[] {
  if (format === undefined) return [bytes]
  if (format === BATCH_FORMAT) return openBatch(bytes)
  throw new MalformedAmqpError(`message format ${format} is not known`)
}
