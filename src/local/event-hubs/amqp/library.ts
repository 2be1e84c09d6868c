/**
 * Everything that is used of rhea beyond its typings. Code that reaches into the library does it through this file; the version in
 * package.json is exact, and test/local/event-hubs/amqp/library.test.ts says whether all of it is still there.
 */
/// <reference path="./rhea-frames.d.ts" />
import rhea, {
  type Connection,
  type Container,
  type Delivery,
  type EventContext,
  type Message,
  type Receiver,
  type Sender,
} from 'rhea'
import frames from 'rhea/lib/frames.js'
import types from 'rhea/lib/types.js'
import type { AmqpSocket } from './socket.ts'

/** Makers of frames and of values, by name: what is changed here changes the library for the whole process. */
export { frames, types }

/** Fields of the attach frame that the library keeps and does not pass on (AMQP 1.0, part 2, 2.7.3). */
export interface Attach {
  snd_settle_mode?: number | null
  rcv_settle_mode?: number | null
  source?: unknown
  target?: unknown
  offered_capabilities?: readonly string[]
  properties?: Record<string, unknown>
  /** Of 64 bits, see {@link integerOf}. */
  max_message_size?: unknown
}

interface LinkParts {
  credit: number
  delivery_count: number
  local: { attach: Attach }
  remote: { attach: Attach & { isCoordinator?: true } }
  connection: { socket: AmqpSocket }
  session: { outgoing: Outgoing }
}

/** What a session sends: deliveries in the order of their ids, each behind the one before it. */
export interface Outgoing {
  next_delivery_id: number
  /** The first that is not wholly written. */
  next_pending_delivery: number
  next_transfer_id: number
  /** Counted down with each transfer. */
  window: number
  deliveries: { by_id(id: number): Handed | undefined }
  available(): number
  /** NaN before the peer's first flow. */
  transfer_window(): number
  /** Bytes of a message in one frame; undefined: any number. */
  compute_max_payload(tag: { length: number }): number | undefined
  /** Writes what credit and window allow. */
  process(): void
}

/** A delivery that was handed to a session: one part for each frame. */
export interface Handed {
  link: object
  data: readonly Buffer[]
  /** The first part that is not written. */
  next_to_send: number
  settled: boolean
  remote_settled: boolean
}

/** What a session has taken and not settled. */
export interface Taken {
  capacity: number
  size: number
  head: number
  tail: number
  entries: unknown[]
  /** Drops those in front that are done, up to the first that is not. */
  pop_if(isDone: (delivery: unknown) => boolean): void
}

/** A delivery of the peer's with its outcome; without one it is settled alone. */
export interface Settled {
  id: number
  settled: boolean
  state?: { descriptor: { value: unknown } } | undefined
}

/** The same object, with what its typings leave out. */
export const partsOf = (link: Sender | Receiver): LinkParts => link as unknown as LinkParts

/** Fields of the performatives, as far as they are looked at. */
export interface Performative {
  handle: number
  name?: string
  /** Of a begin that answers one. */
  remote_channel?: number | null
  delivery_id?: number | null
  /** True: from a receiver. */
  role?: boolean
  message_format?: number | undefined
  more?: boolean
  aborted?: boolean
  link_credit?: number
  delivery_count?: number | null
  next_incoming_id?: number | null
  drain?: boolean
  echo?: boolean
  initial_delivery_count?: number
  /** False, or left out: the link may come back. */
  closed?: boolean | null
  source?: unknown
  target?: unknown
  /** The target was no node, but the coordinator of transactions. */
  isCoordinator?: true
}

/** A frame as the library hands it on. */
export interface Frame {
  channel: number
  performative: Performative
  payload?: Buffer | undefined
}

/** Fields of the disposition frame (AMQP 1.0, part 2, 2.7.6); `role` true: from a receiver. */
export interface Disposition {
  role: boolean
  first: number
  last?: number | null
  settled?: boolean | null
  state?: unknown
}

/** The library's session, as far as it is used here. */
export interface Session {
  state: { remote_open: boolean }
  links: Record<string, Link>
  local: { handles: Record<number, Link | undefined> }
  remote: { handles: Record<number, Link | undefined> }
  /** Of transfers: counters of the peer's. */
  incoming: {
    next_delivery_id: number | undefined
    next_transfer_id: number
    max_transfer_id: number
    deliveries: Taken
    /** Those with an outcome that the peer has not heard. */
    updated: readonly Settled[]
    /** Writes what waits of that. */
    process(session: Session): void
  }
  outgoing: Outgoing
  output(performative: unknown, payload?: Buffer): void
  is_open(): boolean
  /** Writes what waits: transfers, then the answers of links. */
  _process(): void
  _write_flow(): void
}

/** The library's link, as far as it is used here. */
export type Link = (Receiver | Sender) & {
  credit: number
  delivery_count: number
  is_receiver(): boolean
  local: { handle: number }
  state: { local_open: boolean }
  detach(): void
  /** The link's next turn begins with a flow. */
  issue_flow: boolean
  _draining: boolean
  _drained: boolean
  /** Whether a flow says that all is sent. */
  _get_drain(): boolean
  /** The delivery that has begun and not ended. */
  _incomplete?: { frames: Buffer[] }
}

