/**
 * How many transfers a peer takes on a session (OASIS AMQP 1.0 part 2, 2.5.6). The library keeps what goes beyond that and sends
 * it later, even when the link is gone by then; a peer takes that for a breach of the protocol and drops the connection. So the
 * hub hands over no more than fits.
 */
import type { Connection, Sender } from 'rhea'
import { hooksOf, partsOf } from './library.ts'

const outgoingOf = (sender: Sender) => partsOf(sender).session.outgoing

const LONGEST_TAG = { length: 20 }

/** Deliveries handed over that are not written yet. */
export function onTheirWay(sender: Sender): number {
  const { next_delivery_id, next_pending_delivery } = outgoingOf(sender)
  return next_delivery_id - next_pending_delivery
}

/** @returns how many deliveries, and how many transfers, the session has room for beside those. */
export function sessionRoom(sender: Sender): { deliveries: number; transfers: number } {
  const outgoing = outgoingOf(sender)
  const waiting = onTheirWay(sender)
  const window = outgoing.transfer_window()
  return { deliveries: outgoing.available(), transfers: Number.isNaN(window) ? 0 : window - waiting }
}

/** A message that is larger than a frame takes several. */
export function transfersOf(sender: Sender, bytes: number): number {
  const most = outgoingOf(sender).compute_max_payload(LONGEST_TAG)
  return most === undefined ? 1 : Math.max(1, Math.ceil(bytes / most))
}

/**
 * Calls for each flow of a session as a whole: the library tells links only of their own. And lets a session rest in peace: a
 * client that has ended one while events were on their way still acknowledges them (the SDK for JavaScript does), which the
 * library takes for a frame of no session and ends the connection, with all other readers on it.
 */
export function watchSessions(connection: Connection, onFlow: (session: object) => void): void {
  const hooks = hooksOf(connection)
  const { on_begin, on_end, on_flow, on_disposition } = hooks
  // No more than there are channels.
  const ended = new Set<number>()
  hooks.on_begin = (frame) => {
    ended.delete(frame.channel)
    on_begin.call(connection, frame)
  }
  hooks.on_end = (frame) => {
    on_end.call(connection, frame)
    ended.add(frame.channel)
  }
  hooks.on_flow = (frame) => {
    if (ended.has(frame.channel)) return
    on_flow.call(connection, frame)
    const session = hooks.remote_channel_map[frame.channel]
    if (session && (frame.performative.handle ?? null) === null) onFlow(session)
  }
  hooks.on_disposition = (frame) => {
    if (!ended.has(frame.channel)) on_disposition.call(connection, frame)
  }
}
