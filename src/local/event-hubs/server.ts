/** The event hub on loopback: AMQP 1.0, over TLS for the SDKs and plain for `UseDevelopmentEmulator=true`. */
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { listenOnLoopback } from '../runtime/loopback.ts'
import { AmqpSocket } from './amqp/socket.ts'
import { Hub, type HubOptions } from './hub.ts'

export interface EventHubsOptions extends HubOptions {
  /** PEM. */
  tls: { key: string; cert: string }
  /** 0 = a free port. */
  ports: { plain: number; tls: number }
  limits?: Partial<ServerLimits>
}

export interface ServerLimits {
  /** Open at once, on each address; more than any demo opens. */
  connections: number
  /** A peer must have proved who it is within this time (ms), its TLS handshake included. */
  authorizationMs: number
}

export interface EventHubsServer {
  plainPort: number
  tlsPort: number
  /** Cuts every connection and resolves when the ports are free. The log stays open. */
  close(): Promise<void>
}

const LIMITS: ServerLimits = { connections: 200, authorizationMs: 20_000 }

/** @throws PortTakenError */
export async function startEventHubs(options: EventHubsOptions): Promise<EventHubsServer> {
  const limits = { ...LIMITS, ...options.limits }
  const { logger, clock, ports } = options
  const hub = new Hub(options)
  const sockets = new Set<Socket>()

  const track = (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', (error) => logger.debug({ reason: error.message }, 'event hub: connection broken'))
  }
  const accept = (socket: Socket) => {
    track(socket)
    socket.setNoDelay(true)
    const amqp = new AmqpSocket(socket, (reason) => logger.warn({ reason }, 'event hub: connection refused'))
    const peer = hub.accept(amqp)
    const deadline = setTimeout(() => {
      if (peer.authorizedUntil <= clock.now()) peer.refuse('no token was put to $cbs in time')
    }, limits.authorizationMs)
    socket.once('close', () => clearTimeout(deadline))
  }
  const open = (name: string, port: number, isSecure: boolean) =>
    listenOnLoopback(name, port, async (at) => {
      const secure = { ...options.tls, handshakeTimeout: limits.authorizationMs }
      const server = isSecure ? createTlsServer(secure, accept) : createServer(accept)
      // A handshake that is never ended hangs on the bare socket.
      if (isSecure) server.on('connection', track)
      server.maxConnections = limits.connections
      server.on('drop', () => logger.warn(`event hub: more than ${limits.connections} connections`))
      server.on('tlsClientError', (error: Error, socket: Socket) => {
        logger.warn({ reason: error.message }, 'event hub: TLS refused')
        // A handshake that took too long leaves the socket open.
        socket.destroy()
      })
      server.listen({ ...at, exclusive: true })
      await once(server, 'listening')
      return server
    })

  const plain = await open('the event hub (AMQP)', ports.plain, false)
  const close = async (...listeners: { servers: { close(done: () => void): unknown }[] }[]) => {
    hub.close()
    const closed = listeners
      .flatMap(({ servers }) => servers)
      .map((server) => new Promise<void>((resolve) => server.close(() => resolve())))
    // With an error, or the protocol library keeps its timers.
    for (const socket of sockets) socket.destroy(new Error('the event hub stops'))
    await Promise.all(closed)
  }
  try {
    const tls = await open('the event hub (AMQP over TLS)', ports.tls, true)
    return { plainPort: plain.port, tlsPort: tls.port, close: () => close(plain, tls) }
  } catch (error) {
    await close(plain)
    throw error
  }
}
