/**
 * Bounds that the protocol library does not keep by itself: how much a peer can make it remember, and how long it can make it
 * work. They hold for every peer, before it has proved who it is.
 */
import type { Connection, Receiver, Sender } from 'rhea'
import { LimitError } from './breaches.ts'
import { type Hooks, hooksOf, type Link, type Performative } from './library.ts'
import type { MemoryBudget } from './memory-budget.ts'
import { aheadOf } from './serial-numbers.ts'
import { onTheirWay } from './session-window.ts'
import { answerDisposition } from './settlement.ts'

/** As the service's open says it: a channel-max of 4999 (azure-sdk-for-python's issue 5316 has the trace). */
export const MAX_SESSIONS = 5000
/** As its begin says it: a handle-max of 255. */
const MAX_LINKS_PER_SESSION = 256
/** Before its proof a peer needs a session or two, and the links of `$cbs` and `$management`. */
const MAX_SESSIONS_UNPROVED = 8
const MAX_LINKS_UNPROVED = 32
/** What a part of a delivery takes beside its bytes. */
const PART_OVERHEAD_BYTES = 256

/** Why a complete delivery is rejected. */
export interface Unfit {
  why: 'oversize' | 'aborted'
  /** Of all its parts, kept or not. */
  bytes: number
}

/** A delivery that has begun and not ended. */
interface Partial {
  bytes: number
  /** Bytes and overhead of the parts that are kept. */
  held: number
  unfit: Unfit['why'] | undefined
}

/** What the bounds depend on. */
export interface ConnectionLimits {
  /** Longest delivery (bytes) that the link may bring. */
  maxDelivery(receiver: Receiver): number
  /** The connection must be ended, for that reason. */
  refuse(reason: string): void
  /** Shared with all other connections. */
  budget: MemoryBudget
  /** True once the peer has proved who it is. */
  isProved(): boolean
}

/** A connection that is kept within them. */
export interface LimitedConnection {
  /** Of the delivery whose `message` event is under way: why it must not be taken. */
  unfit(): Unfit | undefined
  /** The connection is gone: nothing that it began is kept. */
  release(): void
}

/** Puts the bounds on a connection. Deliveries reach the `message` event as bytes, whatever their format. */
export function limitConnection(
  connection: Connection,
  { maxDelivery, refuse, budget, isProved }: ConnectionLimits,
): LimitedConnection {
  const hooks = hooksOf(connection)
  const { input, _process, on_begin, on_attach, on_flow, on_transfer, on_detach, on_end } = hooks
  const partial = new Map<Link, Partial>()
  let unfit: Unfit | undefined

  hooks.input = (bytes) => {
    input.call(connection, bytes)
    // It gets whole frames only: anything that it keeps back would wait for ever.
    if (hooks.frame_size !== undefined || hooks.previous_input?.length) refuse('frames out of turn')
  }
  hooks._process = () => {
    try {
      _process.call(connection)
    } catch (error) {
      refuse((error as Error).message)
    }
  }
  hooks.on_begin = (frame) => {
    const most = isProved() ? MAX_SESSIONS : MAX_SESSIONS_UNPROVED
    if (Object.keys(hooks.local_channel_map).length >= most) throw new LimitError('too many sessions')
    on_begin.call(connection, frame)
  }
  hooks.on_attach = (frame) => {
    const { links = {} } = hooks.remote_channel_map[frame.channel] ?? {}
    if (Object.keys(links).length >= MAX_LINKS_PER_SESSION) throw new LimitError('too many links')
    if (!isProved() && linksOf(hooks) >= MAX_LINKS_UNPROVED)
      throw new LimitError('too many links without a proof')
    checkTermini(frame.performative)
    on_attach.call(connection, frame)
  }
  // The hub keeps nothing of what it has sent, and settles what it gets as it takes it: there is nothing to hear of.
  hooks.on_disposition = ({ channel, performative }) => answerDisposition(connection, channel, performative)
  hooks.on_flow = (frame) => {
    const { performative } = frame
    const link = hooks.remote_channel_map[frame.channel]?.remote.handles[performative.handle]
    if (link) boundCredit(performative, link)
    on_flow.call(connection, frame)
  }
  hooks.on_transfer = (frame) => {
    const { performative } = frame
    const link = hooks.remote_channel_map[frame.channel]?.remote.handles[performative.handle]
    if (link?.is_receiver()) {
      if (!link._incomplete && link.credit <= 0) throw new Error('a transfer without credit')
      const state = partial.get(link) ?? { bytes: 0, held: 0, unfit: undefined }
      frame.payload ??= Buffer.alloc(0)
      state.bytes += frame.payload.length
      if (performative.aborted) state.unfit ??= 'aborted'
      else if (state.bytes > maxDelivery(link as Link & Receiver)) state.unfit ??= 'oversize'
      if (state.unfit) {
        // The library goes on counting the delivery's frames, and keeps none of them.
        frame.payload = Buffer.alloc(0)
        if (link._incomplete) link._incomplete.frames = []
      }
      if (performative.aborted) performative.more = false
      if (performative.more) {
        state.held = (state.unfit ? 0 : state.held + frame.payload.length) + PART_OVERHEAD_BYTES
        // A part of a few bytes would keep all that came with it.
        frame.payload = Buffer.from(frame.payload)
        partial.set(link, state)
        if (!hold()) throw new LimitError('too many deliveries begun and not ended')
      } else if (partial.delete(link)) hold()
      unfit = state.unfit && { why: state.unfit, bytes: state.bytes }
      // The library decodes format 0, a plain message; without a format it leaves the bytes alone.
      if (performative.message_format === 0) performative.message_format = undefined
    }
    on_transfer.call(connection, frame)
  }
  const forget = (link: Link | undefined) => {
    if (!link || !partial.delete(link)) return
    // The library keeps a delivery that was given up until all before it are settled.
    if (link._incomplete) link._incomplete.frames = []
    hold()
  }
  hooks.on_detach = (frame) => {
    forget(hooks.remote_channel_map[frame.channel]?.remote.handles[frame.performative.handle])
    on_detach.call(connection, frame)
  }
  hooks.on_end = (frame) => {
    Object.values(hooks.remote_channel_map[frame.channel]?.remote.handles ?? {}).forEach(forget)
    on_end.call(connection, frame)
  }
  return {
    unfit: () => unfit,
    release() {
      partial.clear()
      budget.release(connection)
    },
  }

  function hold(): boolean {
    let bytes = 0
    for (const { held } of partial.values()) bytes += held
    return budget.hold(connection, bytes, isProved())
  }
}

