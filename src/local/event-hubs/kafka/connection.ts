/**
 * One client's connection: requests are answered one after the other, in their order. Before the client has proved who it is,
 * it may ask for versions and sign in, and nothing that it sends is kept.
 */
import type { Logger } from 'pino'
import type { HubAuth } from '../links/sas.ts'
import {
  apiVersions,
  type ClusterContext,
  createTopics,
  deleteTopics,
  describeConfigs,
  findCoordinator,
  initProducerId,
  metadata,
} from './cluster.ts'
import type { Coordinator } from './coordinator.ts'
import { fetch, listOffsets } from './fetch.ts'
import { FrameSplitter } from './frames.ts'
import {
  describeGroups,
  type GroupContext,
  heartbeat,
  joinGroup,
  leaveGroup,
  listGroups,
  offsetCommit,
  offsetFetch,
  syncGroup,
} from './groups.ts'
import { produce } from './produce.ts'
import { API, ERROR, VERSIONS } from './protocol.ts'
import { isMechanism, MECHANISMS, type Mechanism, refusalOf } from './sign-in.ts'
import { KafkaReader, KafkaWriter } from './wire.ts'

export interface ConnectionOptions extends ClusterContext {
  auth: HubAuth
  coordinator: Coordinator
  logger: Logger
  clientHost: string
  /** Epoch milliseconds. */
  now: () => number
}

/** Of one request: what a producer may send at once to all partitions. Before the proof much less. */
const MAX_REQUEST_BYTES = 16_000_000
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
  [API.createTopics, createTopics],
  [API.deleteTopics, deleteTopics],
  [API.describeConfigs, describeConfigs],
  [API.initProducerId, initProducerId],
])

export class KafkaConnection {
  /** True once the client has proved who it is. */
  isSignedIn = false
  readonly #options: ConnectionOptions
  readonly #send: (bytes: Buffer) => void
  readonly #end: (reason: string) => void
  readonly #frames = new FrameSplitter()
  readonly #closing = new AbortController()
  #waiting: Buffer[] = []
  #isBusy = false
  #mechanism: Mechanism | undefined
  /** The first version of the handshake is followed by bare tokens. */
  #expectsBareToken = false

  constructor(options: ConnectionOptions, peer: { send(bytes: Buffer): void; end(reason: string): void }) {
    this.#options = options
    this.#send = peer.send
    this.#end = peer.end
  }

  receive(chunk: Buffer): void {
    try {
      const messages = this.#frames.push(chunk, this.isSignedIn ? MAX_REQUEST_BYTES : MAX_SIGN_IN_BYTES)
      this.#waiting.push(...messages)
      if (this.#waiting.length > MAX_WAITING_REQUESTS) this.#refuse('too many requests at once')
      else if (!this.#isBusy) void this.#work()
    } catch (error) {
      this.#refuse((error as Error).message)
    }
  }

  close(): void {
    this.#closing.abort()
    this.#waiting = []
  }

  async #work(): Promise<void> {
    this.#isBusy = true
    try {
      for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
        const answer = this.#expectsBareToken ? this.#bareToken(next) : await this.#answer(next)
        if (this.#closing.signal.aborted) return
        if (answer) this.#send(answer)
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

  async #answer(message: Buffer): Promise<Buffer | undefined> {
    const request = new KafkaReader(message)
    const [key, version, correlationId] = [request.int16(), request.int16(), request.int32()]
    const answer = new KafkaWriter().int32(0).int32(correlationId)
    const [min, max] = VERSIONS.get(key) ?? [0, -1]
    if (version < min || version > max) {
      // A newer client asks in its newest version and takes this answer in the first one.
      if (key !== API.apiVersions) throw new Error(`request ${key} in version ${version} is not served`)
      apiVersions(0, answer, ERROR.unsupportedVersion)
      return framed(answer)
    }
    const clientId = request.nullableString() ?? ''
    const wantsAnswer = await this.#serve(key, version, clientId, request, answer)
    return wantsAnswer ? framed(answer) : undefined
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
    else if (key === API.produce) return produce(this.#options, version, request, answer)
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
    const { coordinator, hubName, log, clientHost } = this.#options
    return { coordinator, hubName, partitionCount: log.partitionCount, clientId, clientHost }
  }

  #handshake(version: number, request: KafkaReader, answer: KafkaWriter): void {
    const name = request.string()
    this.#mechanism = isMechanism(name) ? name : undefined
    this.#expectsBareToken = version === 0 && this.#mechanism !== undefined
    answer.int16(this.#mechanism ? ERROR.none : ERROR.unsupportedSaslMechanism)
    answer.array(MECHANISMS, (one) => answer.string(one))
  }

  #authenticate(version: number, request: KafkaReader, answer: KafkaWriter): void {
    const response = request.bytes()
    const code = this.#mechanism ? ERROR.saslAuthenticationFailed : ERROR.illegalSaslState
    const refusal = this.#mechanism ? this.#signIn(response) : 'No mechanism was agreed on first.'
    answer
      .int16(refusal === undefined ? ERROR.none : code)
      .string(refusal)
      .bytes(Buffer.alloc(0))
    if (version >= 1) answer.int64(0)
  }

  #bareToken(token: Buffer): Buffer {
    this.#expectsBareToken = false
    const refusal = this.#signIn(token)
    if (refusal !== undefined) throw new Error(refusal)
    return new KafkaWriter().int32(0).end()
  }

  /** @returns why not. */
  #signIn(response: Buffer): string | undefined {
    const { auth, hubName, now, logger } = this.#options
    const refusal = refusalOf(this.#mechanism as Mechanism, response, auth, hubName, now())
    this.isSignedIn = refusal === undefined
    if (refusal !== undefined) logger.warn({ reason: refusal }, 'event hub (Kafka): sign-in refused')
    return refusal
  }
}

function framed(answer: KafkaWriter): Buffer {
  const bytes = answer.end()
  bytes.writeInt32BE(bytes.length - 4, 0)
  return bytes
}
