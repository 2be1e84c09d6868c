/**
 * Delivery counts, delivery ids and transfer ids have 32 bits and go round (OASIS AMQP 1.0 part 2, 2.8.10, after RFC 1982). The library
 * counts what it sends on beyond 2³²: its numbers are cut where they are written, and a peer's are told by those of the library.
 */
import { type Performative, type Session, wrap_uint } from './library.ts'

/** As many numbers as there are. */
export const ROUND = 2 ** 32

/** How far a number of 32 bits is ahead of one that was counted on; negative: behind it. */
export const aheadOf = (counted: number, serial: number): number => (serial - counted) | 0

/** Where the numbers that go round lie in what a hub sends: by code of the performative, OASIS AMQP 1.0 part 2, 2.7.4 and 2.7.5. */
const DELIVERY_COUNT_OF_FLOW = { code: 0x13, index: 5 }
const DELIVERY_ID_OF_TRANSFER = { code: 0x14, index: 1 }

interface Fields {
  constructor: { descriptor: { numeric: number } }
  value: { value?: unknown }[]
}

/** Puts it on a session that has just begun. */
export function writeSerials(session: Session): void {
  const { output } = session
  session.output = (performative, payload) => {
    const { constructor: type, value } = performative as Fields
    for (const { code, index } of [DELIVERY_ID_OF_TRANSFER, DELIVERY_COUNT_OF_FLOW])
      if (type.descriptor.numeric === code && Number(value[index]?.value) >= ROUND)
        value[index] = wrap_uint(Number(value[index]?.value) % ROUND) as { value: number }
    output.call(session, performative, payload)
  }
}

/** A flow of the peer, before the library takes from it which transfer the peer waits for. */
export function readSerials(flow: Performative, { outgoing }: Session): void {
  const next = flow.next_incoming_id ?? undefined
  if (next !== undefined)
    flow.next_incoming_id = outgoing.next_transfer_id + aheadOf(outgoing.next_transfer_id, next)
}
