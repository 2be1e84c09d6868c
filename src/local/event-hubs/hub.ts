/** The event hub as a protocol peer: admits links, takes deliveries, answers requests. Sockets are the server's business. */
import type { Logger } from 'pino'
import rhea, { type Connection, type Container, type EventContext, type Receiver, type Sender } from 'rhea'
import { type Clock, monotonicOf } from '../runtime/clock.ts'
import { Answers } from './amqp/answers.ts'
import { endOnBreach } from './amqp/breaches.ts'
import { limitConnection, MAX_SESSIONS, type Unfit } from './amqp/connection-limits.ts'
import { writeFullPerformatives } from './amqp/full-performatives.ts'
import {
  bytesOf,
  frames,
  hooksOf,
  type IncomingDelivery,
  integerOf,
  isTerminus,
  partsOf,
  saslMechanismsOf,
  type Terminus,
  terminusOf,
  withSaslMechanisms,
} from './amqp/library.ts'
import { completeLinks } from './amqp/link-life.ts'
import type { MemoryBudget } from './amqp/memory-budget.ts'
import type { Peer } from './amqp/peer.ts'
import { type PlainProof, plainMechanism } from './amqp/plain-sasl.ts'
import { type Rejection, refuseLink } from './amqp/refusal.ts'
import { watchSessions } from './amqp/session-window.ts'
import { forget, repeatSettleModes, settle } from './amqp/settlement.ts'
import { type AmqpSocket, FRAME_BYTES } from './amqp/socket.ts'
import { type Address, entityNotFound, type HubNames, parseAddress } from './links/address.ts'
import type { GroupProgress } from './links/group-progress.ts'
import { IDLE, IdleTracker } from './links/idle.ts'
import { ProducerLinks } from './links/producer-links.ts'
import { type Destination, MAX_MESSAGE_BYTES, maxMessageBytes, Publisher } from './links/publisher.ts'
import { MAX_REQUEST_BYTES, Requests, unauthorized } from './links/requests.ts'
import { type HubAuth, isKey } from './links/sas.ts'
import { selectorOf, startPosition } from './links/start-position.ts'
import { Subscriptions } from './links/subscriptions.ts'
import type { HubLog } from './log/log.ts'

export interface HubOptions {
  log: HubLog
  hubName: string
  consumerGroups: readonly string[]
  auth: HubAuth
  logger: Logger
  clock: Clock
  /** What goes wrong on purpose. */
  faults?: HubFaults
}

/** Asked anew each time, so that a fault begins and ends without a reconnect. */
export interface HubFaults {
  /** @returns why a send is refused; undefined: it is not. */
  refuseSend(): Rejection | undefined
  /** Every proof counts as expired. */
  isTokenExpired(): boolean
}

/** What the hub calls itself in its open. */
const CONTAINER = 'rtstream-local'
/** Deliveries that a publisher may have under way: the hub's back-pressure. */
const PUBLISHER_CREDIT = 300
const CONNECTION_OPTIONS = {
  max_frame_size: FRAME_BYTES,
  channel_max: MAX_SESSIONS - 1,
  // Deliveries are accepted once they are stored, not before.
  receiver_options: {
    autoaccept: false,
    credit_window: PUBLISHER_CREDIT,
    max_message_size: MAX_MESSAGE_BYTES,
  },
}

const READ_FROM_PARTITIONS = 'Events are read from the partitions of a consumer group.'
const NO_TRANSACTIONS: Rejection = {
  condition: 'amqp:not-implemented',
  description: 'Transactions are not served here.',
}

/** `$cbs` takes the proof, and each question to `$management` brings its own. */
const needsProof = ({ kind }: Address): boolean => kind !== 'cbs' && kind !== 'management'

/** The connections share its log and its memory budget. */
export class Hub {
  readonly #container: Container
  readonly #options: HubOptions
  readonly #subscriptions: Subscriptions
  readonly #publisher: Publisher
  readonly #producers: ProducerLinks
  readonly #requests: Requests
  readonly #peers = new Map<Connection, Peer>()
  readonly #memory: MemoryBudget
  readonly #idle: IdleTracker

