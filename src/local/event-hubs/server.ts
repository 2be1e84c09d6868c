/** The event hub on loopback: AMQP 1.0, over TLS for the SDKs and plain for `UseDevelopmentEmulator=true`. */
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { Logger } from 'pino'
import rhea, { type Connection, type Container, type EventContext, type Receiver, type Sender } from 'rhea'
import type { Clock } from '../clock.ts'
import { listenOnLoopback } from '../loopback.ts'
import { parseAddress } from './address.ts'
import { guardFrames } from './frame-guard.ts'
import type { HubLog } from './log.ts'
import { answer, manage, replyLink } from './management.ts'
import { MAX_MESSAGE_BYTES, Publisher } from './publisher.ts'
import { checkToken, type HubAuth } from './sas.ts'
import { startPosition } from './start-position.ts'
import { type Refusal, Subscriptions } from './subscriptions.ts'

export interface EventHubsOptions {
  log: HubLog
  hubName: string
  consumerGroups: readonly string[]
  tls: { key: string; cert: string }
  /** 0 = a free port. */
  ports: { plain: number; tls: number }
  auth: HubAuth
  logger: Logger
  clock: Clock
}

export interface EventHubsServer {
  plainPort: number
  tlsPort: number
  close(): Promise<void>
}

/** More than any demo opens; each connection costs memory. */
const MAX_CONNECTIONS = 200
const FRAME_BYTES = 65_536
const HANDSHAKE_TIMEOUT_MS = 10_000
/** Deliveries that a publisher may have under way: the hub's back-pressure. */
const PUBLISHER_CREDIT = 300

const CONNECTION_OPTIONS = {
  max_frame_size: FRAME_BYTES,
  channel_max: 255,
  // Deliveries are accepted once they are stored, not before.
  receiver_options: {
    autoaccept: false,
    credit_window: PUBLISHER_CREDIT,
    max_message_size: MAX_MESSAGE_BYTES,
  },
  sender_options: { snd_settle_mode: 1 },
}

const UNAUTHORIZED = {
  condition: 'amqp:unauthorized-access',
  description:
    'Put a token to $cbs first: the key or the bearer token of this session (rtstream-tui endpoints).',
}

/** @throws PortTakenError */
export async function startEventHubs(options: EventHubsOptions): Promise<EventHubsServer> {
  const hub = new Hub(options)
  const sockets = new Set<Socket>()
  const accept = (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    hub.accept(socket)
  }
  const { logger, ports } = options
  const open = (name: string, port: number, secure: boolean) =>
    listenOnLoopback(name, port, async (at) => {
      const server = secure
        ? createTlsServer({ ...options.tls, handshakeTimeout: HANDSHAKE_TIMEOUT_MS }, accept)
        : createServer(accept)
      server.maxConnections = MAX_CONNECTIONS
      server.on('tlsClientError', (error: Error) =>
        logger.warn({ reason: error.message }, 'event hub: TLS refused'),
      )
      server.listen({ ...at, exclusive: true })
      await once(server, 'listening')
      return server
    })
  const plain = await open('the event hub (AMQP)', ports.plain, false)
  try {
    const tls = await open('the event hub (AMQP over TLS)', ports.tls, true)
    const close = async () => {
      hub.close()
      plain.close()
      tls.close()
      // With an error, or the protocol library keeps its timers.
      for (const socket of sockets) socket.destroy(new Error('the event hub stops'))
    }
    return { plainPort: plain.port, tlsPort: tls.port, close }
  } catch (error) {
    plain.close()
    throw error
  }
}

/** Part of the container that its typings leave out. */
interface SaslServer {
  sasl_server_mechanisms: { enable_anonymous(): void }
}

/** What is known of one connection. */
interface Peer {
  /** Epoch ms until which the peer's proof holds; 0: none yet. */
  authorizedUntil: number
  /** Links on which the peer waits for answers of `$cbs` and `$management`. */
  replies: Set<Sender>
}

class Hub {
  readonly container: Container
  readonly #options: EventHubsOptions
  readonly #subscriptions: Subscriptions
  readonly #publisher: Publisher
  readonly #peers = new WeakMap<Connection, Peer>()

  constructor(options: EventHubsOptions) {
    this.#options = options
    this.#subscriptions = new Subscriptions(options.log, options.clock)
    this.#publisher = new Publisher(options.log)
    const container = rhea.create_container({ id: 'rtstream-local' })
    ;(container as unknown as SaslServer).sasl_server_mechanisms.enable_anonymous()
    container.on('sender_open', (context: EventContext) => this.#receiverAttached(context.sender as Sender))
    container.on('receiver_open', (context: EventContext) =>
      this.#senderAttached(context.receiver as Receiver),
    )
    container.on('message', (context: EventContext) => this.#message(context))
    container.on('disconnected', (context: EventContext) => this.#subscriptions.forget(context.connection))
    const complain = (what: string) => (context: EventContext | Error) => {
      const error = context instanceof Error ? context : (context.error ?? context.connection?.error)
      options.logger.warn(
        { reason: String((error as Error | undefined)?.message ?? error) },
        `event hub: ${what}`,
      )
    }
    for (const event of [
      'protocol_error',
      'connection_error',
      'session_error',
      'sender_error',
      'receiver_error',
      'error',
    ])
      container.on(event, complain(event.replace('_', ' ')))
    this.container = container
  }

  /** Speaks AMQP on a new connection; what is no AMQP ends it. */
  accept(socket: Socket): void {
    const { logger } = this.#options
    socket.setNoDelay(true)
    socket.on('error', (error) => logger.debug({ reason: error.message }, 'event hub: connection ended'))
    guardFrames(socket, (reason) => logger.warn({ reason }, 'event hub: connection refused'))
    const connection = this.container.create_connection(CONNECTION_OPTIONS as never)
    ;(connection as unknown as { accept(socket: Socket): void }).accept(socket)
  }

  close(): void {
    this.#subscriptions.close()
  }

  #peer(connection: Connection): Peer {
    let peer = this.#peers.get(connection)
    if (!peer) {
      peer = { authorizedUntil: 0, replies: new Set() }
      this.#peers.set(connection, peer)
    }
    return peer
  }

  #address(address: unknown) {
    const { hubName, consumerGroups, log } = this.#options
    return parseAddress(address, { hubName, consumerGroups, partitionCount: log.partitionCount })
  }

  #isAuthorized(connection: Connection): boolean {
    return this.#peer(connection).authorizedUntil > this.#options.clock.now()
  }

