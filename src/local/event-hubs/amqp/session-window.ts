/**
 * How many transfers a peer takes on a session (OASIS AMQP 1.0 part 2, 2.5.6), and how many deliveries on a link (2.6.7). The library
 * sends in the order in which it was handed them, so one that has to wait holds up all links of its session, and it sends later even
 * when the link is gone by then. So the hub hands over no more than goes out at once: what waits does so for each link by itself.
 */
import type { Connection, Sender } from 'rhea'
import { type Handed, hooksOf, type Link, type Outgoing, partsOf, type Session } from './library.ts'
import { readSerials, writeSerials } from './serial-numbers.ts'
import { writeOutcomes } from './settlement.ts'

const LONGEST_TAG = { length: 20 }
/** The hub has all transfers at hand that it will send. */
const WINDOW = 2 ** 32 - 1

const outgoingOf = (sender: Sender) => partsOf(sender).session.outgoing

/** Handed over, and not wholly written. */
function* pendingOf(outgoing: Outgoing): Generator<Handed> {
  for (let id = outgoing.next_pending_delivery; id < outgoing.next_delivery_id; id++) {
    const delivery = outgoing.deliveries.by_id(id)
    if (delivery) yield delivery
  }
}

/** Deliveries of this link that were handed over and are not wholly written. */
export function onTheirWay(sender: Sender): number {
  let count = 0
  for (const { link } of pendingOf(outgoingOf(sender))) if (link === sender) count++
  return count
}

/** What a session takes, beside what it was handed already. */
export interface SessionRoom {
  deliveries: number
  /** Negative while a delivery goes out by parts. */
  transfers: number
  /** Nothing is on its way. */
  isIdle: boolean
}

/** Of the session of this link. */
export function sessionRoom(sender: Sender): SessionRoom {
  const outgoing = outgoingOf(sender)
  let waiting = 0
  for (const { data, next_to_send } of pendingOf(outgoing)) waiting += data.length - next_to_send
  const window = outgoing.transfer_window()
  return {
    deliveries: outgoing.available(),
    transfers: Number.isNaN(window) ? -waiting : window - waiting,
    isIdle: waiting === 0,
  }
}

/** A message that is larger than a frame takes several. */
export function transfersOf(sender: Sender, bytes: number): number {
  const most = outgoingOf(sender).compute_max_payload(LONGEST_TAG)
  return most === undefined ? 1 : Math.max(1, Math.ceil(bytes / most))
}

/** Whether a message of so many bytes goes out at once, or begins to where it is larger than the window. */
export function goesOut(sender: Sender, bytes: number): boolean {
  if (!sender.is_open() || partsOf(sender).credit <= onTheirWay(sender)) return false
  const { deliveries, transfers, isIdle } = sessionRoom(sender)
  return deliveries > 0 && transfers > 0 && (isIdle || transfersOf(sender, bytes) <= transfers)
}

/** Whether the link has a delivery whose rest waits for the session's window: its credit is spoken for. */
export const isHalfWay = (sender: Sender): boolean =>
  sessionRoom(sender).transfers < 0 && onTheirWay(sender) > 0

/**
 * Calls for each flow, as all of them tell what the session takes: the library tells links only of their own. And lets a session
 * rest in peace: a client that has ended one while events were on their way still acknowledges them (the SDK for JavaScript does), or
 * detaches its links only then (the SDK for Python), which the library takes for a frame of no session and ends the connection, with all
 * other readers on it.
 */
export function watchSessions(connection: Connection, onFlow: (session: object) => void): void {
  const hooks = hooksOf(connection)
  const { on_begin, on_end, on_flow, on_disposition, on_transfer, on_detach } = hooks
  // No more than there are channels.
  const ended = new Set<number>()
  hooks.on_begin = (frame) => {
    ended.delete(frame.channel)
    on_begin.call(connection, frame)
    const session = hooks.remote_channel_map[frame.channel]
    if (!session) return
    writeSerials(session)
    writeOutcomes(session)
    freeLinks(session)
  }
  hooks.on_end = (frame) => {
    on_end.call(connection, frame)
    ended.add(frame.channel)
  }
  hooks.on_flow = (frame) => {
    if (ended.has(frame.channel)) return
    const session = hooks.remote_channel_map[frame.channel]
    if (session) readSerials(frame.performative, session)
    on_flow.call(connection, frame)
    if (session) onFlow(session)
  }
  hooks.on_disposition = (frame) => {
    if (!ended.has(frame.channel)) on_disposition.call(connection, frame)
  }
  hooks.on_transfer = (frame) => {
    if (!ended.has(frame.channel)) on_transfer.call(connection, frame)
  }
  hooks.on_detach = (frame) => {
    if (!ended.has(frame.channel)) on_detach.call(connection, frame)
  }
}

/** What one link has begun and not ended holds up no other, in either direction. */
function freeLinks({ outgoing, incoming }: Session): void {
  const { process } = outgoing
  outgoing.process = () => {
    process.call(outgoing)
    while (giveUpUnfinished(outgoing)) process.call(outgoing)
    outgoing.window = WINDOW
  }
  const { deliveries } = incoming
  const { pop_if } = deliveries
  deliveries.pop_if = (isDone) => {
    pop_if.call(deliveries, isDone)
    if (deliveries.size === 0) return
    const { entries, head, size, capacity } = deliveries
    const kept = Array.from({ length: size }, (_, at) => entries[(head + at) % capacity]).filter(
      (one) => !isDone(one),
    )
    Object.assign(deliveries, { entries: kept, head: 0, tail: kept.length % capacity, size: kept.length })
  }
}

/** An event that had begun when its link was closed ends with the link (part 2, 2.6.6). @returns whether there was one. */
function giveUpUnfinished(outgoing: Outgoing): boolean {
  const [first] = pendingOf(outgoing)
  if (!first || (first.link as Link).is_open()) return false
  outgoing.next_pending_delivery++
  first.settled = true
  first.remote_settled = true
  return true
}