  /** @param memory what all peers together may have the hub keep. */
  constructor(options: HubOptions, memory: MemoryBudget) {
    this.#options = options
    this.#memory = memory
    this.#idle = new IdleTracker(() => monotonicOf(options.clock), CONTAINER)
    this.#subscriptions = new Subscriptions(options.log, options.clock, options.logger)
    this.#publisher = new Publisher(options.log, options.logger)
    this.#producers = new ProducerLinks(options.log.producers)
    this.#requests = new Requests(options, () => this.#names)
    this.#container = this.#newContainer()
  }

  /** Speaks AMQP on a new connection. The peer has to prove who it is before it gets a link to the hub. */
  accept(socket: AmqpSocket): Peer {
    const connection = this.#newConnection((proof) => this.#provedPlain(peer, socket, proof))
    const end = (reason: Rejection) => {
      connection.close(reason)
      // A turn later the library has written it.
      setImmediate(() => socket.end())
    }
    let isRefused = false
    const refuse = (reason: string, condition = 'amqp:connection:forced') => {
      // What breaks off may break off in several places.
      if (isRefused) return
      isRefused = true
      this.#options.logger.warn({ reason }, 'event hub: connection refused')
      end({ condition, description: reason })
    }
    const { unfit, release } = limitConnection(connection, {
      maxDelivery: (receiver) =>
        this.#address(receiver.target).kind === 'hub' ? maxMessageBytes(receiver) : MAX_REQUEST_BYTES,
      refuse,
      budget: this.#memory,
      isProved: () => peer.authorizedUntil > 0,
    })
    const answers = new Answers(
      (bytes) => this.#memory.hold(answers, bytes, peer.authorizedUntil > 0),
      refuse,
    )
    watchSessions(connection, (session) => {
      answers.wake(session)
      this.#subscriptions.wake(session)
    })
    completeLinks(connection)
    endOnBreach(connection, refuse)
    this.#hear(connection)
    const peer: Peer = {
      authorizedUntil: 0,
      refusedTokens: 0,
      answers,
      claims: new Set(),
      unfit,
      refuse,
      end,
    }
    this.#peers.set(connection, peer)
    this.#idle.opened(connection)
    socket.once('close', () => {
      this.#forget((link) => link.connection === connection)
      this.#peers.delete(connection)
      this.#idle.forget(connection)
      answers.forget(() => true)
      release()
      this.#options.logger.debug('event hub: connection gone')
    })
    hooksOf(connection).accept(socket)
    return peer
  }

