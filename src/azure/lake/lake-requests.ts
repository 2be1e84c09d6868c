/**
 * Requests to the data lake, over the HTTP client that all SDKs share. Azure's storage client puts two generations of that client around
 * each request, and reads listings field by field: for the watcher, which asks several times a second, that was most of the work.
 */
import type { Readable } from 'node:stream'
import {
  createHttpHeaders,
  createPipelineRequest,
  type HttpClient,
  type PipelineResponse,
  proxyPolicy,
} from '@azure/core-rest-pipeline'
import type { TokenCredential } from '@azure/identity'
import type { ServiceError } from '../../pipeline/ports/errors.ts'
import { sdkError } from '../errors/sdk-error.ts'
import { abortableSleep } from '../http/abortable-sleep.ts'
import { type AnswerLimits, boundedHttpClient } from '../http/bounded-http-client.ts'
import { SCOPES } from '../resources/service-clients.ts'

export const SERVICE = 'the data lake'

/** The first that lists from a name on is 2025-07-05. */
const VERSION = '2026-06-06'
/** Tries of a request, and the wait before the next one (ms): who asks comes again by itself. */
const TRIES = 2
const RETRY_MS = 300
/** Until the head of an answer is there (ms). */
const HEAD_MS = 30_000

const DOWNLOADS: ReadonlySet<number> = new Set([200, 206])
const NONE: ReadonlySet<number> = new Set()

export interface LakeRequest {
  query?: Readonly<Record<string, string | undefined>>
  /** `bytes=0-9` */
  range?: string | undefined
  signal?: AbortSignal | undefined
}

export interface LakeRequests {
  /** @returns the body of a file; undefined when there is no such file. @throws ServiceError */
  file(path: string, request: LakeRequest): Promise<Readable | undefined>
  /** @returns the body of another answer, and how its list goes on; undefined for what is not there. @throws ServiceError */
  page(
    path: string,
    request: LakeRequest,
  ): Promise<{ text: string; continuation: string | undefined } | undefined>
}

export interface LakeRequestsOptions {
  /** `https://account.dfs.core.windows.net`, or the local one with the account as its path. */
  endpoint: string
  /** A credential that caches tokens is told when the service rejects one. */
  credential: TokenCredential & { forget?(): void }
  /** Of answers that are not files. */
  limits: AnswerLimits
}

export function createLakeRequests({ endpoint, credential, limits }: LakeRequestsOptions): LakeRequests {
  const client = throughProxy(boundedHttpClient(SERVICE, limits))
  const base = endpoint.replace(/\/$/, '')

  async function once(path: string, request: LakeRequest, streamed: ReadonlySet<number>) {
    const { query = {}, range, signal } = request
    const token = await credential.getToken(SCOPES.lake, signal ? { abortSignal: signal } : {})
    const answer = await client.sendRequest(
      createPipelineRequest({
        url: `${base}/${path.split('/').map(encodeURIComponent).join('/')}${queryText(query)}`,
        headers: createHttpHeaders({
          authorization: `Bearer ${token?.token}`,
          'x-ms-version': VERSION,
          ...(range === undefined ? {} : { range }),
        }),
        timeout: HEAD_MS,
        streamResponseStatusCodes: streamed as Set<number>,
        // As the SDK does: the address says whether the connection is encrypted.
        allowInsecureConnection: true,
        ...(signal ? { abortSignal: signal } : {}),
      }),
    )
    const { status } = answer
    if (status === 404) return undefined
    if (status === 401 || status === 403) credential.forget?.()
    if (status >= 300) throw refusal(answer)
    return answer
  }

  async function ask(path: string, request: LakeRequest, streamed: ReadonlySet<number>) {
    for (let attempt = 1; ; attempt++) {
      try {
        return await once(path, request, streamed)
      } catch (cause) {
        const error = sdkError(SERVICE, cause)
        if (attempt >= TRIES || !mayPass(error) || request.signal?.aborted) throw error
        await abortableSleep(RETRY_MS, request.signal)
      }
    }
  }

  return {
    file: async (path, request) =>
      (await ask(path, request, DOWNLOADS))?.readableStreamBody as Readable | undefined,
    async page(path, request) {
      const answer = await ask(path, request, NONE)
      return (
        answer && {
          text: answer.bodyAsText ?? '',
          continuation: answer.headers.get('x-ms-continuation') || undefined,
        }
      )
    },
  }
}

/** As the environment names it. */
function throughProxy(client: HttpClient): HttpClient {
  const proxy = proxyPolicy()
  return { sendRequest: (request) => proxy.sendRequest(request, (next) => client.sendRequest(next)) }
}

function queryText(query: NonNullable<LakeRequest['query']>): string {
  const parts = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  )
  return parts.length > 0 ? `?${parts.join('&')}` : ''
}

function mayPass({ kind, cause }: ServiceError): boolean {
  const { statusCode = 0 } = (cause ?? {}) as { statusCode?: number }
  return kind === 'unreachable' || kind === 'throttled' || statusCode >= 500
}

/** Azure answers in JSON, or in XML where the request is taken for one of blobs. */
function refusal({ status, headers, bodyAsText }: PipelineResponse): Error {
  const text = bodyAsText ?? ''
  let message = /<Message>([^<]*)/.exec(text)?.[1]
  try {
    message ??= (JSON.parse(text) as { error?: { message?: string } }).error?.message
  } catch {
    // A page of a proxy: the status counts.
  }
  const code = headers.get('x-ms-error-code')
  return Object.assign(new Error(message ?? code ?? `status ${status}`), {
    statusCode: status,
    code,
    response: { headers },
  })
}
