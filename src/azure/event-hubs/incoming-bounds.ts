/**
 * How much a hub can make our own clients keep. The SDK joins the frames of a message without a bound, takes frames of any
 * length, and asks for 1,500 events at once, however long they are. This listens to the connection inside the client. If the SDK
 * ever moves it, nothing is bounded; test/azure/event-hubs/incoming-bounds.test.ts would say so.
 */
import type { EventHubConsumerClient, EventHubProducerClient } from '@azure/event-hubs'
import { ServiceError } from '../../pipeline/ports/errors.ts'

type Client = EventHubProducerClient | EventHubConsumerClient

const MB = 1024 * 1024

/**
 * A message or frame beyond the first ends the connection; a link beyond the second is asked for no more until it
 * has been read.
 */
export interface IncomingBounds {
  /** Longest message, and longest frame (bytes). */
  messageBytes: number
  /** Of a link's messages, before it is asked for more (bytes). */
  waitingBytes: number
}

/** Clusters of their own take events of up to 20 MB, all others of up to 1 MB. */
const BOUNDS: IncomingBounds = { messageBytes: 32 * MB, waitingBytes: 32 * MB }

/** The protocol library's connection and links, as far as they are used here. */
interface Connection {
  frame_size?: number | undefined
  socket?: { destroy(error: Error): void }
  remote_channel_map?: Record<number, { remote: { handles: Record<number, Link | undefined> } } | undefined>
  input(bytes: Buffer): void
  on_transfer(frame: Transfer): void
  _register(): void
}
interface Link {
  credit: number
  issue_flow: boolean
  is_receiver(): boolean
}
interface Transfer {
  channel: number
  performative: { handle: number; more?: boolean }
  payload?: Buffer | undefined
}
interface Context {
  connection?: { _connection?: Connection }
  refreshConnection(): void
}

type Tell = (error: ServiceError) => void
const listeners = new WeakMap<Client, Set<Tell>>()

/** Bounds what the client keeps of what it receives, over all of its connections. @returns the client. */
export function boundIncoming<T extends Client>(client: T, bounds = BOUNDS): T {
  const { _context: context } = client as unknown as { _context?: Context }
  if (!context) return client
  const told = new Set<Tell>()
  listeners.set(client, told)
  const bound = () => {
    const connection = context.connection?._connection
    if (connection)
      boundConnection(connection, bounds, (error) => [...told].forEach((tell) => void tell(error)))
  }
  const { refreshConnection } = context
  context.refreshConnection = () => {
    refreshConnection.call(context)
    bound()
  }
  bound()
  return client
}

/** Hears when a connection is ended because a message was too long. @returns what ends the listening. */
export function onTooLong(client: Client, tell: Tell): () => void {
  listeners.get(client)?.add(tell)
  return () => void listeners.get(client)?.delete(tell)
}

function boundConnection(connection: Connection, bounds: IncomingBounds, tell: Tell): void {
  const { messageBytes, waitingBytes } = bounds
  const { input, on_transfer } = connection
  /** Of the message that has begun, and of those that were received since the link was last asked for more. */
  const links = new WeakMap<Link, { begun: number; waiting: number; credit: number }>()
  let isRefused = false

  const refuse = () => {
    isRefused = true
    const error = tooLong(messageBytes)
    tell(error)
    // The library hears of an end or of an error, not of a socket that is just gone.
    connection.socket?.destroy(error)
  }
  connection.input = (bytes) => {
    if (isRefused) return
    input.call(connection, bytes)
    if (!isRefused && (connection.frame_size ?? 0) > messageBytes) refuse()
  }
  connection.on_transfer = (frame) => {
    if (isRefused) return
    const { performative, channel, payload } = frame
    const link = connection.remote_channel_map?.[channel]?.remote.handles[performative.handle]
    if (!link?.is_receiver()) return on_transfer.call(connection, frame)
    const state = links.get(link) ?? { begun: 0, waiting: 0, credit: 0 }
    links.set(link, state)
    // It was asked for more: what had come before is taken.
    if (link.credit > state.credit) state.waiting = 0
    state.begun += payload?.length ?? 0
    if (state.begun > messageBytes) return refuse()
    if (!performative.more) {
      state.waiting += state.begun
      state.begun = 0
      // What was under way when the credit was taken back; the library would print it to the terminal.
      link.credit = Math.max(link.credit, 1)
    }
    on_transfer.call(connection, frame)
    if (!performative.more && state.waiting > waitingBytes) {
      link.credit = 0
      link.issue_flow = true
      connection._register()
    }
    state.credit = link.credit
  }
}

const tooLong = (bytes: number) =>
  new ServiceError(
    'service',
    'Event Hubs',
    `Event Hubs sent a message longer than ${bytes / MB} MB, which no hub stores: it was not read.`,
    { hint: 'Check that the address is that of an event hub (rtstream-tui config).' },
  )
