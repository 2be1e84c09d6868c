/** Listens on the one address that the presenter chose, with limits on connections, bodies and time. */
import { once } from 'node:events'
import { createServer as createHttpServer, type Server } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { Room } from './app.ts'
import { LIMITS } from './limits.ts'
import type { FromRoom, RoomInput } from './messages.ts'
import { Phones } from './phones.ts'

export interface OpenRoom {
  room: Room
  url: string
  code: string
  close(): Promise<void>
}

/** Time limits against slow senders: for headers and for a whole request (ms). */
const HEADERS_MS = 5000
const REQUEST_MS = 10_000
const SAVE_EVERY_MS = 5000

export async function openRoom(
  input: RoomInput,
  send: (message: FromRoom) => void,
  saveEveryMs = SAVE_EVERY_MS,
): Promise<OpenRoom> {
  if (isEverywhere(input.host))
    throw new Error(`${input.host} is every address of this machine. Choose one: --audience-host ADDRESS.`)
  const now = () => performance.now()
  const phones = new Phones(input.stateFile, input.readingsPerSecond, now())
  let authority = ''
  const room = new Room({ input, phones, authority: () => authority, send, now })
  const server = createServer(input, room)
  boundConnections(server)
  const port = await listen(server, input.host, input.port || phones.port)
  authority = `${input.host.includes(':') ? `[${input.host}]` : input.host}:${port}`
  phones.port = port
  phones.save()
  const save = () => {
    try {
      phones.save()
    } catch (error) {
      // A full disk is no reason to send everybody away: numbers go on, and skip ahead after a restart.
      send({ type: 'log', message: `The phones could not be saved: ${(error as Error).message}` })
    }
  }
  const saving = setInterval(save, saveEveryMs)
  return {
    room,
    url: `${input.tls ? 'https' : 'http'}://${authority}/${phones.code}/`,
    code: phones.code,
    close: async () => {
      clearInterval(saving)
      save()
      room.close()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      // Streams end by themselves after telling the phone; phones that do not listen are cut off.
      setTimeout(() => server.closeAllConnections(), 300)
      await closed
    },
  }
}

const isEverywhere = (host: string) => ['0.0.0.0', '::', '', '*'].includes(host)

function createServer(input: RoomInput, room: Room): Server {
  const listener = getRequestListener(room.app.fetch)
  const options = {
    headersTimeout: HEADERS_MS,
    requestTimeout: REQUEST_MS,
    keepAliveTimeout: 5000,
    maxHeaderSize: 8192,
  }
  return input.tls
    ? createHttpsServer({ ...options, ...input.tls }, listener)
    : createHttpServer(options, listener)
}

function boundConnections(server: Server): void {
  server.maxConnections = LIMITS.connections
  const counts = new Map<string, number>()
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? ''
    const count = (counts.get(address) ?? 0) + 1
    counts.set(address, count)
    socket.on('error', () => {})
    socket.once('close', () => {
      const left = (counts.get(address) ?? 1) - 1
      if (left > 0) counts.set(address, left)
      else counts.delete(address)
    })
    // Everybody behind one router shares an address; on loopback all clients do.
    const isLoopback = address === '127.0.0.1' || address === '::1' || address === '::ffff:127.0.0.1'
    if (count > LIMITS.connectionsPerAddress && !isLoopback) socket.destroy()
  })
}

/** Last time's port if it is free, or any other. */
async function listen(server: Server, host: string, port: number): Promise<number> {
  for (const wanted of [port, 0]) {
    server.listen({ host, port: wanted, exclusive: true })
    try {
      await once(server, 'listening')
      return (server.address() as AddressInfo).port
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || wanted === 0) throw error
    }
  }
  throw new Error('no port')
}
