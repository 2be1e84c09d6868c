/** Routes for the JSON services: method and path pattern to a function that returns its answer. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { HttpError } from './errors.ts'
import type { Handler } from './server.ts'

/** One request that has a route. */
export interface Call {
  request: IncomingMessage
  /** Decoded values of the pattern's `:name` segments. */
  params: Readonly<Record<string, string>>
  /** Names in lower case, since Azure's services ignore their case. */
  query: URLSearchParams
  /** Decoded path, without the query. */
  path: string
}

/** `body` undefined: an empty answer; bytes go out as they are, all else as JSON. `status` defaults to 200. */
export interface Answer {
  status?: number
  headers?: Record<string, string>
  body?: unknown
}

/** One method on one form of path. */
export interface Route {
  method: string
  /** `/subscriptions/:subscription/providers/…`; literal segments are compared without case, as ARM does. */
  pattern: string
  handle(call: Call): Answer | Promise<Answer>
}

/** Checks a request before any route sees it; throws to refuse. */
export type Guard = (request: IncomingMessage) => void

/** Nothing is served at that path. Who knows why not can say so in its place. */
export class NoRouteError extends HttpError {
  readonly path: string

  constructor(path: string) {
    super(404, 'NotFound', `Nothing is served at ${path}.`)
    this.path = path
  }
}

/** @returns a handler; unknown paths give 404, known paths with another method 405. */
export function routes(table: readonly Route[], ...guards: readonly Guard[]): Handler {
  const compiled = table.map((route) => ({ route, segments: split(route.pattern) }))
  return async (request, response) => {
    for (const guard of guards) guard(request)
    const { segments, query, path } = parseTarget(request)
    const allowed = new Set<string>()
    for (const { route, segments: pattern } of compiled) {
      const params = match(pattern, segments)
      if (!params) continue
      if (route.method === request.method) {
        sendAnswer(response, await route.handle({ request, params, query, path }))
        return
      }
      allowed.add(route.method)
    }
    if (allowed.size > 0) {
      throw new HttpError(405, 'MethodNotAllowed', `${request.method} is not supported for ${path}.`, {
        headers: { allow: [...allowed].join(', ') },
      })
    }
    throw new NoRouteError(path)
  }
}

/** Answers with JSON, with bytes, or with nothing when the answer has no body. */
function sendAnswer(response: ServerResponse, answer: Answer): void {
  const isBytes = Buffer.isBuffer(answer.body)
  const body = isBytes
    ? (answer.body as Buffer)
    : Buffer.from(answer.body === undefined ? '' : JSON.stringify(answer.body))
  const type = isBytes ? 'application/octet-stream' : 'application/json; charset=utf-8'
  response.writeHead(answer.status ?? 200, {
    ...(answer.body === undefined ? {} : { 'content-type': type }),
    'content-length': body.length,
    ...answer.headers,
  })
  response.end(body)
}

/**
 * The request's path, split at slashes first and decoded then, so that an encoded slash stays inside its segment.
 * @throws HttpError 400 for encodings that do not parse.
 */
function parseTarget(request: IncomingMessage): {
  segments: string[]
  query: URLSearchParams
  path: string
} {
  const target = request.url ?? '/'
  const mark = target.indexOf('?')
  const raw = mark < 0 ? target : target.slice(0, mark)
  try {
    const segments = split(raw).map((segment) => decodeURIComponent(segment))
    return {
      segments,
      query: queryIn(mark < 0 ? '' : target.slice(mark + 1)),
      path: `/${segments.join('/')}`,
    }
  } catch (cause) {
    throw new HttpError(400, 'InvalidUri', 'The request path is not a valid percent encoding.', { cause })
  }
}

function queryIn(text: string): URLSearchParams {
  const query = new URLSearchParams()
  for (const [name, value] of new URLSearchParams(text)) query.append(name.toLowerCase(), value)
  return query
}

const split = (path: string) => path.split('/').filter((segment) => segment !== '')

function match(pattern: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined
  const params: Record<string, string> = {}
  for (const [index, expected] of pattern.entries()) {
    const given = segments[index] as string
    if (expected.startsWith(':')) params[expected.slice(1)] = given
    else if (expected.toLowerCase() !== given.toLowerCase()) return undefined
  }
  return params
}
