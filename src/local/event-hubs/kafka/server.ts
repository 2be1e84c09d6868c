/** The event hub's Kafka endpoint on loopback: over TLS as the service has it, and plain as its emulator has it. */
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { Logger } from 'pino'
import type { Clock } from '../../runtime/clock.ts'
import { listenOnLoopback } from '../../runtime/loopback.ts'
import { MemoryBudget } from '../amqp/memory-budget.ts'
import type { HubFaults } from '../hub.ts'
import type { GroupProgress } from '../links/group-progress.ts'
import type { HubAuth } from '../links/sas.ts'
import type { HubLog } from '../log/log.ts'
import { type After, SIGN_IN_MS, serveClient } from './client-socket.ts'
import { FetchSessions } from './fetching/fetch-sessions.ts'
import { Coordinator } from './groups/coordinator.ts'
import { GroupOffsets } from './groups/group-offsets.ts'
import { crc32c } from './records/crc32c.ts'

export interface KafkaOptions {
  log: HubLog
  hubName: string
  auth: HubAuth
  /** Where committed offsets are kept. */
  stateFolder: string
  retentionMs: number
  /** PEM. */
  tls: { key: string; cert: string }
  /** 0 = a free port. */
  ports: { plain: number; tls: number }
  newId: () => string
  clock: Clock
  logger: Logger
  /** What goes wrong on purpose. */
  faults?: HubFaults
  /** Replaced in tests. */
  after?: After
}

export interface KafkaServer {
  plainPort: number
  tlsPort: number
  /** Every consumer group over Kafka. */
  groups(): GroupProgress[]
  /** Cuts every connection and resolves when the ports are free. The log stays open. */
  close(): Promise<void>
}

const MAX_CONNECTIONS = 200
const AFTER: After = (ms, run) => {
  const timer = setTimeout(run, ms)
  return () => clearTimeout(timer)
}

/** @throws PortTakenError, StateFileError */
export async function startKafka(options: KafkaOptions): Promise<KafkaServer> {
  const { log, hubName, auth, retentionMs, clock, logger, ports, newId, after = AFTER } = options
  const coordinator = new Coordinator(new GroupOffsets(options.stateFolder), {
    newId,
    now: () => performance.now(),
  })
  const fetchSessions = new FetchSessions({
    newNumber: () => crc32c(Buffer.from(newId())) >>> 1,
    now: () => performance.now(),
  })
  const sockets = new Set<Socket>()
  const memory = new MemoryBudget()

  const track = (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  }
  const accept = (socket: Socket, port: number) => {
    track(socket)
    serveClient(socket, {
      connection: {
        log,
        hubName,
        auth,
        coordinator,
        fetchSessions,
        port,
        retentionMs,
        faults: options.faults,
        logger,
        now: () => clock.now(),
      },
      memory,
      logger,
      after,
    })
  }

  const open = async (name: string, port: number, isSecure: boolean) => {
    let bound = port
    const listener = await listenOnLoopback(name, port, async (at) => {
      const onSocket = (socket: Socket) => accept(socket, bound)
      const server: Server = isSecure
        ? createTlsServer({ ...options.tls, handshakeTimeout: SIGN_IN_MS }, onSocket)
        : createServer(onSocket)
      if (isSecure) server.on('tlsClientError', (_error: Error, socket: Socket) => socket.destroy())
      // A handshake that is never ended hangs on the bare socket.
      server.on('connection', (socket: Socket) => {
        track(socket)
        socket.on('error', () => {})
      })
      server.maxConnections = MAX_CONNECTIONS
      server.listen({ ...at, exclusive: true })
      await once(server, 'listening')
      return server
    })
    bound = listener.port
    return listener
  }

  const listeners = [await open('the event hub (Kafka)', ports.plain, false)]
  const close = async () => {
    coordinator.close()
    const closed = listeners
      .flatMap(({ servers }) => servers)
      .map((server) => new Promise<void>((resolve) => server.close(() => resolve())))
    for (const socket of sockets) socket.destroy()
    await Promise.all(closed)
  }
  try {
    listeners.push(await open('the event hub (Kafka over TLS)', ports.tls, true))
    const [plain, tls] = listeners
    return {
      plainPort: plain?.port ?? 0,
      tlsPort: tls?.port ?? 0,
      groups: () => coordinator.progress(),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
