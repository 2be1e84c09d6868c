/**
 * One request and its answer over Node's own HTTP. Its `fetch` would be a second HTTP client beside that of the SDKs, which is
 * loaded when it is first asked for and keeps some 10 MB.
 */

import http from 'node:http'
import https from 'node:https'
import { grouped } from '../../contract/grouped.ts'
import { wholeBody } from './whole-body.ts'

export interface Exchange {
  method: string
  headers: Readonly<Record<string, string>>
  body: string | undefined
  signal: AbortSignal
  /** Longest answer that is read (bytes). */
  maxBytes: number
}

export interface ExchangeAnswer {
  status: number
  statusText: string
  headers: AnswerHeaders
  text: string
}

/** By name, in any case. */
export interface AnswerHeaders {
  get(name: string): string | null
}

/** Redirections are not followed: a token is for its own service. */
const REDIRECTIONS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/**
 * @throws RangeError for a longer answer, of which the rest is not read; Error, as the system says it, for none; for a
 * redirection; and when the signal aborts it.
 */
export async function exchange(url: URL, given: Exchange): Promise<ExchangeAnswer> {
  const answer = await headOf(url, given)
  const { statusCode: status = 0, statusMessage: statusText = '' } = answer
  try {
    if (REDIRECTIONS.has(status)) throw new Error('unexpected redirect')
    const body = await wholeBody(answer, {
      bytes: given.maxBytes,
      tooLong: () => new RangeError(`with more than ${grouped(given.maxBytes)} bytes.`),
    })
    return { status, statusText, headers: headersOf(answer), text: body.toString('utf8') }
  } catch (error) {
    answer.destroy()
    throw error
  }
}

/** A connection that was kept may be closed by the service as it is used again: what may be repeated takes another one, once. */
async function headOf(url: URL, given: Exchange): Promise<http.IncomingMessage> {
  const first = begin(url, given)
  try {
    return await first.answer
  } catch (error) {
    const isLost = first.request.reusedSocket && (error as NodeJS.ErrnoException).code === 'ECONNRESET'
    if (!isLost || given.method !== 'GET' || given.signal.aborted) throw error
    return begin(url, given).answer
  }
}

/** As Node's own agents keep connections. */
const KEPT = { keepAlive: true, scheduling: 'lifo', timeout: 5000 } as const
let agents: { http: http.Agent; https: https.Agent } | undefined

/**
 * Goes to the proxy that the environment names, and past it where `NO_PROXY` says so: as the SDKs do, whether Node itself does
 * (`NODE_USE_ENV_PROXY`) or not. Made when it is first needed: by then loopback is in `NO_PROXY`.
 */
function agentFor(url: URL): http.Agent {
  const options = { ...KEPT, proxyEnv: process.env }
  agents ??= { http: new http.Agent(options), https: new https.Agent(options) }
  return url.protocol === 'https:' ? agents.https : agents.http
}

function begin(url: URL, { method, headers, body, signal }: Exchange) {
  const { request: requested } = url.protocol === 'https:' ? https : http
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>()
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  const request = requested(
    url,
    {
      method,
      headers: { 'accept-encoding': 'identity', ...headers, ...length },
      signal,
      agent: agentFor(url),
    },
    resolve,
  )
  request.on('error', reject)
  request.end(body)
  return { request, answer: promise }
}

const headersOf = ({ headers }: http.IncomingMessage): AnswerHeaders => ({
  get: (name) => {
    const value = headers[name.toLowerCase()]
    return (Array.isArray(value) ? value.join(', ') : value) ?? null
  },
})