  /** The client reads: from a partition, or the answers of `$cbs` and `$management`. */
  #receiverAttached(sender: Sender): void {
    const refusal = this.#admit(sender)
    if (refusal) refuse(sender, refusal)
  }

  #admit(sender: Sender): Refusal | undefined {
    const { source, target } = sender as unknown as Record<
      'source' | 'target',
      { address?: string; filter?: Record<string, unknown> }
    >
    sender.set_source(source as never)
    sender.set_target(target as never)
    const address = this.#address(source?.address)
    if (address.kind === 'cbs' || address.kind === 'management') {
      if (address.kind === 'management' && !this.#isAuthorized(sender.connection)) return UNAUTHORIZED
      const { replies } = this.#peer(sender.connection)
      replies.add(sender)
      sender.once('sender_close', () => replies.delete(sender))
      return undefined
    }
    if (address.kind !== 'consumer') return notFound(source?.address)
    if (!this.#isAuthorized(sender.connection)) return UNAUTHORIZED
    const filter = source.filter?.['apache.org:selector-filter:string'] as
      | { value?: unknown }
      | string
      | undefined
    const selector = typeof filter === 'object' ? filter?.value : filter
    const next = startPosition(
      this.#options.log,
      address.partition,
      selector === undefined ? undefined : String(selector),
    )
    if (next === undefined)
      return {
        condition: 'amqp:invalid-field',
        description: `The start position ${selector} is not understood.`,
      }
    const epoch = sender.properties?.['com.microsoft:epoch']
    return this.#subscriptions.add(sender, {
      group: address.group,
      partition: address.partition,
      next,
      epoch: epoch === undefined || epoch === null ? undefined : Number(epoch),
      wantsMetrics: [sender.desired_capabilities]
        .flat()
        .some((one) => String(one) === 'com.microsoft:enable-receiver-runtime-metric'),
    })
  }

  /** The client sends: events, or requests to `$cbs` and `$management`. */
  #senderAttached(receiver: Receiver): void {
    const { source, target } = receiver as unknown as Record<'source' | 'target', { address?: string }>
    receiver.set_source(source as never)
    receiver.set_target(target as never)
    const address = this.#address(target?.address)
    if (address.kind === 'unknown' || address.kind === 'consumer') refuse(receiver, notFound(target?.address))
    else if (address.kind !== 'cbs' && !this.#isAuthorized(receiver.connection))
      refuse(receiver, UNAUTHORIZED)
  }

  #message(context: EventContext): void {
    const receiver = context.receiver as Receiver
    const delivery = context.delivery
    const address = this.#address((receiver.target as { address?: string } | undefined)?.address)
    const connection = context.connection
    if (address.kind === 'cbs' || address.kind === 'management') {
      delivery?.accept()
      this.#request(context, address.kind)
    } else if (address.kind === 'hub') {
      // A proof that ran out is answered as the service does: the link is closed, the client puts a new one.
      if (!this.#isAuthorized(connection)) refuse(receiver, UNAUTHORIZED)
      else this.#publish(context, address.partition)
    }
  }

  #publish(context: EventContext, partition: number | undefined): void {
    const rejection = this.#publisher.take(context, partition)
    if (!rejection) {
      context.delivery?.accept()
      return
    }
    this.#options.logger.warn(rejection, 'event hub: send refused')
    context.delivery?.reject(rejection)
  }

  #request(context: EventContext, kind: 'cbs' | 'management'): void {
    const request = context.message
    const peer = this.#peer(context.connection)
    if (!request) return
    const link = replyLink(peer.replies, request)
    if (!link) {
      this.#options.logger.warn(
        { replyTo: request.reply_to },
        'event hub: a request names no link to answer on',
      )
      return
    }
    const { log, hubName, clock, auth, logger } = this.#options
    if (kind === 'management') {
      link.send(
        this.#isAuthorized(context.connection)
          ? manage(request, log, hubName, clock)
          : answer(request, 401, UNAUTHORIZED.description),
      )
      return
    }
    const type = String(request.application_properties?.type ?? '')
    const checked = checkToken(auth, type, String(request.body ?? ''), clock.now())
    if ('refused' in checked) {
      logger.warn({ reason: checked.refused }, 'event hub: token refused')
      link.send(answer(request, 401, `Unauthorized: ${checked.refused}.`))
      return
    }
    peer.authorizedUntil = checked.expiresAt
    link.send(answer(request, 202, 'Accepted'))
  }
}

const notFound = (address: unknown) => ({
  condition: 'amqp:not-found',
  description: `There is nothing at ${String(address)} in this namespace.`,
})

/** Answers the attach first, as the protocol wants it, then detaches with the reason. */
function refuse(link: Sender | Receiver, error: Refusal): void {
  link.close(error)
}
