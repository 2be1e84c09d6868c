/** Links over which idempotent producers publish: one owner of a producer at a time. */
import type { Receiver } from 'rhea'
import { partsOf } from '../amqp/library.ts'
import type { Rejection } from '../amqp/refusal.ts'
import type { ProducerTable } from '../log/producers.ts'
import { IDEMPOTENT_PRODUCER, openProducer, type ProducerLink, producerStolen } from './idempotence.ts'

/** Whoever opens a producer with a higher epoch drives out the links that had it before. */
export class ProducerLinks {
  readonly #producers: ProducerTable
  readonly #links = new Map<Receiver, ProducerLink>()

  constructor(producers: ProducerTable) {
    this.#producers = producers
  }

  /**
   * Lets a producer in that asks for the capability, and closes the links of the owners before it.
   * @param partition of the link; the capability is one of partitions.
   * @returns why it is refused, if it is.
   */
  open(receiver: Receiver, partition: number | undefined): Rejection | undefined {
    if (![receiver.desired_capabilities].flat().some((one) => String(one) === IDEMPOTENT_PRODUCER))
      return undefined
    if (partition === undefined)
      return {
        condition: 'amqp:not-allowed',
        description: 'An idempotent producer publishes to a partition, not to the hub as a whole.',
      }
    const opened = openProducer(this.#producers, partition, receiver.properties ?? {})
    if ('condition' in opened) return opened
    const { producer, properties } = opened
    const { attach } = partsOf(receiver).local
    attach.offered_capabilities = [IDEMPOTENT_PRODUCER]
    attach.properties = properties
    for (const [link, { id, epoch, partition: of }] of this.#links)
      if (id === producer.id && of === partition && epoch < producer.epoch) {
        this.#links.delete(link)
        link.close(producerStolen(id, producer.epoch))
      }
    this.#links.set(receiver, producer)
    receiver.once('receiver_close', () => this.#links.delete(receiver))
    return undefined
  }

  /** Undefined for a link without an idempotent producer. */
  of(receiver: Receiver): ProducerLink | undefined {
    return this.#links.get(receiver)
  }

  /** Drops links whose session or connection has ended. */
  forget(isGone: (link: Receiver) => boolean): void {
    for (const link of this.#links.keys()) if (isGone(link)) this.#links.delete(link)
  }
}
