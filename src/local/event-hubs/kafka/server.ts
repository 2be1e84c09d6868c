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
import { KafkaConnection } from './connection.ts'
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
  /** Runs it after so long (ms), unless it is called off by what this returns. */
  after?: (ms: number, run: () => void) => () => void
}

export interface KafkaServer {
  plainPort: number
  tlsPort: number
  /** Every consumer group over Kafka. */
  groups(): GroupProgress[]
  close(): Promise<void>
}

const MAX_CONNECTIONS = 200
/** A client must have proved who it is within this time (ms). */
const SIGN_IN_MS = 20_000
const AFTER: NonNullable<KafkaOptions['after']> = (ms, run) => {
  const timer = setTimeout(run, ms)
  return () => clearTimeout(timer)
}
/** Bytes that a client may leave unread before its next request waits, and no more of them are read. */
const MAX_UNSENT_BYTES = 8_000_000

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

  const accept = (socket: Socket, port: () => number) => {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', (error) =>
      logger.debug({ reason: error.message }, 'event hub (Kafka): connection broken'),
    )
    const end = (reason: string) => {
      logger.warn({ reason }, 'event hub (Kafka): connection ended')
      socket.destroy()
    }
    const holdWhatWaits = () => {
      const { waiting, isSignedIn } = connection
      if (socket.destroyed || memory.hold(socket, waiting + socket.writableLength, isSignedIn)) return
      end('too much waits: requests that have not ended, or answers that are not read')
    }
    const connection = new KafkaConnection(
      {
        log,
        hubName,
        auth,
        coordinator,
        fetchSessions,
        port: port(),
        retentionMs,
        faults: options.faults,
        logger,
        clientHost: socket.remoteAddress ?? '',
        now: () => clock.now(),
      },
      {
        send(pieces) {
          socket.cork()
          for (const piece of pieces) socket.write(piece)
          socket.uncork()
          holdWhatWaits()
          if (socket.writableLength <= MAX_UNSENT_BYTES || socket.destroyed) return undefined
          socket.pause()
          return new Promise((resolve) => {
            const end = () => {
              socket.off('drain', end)
              socket.off('close', end)
              resolve()
            }
            socket.on('drain', end)
            socket.on('close', end)
          })
        },
        end,
      },
    )
    const callOff = after(SIGN_IN_MS, () => {
      if (connection.isSignedIn) return
      end('it did not sign in in time')
    })
    socket.on('drain', () => {
      holdWhatWaits()
      socket.resume()
    })
    socket.on('data', (chunk) => {
      connection.receive(chunk)
      holdWhatWaits()
    })
    socket.once('close', () => {
      callOff()
      sockets.delete(socket)
      memory.release(socket)
      connection.close()
    })
  }

  const open = async (name: string, port: number, isSecure: boolean) => {
    let bound = port
    const listener = await listenOnLoopback(name, port, async (at) => {
      const onSocket = (socket: Socket) => accept(socket, () => bound)
      const server: Server = isSecure
        ? createTlsServer({ ...options.tls, handshakeTimeout: SIGN_IN_MS }, onSocket)
        : createServer(onSocket)
      if (isSecure) server.on('tlsClientError', (_error: Error, socket: Socket) => socket.destroy())
      server.on('connection', (socket: Socket) => {
        sockets.add(socket)
        socket.once('close', () => sockets.delete(socket))
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
