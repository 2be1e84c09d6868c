/** Receivers of the hub: who reads which partition, who owns it, and the pump that sends within the credit they give. */
import type { EventContext, Sender } from 'rhea'
import type { Clock } from '../clock.ts'
import { forDelivery } from './amqp-sections.ts'
import type { HubLog } from './log.ts'

/** Event Hubs allows that many readers without an owner level on a partition, per consumer group. */
const MAX_READERS = 5
/** Events sent in one go before others get their turn. */
const BURST = 200

interface Subscription {
  sender: Sender
  partition: number
  next: number
  epoch: number | undefined
  wantsMetrics: boolean
  scheduled: boolean
}

export interface Refusal {
  condition: string
  description: string
}

export class Subscriptions {
  readonly #log: HubLog
  readonly #clock: Clock
  /** By group and partition. */
  readonly #readers = new Map<string, Set<Subscription>>()
  readonly #unsubscribe: () => void

  constructor(log: HubLog, clock: Clock) {
    this.#log = log
    this.#clock = clock
    this.#unsubscribe = log.onAppend((partition) => {
      for (const readers of this.#readers.values())
        for (const reader of readers) if (reader.partition === partition) this.#schedule(reader)
    })
  }

  /**
   * Lets a receiver in. A higher (or equal) owner level takes the partition over: whoever read it before is closed with
   * `amqp:link:stolen`. Returns why it is refused, if it is.
   */
  add(
    sender: Sender,
    options: {
      group: string
      partition: number
      next: number
      epoch: number | undefined
      wantsMetrics: boolean
    },
  ): Refusal | undefined {
    const key = `${options.group}/${options.partition}`
    const readers = this.#readers.get(key) ?? new Set()
    const owner = [...readers].find((reader) => reader.epoch !== undefined)
    const { epoch } = options
    if (owner?.epoch !== undefined && (epoch === undefined || epoch < owner.epoch))
      return {
        condition: 'amqp:link:stolen',
        description: `Partition ${options.partition} of ${options.group} is read by a receiver with the higher epoch ${owner.epoch}.`,
      }
    if (epoch === undefined && readers.size >= MAX_READERS)
      return {
        condition: 'amqp:resource-limit-exceeded',
        description: `Partition ${options.partition} of ${options.group} has ${MAX_READERS} readers already.`,
      }
    if (epoch !== undefined) {
      for (const reader of readers)
        reader.sender.close({
          condition: 'amqp:link:stolen',
          description: `A receiver with the epoch ${epoch} has taken over.`,
        })
      readers.clear()
    }
    const { partition, next, wantsMetrics } = options
    const subscription: Subscription = { sender, partition, next, epoch, wantsMetrics, scheduled: false }
    readers.add(subscription)
    this.#readers.set(key, readers)
    const leave = () => readers.delete(subscription)
    for (const end of ['sender_close', 'sender_error', 'session_close', 'disconnected'])
      sender.once(end, leave)
    sender.on('sendable', () => this.#schedule(subscription))
    sender.on('sender_draining', () => {
      this.#pump(subscription)
      sender.set_drained(true)
    })
    return undefined
  }

  /** Drops all receivers of a connection that is gone. */
  forget(connection: EventContext['connection']): void {
    for (const readers of this.#readers.values())
      for (const reader of readers) if (reader.sender.connection === connection) readers.delete(reader)
  }

  close(): void {
    this.#unsubscribe()
    this.#readers.clear()
  }

  #schedule(subscription: Subscription): void {
    if (subscription.scheduled) return
    subscription.scheduled = true
    setImmediate(() => {
      subscription.scheduled = false
      if (this.#pump(subscription)) this.#schedule(subscription)
    })
  }

  /** @returns whether there is more to send right now. */
  #pump(subscription: Subscription): boolean {
    const { sender, partition } = subscription
    if (!sender.is_open() || !sender.sendable()) return false
    const room = Math.min(BURST, (sender as never as { credit: number }).credit)
    const events = this.#log.read(partition, subscription.next, room)
    const newest = this.#log.properties(partition)
    const metrics = subscription.wantsMetrics
      ? {
          sequenceNumber: newest.lastEnqueuedSequenceNumber,
          enqueuedAt: newest.lastEnqueuedAt ?? 0,
          retrievedAt: this.#clock.now(),
        }
      : undefined
    // One write to the socket for the whole burst.
    const socket = sender.connection as unknown as { socket?: { cork(): void; uncork(): void } }
    socket.socket?.cork()
    for (const event of events) {
      if (!sender.sendable()) break
      sender.send(forDelivery(event.message, event, metrics) as never, undefined, 0)
      subscription.next = event.sequenceNumber + 1
    }
    setImmediate(() => socket.socket?.uncork())
    return events.length === room && sender.sendable()
  }
}
