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
  type Session,
  type Settled,
  sendBytes,
} from './library.ts'
import { ROUND } from './serial-numbers.ts'

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

/** An aborted delivery is settled by that (part 2, 2.7.5): its sender is told nothing. */
export function forget(delivery: Delivery): void {
  const parts = partsOfDelivery(delivery)
  parts.remote_settled = true
  parts.update(true, undefined)
}

/** The descriptor of "accepted" (part 3, 3.4.2). */
const ACCEPTED = 0x24

/**
 * Each delivery of the session gets its own outcome; of several that follow each other and were accepted, one frame tells. The library tells
 * of two that got their outcomes in one turn what became of the first.
 */
export function writeOutcomes(session: Session): void {
  const { incoming } = session
  const { process } = incoming
  incoming.process = (self) => {
    tellOutcomes(session)
    process.call(incoming, self)
  }
}

/** Accepts a delivery, and tells its sender now: not behind what else goes out in this turn. */
export function settleAtOnce(delivery: Delivery): void {
  settle(delivery)
  tellOutcomes(partsOfDelivery(delivery).link.session)
}

function tellOutcomes(session: Session): void {
  const { incoming } = session
  const told = incoming.updated
  incoming.updated = []
  for (const { first, last, settled, state } of ranges(told))
    session.output(frames.disposition?.({ role: true, first, last, settled, state }))
}

function ranges(told: readonly Settled[]) {
  const found: { first: number; last: number; settled: boolean; state: Settled['state'] }[] = []
  for (const { id, settled, state } of told) {
    const range = found.at(-1)
    const isNext = range !== undefined && id === (range.last + 1) % ROUND && id > range.first
    if (isNext && settled === range.settled && isAccepted(state) && isAccepted(range.state)) range.last = id
    else found.push({ first: id, last: id, settled, state })
  }
  return found
}

const isAccepted = (state: Settled['state']) => state?.descriptor.value === ACCEPTED

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
