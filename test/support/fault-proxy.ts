/**
 * Misbehaviour on demand between a client and a service on loopback: delays, statuses, cut connections, junk.
 *
 *   const proxy = await startFaultProxy({ upstream: 'https://localhost:1234' })   // or { handler: (request) => … }
 *   proxy.inject({ match: /jobs\/run-now/, times: 2, respond: { status: 429, headers: { 'retry-after': '1' } } })
 *
 * Faults are tried in the order in which they were injected; the first that matches and is not used up acts.
 */
import { createServer, type IncomingMessage, request as requestHttp, type ServerResponse } from 'node:http'
import { createServer as createSecureServer, request as requestHttps } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'

export interface SeenRequest {
  method: string
  /** Path and query. */
  path: string
  headers: IncomingMessage['headers']
  body: string
}

export interface Answer {
  status: number
  headers?: Readonly<Record<string, string>>
  /** Objects are sent as JSON. */
  body?: unknown
}

export interface Fault {
  /** Tested against `METHOD /path?query`. Default: every request. */
  match?: RegExp | ((request: SeenRequest) => boolean)
  /** How often the fault acts; default: until it is removed. */
  times?: number
  /** Milliseconds before anything else happens. */
  delayMs?: number
  /** Answered in place of the service. */
  respond?: Answer
  /** `before`: the connection is cut without an answer. `midway`: after half of the body. */
  cut?: 'before' | 'midway'
  /** What the service answers reaches the client as something that is no JSON. */
  malformed?: boolean
  /** Never answered; the request hangs until the client gives up or the proxy closes. */
  hang?: boolean
}

export interface FaultProxy {
  /** No trailing slash. */
  url: string
  port: number
  /** In the order of their arrival; grows. */
  requests: readonly SeenRequest[]
  /** @returns a function that removes the fault. */
  inject(fault: Fault): () => void
  /** Cuts every connection that is open now. */
  cutAll(): void
  close(): Promise<void>
}

export interface FaultProxyOptions {
  /** Base URL of a real service; its certificate is not checked (it is on loopback). */
  upstream?: string
  /** In place of a service. Undefined: 404. */
  handler?: (request: SeenRequest) => Answer | undefined | Promise<Answer | undefined>
  /** Serve https with these PEM texts; without them http. */
  tls?: { key: string; cert: string }
}

/** What services answer when a bearer token has expired. */
export const expiredToken: Answer = {
  status: 401,
  headers: {
    'www-authenticate': 'Bearer error="invalid_token", error_description="The access token has expired"',
  },
  body: { error: { code: 'ExpiredAuthenticationToken', message: 'The access token has expired.' } },
}

/** Throttling, with the time after which to come back. */
export const throttled = (seconds: number): Answer => ({
  status: 429,
  headers: { 'retry-after': String(seconds) },
  body: { error: { code: 'TooManyRequests', message: 'Too many requests.' } },
})

interface Armed {
  fault: Fault
  left: number
}

export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const requests: SeenRequest[] = []
  const armed: Armed[] = []
  const sockets = new Set<Socket>()

  const serve = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    const seen = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      headers: incoming.headers,
      body: body.toString(),
    }
    requests.push(seen)
    const fault = take(armed, seen)
    if (fault?.delayMs) await new Promise((resolve) => setTimeout(resolve, fault.delayMs).unref())
    if (fault?.hang) return
    if (fault?.cut === 'before') {
      incoming.socket.destroy()
      return
    }
    const answer = fault?.respond ?? (await ask(options, seen, body))
    send(response, answer, fault)
  }
  const listener = (incoming: IncomingMessage, response: ServerResponse) => {
    serve(incoming, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(502)
      response.end(String(error))
    })
  }

  const server = options.tls ? createSecureServer(options.tls, listener) : createServer(listener)
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const cutAll = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: options.tls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`,
    port,
    requests,
    inject: (fault) => {
      const entry = { fault, left: fault.times ?? Number.POSITIVE_INFINITY }
      armed.push(entry)
      return () => armed.splice(armed.indexOf(entry), armed.includes(entry) ? 1 : 0)
    },
    cutAll,
    close: async () => {
      cutAll()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function take(armed: readonly Armed[], seen: SeenRequest): Fault | undefined {
  const found = armed.find(({ fault: { match }, left }) => {
    if (left <= 0) return false
    return match instanceof RegExp ? match.test(`${seen.method} ${seen.path}`) : (match?.(seen) ?? true)
  })
  if (found) found.left--
  return found?.fault
}

async function ask(options: FaultProxyOptions, seen: SeenRequest, body: Buffer): Promise<Answer> {
  if (options.upstream) return forward(options.upstream, seen, body)
  return (
    (await options.handler?.(seen)) ?? {
      status: 404,
      body: { error: { code: 'NotFound', message: `nothing at ${seen.path}` } },
    }
  )
}

function forward(upstream: string, seen: SeenRequest, body: Buffer): Promise<Answer> {
  const url = new URL(upstream)
  const secure = url.protocol === 'https:'
  const path = `${url.pathname.replace(/\/$/, '')}${seen.path}`
  const target = { hostname: url.hostname, port: url.port, method: seen.method, path }
  return new Promise((resolve, reject) => {
    const headers = { ...seen.headers, host: url.host }
    const outgoing = secure
      ? requestHttps({ ...target, headers, rejectUnauthorized: false })
      : requestHttp({ ...target, headers })
    outgoing.on('error', reject).on('response', (incoming) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('error', reject).on('end', () => {
        const kept = Object.entries(incoming.headers).filter(([name]) => name !== 'transfer-encoding')
        resolve({
          status: incoming.statusCode ?? 502,
          headers: Object.fromEntries(kept.map(([name, value]) => [name, String(value)])),
          body: Buffer.concat(chunks),
        })
      })
    })
    outgoing.end(body)
  })
}

function send(response: ServerResponse, answer: Answer, fault: Fault | undefined): void {
  const isRaw = Buffer.isBuffer(answer.body) || typeof answer.body === 'string' || answer.body === undefined
  const text = isRaw ? ((answer.body as Buffer | string | undefined) ?? '') : JSON.stringify(answer.body)
  const payload = fault?.malformed ? Buffer.from('<html>{"junk": ') : Buffer.from(text)
  const type = isRaw ? {} : { 'content-type': 'application/json' }
  const { 'content-length': _, ...headers } = answer.headers ?? {}
  response.writeHead(answer.status, { ...type, ...headers, 'content-length': payload.length })
  if (fault?.cut === 'midway') {
    response.write(payload.subarray(0, payload.length >> 1), () => response.destroy())
    return
  }
  response.end(payload)
}
