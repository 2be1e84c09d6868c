/** What senders bring: batches and single events, onto the partition that their link, their key, or the hub chooses. */
import rhea, { type EventContext, type Message } from 'rhea'
import { partitionOf } from '../../pipeline/contract/partition-hash.ts'
import { assertMessage, openBatch } from './amqp-sections.ts'
import { HubFullError, type HubLog } from './log.ts'

/** `message-format` of a batch: each data section is a whole encoded message. */
const BATCH_FORMAT = 0x80013700
/** Event Hubs (Standard) refuses more in one send. */
export const MAX_MESSAGE_BYTES = 1024 * 1024

export interface Rejection {
  condition: string
  description: string
}

export class Publisher {
  readonly #log: HubLog
  #roundRobin = 0

  constructor(log: HubLog) {
    this.#log = log
  }

  /**
   * Stores what one delivery carries, all of it or nothing.
   * @param partition of the link; undefined: the partition key decides, else turns are taken.
   * @returns why it is rejected, undefined when it is stored.
   */
  take(context: EventContext, partition: number | undefined): Rejection | undefined {
    try {
      const { events, partitionKey } = opened(context)
      const bytes = events.reduce((sum, event) => sum + event.length, 0)
      if (bytes > MAX_MESSAGE_BYTES)
        return {
          condition: 'amqp:link:message-size-exceeded',
          description: `The batch has ${bytes} bytes; the hub takes ${MAX_MESSAGE_BYTES}.`,
        }
      for (const event of events) assertMessage(event)
      this.#log.append(partition ?? this.#choose(partitionKey), events)
      return undefined
    } catch (error) {
      if (error instanceof HubFullError)
        return {
          condition: 'com.microsoft:server-busy',
          description: `${error.message} Make room, the clients try again.`,
        }
      return {
        condition: 'amqp:decode-error',
        description: `The message cannot be read: ${(error as Error).message}.`,
      }
    }
  }

  #choose(partitionKey: string | undefined): number {
    if (partitionKey !== undefined) return partitionOf(partitionKey, this.#log.partitionCount)
    this.#roundRobin = (this.#roundRobin + 1) % this.#log.partitionCount
    return this.#roundRobin
  }
}

/** The library hands over a batch as bytes, and a single event decoded. */
function opened(context: EventContext): { events: Buffer[]; partitionKey: string | undefined } {
  const message = context.message as unknown as Message | Buffer
  const format = (context.delivery as unknown as { format?: number } | undefined)?.format
  if (Buffer.isBuffer(message)) {
    if (format === BATCH_FORMAT) return openBatch(message)
    throw new Error(`message format ${format} is not supported`)
  }
  const key = message.message_annotations?.['x-opt-partition-key']
  return {
    events: [rhea.message.encode(message) as unknown as Buffer],
    partitionKey: typeof key === 'string' ? key : undefined,
  }
}
