/**
 * One client's connection: requests are answered one after the other, in their order. Before the client has proved who it is,
 * it may ask for versions and sign in, and nothing that it sends is kept.
 */
import type { Logger } from 'pino'
import type { HubFaults } from '../hub.ts'
import type { HubAuth } from '../links/sas.ts'
import {
  apiVersions,
  apiVersionsOfItself,
  type ClusterContext,
  findCoordinator,
  initProducerId,
  metadata,
} from './cluster.ts'
import { fetch } from './fetching/fetch.ts'
import type { FetchSessions } from './fetching/fetch-sessions.ts'
import { offsetForLeaderEpoch } from './fetching/leader-epochs.ts'
import { listOffsets } from './fetching/list-offsets.ts'
import { deleteGroups, describeGroups, listGroups } from './groups/administration.ts'
import type { GroupContext } from './groups/context.ts'
import type { Coordinator } from './groups/coordinator.ts'
import { heartbeat, joinGroup, leaveGroup, syncGroup } from './groups/membership.ts'
import { offsetCommit, offsetFetch } from './groups/offset-requests.ts'
import { produce } from './produce.ts'
import { checkProof, isMechanism, MECHANISMS, type Mechanism, type Proof } from './sign-in.ts'
import { createPartitions, createTopics, deleteTopics, describeConfigs } from './topics.ts'
import { FrameSplitter } from './wire/frames.ts'
import { API, ERROR, VERSIONS } from './wire/protocol.ts'
import { KafkaReader, KafkaWriter } from './wire/values.ts'

export interface ConnectionOptions extends ClusterContext {
  auth: HubAuth
  coordinator: Coordinator
  fetchSessions: FetchSessions
  logger: Logger
  /** What goes wrong on purpose. */
  faults?: HubFaults | undefined
  /** Epoch milliseconds. */
  now: () => number
}

/** The client's side of a connection. */
export interface Peer {
  /** Resolves when there is room for the next answer, or the connection is gone. */
  send(pieces: readonly Buffer[]): Promise<void> | undefined
  end(reason: string): void
}

/**
 * Of one request: the service closes connections that bring larger ones, says its page on the configuration of Apache Kafka's clients
 * (`max.request.size`), and users see it do so (azure-event-hubs-for-kafka's issue 255). Before the proof much less.
 */
const MAX_REQUEST_BYTES = 1_046_528
const MAX_SIGN_IN_BYTES = 64_000
/** Requests that wait for the one before them; a client has a handful under way. */
const MAX_WAITING_REQUESTS = 100

type Handler = (
  context: ClusterContext & GroupContext,
  version: number,
  request: KafkaReader,
  answer: KafkaWriter,
) => void

/** What is answered at once, by number. */
const AT_ONCE: ReadonlyMap<number, Handler> = new Map<number, Handler>([
  [API.listOffsets, listOffsets],
  [API.metadata, metadata],
  [API.findCoordinator, findCoordinator],
  [API.offsetCommit, offsetCommit],
  [API.offsetFetch, offsetFetch],
  [API.heartbeat, heartbeat],
  [API.leaveGroup, leaveGroup],
  [API.describeGroups, describeGroups],
  [API.listGroups, listGroups],
  [API.deleteGroups, deleteGroups],
  [API.createTopics, createTopics],
  [API.deleteTopics, deleteTopics],
  [API.createPartitions, createPartitions],
  [API.describeConfigs, describeConfigs],
  [API.initProducerId, initProducerId],
  [API.offsetForLeaderEpoch, offsetForLeaderEpoch],
])

/** Knows no socket: bytes come in by {@link receive}, answers go out through the peer. */
export class KafkaConnection {
  readonly #options: ConnectionOptions
  readonly #send: Peer['send']
  readonly #end: (reason: string) => void
  readonly #frames = new FrameSplitter()
  readonly #closing = new AbortController()
  #waiting: Buffer[] = []
  #waitingBytes = 0
  #isBusy = false
  #mechanism: Mechanism | undefined
  /** Epoch milliseconds; undefined: the client has not proved who it is. */
  #authorizedUntil: number | undefined
  /** The first version of the handshake is followed by bare tokens. */
  #expectsBareToken = false

  constructor(options: ConnectionOptions, peer: Peer) {
    this.#options = options
    this.#send = peer.send
    this.#end = peer.end
  }

  /** Bytes of requests that have begun, or wait for the one before them. */
  get waiting(): number {
    return this.#frames.waiting + this.#waitingBytes
  }

  /** True once the client has proved who it is. */
  get isSignedIn(): boolean {
    return this.#authorizedUntil !== undefined
  }

