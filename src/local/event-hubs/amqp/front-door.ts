/**
 * What stands behind a port of the hub: AMQP as it is, inside of TLS, inside of WebSockets, or inside of both. The first byte
 * tells which: some clients speak TLS to whatever address they are given as soon as they are told to use WebSockets.
 */
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls'
import type { Logger } from 'pino'
import { type Accept, webSocketDoor } from './websocket.ts'

export interface FrontDoorOptions {
  /** PEM. */
  tls: { key: string; cert: string }
  /** How long a peer may take to say anything, or to end its handshake (ms). */
  patienceMs: number
  logger: Logger
  /** A connection that speaks AMQP. */
  accept: Accept
}

/** First byte of a TLS handshake, and of the one HTTP method that opens a WebSocket. */
const TLS_HANDSHAKE = 0x16
const GET = 'G'.charCodeAt(0)

/** One for all ports: what is spoken is found out for each connection anew. */
export class FrontDoor {
  readonly #options: FrontDoorOptions
  readonly #tls: TlsServer
  readonly #webSockets: (stream: Duplex) => void

  constructor(options: FrontDoorOptions) {
    this.#options = options
    this.#tls = this.secureServer()
    this.#webSockets = webSocketDoor(options)
  }

  /** A server for a port that speaks nothing but TLS. */
  secureServer(): TlsServer {
    const { tls, patienceMs, logger } = this.#options
    const server = createTlsServer({ ...tls, handshakeTimeout: patienceMs }, (socket) => this.#enter(socket))
    server.on('tlsClientError', (error: Error, socket: Socket) => {
      logger.warn({ reason: error.message }, 'event hub: TLS refused')
      // A handshake that took too long leaves the socket open.
      socket.destroy()
    })
    return server
  }

  /** A connection on the port that speaks everything. */
  enter(socket: Socket): void {
    this.#enter(socket, () => this.#tls.emit('connection', socket))
  }

  #enter(stream: Duplex, onTls?: () => void): void {
    // Until somebody else listens.
    stream.on('error', () => {})
    const timer = setTimeout(() => stream.destroy(), this.#options.patienceMs)
    stream.once('close', () => clearTimeout(timer))
    stream.once('data', (chunk: Buffer) => {
      clearTimeout(timer)
      stream.pause()
      stream.unshift(chunk)
      const [first] = chunk
      if (first === TLS_HANDSHAKE && onTls) onTls()
      else if (first === GET) this.#webSockets(stream)
      else this.#options.accept(stream)
    })
  }
}
