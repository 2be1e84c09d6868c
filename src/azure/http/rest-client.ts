/**
 * REST calls that our SDKs do not cover: resource manager reads, Databricks and Unity Catalog, Synapse
 * artifacts. Every failure is a {@link ServiceError}. Authorisation errors are never retried; others as often
 * as configured.
 */
import type { TokenCredential } from '@azure/identity'
import { ServiceError, type ServiceErrorKind } from '../../pipeline/ports/errors.ts'
import { backoff } from '../../pipeline/runtime/backoff.ts'
import { kindOfStatus } from '../errors/kinds.ts'
import { pageTitle } from '../errors/page-title.ts'
import { refusalHint } from '../errors/refusal-hints.ts'
import { retryAfterMs } from '../errors/retry-after.ts'
import { signInError } from '../errors/sign-in-error.ts'
import { abortableSleep } from './abortable-sleep.ts'
import { type AnswerHeaders, type ExchangeAnswer, exchange } from './exchange.ts'

/** One service, and how patient to be with it. */
export interface RestClientOptions {
  /** Display name: `Databricks`. */
  service: string
  /** Base URL without a trailing slash. */
  endpoint: string
  /** A credential that caches tokens is told when the service rejects one. */
  credential: TokenCredential & { forget?(): void }
  /** `https://management.azure.com/.default` */
  scope: string
  /** Sent with every request. */
  headers?: () => Promise<Readonly<Record<string, string>>>
  /** Per attempt, milliseconds. */
  timeoutMs?: number
  /** Longest answer that is read (bytes). */
  maxAnswerBytes?: number
  /** Retries after throttling, a lost connection or a 5xx. Only for calls that may be repeated. */
  retries?: number
  /** What to do about an error, by status, where its message does not say. */
  hints?: Readonly<Record<number, string>>
  /** Waits between attempts; replaced in tests. */
  sleep?: (ms: number, signal: AbortSignal | undefined) => Promise<void>
}

/** Query members that are undefined are left out. */
export interface RestRequest {
  query?: Readonly<Record<string, string | number | undefined>>
  /** Sent as JSON. */
  body?: unknown
  /** Sent twice it would make two: it is repeated only when the service has turned it away (429). */
  isOnce?: boolean
  headers?: Readonly<Record<string, string>>
  signal?: AbortSignal | undefined
}

/** `body` is undefined when the answer had none. */
export interface RestAnswer<T> {
  /** Below 400. */
  status: number
  headers: AnswerHeaders
  body: T
  /** Duration of the attempt that succeeded, without the wait for a token. */
  latencyMs: number
}

export interface RestClient {
  /**
   * @param path below the endpoint, or a whole URL from the same service
   * @throws ServiceError for every status from 400 on, for no answer, and for an answer that is not JSON.
   */
  request<T>(method: string, path: string, request?: RestRequest): Promise<RestAnswer<T>>
}

/** A notebook's source is the longest that any of our services answers with. */
const MAX_ANSWER_BYTES = 32_000_000

/** Longest `Retry-After` that a call waits for; beyond it the caller decides. */
const LONGEST_WAIT_MS = 60_000
/** Between attempts of a call that says nothing of its own (ms). */
const RETRY = { first: 500, longest: 8000 }

/**
 * Waits between attempts as the service says (`Retry-After`), else longer each time; a wait beyond the bound ends
 * it at once.
 */
export function createRestClient(options: RestClientOptions): RestClient {
  const { service, retries = 0, sleep = abortableSleep } = options
  return {
    request: async <T>(method: string, path: string, request: RestRequest = {}) => {
      for (let attempt = 0; ; attempt++) {
        try {
          return await send<T>(options, method, path, request)
        } catch (error) {
          const failure =
            error instanceof ServiceError ? error : new ServiceError('service', service, String(error))
          const mayRepeat = request.isOnce ? wasTurnedAway(failure) : mayPass(failure)
          if (attempt >= retries || !mayRepeat || request.signal?.aborted) throw failure
          const wait = failure.retryAfterMs ?? backoff(attempt + 1, RETRY)
          if (wait > LONGEST_WAIT_MS) throw failure
          await sleep(wait, request.signal)
        }
      }
    },
  }
}

/** An answer that may be another one a moment later. */
const mayPass = ({ kind, cause }: ServiceError) =>
  kind === 'throttled' || kind === 'unreachable' || isOfMoment((cause as StatusCause | undefined)?.status)

const isOfMoment = (status = 0) => status === 408 || status >= 500

/** The service says that it has done nothing. */
const wasTurnedAway = (failure: ServiceError) => statusCause(failure)?.status === 429

