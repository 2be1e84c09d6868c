/** The HTTP server under every REST stand-in: loopback only, bounded, and tolerant of bad input. */

import { once } from 'node:events'
import {
  createServer as createPlainServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Logger as PinoLogger } from 'pino'
import type { Certificate } from '../runtime/certificate.ts'
import { listenOnLoopback } from '../runtime/loopback.ts'
import { askForBodyWhenRead, drainBody } from './body.ts'
import { armError, type ErrorForm, HttpError } from './errors.ts'
import { refuseForeignOrigin } from './origin.ts'

/** Of pino, without what would end or change it. */
export type Logger = Pick<PinoLogger, 'debug' | 'info' | 'warn' | 'error'>

/** Answers one request. What it throws becomes the service's error answer; see {@link HttpError}. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void

/** Each bound has a default that fits every stand-in. */
export interface HttpServerOptions {
  /** 0 = a free port. */
  port: number
  tls?: Certificate | undefined
  logger: Logger
  /** What it is, for messages: `the lake`. */
  name: string
  /** How this service words errors; default: ARM's JSON. */
  errorForm?: ErrorForm
  /** The handler decides itself which pages of other sites may come. Default false: none. */
  admitsPages?: boolean
  /** Milliseconds that a request's body may take to arrive. Default 120,000. */
  requestTimeoutMs?: number
}

const MAX_HEADER_BYTES = 32 * 1024
const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 120_000
/** Longer than the clients keep theirs, so that it is they who close an idle connection, never in mid-request. */
const KEEP_ALIVE_MS = 75_000
const MAX_CONNECTIONS = 1_000

export interface Listening {
  port: number
  /** Stops listening and ends every connection, idle or busy. Safe to call twice. */
  close(): Promise<void>
}

/** @throws PortTakenError when the fixed port is taken. */
export async function listen(handler: Handler, options: HttpServerOptions): Promise<Listening> {
  const closers: (() => Promise<void>)[] = []
  const { port } = await listenOnLoopback(options.name, options.port, async (at) => {
    const server = createServer(handler, options)
    closers.push(closerOf(server))
    // `exclusive`: in a cluster worker a shared handle would hide a taken port.
    server.listen({ ...at, exclusive: true })
    await once(server, 'listening')
    return server
  })
  return { port, close: async () => void (await Promise.all(closers.map((close) => close()))) }
}

function createServer(handler: Handler, options: HttpServerOptions): Server {
  const settings: ServerOptions = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: 5_000,
    keepAliveTimeout: KEEP_ALIVE_MS,
  }
  const onRequest = (request: IncomingMessage, response: ServerResponse) =>
    void answer(handler, options, request, response)
  const server: Server = options.tls
    ? createTlsServer(
        {
          ...settings,
          ...options.tls,
          handshakeTimeout: HEADERS_TIMEOUT_MS,
          // Node alone offers 1.1 only, and a client that asks for 1.0 would fail in its handshake.
          ALPNProtocols: ['http/1.1', 'http/1.0'],
        },
        onRequest,
      )
    : createPlainServer(settings, onRequest)
  server.maxConnections = MAX_CONNECTIONS
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    askForBodyWhenRead(request, response)
    onRequest(request, response)
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    refuseJunk(error, socket, options)
  })
  server.on('tlsClientError', (error: Error) => {
    options.logger.warn({ server: options.name, reason: error.message }, 'TLS handshake refused')
  })
  return server
}

function closerOf(server: Server): () => Promise<void> {
  // Kept here, not by the server: http's own list misses connections that have not finished their TLS handshake.
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  let closed: Promise<void> | undefined
  return () => {
    closed ??= new Promise((done) => {
      // Called back with an error when it never listened; closed is closed.
      server.close(() => done())
      for (const socket of sockets) socket.destroy()
    })
    return closed
  }
}

/** Bytes that are not an HTTP request, or a request that is too big or too slow. */
function refuseJunk(error: NodeJS.ErrnoException, socket: Socket, options: HttpServerOptions): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const status =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? '408 Request Timeout'
        : '400 Bad Request'
  options.logger.warn({ server: options.name, reason: error.code ?? error.message }, `HTTP junk: ${status}`)
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy())
}

async function answer(
  handler: Handler,
  options: HttpServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    // A whole address in place of a path is to be taken by every server (RFC 9112, 3.2.2); clients behind a proxy send it.
    request.url = request.url?.replace(/^https?:\/\/[^/?]*(?=[/?]|$)/i, '') || '/'
    if (!options.admitsPages) refuseForeignOrigin(request)
    await handler(request, response)
  } catch (error) {
    const about = { server: options.name, method: request.method, url: request.url?.split('?')[0] }
    if (response.destroyed || request.socket.destroyed) {
      options.logger.debug({ ...about, error }, 'client went away')
      return
    }
    let refusal: HttpError
    if (error instanceof HttpError) {
      refusal = error
      options.logger[error.status === 401 || error.status === 403 || error.status >= 500 ? 'warn' : 'debug'](
        { ...about, status: error.status, code: error.code, reason: error.message },
        'request refused',
      )
    } else {
      refusal = new HttpError(500, 'InternalError', `The request failed inside ${options.name}: see the log.`)
      options.logger.error({ ...about, err: error }, 'request failed')
    }
    if (!response.headersSent) await drainBody(request)
    sendError(refusal, options.errorForm ?? armError, request, response)
  }
}

function sendError(
  error: HttpError,
  form: ErrorForm,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (response.headersSent) {
    // Half the answer is sent: only cutting the connection can show that it is incomplete.
    response.destroy()
    return
  }
  const { headers, body, reason } = form(error, request)
  // Headers that announce a body make some clients parse one even where there is none.
  const isBodiless = request.method === 'HEAD' || error.status === 304
  // A body that was not read to its end would stand before the next request: such a connection is not kept.
  if (!request.complete) response.setHeader('connection', 'close')
  const about = Object.entries(headers).filter(([name]) => !(isBodiless && name === 'content-type'))
  if (reason !== undefined) response.statusMessage = reason
  response.writeHead(error.status, {
    ...Object.fromEntries(about),
    ...error.headers,
    ...(error.status === 304 ? {} : { 'content-length': isBodiless ? 0 : Buffer.byteLength(body) }),
  })
  response.end(isBodiless ? undefined : body)
}
