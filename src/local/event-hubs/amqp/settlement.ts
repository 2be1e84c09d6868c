/**
 * Who settles what. The hub repeats the settle modes that its peer asks for, as the service does: a client takes what the
 * attach says for agreed, and one that hears "mixed" keeps a delivery of each tag until it is settled.
 */
/// <reference path="./rhea-frames.d.ts" />
import rhea, { type Connection, type Delivery, type Receiver, type Sender } from 'rhea'
import frames from 'rhea/lib/frames.js'

/** Values of `snd-settle-mode` and `rcv-settle-mode`, OASIS AMQP 1.0 part 2, 2.8.2 and 2.8.3. */
const SENDER = { unsettled: 0, settled: 1, mixed: 2 } as const
const RECEIVER = { first: 0 } as const

interface Attach {
  snd_settle_mode?: number | null
  rcv_settle_mode?: number | null
}

/** Parts of a link that the typings leave out. */
interface LinkInternals {
  local: { attach: Attach }
  remote: { attach: Attach }
  session: { outgoing: { next_pending_delivery: number } }
}

const inside = (link: Sender | Receiver) => link as unknown as LinkInternals

/** The hub's attach names both modes, those that are meant by leaving them out too. */
export function repeatSettleModes(link: Sender | Receiver): void {
  const { local, remote } = inside(link)
  local.attach.snd_settle_mode = remote.attach.snd_settle_mode ?? SENDER.mixed
  local.attach.rcv_settle_mode = remote.attach.rcv_settle_mode ?? RECEIVER.first
}

/** Sends a whole encoded message, and keeps nothing of it: the hub never sends a delivery again. */
export function sendOnce(sender: Sender, message: Buffer): void {
  // Unencoded and of format 0: the library sends the bytes as they are.
  const delivery = sender.send(message as never, undefined, 0) as unknown as {
    id: number
    settled: boolean
    remote_settled: boolean
  }
  const { local, session } = inside(sender)
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
  ;(delivery as unknown as { update(settled: boolean, state: unknown): void }).update(
    true,
    outcome.described(),
  )
}

/** States of a delivery, which the typings leave out. */
const outcomes = rhea.message as unknown as Record<
  'accepted' | 'rejected',
  (fields?: object) => { described(): unknown }
>

export interface Disposition {
  role: boolean
  first: number
  last?: number | null
  settled?: boolean | null
  state?: unknown
}

/** A receiver in the mode "second" keeps a delivery until the sender has settled it: the hub does so at once. */
export function answerDisposition(
  connection: Connection,
  channel: number,
  { role, first, last, settled, state }: Disposition,
): void {
  if (!role || settled) return
  const { remote_channel_map: sessions } = connection as unknown as {
    remote_channel_map: Record<number, { output(performative: unknown): void } | undefined>
  }
  sessions[channel]?.output(
    frames.disposition?.({ role: false, first, last: last ?? first, settled: true, state }),
  )
}
