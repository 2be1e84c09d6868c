/**
 * Who settles what. The hub repeats the settle modes that its peer asks for, as the service does: a client takes what the
 * attach says for agreed, and one that hears "mixed" keeps a delivery of each tag until it is settled.
 */
import type { Connection, Delivery, Receiver, Sender } from 'rhea'
import {
  type Disposition,
  frames,
  hooksOf,
  outcomes,
  partsOf,
  partsOfDelivery,
  sendBytes,
} from './library.ts'

/** Values of `snd-settle-mode` and `rcv-settle-mode`, OASIS AMQP 1.0 part 2, 2.8.2 and 2.8.3. */
const SENDER = { unsettled: 0, settled: 1, mixed: 2 } as const
const RECEIVER = { first: 0 } as const

/** The hub's attach names both modes, those that are meant by leaving them out too. */
export function repeatSettleModes(link: Sender | Receiver): void {
  const { local, remote } = partsOf(link)
  local.attach.snd_settle_mode = remote.attach.snd_settle_mode ?? SENDER.mixed
  local.attach.rcv_settle_mode = remote.attach.rcv_settle_mode ?? RECEIVER.first
}

/** Sends a whole encoded message, and keeps nothing of it: the hub never sends a delivery again. */
export function sendOnce(sender: Sender, message: Buffer): void {
  const delivery = sendBytes(sender, message)
  const { local, session } = partsOf(sender)
  if (local.attach.snd_settle_mode !== SENDER.unsettled) {
    delivery.settled = true
    return
  }
  // Unsettled on the wire, where the peer settles it; forgotten here as soon as it is written.
  delivery.remote_settled = true
  Object.defineProperty(delivery, 'settled', {
    get: () => session.outgoing.next_pending_delivery > delivery.id,
  })
}

/** Settles a delivery of the peer, whatever its link's mode says on who comes first: the outcome is final. */
export function settle(delivery: Delivery, rejection?: object): void {
  const outcome = rejection ? outcomes.rejected({ error: rejection }) : outcomes.accepted()
  partsOfDelivery(delivery).update(true, outcome.described())
}

/** A receiver in the mode "second" keeps a delivery until the sender has settled it: the hub does so at once. */
export function answerDisposition(
  connection: Connection,
  channel: number,
  { role, first, last, settled, state }: Disposition,
): void {
  if (!role || settled) return
  const { remote_channel_map: sessions } = hooksOf(connection)
  sessions[channel]?.output(
    frames.disposition?.({ role: false, first, last: last ?? first, settled: true, state }),
  )
}
