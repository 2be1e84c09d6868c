/** The event hub as a protocol peer: admits links, takes deliveries, answers requests. Sockets are the server's business. */
import type { Logger } from 'pino'
import rhea, {
  type Connection,
  type Container,
  type EventContext,
  type Message,
  type Receiver,
  type Sender,
} from 'rhea'
import type { Clock } from '../runtime/clock.ts'
import { limitConnection, type Unfit } from './amqp/connection-limits.ts'
import { writeFullPerformatives } from './amqp/full-performatives.ts'
import type { Peer } from './amqp/peer.ts'
import { checkSections } from './amqp/sections.ts'
import { type AmqpSocket, FRAME_BYTES } from './amqp/socket.ts'
import { type Address, absenceOf, type HubNames, parseAddress } from './links/address.ts'
import { answer, manage, replyLink } from './links/management.ts'
import { MAX_MESSAGE_BYTES, Publisher, type Rejection } from './links/publisher.ts'
import { startPosition } from './links/start-position.ts'
import { Subscriptions } from './links/subscriptions.ts'
import type { HubLog } from './log/log.ts'
import { checkToken, type HubAuth, typeOfToken } from './sas.ts'

export interface HubOptions {
  log: HubLog
  hubName: string
  consumerGroups: readonly string[]
  auth: HubAuth
  logger: Logger
  clock: Clock
}

/** Deliveries that a publisher may have under way: the hub's back-pressure. */
const PUBLISHER_CREDIT = 300
/** Clients try again a few times; who goes on guessing has to connect again. */
const MAX_REFUSED_TOKENS = 20
/** Tokens and questions are short. */
const MAX_REQUEST_BYTES = 65_536

const CONNECTION_OPTIONS = {
  max_frame_size: FRAME_BYTES,
  channel_max: 255,
  // Deliveries are accepted once they are stored, not before.
  receiver_options: {
    autoaccept: false,
    credit_window: PUBLISHER_CREDIT,
    max_message_size: MAX_MESSAGE_BYTES,
  },
  // Events are settled as they are sent.
  sender_options: { snd_settle_mode: 1 },
}

const UNAUTHORIZED: Rejection = {
  condition: 'amqp:unauthorized-access',
  description:
    'Put a token to $cbs first: the key or the bearer token of this session (rtstream-tui endpoints).',
}

/** `$cbs` takes the proof, and each question to `$management` brings its own. */
const needsProof = ({ kind }: Address): boolean => kind !== 'cbs' && kind !== 'management'

/** Source or target of a link, in the parts that matter. */
interface Terminus {
  address?: string
  filter?: Record<string, { value?: unknown } | string | undefined>
}

/** `format` is missing in the typings; null when the sender named none, or a plain message. */
type IncomingDelivery = NonNullable<EventContext['delivery']> & { format: number | null }

export class Hub {
  readonly #container: Container
  readonly #options: HubOptions
  readonly #subscriptions: Subscriptions
  readonly #publisher: Publisher
  readonly #peers = new Map<Connection, Peer>()

  constructor(options: HubOptions) {
    this.#options = options
    this.#subscriptions = new Subscriptions(options.log, options.clock, options.logger)
    this.#publisher = new Publisher(options.log, options.logger)
    this.#container = this.#newContainer()
  }

  /** Speaks AMQP on a new connection. The peer has to prove who it is before it gets a link to the hub. */
  accept(socket: AmqpSocket): Peer {
    const connection = this.#container.create_connection(CONNECTION_OPTIONS as never)
    const refuse = (reason: string) => {
      this.#options.logger.warn({ reason }, 'event hub: connection refused')
      connection.close({ condition: 'amqp:connection:forced', description: reason })
      // A turn later the library has written it.
      setImmediate(() => socket.end())
    }
    const unfit = limitConnection(connection, {
      maxDelivery: (receiver) =>
        this.#address(receiver.target).kind === 'hub' ? MAX_MESSAGE_BYTES : MAX_REQUEST_BYTES,
      refuse,
    })
    const peer: Peer = { authorizedUntil: 0, refusedTokens: 0, replies: new Set(), unfit, refuse }
    this.#peers.set(connection, peer)
    socket.once('close', () => {
      this.#subscriptions.forget((link) => link.connection === connection)
      this.#peers.delete(connection)
      this.#options.logger.debug('event hub: connection gone')
    })
    ;(connection as unknown as { accept(socket: AmqpSocket): void }).accept(socket)
    return peer
  }