  /** Never throws: a client that breaks the protocol or a bound is cut off with a reason. */
  receive(chunk: Buffer): void {
    try {
      const messages = this.#frames.push(chunk, this.isSignedIn ? MAX_REQUEST_BYTES : MAX_SIGN_IN_BYTES)
      this.#waiting.push(...messages)
      for (const { length } of messages) this.#waitingBytes += length
      if (this.#waiting.length > MAX_WAITING_REQUESTS) this.#refuse('too many requests at once')
      else if (!this.#isBusy) void this.#work()
    } catch (error) {
      this.#refuse((error as Error).message)
    }
  }

  /** Whatever waits for an answer is forgotten; a fetch that waits for events ends. */
  close(): void {
    this.#closing.abort()
    this.#waiting = []
    this.#waitingBytes = 0
  }

  async #work(): Promise<void> {
    this.#isBusy = true
    try {
      for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
        this.#waitingBytes -= next.length
        const answer = this.#expectsBareToken ? this.#bareToken(next) : await this.#answer(next)
        if (this.#closing.signal.aborted) return
        // The next answer is made when the client has read most of those before.
        if (answer) await this.#send(answer)
        if (this.#closing.signal.aborted) return
      }
    } catch (error) {
      // An unreadable request gets no answer: brokers end the connection.
      this.#refuse((error as Error).message)
    } finally {
      this.#isBusy = false
    }
  }

  #refuse(reason: string): void {
    this.close()
    this.#end(reason)
  }

  async #answer(message: Buffer): Promise<Buffer[] | undefined> {
    const request = new KafkaReader(message)
    const [key, version, correlationId] = [request.int16(), request.int16(), request.int32()]
    const answer = new KafkaWriter().int32(0).int32(correlationId)
    const clientId = request.nullableString() ?? ''
    const [min, max, flexibleFrom] = VERSIONS.get(key) ?? [0, -1, 0]
    if (version < min || version > max) {
      // A newer client asks in its newest version and takes this answer in the first one.
      if (key !== API.apiVersions) throw new Error(`request ${key} in version ${version} is not served`)
      return framed(apiVersionsOfItself(answer))
    }
    if (version >= flexibleFrom) {
      request.beFlexible()
      request.tags()
      answer.beFlexible()
      // A client reads this one's before it knows what the broker speaks.
      if (key !== API.apiVersions) answer.tags()
    }
    const wantsAnswer = await this.#serve(key, version, clientId, request, answer)
    return wantsAnswer ? framed(answer.tags()) : undefined
  }

  async #serve(
    key: number,
    version: number,
    clientId: string,
    request: KafkaReader,
    answer: KafkaWriter,
  ): Promise<boolean> {
    if (key === API.apiVersions) apiVersions(version, answer)
    else if (key === API.saslHandshake) this.#handshake(version, request, answer)
    else if (key === API.saslAuthenticate) this.#authenticate(version, request, answer)
    else if (!this.isSignedIn) throw new Error('a request before signing in')
    else if (this.#hasExpired()) throw new Error('the proof of who the client is has expired')
    else if (key === API.produce)
      return produce({ ...this.#options, signal: this.#closing.signal }, version, request, answer)
    else if (key === API.fetch)
      await fetch({ ...this.#options, signal: this.#closing.signal }, version, request, answer)
    else if (key === API.joinGroup) await joinGroup(this.#groupContext(clientId), version, request, answer)
    else if (key === API.syncGroup) await syncGroup(this.#groupContext(clientId), version, request, answer)
    else {
      const handle = AT_ONCE.get(key)
      if (!handle) throw new Error(`request ${key} is not served`)
      handle({ ...this.#options, ...this.#groupContext(clientId) }, version, request, answer)
    }
    return true
  }

  #groupContext(clientId: string): GroupContext {
    const { coordinator, hubName, log } = this.#options
    const { signal } = this.#closing
    return { coordinator, hubName, partitionCount: log.partitionCount, clientId, signal }
  }

  #handshake(version: number, request: KafkaReader, answer: KafkaWriter): void {
    const name = request.string()
    this.#mechanism = isMechanism(name) ? name : undefined
    this.#expectsBareToken = version === 0 && this.#mechanism !== undefined
    answer.int16(this.#mechanism ? ERROR.none : ERROR.unsupportedSaslMechanism)
    answer.list(MECHANISMS, (one) => answer.string(one))
  }

  #authenticate(version: number, request: KafkaReader, answer: KafkaWriter): void {
    const response = request.bytes()
    const code = this.#mechanism ? ERROR.saslAuthenticationFailed : ERROR.illegalSaslState
    const proof = this.#mechanism
      ? this.#signIn(this.#mechanism, response)
      : { refused: 'No mechanism was agreed on first.' }
    const refusal = 'refused' in proof ? proof.refused : undefined
    answer
      .int16(refusal === undefined ? ERROR.none : code)
      .string(refusal)
      .bytes(Buffer.alloc(0))
    if (version >= 1) answer.int64(lifetimeOf(proof, this.#options.now()))
  }

  /** As a broker whose client did not sign in again in time. */
  #hasExpired(): boolean {
    const { auth, now } = this.#options
    return (auth.isExpired?.() ?? false) || (this.#authorizedUntil ?? 0) <= now()
  }

  #bareToken(token: Buffer): Buffer[] {
    this.#expectsBareToken = false
    const proof = this.#signIn(this.#mechanism as Mechanism, token)
    if ('refused' in proof) throw new Error(proof.refused)
    return new KafkaWriter().int32(0).pieces()
  }

  #signIn(mechanism: Mechanism, response: Buffer): Proof {
    const { auth, hubName, now, logger } = this.#options
    const proof = checkProof(mechanism, response, auth, hubName, now())
    this.#authorizedUntil = 'refused' in proof ? undefined : proof.expiresAt
    if ('refused' in proof) logger.warn({ reason: proof.refused }, 'event hub (Kafka): sign-in refused')
    return proof
  }
}

/** Milliseconds after which the client must sign in again; 0: never. */
const lifetimeOf = (proof: Proof, now: number) =>
  'expiresAt' in proof && Number.isFinite(proof.expiresAt)
    ? Math.max(1, Math.floor(proof.expiresAt - now))
    : 0

function framed(answer: KafkaWriter): Buffer[] {
  const pieces = answer.pieces()
  pieces[0]?.writeInt32BE(answer.length - 4, 0)
  return pieces
}
