/**
 * Delivery counts, delivery ids and transfer ids have 32 bits and go round (OASIS AMQP 1.0 part 2, 2.8.10, after RFC 1982). The library
 * counts what it sends on beyond 2³²: its numbers are cut where they are written, and a peer's are told by those of the library.
 */
import { type Performative, type Session, wrap_uint } from './library.ts'

/** As many numbers as there are. */
export const ROUND = 2 ** 32

/** How far a number of 32 bits is ahead of one that was counted on; negative: behind it. */
export const aheadOf = (counted: number, serial: number): number => (serial - counted) | 0

/**
 * Where the number that goes round lies in what a hub sends, by the performative's code: the delivery count of a flow, the delivery id of
 * a transfer (OASIS AMQP 1.0 part 2, 2.7.4 and 2.7.5).
 */
const PLACES: Readonly<Record<number, number>> = { 19: 5, 20: 1 }

interface Fields {
  constructor: { descriptor: { numeric: number } }
  value: { value?: unknown }[]
}

/** Puts it on a session that has just begun. */
export function writeSerials(session: Session): void {
  const { output } = session
  session.output = (performative, payload) => {
    const { constructor: type, value } = performative as Fields
    const place = PLACES[type.descriptor.numeric]
    const number = place === undefined ? 0 : Number(value[place]?.value)
    if (place !== undefined && number >= ROUND) value[place] = wrap_uint(number % ROUND) as { value: number }
    output.call(session, performative, payload)
  }
}

/** A flow of the peer, before the library takes from it which transfer the peer waits for. */
export function readSerials(flow: Performative, { outgoing }: Session): void {
  const next = flow.next_incoming_id ?? undefined
  if (next !== undefined)
    flow.next_incoming_id = outgoing.next_transfer_id + aheadOf(outgoing.next_transfer_id, next)
}