/** A flow, before the library takes the peer's word for the credit. */
function boundCredit(performative: Performative, link: Link): void {
  // Nobody is asked to drain.
  if (link.is_receiver()) performative.drain = false
  else {
    // Credit withdrawn while events were in flight would become negative, and one that has begun has had its credit.
    const ahead = aheadOf(link.delivery_count, performative.delivery_count ?? 0)
    const surplus = ahead + (performative.link_credit ?? 0)
    performative.link_credit = Math.max(surplus, onTheirWay(link as Sender))
    performative.delivery_count = link.delivery_count
  }
}

/** Source and target by number and by name, OASIS AMQP 1.0 part 3, 3.5. */
const TERMINI = new Set<unknown>([0x28, 0x29, 'amqp:source:list', 'amqp:target:list'])

/** The target of a link that begins and ends transactions, OASIS AMQP 1.0 part 4, 4.5.1. */
const COORDINATOR = new Set<unknown>([0x30, 'amqp:coordinator:list'])

/** The library would print a kind that it does not know to the terminal. @throws for one that does not exist. */
function checkTermini(performative: Performative): void {
  if (COORDINATOR.has(descriptorOf(performative.target))) {
    performative.isCoordinator = true
    performative.target = null
  }
  for (const terminus of [performative.source, performative.target]) {
    if (!isTerminus(terminus)) throw new Error('a link to or from something that is not a node')
    ownFields(terminus)
  }
}

/** Of all empty lists the library keeps one array, which it fills when such a terminus is repeated: every later one would have fields. */
function ownFields(terminus: unknown): void {
  const list = terminus as { value?: unknown } | null | undefined
  if (Array.isArray(list?.value)) list.value = [...list.value]
}

/** True for a source, a target, or none. */
function isTerminus(value: unknown): boolean {
  const descriptor = descriptorOf(value)
  // A value that nothing describes counts as none.
  return descriptor === undefined || TERMINI.has(descriptor)
}

const descriptorOf = (value: unknown): unknown =>
  (value as { descriptor?: { value?: unknown } } | null | undefined)?.descriptor?.value

const linksOf = ({ remote_channel_map }: Hooks): number =>
  Object.values(remote_channel_map).reduce((sum, { links }) => sum + Object.keys(links).length, 0)