  close(): void {
    this.#subscriptions.close()
    this.#peers.clear()
  }

  #newContainer(): Container {
    writeFullPerformatives()
    const container = rhea.create_container({ id: 'rtstream-local' })
    const { sasl_server_mechanisms: mechanisms } = container as unknown as {
      sasl_server_mechanisms: Record<string, unknown> & { enable_anonymous(): void }
    }
    mechanisms.enable_anonymous()
    // What .NET clients call it: the proof comes later, through $cbs.
    mechanisms.MSSBCBS = mechanisms.ANONYMOUS
    container.on('sender_open', ({ sender }: EventContext) => this.#receiverAttached(sender as Sender))
    container.on('receiver_open', ({ receiver }: EventContext) => this.#senderAttached(receiver as Receiver))
    container.on('message', (context: EventContext) => this.#delivered(context))
    container.on('session_close', ({ connection, session }: EventContext) => {
      this.#subscriptions.forget((link) => link.session === session)
      const { replies } = this.#peers.get(connection) ?? {}
      for (const link of replies ?? []) if (link.session === session) replies?.delete(link)
    })
    // Without a listener the library prints to the console.
    container.on('disconnected', () => {})
    for (const event of ['protocol_error', 'error', 'connection_error', 'session_error'])
      container.on(event, (context: EventContext | Error) => {
        const error = context instanceof Error ? context : (context.error ?? context.connection?.error)
        const reason = String((error as Error | undefined)?.message ?? error)
        this.#options.logger.warn({ reason }, `event hub: ${event.replace('_', ' ')}`)
      })
    return container
  }

  get #names(): HubNames {
    const { hubName, consumerGroups, log } = this.#options
    return { hubName, consumerGroups, partitionCount: log.partitionCount }
  }

  #address(terminus: unknown): Address {
    return parseAddress((terminus as Terminus | undefined)?.address, this.#names)
  }

  #notFound(terminus: unknown): Rejection {
    const { address } = (terminus as Terminus | undefined) ?? {}
    return { condition: 'amqp:not-found', description: absenceOf(address, this.#names) }
  }

  #isAuthorized(connection: Connection): boolean {
    return (this.#peers.get(connection)?.authorizedUntil ?? 0) > this.#options.clock.now()
  }

  /** The client reads: from a partition, or the answers of `$cbs` and `$management`. */
  #receiverAttached(sender: Sender): void {
    sender.set_source(sender.source)
    sender.set_target(sender.target)
    const refusal = this.#admit(sender)
    // The attach is answered first, as the protocol wants it, then the link is closed with the reason.
    if (refusal) sender.close(refusal)
  }

  #admit(sender: Sender): Rejection | undefined {
    const { connection } = sender
    const source = sender.source as unknown as Terminus | undefined
    const address = this.#address(source)
    if (needsProof(address) && !this.#isAuthorized(connection)) return UNAUTHORIZED
    if (address.kind === 'cbs' || address.kind === 'management') {
      const replies = this.#peers.get(connection)?.replies
      replies?.add(sender)
      sender.once('sender_close', () => replies?.delete(sender))
      return undefined
    }
    if (address.kind !== 'consumer') return this.#notFound(source)
    const filter = source?.filter?.['apache.org:selector-filter:string']
    const selector = typeof filter === 'object' ? filter?.value : filter
    const { group, partition } = address
    const next = startPosition(
      this.#options.log,
      partition,
      selector === undefined || selector === null ? undefined : String(selector),
    )
    if (typeof next !== 'number') return next
    const epoch = sender.properties?.['com.microsoft:epoch']
    return this.#subscriptions.add(sender, {
      group,
      partition,
      next,
      epoch: epoch === undefined || epoch === null ? undefined : Number(epoch),
      wantsMetrics: [sender.desired_capabilities]
        .flat()
        .some((one) => String(one) === 'com.microsoft:enable-receiver-runtime-metric'),
      isAuthorized: () => this.#isAuthorized(connection),
    })
  }

  /** The client sends: events, or requests to `$cbs` and `$management`. */
  #senderAttached(receiver: Receiver): void {
    receiver.set_source(receiver.source)
    receiver.set_target(receiver.target)
    const address = this.#address(receiver.target)
    if (needsProof(address) && !this.#isAuthorized(receiver.connection)) receiver.close(UNAUTHORIZED)
    else if (address.kind === 'unknown' || address.kind === 'consumer')
      receiver.close(this.#notFound(receiver.target))
  }

  #delivered(context: EventContext): void {
    const receiver = context.receiver as Receiver
    const address = this.#address(receiver.target)
    const { connection } = context
    const delivery = context.delivery as IncomingDelivery | undefined
    const peer = this.#peers.get(connection)
    const unfit = peer?.unfit()
    const bytes = context.message as unknown as Buffer
    if (!delivery || !peer) return
    if (unfit === 'aborted') delivery.update(true)
    else if (address.kind === 'cbs' || address.kind === 'management')
      this.#request(address.kind, connection, peer, delivery, unfit ? undefined : bytes)
    // A proof that ran out is answered as the service does: the link is closed, the client puts a new one.
    else if (!this.#isAuthorized(connection)) receiver.close(UNAUTHORIZED)
    else if (address.kind === 'hub') this.#publish(delivery, bytes, unfit, address.partition)
  }

  #publish(
    delivery: IncomingDelivery,
    bytes: Buffer,
    unfit: Unfit | undefined,
    partition: number | undefined,
  ): void {
    const rejection = this.#publisher.take({ bytes, format: delivery.format ?? undefined, unfit }, partition)
    if (rejection) {
      this.#options.logger.warn(rejection, 'event hub: send refused')
      delivery.reject(rejection)
    } else delivery.accept()
  }

  #request(
    kind: 'cbs' | 'management',
    connection: Connection,
    peer: Peer,
    delivery: IncomingDelivery,
    bytes: Buffer | undefined,
  ): void {
    if (!bytes) {
      peer.refuse(`a request of more than ${MAX_REQUEST_BYTES} bytes`)
      return
    }
    // What is no message ends the connection; the library would print to the terminal what it does not know.
    checkSections(bytes)
    const request = rhea.message.decode(bytes) as unknown as Message
    delivery.accept()
    const link = replyLink(peer.replies, request, kind)
    if (!link) peer.refuse('a request names no link to answer on')
    else if (kind === 'cbs') {
      const proof = { type: String(request.application_properties?.type), token: String(request.body) }
      link.send(this.#refusalOf(proof, request, peer) ?? answer(request, 202, 'Accepted'))
    } else link.send(this.#managed(request, connection, peer))
  }

  /** A question brings its proof along; some clients put none to `$cbs` for it. */
  #managed(request: Message, connection: Connection, peer: Peer): Message {
    const { log, hubName, clock } = this.#options
    const token = request.application_properties?.security_token
    if (!this.#isAuthorized(connection)) {
      if (typeof token !== 'string') return answer(request, 401, UNAUTHORIZED.description)
      const refusal = this.#refusalOf({ type: typeOfToken(token), token }, request, peer)
      if (refusal) return refusal
    }
    return manage(request, log, hubName, clock)
  }

  /** @returns the answer to a proof that does not hold; for one that does, the peer is let in. */
  #refusalOf(proof: { type: string; token: string }, request: Message, peer: Peer): Message | undefined {
    const { auth, hubName, clock, logger } = this.#options
    const checked = checkToken(auth, hubName, proof, clock.now())
    if ('refused' in checked) {
      logger.warn({ reason: checked.refused }, 'event hub: token refused')
      if (++peer.refusedTokens === MAX_REFUSED_TOKENS) peer.refuse('too many tokens were wrong')
      return answer(request, checked.status, `The token is refused: ${checked.refused}.`)
    }
    peer.authorizedUntil = Math.max(peer.authorizedUntil, checked.expiresAt)
    return undefined
  }
}
