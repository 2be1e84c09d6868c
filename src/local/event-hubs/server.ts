/** The event hub on loopback: AMQP 1.0, over TLS for the SDKs and plain for `UseDevelopmentEmulator=true`, over WebSockets too. */
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { listenOnLoopback } from '../runtime/loopback.ts'
import { FrontDoor } from './amqp/front-door.ts'
import { MemoryBudget, OPENINGS } from './amqp/memory-budget.ts'
import type { Peer } from './amqp/peer.ts'
import { AmqpSocket } from './amqp/socket.ts'
import { Hub, type HubOptions } from './hub.ts'
import type { GroupProgress } from './links/group-progress.ts'

export interface EventHubsOptions extends HubOptions {
  /** PEM. */
  tls: { key: string; cert: string }
  /** 0 = a free port. */
  ports: { plain: number; tls: number }
  limits?: Partial<ServerLimits>
}

/** Against peers that open much and prove nothing. */
export interface ServerLimits {
  /** Open at once, on each address; more than any demo opens. */
  connections: number
  /** A peer must have proved who it is within this time (ms), its TLS handshake included. */
  authorizationMs: number
  /** How often what rests is looked for (ms), while there is a connection. */
  sweepMs: number
}

/** Two ports, each with whatever {@link FrontDoor} lets in. */
export interface EventHubsServer {
  plainPort: number
  tlsPort: number
  /** Every consumer group over AMQP. */
  groups(): GroupProgress[]
  /** Closes what rests; its own timer does the same. */
  sweep(): void
  /** Cuts every connection and resolves when the ports are free. The log stays open. */
  close(): Promise<void>
}

const LIMITS: ServerLimits = { connections: 200, authorizationMs: 20_000, sweepMs: 10_000 }

/** @throws PortTakenError */
export async function startEventHubs(options: EventHubsOptions): Promise<EventHubsServer> {
  const limits = { ...LIMITS, ...options.limits }
  const { logger, clock, ports } = options
  const memory = new MemoryBudget()
  const openings = new MemoryBudget(OPENINGS)
  const hub = new Hub(options, memory)
  const sockets = new Set<Socket>()

  // An idle hub runs no timer.
  let sweeping: NodeJS.Timeout | undefined
  const track = (socket: Socket) => {
    sockets.add(socket)
    sweeping ??= setInterval(() => hub.sweep(), limits.sweepMs).unref()
    socket.setNoDelay(true)
    socket.on('close', () => {
      sockets.delete(socket)
      if (sockets.size > 0) return
      clearInterval(sweeping)
      sweeping = undefined
    })
    socket.on('error', (error) => logger.debug({ reason: error.message }, 'event hub: connection broken'))
  }
  const accept = (stream: Duplex) => {
    let peer: Peer | undefined
    let opened = 0
    const isProved = () => (peer?.authorizedUntil ?? 0) > 0
    const refuse = (reason: string) => logger.warn({ reason }, 'event hub: connection refused')
    const amqp = new AmqpSocket(stream, refuse, {
      waits: (bytes) => memory.hold(amqp, bytes, isProved()),
      opens(bytes) {
        opened = isProved() ? 0 : opened + bytes
        return openings.hold(amqp, opened, isProved())
      },
    })
    const admitted = hub.accept(amqp)
    peer = admitted
    const deadline = setTimeout(() => {
      if (admitted.authorizedUntil <= clock.now()) admitted.refuse('no token was put to $cbs in time')
    }, limits.authorizationMs)
    stream.once('close', () => {
      clearTimeout(deadline)
      for (const holder of [amqp, stream]) memory.release(holder)
      openings.release(amqp)
    })
    stream.resume()
    return (begun: number) => memory.hold(stream, begun, isProved())
  }
  const door = new FrontDoor({ tls: options.tls, patienceMs: limits.authorizationMs, logger, accept })
  const open = (name: string, port: number, isSecure: boolean) =>
    listenOnLoopback(name, port, async (at) => {
      const server = isSecure ? door.secureServer() : createServer((socket) => door.enter(socket))
      // A handshake that is never ended hangs on the bare socket.
      server.on('connection', track)
      server.maxConnections = limits.connections
      server.on('drop', () => logger.warn(`event hub: more than ${limits.connections} connections`))
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
    return {
      plainPort: plain.port,
      tlsPort: tls.port,
      groups: () => hub.groups(),
      sweep: () => hub.sweep(),
      close: () => close(plain, tls),
    }
  } catch (error) {
    await close(plain)
    throw error
  }
}
