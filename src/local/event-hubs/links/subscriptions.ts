/** Receivers of the hub: who reads which partition for which consumer group, and who owns it. */

import type { Logger } from 'pino'
import type { Sender } from 'rhea'
import type { Clock } from '../../runtime/clock.ts'
import type { Rejection } from '../amqp/refusal.ts'
import type { HubLog } from '../log/log.ts'
import type { GroupProgress } from './group-progress.ts'
import { Subscription, type SubscriptionOptions } from './subscription.ts'

/** Event Hubs allows that many readers without an owner level on a partition, per consumer group. */
const MAX_READERS = 5

type Request = Omit<SubscriptionOptions, 'onFailure'> & { group: string }

/** Wakes the readers of a partition when something came to it. */
export class Subscriptions {
  readonly #log: HubLog
  readonly #clock: Clock
  readonly #logger: Logger
  /** By group and partition. */
  readonly #readers = new Map<string, Set<Subscription>>()
  readonly #unsubscribe: () => void

  constructor(log: HubLog, clock: Clock, logger: Logger) {
    this.#log = log
    this.#clock = clock
    this.#logger = logger
    this.#unsubscribe = log.onAppend((partition) => {
      for (const reader of this.#all()) if (reader.partition === partition) reader.wake()
    })
  }

  /**
   * Lets a receiver in. One with an owner level as high as the present owner's, or higher, takes the partition over: whoever
   * read it before is closed with `amqp:link:stolen`.
   * @returns why it is refused, if it is.
   */
  add(sender: Sender, request: Request): Rejection | undefined {
    const { group, partition, epoch } = request
    const key = `${group}/${partition}`
    const readers = this.#readers.get(key) ?? new Set()
    const refusal = refusalOf(readers, request)
    if (refusal) return refusal
    if (epoch !== undefined) for (const reader of readers) this.#steal(reader, request.name, epoch)
    if (epoch !== undefined) readers.clear()
    const subscription = new Subscription(sender, this.#log, this.#clock, {
      ...request,
      onFailure: (error) => this.#fail(sender, error),
    })
    readers.add(subscription)
    this.#readers.set(key, readers)
    const { next } = request
    this.#logger.debug({ group, partition, epoch: epoch?.toString(), next }, 'event hub: receiver opened')
    sender.once('sender_close', () => this.forget((link) => link === sender))
    return undefined
  }

  /** A session takes more again: its readers may go on. */
  wake(session: object): void {
    for (const reader of this.#all()) if (reader.sender.session === session) reader.wake()
  }

  /** Drops receivers that are gone: of a link, a session, a connection. */
  forget(isGone: (link: Sender) => boolean): void {
    for (const readers of this.#readers.values())
      for (const reader of readers)
        if (isGone(reader.sender)) {
          reader.end()
          readers.delete(reader)
        }
  }

  /** The groups of these names, read or not. */
  progress(groups: readonly string[]): GroupProgress[] {
    return groups.map((name) => {
      const next: Record<string, number> = {}
      let members = 0
      for (const [key, readers] of this.#readers) {
        const partition = key.slice(name.length + 1)
        if (key !== `${name}/${partition}`) continue
        members += readers.size
        for (const reader of readers) next[partition] = Math.min(next[partition] ?? reader.next, reader.next)
      }
      return { name, protocol: 'AMQP', members, next }
    })
  }

  /** All readers end. */
  close(): void {
    this.#unsubscribe()
    for (const reader of this.#all()) reader.end()
    this.#readers.clear()
  }

  *#all(): Generator<Subscription> {
    for (const readers of this.#readers.values()) yield* readers
  }

  #steal(reader: Subscription, name: string, epoch: bigint): void {
    reader.end()
    reader.sender.close({
      condition: 'amqp:link:stolen',
      description: `New receiver '${name}' with higher epoch of '${epoch}' is created hence current receiver '${reader.name}' with ${epochOf(reader)} is getting disconnected. If you are recreating the receiver, make sure a higher epoch is used.`,
    })
  }

  #fail(sender: Sender, error: Error): void {
    this.#logger.error({ err: error }, 'event hub: events could not be read')
    sender.close({
      condition: 'amqp:internal-error',
      description: 'The hub could not read the events; see its log.',
    })
  }
}

const epochOf = ({ epoch }: { epoch: bigint | undefined }) =>
  epoch === undefined ? 'no epoch' : `epoch '${epoch}'`

/** In the service's own words: people look for them, and some clients do. */
function refusalOf(
  readers: ReadonlySet<Subscription>,
  { group, partition, epoch, name }: Request,
): Rejection | undefined {
  const place = `(Partition ${partition} of ${group})`
  const owner = [...readers].find((reader) => reader.epoch !== undefined)
  if (owner?.epoch !== undefined && epoch === undefined)
    return {
      condition: 'amqp:link:stolen',
      description: `At least one receiver for the endpoint is created with epoch of '${owner.epoch}', and so non-epoch receiver is not allowed. Either reconnect with a higher epoch, or make sure all epoch receivers are closed or disconnected. ${place}`,
    }
  if (owner?.epoch !== undefined && epoch !== undefined && epoch < owner.epoch)
    return {
      condition: 'amqp:link:stolen',
      description: `Receiver '${owner.name}' with a higher epoch '${owner.epoch}' already exists. Receiver '${name}' with epoch ${epoch} cannot be created. Make sure you are creating receiver with increasing epoch value to ensure connectivity, or ensure all old epoch receivers are closed or disconnected. ${place}`,
    }
  if (epoch === undefined && readers.size >= MAX_READERS)
    return {
      condition: 'amqp:resource-limit-exceeded',
      description: `Exceeded the maximum number of allowed receivers per partition in a consumer group which is ${MAX_READERS}. List of connected receivers - ${[...readers].map((reader) => reader.name).join(', ')}. ${place}`,
    }
  return undefined
}