/** A connection's own hooks: one method per frame of the protocol, and those that read bytes. */
export interface Hooks {
  state: { has_settled(): boolean }
  local_channel_map: Record<number, Session>
  remote_channel_map: Record<number, Session>
  frame_size?: number
  previous_input?: Buffer | null
  accept(socket: AmqpSocket): void
  input(bytes: Buffer): void
  _process(): void
  local: { open: Record<'container_id' | 'max_frame_size' | 'channel_max', unknown> }
  _write_open(): void
  _write_frame(channel: number, performative: unknown): void
  on_open(frame: Frame): void
  on_begin(frame: Frame): void
  on_attach(frame: Frame): void
  on_flow(frame: Frame): void
  on_disposition(frame: { channel: number; performative: Disposition }): void
  on_transfer(frame: Frame): void
  on_detach(frame: Frame): void
  on_end(frame: Frame): void
  on_close(frame: Frame): void
}

/** The same object, with what its typings leave out. */
export const hooksOf = (connection: Connection): Hooks => connection as unknown as Hooks

/** Mechanisms that the container offers, by name. */
export type SaslMechanisms = Record<string, unknown> & { enable_anonymous(): void }

/** Of this container; what is put in is offered to every new connection. */
export const saslMechanismsOf = (container: Container): SaslMechanisms =>
  (container as unknown as { sasl_server_mechanisms: SaslMechanisms }).sasl_server_mechanisms

/** The same container with other mechanisms. */
export const withSaslMechanisms = (container: Container, mechanisms: object): Container =>
  Object.create(container, { sasl_server_mechanisms: { value: mechanisms } }) as Container

interface DeliveryParts {
  id: number
  link: { session: Session }
  settled: boolean
  remote_settled: boolean
  update(settled: boolean, state: unknown): void
}

/** The same object, with what its typings leave out. */
export const partsOfDelivery = (delivery: Delivery): DeliveryParts => delivery as unknown as DeliveryParts

/** States of a delivery. */
export const outcomes = rhea.message as unknown as Record<
  'accepted' | 'rejected',
  (fields?: object) => { described(): unknown }
>

/** `format` is null when the sender named none, or a plain message. */
export type IncomingDelivery = Delivery & { format: number | null }

/** A value that the library keeps the type of, and what describes it. */
export interface Typed {
  value?: unknown
  descriptor?: { value?: unknown }
}

/** An entry of a filter map: described, as AMQP wants it, or bare. */
export type Filter = Typed | string | object | null | undefined

/** False for what was no more than a text, a number or a map: the library makes its own objects of what is described. */
export const isTyped = (value: unknown): value is Typed =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) !== Object.prototype

/** Source or target of a link, in the parts that matter. */
export interface Terminus {
  address?: string
  filter?: Record<string, Filter>
}

/** Of a link that the peer has opened: where its events come from, or go to. */
export const terminusOf = (
  link: Sender | Receiver,
  side: 'source' | 'target' = 'source',
): Terminus | undefined => link[side] as unknown as Terminus | undefined

/** An absent one is a null of the library's own. */
export const isTerminus = (terminus: unknown): boolean =>
  typeof (terminus as { described?: unknown } | null | undefined)?.described === 'function'

/** A delivery without a format reaches the `message` event as it came. */
export const bytesOf = (context: EventContext): Buffer => context.message as unknown as Buffer

/** Encoded bytes, sent as they are. */
export const sendBytes = (sender: Sender, message: Buffer): DeliveryParts =>
  // Unencoded and of format 0: the library leaves them alone.
  partsOfDelivery(sender.send(message as never, undefined, 0))

/** @throws the library's errors for bytes that are no message. */
export const decodeMessage = (bytes: Buffer): Message => rhea.message.decode(bytes) as unknown as Message
/** All sections that the message has. */
export const encodeMessage = (message: Message): Buffer => rhea.message.encode(message) as unknown as Buffer

/** A body of bytes, or a null one. */
export const dataSection = (bytes: Buffer | null) => rhea.message.data_section(bytes as Buffer)

/** Reads values, one after the other. */
export const { Reader: ValueReader } = rhea.types as unknown as {
  Reader: new (bytes: Buffer) => { read(): { value: unknown } }
}

/** A whole number as it was decoded: of those beyond 2⁵³ the library gives the eight bytes. Undefined for anything else. */
export function integerOf(value: unknown): bigint | undefined {
  if (Buffer.isBuffer(value) && value.length === 8) return value.readBigInt64BE()
  return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : undefined
}

/** Makers of numbers that the typings do not have. */
export const { wrap_int, wrap_long, wrap_short, wrap_uint } = rhea.types as unknown as Record<
  'wrap_int' | 'wrap_long' | 'wrap_short' | 'wrap_uint',
  (value: number) => unknown
>