  /** Tells the peer how soon it must be heard of again, and takes note of it. The library would end a silent peer after twice that time. */
  #hear(connection: Connection): void {
    const hooks = hooksOf(connection)
    const { input } = hooks
    hooks.input = (bytes) => {
      this.#idle.heard(connection)
      input.call(connection, bytes)
    }
    hooks._write_open = () => {
      const { container_id, max_frame_size, channel_max } = hooks.local.open
      hooks._write_frame(
        0,
        frames.open?.({ container_id, max_frame_size, channel_max, idle_time_out: IDLE.silentMs }),
      )
    }
  }

  /** The mechanisms of SASL are the container's: one of its own for each connection, so that a proof is its peer's. */
  #newConnection(isRight: (proof: PlainProof) => boolean): Connection {
    const shared = saslMechanismsOf(this.#container)
    const mechanisms = Object.assign(Object.create(shared) as object, {
      PLAIN: plainMechanism(isRight),
      ANONYMOUS: shared.ANONYMOUS,
      // What .NET clients call it: the proof comes later, through $cbs.
      MSSBCBS: shared.ANONYMOUS,
    })
    return withSaslMechanisms(this.#container, mechanisms).create_connection(CONNECTION_OPTIONS as never)
  }

  /** The key itself, in place of a signature made with it: it holds as long as the connection. */
  #provedPlain(peer: Peer, socket: AmqpSocket, { keyName, key }: PlainProof): boolean {
    const isRight = isKey(this.#options.auth, keyName, key)
    if (isRight) peer.authorizedUntil = Number.POSITIVE_INFINITY
    else {
      this.#options.logger.warn({ reason: `wrong key ${keyName}` }, 'event hub: SASL PLAIN refused')
      // By then the outcome has been written.
      setImmediate(() => socket.end())
    }
    return isRight
  }

  #forget(isGone: (link: Sender | Receiver) => boolean): void {
    this.#subscriptions.forget(isGone)
    this.#producers.forget(isGone)
  }

  /** One entry for each consumer group there is, read or not. */
  groups(): GroupProgress[] {
    return this.#subscriptions.progress(this.#options.consumerGroups)
  }

  /** Ends what rests. Called every now and then. */
  sweep(): void {
    this.#idle.sweep((connection, reason) => {
      this.#options.logger.debug({ reason: reason.description }, 'event hub: connection ended')
      this.#peers.get(connection)?.end(reason)
    })
  }

  /** Readers get nothing more; the sockets are the server's to close. */
  close(): void {
    this.#subscriptions.close()
    this.#peers.clear()
  }

  #newContainer(): Container {
    writeFullPerformatives()
    const container = rhea.create_container({ id: CONTAINER })
    saslMechanismsOf(container).enable_anonymous()
    container.on('sender_open', ({ sender }: EventContext) => this.#receiverAttached(sender as Sender))
    container.on('receiver_open', ({ receiver }: EventContext) => this.#senderAttached(receiver as Receiver))
    container.on('message', (context: EventContext) => this.#delivered(context))
    container.on('session_close', ({ connection, session }: EventContext) => {
      this.#forget((link) => link.session === session)
      const { answers, claims } = this.#peers.get(connection) ?? {}
      answers?.forget((link) => link.session === session)
      for (const link of claims ?? []) if (link.session === session) claims?.delete(link)
    })
    // Of links that were refused: there is nothing for them.
    container.on('sender_draining', ({ sender }: EventContext) => sender?.set_drained(true))
    // Without a listener the library prints to the console.
    container.on('disconnected', () => {})
    for (const event of ['protocol_error', 'error', 'connection_error', 'session_error'])
      container.on(event, (context: EventContext | Error) => {
        const error =
          context instanceof Error
            ? context
            : (context.error ?? context.session?.error ?? context.connection?.error)
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

  #isAuthorized(connection: Connection): boolean {
    if (this.#options.faults?.isTokenExpired()) return false
    return (this.#peers.get(connection)?.authorizedUntil ?? 0) > this.#options.clock.now()
  }

  /** The client reads: from a partition, or the answers of `$cbs` and `$management`. */
  #receiverAttached(sender: Sender): void {
    repeatAttach(sender)
    const refusal = this.#admit(sender)
    if (refusal) refuseLink(sender, refusal)
    else this.#admitted(sender, this.#address(terminusOf(sender)))
  }

  #admit(sender: Sender): Rejection | undefined {
    const { connection } = sender
    const source = terminusOf(sender)
    const address = this.#address(source)
    if (needsProof(address) && !this.#isAuthorized(connection)) return unauthorized('Listen', source?.address)
    if (address.kind === 'cbs' || address.kind === 'management') {
      const refusal = address.kind === 'cbs' ? this.#claim(sender) : undefined
      if (refusal) return refusal
      this.#peers.get(connection)?.answers.open(sender)
      return undefined
    }
    if (address.kind === 'unknown') return address.rejection
    if (address.kind === 'hub') return entityNotFound(String(source?.address), READ_FROM_PARTITIONS)
    const { group, partition } = address
    const selector = selectorOf(source?.filter, sender.name)
    if (typeof selector === 'object') return selector
    const next = startPosition(this.#options.log, partition, selector)
    if (typeof next !== 'number') return next
    return this.#subscriptions.add(sender, {
      group,
      partition,
      next,
      epoch: integerOf(sender.properties?.['com.microsoft:epoch']),
      name: String(sender.properties?.['com.microsoft:receiver-name'] ?? sender.name),
      wantsMetrics: [sender.desired_capabilities]
        .flat()
        .some((one) => String(one) === 'com.microsoft:enable-receiver-runtime-metric'),
      isAuthorized: () => this.#isAuthorized(connection),
    })
  }

  /** The client sends: events, or requests to `$cbs` and `$management`. */
  #senderAttached(receiver: Receiver): void {
    repeatAttach(receiver)
    const refusal = this.#admitSender(receiver)
    if (refusal) refuseLink(receiver, refusal)
    else this.#admitted(receiver, this.#address(receiver.target))
  }

  #admitted(link: Sender | Receiver, { kind }: Address): void {
    this.#idle.admitted(link, kind === 'hub' || kind === 'consumer')
  }

  #admitSender(receiver: Receiver): Rejection | undefined {
    const address = this.#address(receiver.target)
    if (needsProof(address) && !this.#isAuthorized(receiver.connection))
      return unauthorized('Send', terminusOf(receiver, 'target')?.address)
    if (partsOf(receiver).remote.attach.isCoordinator) return NO_TRANSACTIONS
    if (address.kind === 'unknown') return address.rejection
    if (address.kind === 'consumer')
      return { condition: 'amqp:not-allowed', description: 'A consumer group is read from, not sent to.' }
    if (address.kind === 'cbs') return this.#claim(receiver)
    return address.kind === 'hub' ? this.#producers.open(receiver, address.partition) : undefined
  }

  /** A client that has lost track of its links to `$cbs` is told so: it begins a new connection. */
  #claim(link: Sender | Receiver): Rejection | undefined {
    const claims = this.#peers.get(link.connection)?.claims
    for (const other of claims ?? [])
      if (other.is_sender() === link.is_sender() && other.is_open())
        return {
          condition: 'amqp:not-allowed',
          description: `A link to connection '${link.connection.container_id}' $cbs node has already been opened.`,
          isBare: true,
        }
    claims?.add(link)
    link.once(link.is_sender() ? 'sender_close' : 'receiver_close', () => claims?.delete(link))
    return undefined
  }

  #delivered(context: EventContext): void {
    const receiver = context.receiver as Receiver
    const address = this.#address(receiver.target)
    const { connection } = context
    const delivery = context.delivery as IncomingDelivery | undefined
    const peer = this.#peers.get(connection)
    const unfit = peer?.unfit()
    const bytes = bytesOf(context)
    if (!delivery || !peer) return
    if (unfit?.why === 'aborted') forget(delivery)
    else if (address.kind === 'cbs' || address.kind === 'management') {
      this.#idle.asked(connection)
      this.#requests.take(address.kind, peer, delivery, unfit ? undefined : bytes)
    }
    // What was on its way when the link was refused or taken away: the end of the link says all.
    else if (!receiver.is_open()) forget(delivery)
    // A proof that ran out is answered as the service does: the link is closed, the client puts a new one.
    else if (!this.#isAuthorized(connection)) {
      forget(delivery)
      receiver.close(unauthorized('Send', terminusOf(receiver, 'target')?.address))
    } else if (address.kind === 'hub')
      this.#publish(receiver, delivery, unfit, bytes, { ...address, limit: maxMessageBytes(receiver) })
  }

  #publish(
    receiver: Receiver,
    delivery: IncomingDelivery,
    unfit: Unfit | undefined,
    bytes: Buffer,
    to: Destination,
  ): void {
    this.#idle.published(receiver)
    const format = delivery.format ?? undefined
    const rejection =
      this.#options.faults?.refuseSend() ??
      this.#publisher.take({ id: delivery.id, bytes, format, unfit }, to, this.#producers.of(receiver))
    if (rejection) this.#options.logger.warn(rejection, 'event hub: send refused')
    settle(delivery, rejection)
  }
}

/** The hub's attach says what the peer's says; some clients leave out the terminus that is their own. */
function repeatAttach(link: Sender | Receiver): void {
  if (isTerminus(link.source)) link.set_source(link.source)
  if (isTerminus(link.target)) link.set_target(link.target)
  repeatSettleModes(link)
  if (link.is_receiver()) partsOf(link).local.attach.max_message_size = maxMessageBytes(link as Receiver)
}
