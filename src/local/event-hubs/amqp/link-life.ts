/**
 * What AMQP 1.0 (OASIS, part 2, 2.6) says of a link's life and the protocol library does not do: a name is free as soon as its link is
 * detached, and is one for each direction; counters begin anywhere and go round at 2³²; a flow may ask for one in return; a receiver
 * that drains is answered whatever its credit.
 */
import type { Connection } from 'rhea'
import { type Frame, hooksOf, type Link, type Session } from './library.ts'
import { ROUND } from './serial-numbers.ts'

/** Puts it on a connection, before any of its frames are read. */
export function completeLinks(connection: Connection): void {
  const hooks = hooksOf(connection)
  const { on_attach, on_detach, on_flow, on_transfer } = hooks
  const sessionOf = ({ channel }: Frame) => hooks.remote_channel_map[channel]
  const linkOf = (frame: Frame) => sessionOf(frame)?.remote.handles[frame.performative.handle]

  hooks.on_attach = (frame) => {
    const { performative } = frame
    makeRoomForName(sessionOf(frame), performative.name ?? '', performative.role === true)
    on_attach.call(connection, frame)
    const link = linkOf(frame)
    // What the library counts from 0 the peer counts from here.
    if (link?.is_receiver()) link.delivery_count = performative.initial_delivery_count ?? 0
    else if (link) link._get_drain = () => isDrained(link)
  }
  hooks.on_detach = (frame) => {
    const [session, link] = [sessionOf(frame), linkOf(frame)]
    on_detach.call(connection, frame)
    if (!session || !link) return
    // Who only detaches may attach again by the same name. A refusal that waits to be written closes the link all the same.
    if (frame.performative.closed) link.close()
    else if (link.state.local_open) link.detach()
    // What was handed over goes out before the answer.
    if (hooks.state.has_settled()) session._process()
    // Or behind an answer to the open that came with it.
    else hooks._process()
    unmap(session, frame.performative.handle, link)
  }
  hooks.on_flow = (frame) => {
    on_flow.call(connection, frame)
    const { echo, drain, handle } = frame.performative
    // Who drains is answered when there is no more to send.
    if (!echo || drain) return
    const session = sessionOf(frame)
    const link = (handle ?? null) === null ? undefined : linkOf(frame)
    if (link) link.issue_flow = true
    // Behind the answer to a begin that came with it.
    else if (session) process.nextTick(() => session.is_open() && session._write_flow())
  }
  hooks.on_transfer = (frame) => {
    on_transfer.call(connection, frame)
    const [session, link] = [sessionOf(frame), linkOf(frame)]
    if (session) roundIncoming(session)
    if (link && link.delivery_count >= ROUND) link.delivery_count -= ROUND
  }
}

/** The library finds links by name alone: one of the other direction gets another key. */
function makeRoomForName(session: Session | undefined, name: string, isPeerReceiver: boolean): void {
  const known = session?.links[name]
  if (!session || !known || known.is_receiver() !== isPeerReceiver) return
  session.links[`${name} (${isPeerReceiver ? 'receiver' : 'sender'})`] = known
  delete session.links[name]
}

/** The library forgets a link some turns later, when its name may be another's. */
function unmap(session: Session, handle: number, link: Link): void {
  delete session.remote.handles[handle]
  delete session.local.handles[link.local.handle]
  for (const [name, other] of Object.entries(session.links)) if (other === link) delete session.links[name]
}

function roundIncoming({ incoming }: Session): void {
  if ((incoming.next_delivery_id ?? 0) >= ROUND) incoming.next_delivery_id = 0
  if (incoming.next_transfer_id < ROUND) return
  incoming.next_transfer_id -= ROUND
  incoming.max_transfer_id -= ROUND
}

/** Whether a flow says that all is sent; then what is left of the credit is used up. */
function isDrained(link: Link): boolean {
  if (!link._draining || !link._drained) return false
  link.delivery_count += link.credit
  link.credit = 0
  return true
}