async function send<T>(
  options: RestClientOptions,
  method: string,
  path: string,
  request: RestRequest,
): Promise<RestAnswer<T>> {
  const { service, timeoutMs = 15_000, maxAnswerBytes = MAX_ANSWER_BYTES } = options
  const headers = {
    authorization: `Bearer ${await bearer(options, request.signal)}`,
    accept: 'application/json',
    ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(await options.headers?.()),
    ...request.headers,
  }
  const url = addressOf(options, path)
  for (const [name, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value))
  }
  const timeout = AbortSignal.timeout(timeoutMs)
  const signal = request.signal ? AbortSignal.any([request.signal, timeout]) : timeout
  const startedAt = performance.now()
  let response: ExchangeAnswer
  try {
    const body = request.body === undefined ? undefined : JSON.stringify(request.body)
    response = await exchange(url, { method, headers, body, signal, maxBytes: maxAnswerBytes })
  } catch (error) {
    if (error instanceof RangeError)
      throw new ServiceError('service', service, `${service} at ${url.host} answered ${error.message}`, {
        hint: 'Check that the address is that of the service and not of a portal or a proxy.',
        cause: error,
      })
    request.signal?.throwIfAborted()
    const reason = timeout.aborted ? `no answer within ${timeoutMs / 1000} s` : rootMessage(error)
    throw new ServiceError('unreachable', service, `${service} at ${url.host} cannot be reached: ${reason}`, {
      hint: 'Check the network, a proxy, and the address.',
      cause: error,
    })
  }
  const latencyMs = performance.now() - startedAt
  if (response.status === 401 || response.status === 403) options.credential.forget?.()
  if (response.status >= 400) throw statusError(options, `${method} ${url.pathname}`, response)
  return {
    status: response.status,
    headers: response.headers,
    body: parse<T>(service, url, response.text),
    latencyMs,
  }
}

/** A token is sent only to its own service, even when an answer names the next URL. */
function addressOf({ service, endpoint }: RestClientOptions, path: string): URL {
  if (!/^https?:/.test(path)) return new URL(endpoint + path)
  const url = new URL(path)
  if (url.origin === new URL(endpoint).origin) return url
  throw new ServiceError('service', service, `${service} sent us to another address, ${url.origin}`)
}

async function bearer(
  { credential, scope, service }: RestClientOptions,
  signal: AbortSignal | undefined,
): Promise<string> {
  try {
    const token = await credential.getToken(scope, signal ? { abortSignal: signal } : {})
    if (token) return token.token
  } catch (error) {
    signal?.throwIfAborted()
    const { kind, hint, message, needsSignIn } = signInError(error, undefined)
    throw new ServiceError(kind, service, `no token for ${service}: ${message}`, {
      hint,
      needsSignIn,
      cause: error,
    })
  }
  throw new ServiceError('authorization', service, `no token for ${service}: nobody is signed in`, {
    hint: 'az login',
    needsSignIn: true,
  })
}

function parse<T>(service: string, url: URL, text: string): T {
  if (text === '') return undefined as T
  const refuse = (what: string, cause?: unknown) =>
    new ServiceError(
      'service',
      service,
      `${service} answered something that is ${what} (${url.host}${url.pathname})`,
      {
        hint: 'Check that the address is that of the service and not of a portal or a proxy.',
        cause,
      },
    )
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch (error) {
    throw refuse('not JSON', error)
  }
  // Our services never answer with less; read as an empty list, it would mean that nothing runs.
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw refuse('not a JSON object')
  return body as T
}

/** A list in an answer; services leave out what is empty. @throws ServiceError for anything else. */
export function listIn<T extends object>(service: string, value: readonly T[] | undefined): readonly T[] {
  if (value === undefined || value === null) return []
  if (Array.isArray(value) && value.every((one) => typeof one === 'object' && one !== null)) return value
  throw new ServiceError('service', service, `${service} answered with a list that is none.`)
}

/** Azure's `{error: {code, message}}`, Databricks' `{error_code, message}`. */
interface ErrorBody {
  error?: { code?: string; message?: string }
  error_code?: string
  code?: string
  message?: string
}

/** What the service said, for callers that must tell errors apart. */
export interface StatusCause {
  status: number
  /** `AuthorizationFailed`, `RESOURCE_DOES_NOT_EXIST`, … */
  code: string | undefined
}

/** What the service answered; undefined for every other error. */
export const statusCause = (error: unknown): StatusCause | undefined =>
  error instanceof ServiceError ? (error.cause as StatusCause | undefined) : undefined

/** What to do, by status. */
const HINTS: Readonly<Record<number, string>> = { 401: 'Sign in again: az login.' }

function statusError(
  { service, hints }: RestClientOptions,
  what: string,
  response: ExchangeAnswer,
): ServiceError {
  const { text } = response
  let body: ErrorBody = {}
  try {
    body = (JSON.parse(text) ?? {}) as ErrorBody
  } catch {
    // Some errors come as HTML or XML; then only the status counts.
  }
  const xml = /<Code>([^<]*)<\/Code>/.exec(text)?.[1]
  const given =
    body.error?.code ?? body.error_code ?? body.code ?? response.headers.get('x-ms-error-code') ?? xml
  // Databricks' front door has a number there.
  const code = given === undefined ? undefined : String(given)
  const message =
    String(body.error?.message ?? body.message ?? pageTitle(text) ?? response.statusText)
      .split('\n')[0]
      ?.trim() ?? ''
  const cause: StatusCause = { status: response.status, code }
  const kind = kindOf(response.status, cause.code)
  const told = refusalHint(cause.code, message)
  return new ServiceError(kind, service, `${service}: ${code ?? response.status} ${message} (${what})`, {
    retryAfterMs: retryAfterMs(response.headers),
    hint: told ?? { ...HINTS, ...hints }[response.status],
    isExplained: told !== undefined,
    needsSignIn: response.status === 401,
    cause,
  })
}

function kindOf(status: number, code: string | undefined): ServiceErrorKind {
  // Databricks answers some missing things with 400 and this code.
  if (code === 'RESOURCE_DOES_NOT_EXIST' && status !== 401 && status !== 403) return 'not-found'
  return kindOfStatus(status) ?? 'service'
}

/** The real error may stand in `cause`. */
function rootMessage(error: unknown): string {
  let inner: unknown = error
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause
  return inner instanceof Error ? inner.message || inner.name : String(inner)
}
