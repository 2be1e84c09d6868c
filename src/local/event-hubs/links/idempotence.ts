/**
 * Idempotent publishing: a producer numbers its events, so that a batch whose acknowledgement was lost can be sent again
 * without becoming a second event. The hub hands out and takes back who the producer is, in the link's properties.
 */
import { wrap_int, wrap_long, wrap_short } from '../amqp/library.ts'
import type { Rejection } from '../amqp/refusal.ts'
import { annotationOf } from '../amqp/sections.ts'
import { intOf } from '../amqp/values.ts'
import type { ProducerState, ProducerTable, PublishedBatch } from '../log/producers.ts'

/** The capability by which a link asks for it. */
export const IDEMPOTENT_PRODUCER = 'com.microsoft:idempotent-producer'
const ID = 'com.microsoft:producer-id'
const EPOCH = 'com.microsoft:producer-epoch'
/** In a link's properties the last number that was published, in an event's annotations its own. */
const SEQUENCE_NUMBER = 'com.microsoft:producer-sequence-number'

/** Behind it the numbers begin anew with 0. */
const LAST_SEQUENCE_NUMBER = 2 ** 31 - 1
/** Batches that are known when they come again; a producer has one under way at a time. */
const RECENT_BATCHES = 5

/** Who publishes over a link. */
export interface ProducerLink {
  partition: number
  id: number
  epoch: number
}

/** What to do with a batch: store it with the producer's new state, leave it because it is there, or refuse it. */
export type Judgement = { state: ProducerState } | 'repeated' | Rejection

/** For a link whose producer was opened anew with a higher epoch. */
export const producerStolen = (id: number, epoch: number): Rejection => ({
  condition: 'com.microsoft:producer-epoch-stolen',
  description: `The producer ${id} has an owner with the higher epoch ${epoch}; this one may publish no more.`,
})

/**
 * Opens a link for an idempotent producer. What the properties leave open the hub decides: a new id, the epoch that the id
 * has, the number that it has come to.
 * @returns who it is, and the properties of the hub's attach; or why it is refused.
 */
export function openProducer(
  producers: ProducerTable,
  partition: number,
  properties: Record<string, unknown>,
): { producer: ProducerLink; properties: Record<string, unknown> } | Rejection {
  const [givenId, givenEpoch, givenLast] = [ID, EPOCH, SEQUENCE_NUMBER].map((name) =>
    numberOf(properties[name]),
  )
  const id = givenId ?? producers.newId()
  const known = producers.find(partition, id)
  const epoch = givenEpoch ?? known?.epoch ?? 0
  if (known && epoch < known.epoch) return producerStolen(id, known.epoch)
  const last = givenLast ?? known?.last ?? 0
  // A client that lost its link names the number that it knows of: what came after that is told by its batches.
  if (!known || epoch > known.epoch) producers.save(partition, id, { epoch, last, recent: [] })
  return {
    producer: { partition, id, epoch },
    properties: { [ID]: wrap_long(id), [EPOCH]: wrap_short(epoch), [SEQUENCE_NUMBER]: wrap_int(last) },
  }
}

const numberOf = (value: unknown): number | undefined =>
  value === undefined || value === null ? undefined : Number(value)

/** Whether a batch is the next one of its producer. @param first the producer's number of its first event. */
export function checkBatch(
  producers: ProducerTable,
  { partition, id, epoch }: ProducerLink,
  first: number | undefined,
  count: number,
): Judgement {
  const known = producers.find(partition, id)
  if (known && known.epoch > epoch) return producerStolen(id, known.epoch)
  if (first === undefined)
    return {
      condition: 'com.microsoft:argument-error',
      description: `The first event of a batch of an idempotent producer must have the annotation ${SEQUENCE_NUMBER}.`,
    }
  const { recent: before = [] } = known ?? {}
  if (before.some((batch) => batch.first === first && batch.count === count)) return 'repeated'
  // One that is so old that it was forgotten begins anew.
  const expected = known ? after(known.last, 1) : first
  if (first !== expected)
    return {
      condition: 'com.microsoft:out-of-order-sequence',
      description: `The producer ${id} sends the sequence number ${first}; the next one on partition ${partition} is ${expected}.`,
    }
  const batch: PublishedBatch = { first, count }
  const recent = [...before, batch].slice(-RECENT_BATCHES)
  return { state: { epoch, last: after(first, count - 1), recent } }
}

/** The producer's own number of an event, from its annotations. */
export function sequenceNumberOf(event: Buffer): number | undefined {
  const at = annotationOf(event, SEQUENCE_NUMBER)
  return at === undefined ? undefined : intOf(event, at)
}

const after = (sequenceNumber: number, count: number): number =>
  (sequenceNumber + count) % (LAST_SEQUENCE_NUMBER + 1)
