/** One client's socket and what speaks Kafka on it: bounds on what waits, on what is not read, and on the time to sign in. */
import type { Socket } from 'node:net'
import type { Logger } from 'pino'
import type { MemoryBudget } from '../amqp/memory-budget.ts'
import { type ConnectionOptions, KafkaConnection } from './connection.ts'

/** A client must have proved who it is within this time (ms). */
export const SIGN_IN_MS = 20_000
/** Bytes that a client may leave unread before its next request waits, and no more of them are read. */
const MAX_UNSENT_BYTES = 8_000_000

/** Runs it after so long (ms), unless it is called off by what this returns. */
export type After = (ms: number, run: () => void) => () => void

export interface ClientSocketOptions {
  connection: ConnectionOptions
  /** Shared by all clients. */
  memory: MemoryBudget
  logger: Logger
  after: After
}

/** Serves the client until its socket is closed. */
export function serveClient(socket: Socket, options: ClientSocketOptions): void {
  const { memory, logger, after } = options
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
  const connection = new KafkaConnection(options.connection, {
    send(pieces) {
      socket.cork()
      for (const piece of pieces) socket.write(piece)
      socket.uncork()
      holdWhatWaits()
      if (socket.writableLength <= MAX_UNSENT_BYTES || socket.destroyed) return undefined
      socket.pause()
      return whenReadOrGone(socket)
    },
    end,
  })
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
    memory.release(socket)
    connection.close()
  })
}

const whenReadOrGone = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    const end = () => {
      socket.off('drain', end)
      socket.off('close', end)
      resolve()
    }
    socket.on('drain', end)
    socket.on('close', end)
  })
