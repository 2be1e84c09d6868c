/** Questions to `$cbs` and `$management`: the proof of who the peer is, and what the hub and its partitions are. */
import type { Logger } from 'pino'
import type { Delivery, Message } from 'rhea'
import type { Clock } from '../../runtime/clock.ts'
import { decodeMessage, encodeMessage } from '../amqp/library.ts'
import type { Peer } from '../amqp/peer.ts'
import type { Rejection } from '../amqp/refusal.ts'
import { checkSections } from '../amqp/sections.ts'
import { settleAtOnce } from '../amqp/settlement.ts'
import type { HubLog } from '../log/log.ts'
import { type HubNames, isOfHub, noSuchHub, pathOf } from './address.ts'
import { answer, manage, refusal, replyLink } from './management.ts'
import { checkToken, type HubAuth, typeOfToken, type Unauthorized } from './sas.ts'

/** Clients try again a few times; a peer that goes on guessing has to reconnect. */
const MAX_REFUSED_TOKENS = 20
/** Tokens and questions are short. */
export const MAX_REQUEST_BYTES = 65_536

/** Longer than the address of any hub. */
const MAX_ADDRESS = 400
const HELP =
  'Put a token to $cbs first: the key or the bearer token of this session (rtstream-tui endpoints).'

/**
 * For a link of a peer that has not proved who it is, or no longer. The first sentence is the service's, as clients log it (home-assistant, issue
 * 81084; azure-service-bus-java, issue 110).
 * @param claim what the link needs. @param address as the peer wrote it.
 */
export const unauthorized = (claim: 'Listen' | 'Send', address: unknown): Rejection => ({
  condition: 'amqp:unauthorized-access',
  description: `Unauthorized access. '${claim}' claim(s) are required to perform this operation. Resource: 'sb://localhost/${pathOf(address).toLowerCase().slice(0, MAX_ADDRESS)}'. ${HELP}`,
})

export interface RequestsOptions {
  log: HubLog
  hubName: string
  auth: HubAuth
  logger: Logger
  clock: Clock
}

/** By the address of the link. */
export type RequestKind = 'cbs' | 'management'

/** For all connections; an answer goes out on the link that the request names. */
export class Requests {
  readonly #options: RequestsOptions
  readonly #names: () => HubNames

  constructor(options: RequestsOptions, names: () => HubNames) {
    this.#options = options
    this.#names = names
  }

  /** @param bytes undefined: more than a request may have. */
  take(kind: RequestKind, peer: Peer, delivery: Delivery, bytes: Buffer | undefined): void {
    if (!bytes) {
      peer.refuse(`a request of more than ${MAX_REQUEST_BYTES} bytes`)
      return
    }
    // A malformed message ends the connection; the library would print it to the terminal.
    checkSections(bytes)
    const request = decodeMessage(bytes)
    // Before its answer, as the service does: the SDK for Python over uamqp logs an error for one that comes first.
    settleAtOnce(delivery)
    const reply = kind === 'cbs' ? this.#claimed(request, peer) : this.#managed(request, peer)
    const link = replyLink(peer.answers.links(), request, kind)
    // A client closes one half of the pair and then the other: an answer without a receiver is dropped.
    if (link) peer.answers.add(link, encodeMessage(reply))
    else this.#options.logger.debug({ kind }, 'event hub: nobody waits for an answer')
  }

  #claimed(request: Message, peer: Peer): Message {
    const { name, type } = request.application_properties ?? {}
    if (!isOfHub(name, this.#options.hubName)) return this.#noSuchHub(request, name)
    const proof = { type: String(type), token: String(request.body) }
    return this.#refusalOf(proof, request, peer) ?? answer(request, 202, 'Accepted')
  }

  #noSuchHub(request: Message, resource: unknown): Message {
    return refusal(request, 404, noSuchHub(pathOf(resource).split('/')[0], this.#names()))
  }

  /** A question brings its proof along; some clients put none to `$cbs` for it. */
  #managed(request: Message, peer: Peer): Message {
    const { log, clock } = this.#options
    const token = request.application_properties?.security_token
    if (peer.authorizedUntil <= clock.now()) {
      if (typeof token !== 'string')
        return refusal(request, 401, { condition: 'amqp:unauthorized-access', description: HELP })
      const refused = this.#refusalOf({ type: typeOfToken(token), token }, request, peer)
      if (refused) return refused
    }
    return manage(request, log, this.#names(), clock)
  }

  /** @returns the answer to an invalid proof; a valid one admits the peer. */
  #refusalOf(proof: { type: string; token: string }, request: Message, peer: Peer): Message | undefined {
    const { auth, hubName, clock, logger } = this.#options
    const checked = checkToken(auth, hubName, proof, clock.now())
    if ('refused' in checked) {
      logger.warn({ reason: checked.refused }, 'event hub: token refused')
      if (++peer.refusedTokens === MAX_REFUSED_TOKENS) peer.refuse('too many tokens were wrong')
      if (checked.status === 404) return this.#noSuchHub(request, checked.resource)
      return refusal(request, 401, { condition: 'com.microsoft:auth-failed', description: wordsOf(checked) })
    }
    peer.authorizedUntil = Math.max(peer.authorizedUntil, checked.expiresAt)
    return undefined
  }
}

/** In the service's own form where clients log it (and Azure's SDK for Go tests for it), with ours behind a wrong signature. */
function wordsOf({ refused, expiredAt, isWrongSignature }: Unauthorized): string {
  const end = new Date(expiredAt ?? Number.NaN)
  // A client may have signed what is no time at all.
  if (!Number.isNaN(end.getTime())) {
    const [day, time = ''] = end.toISOString().split('T')
    return `ExpiredToken: The token is expired. Expiration time: '${day} ${time.slice(0, 8)}Z'`
  }
  return isWrongSignature
    ? `InvalidSignature: The token has an invalid signature. Is its key of this session (rtstream-tui endpoints)?`
    : `The token is refused: ${refused}.`
}
