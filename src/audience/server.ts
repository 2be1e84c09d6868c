/** Listens on the one address that the presenter chose, with limits on connections, bodies and time. */
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { Room } from './app.ts'
import { Connections } from './connections.ts'
import type { FromRoom, RoomInput } from './messages.ts'
import { Phones } from './phones.ts'

export interface OpenRoom {
  room: Room
  url: string
  code: string
  close(): Promise<void>
}

/** Times (ms). */
export interface RoomTimes {
  /** For a request's headers, and for all of it: against slow senders. */
  headers: number
  request: number
  /** Between two looks for slow senders. */
  check: number
  /** Between two saves of the phones. */
  save: number
}
const TIMES: RoomTimes = { headers: 5000, request: 10_000, check: 1000, save: 5000 }

/** @throws when the address stands for every address of the machine, or cannot be listened on. */
export async function openRoom(
  input: RoomInput,
  send: (message: FromRoom) => void,
  times: Partial<RoomTimes> = {},
): Promise<OpenRoom> {
  if (isEverywhere(input.host)) throw everywhere(input.host)
  const { save: saveEveryMs, ...limits } = { ...TIMES, ...times }
  const now = () => performance.now()
  const phones = new Phones(input.stateFile, input.rules.readingsPerSecond, now(), (message) =>
    send({ type: 'log', message }),
  )
  let authority = ''
  const room = new Room({ input, phones, authority: () => authority, send, now })
  const connections = new Connections()
  const server = createServer(input, room, connections, limits)
  connections.watch(server)
  // A name is looked up once: it may stand for every address too, as `0` does.
  const { address } = await lookup(input.host).catch((error) => Promise.reject(inWords(error, input)))
  if (isEverywhere(address)) throw everywhere(input.host)
  // Whoever names a port has told others of it, or opened a firewall there.
  const ports = input.port === 0 ? [phones.port, 0] : [input.port]
  const port = await listen(server, address, ports).catch((error) => Promise.reject(inWords(error, input)))
  authority = authorityOf(input, port)
  phones.port = port
  phones.save()
  const saving = setInterval(() => phones.save(), saveEveryMs)
  return {
    room,
    url: `${input.tls ? 'https' : 'http'}://${authority}/${phones.code}/`,
    code: phones.code,
    close: async () => {
      clearInterval(saving)
      phones.save()
      room.close()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      // Streams end by themselves after telling the phone; phones that do not listen are cut off.
      setTimeout(() => server.closeAllConnections(), 300)
      await closed
    },
  }
}

/** As phones write it, whatever the address is written like here: without the scheme's own port. */
const authorityOf = ({ host, tls }: RoomInput, port: number): string =>
  new URL(`${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`).host

const isEverywhere = (host: string) => ['0.0.0.0', '::', '', '*'].includes(host)

const everywhere = (host: string) =>
  new Error(`${host} is every address of this machine. Choose one: --audience-host ADDRESS.`)

function createServer(
  input: RoomInput,
  room: Room,
  connections: Connections,
  limits: Omit<RoomTimes, 'save'>,
): Server {
  const answer = getRequestListener(room.app.fetch)
  const listener: RequestListener = (request, response) => {
    if (!connections.isSurplus(request.socket)) return void answer(request, response)
    // As every refusal: a phone shows it, keeps what it sent, and tries again.
    response.writeHead(429, { 'content-type': 'application/json', 'retry-after': '1', connection: 'close' })
    response.end(JSON.stringify({ error: 'Too many connections from this address. Trying again.' }))
  }
  const options = {
    headersTimeout: limits.headers,
    requestTimeout: limits.request,
    connectionsCheckingInterval: limits.check,
    keepAliveTimeout: 5000,
    maxHeaderSize: 8192,
  }
  return input.tls
    ? createHttpsServer({ ...options, ...input.tls, handshakeTimeout: limits.headers }, listener)
    : createHttpServer(options, listener)
}

/** On the first port that is free. */
async function listen(server: Server, host: string, ports: readonly number[]): Promise<number> {
  for (const [index, port] of ports.entries()) {
    server.listen({ host, port, exclusive: true })
    try {
      await once(server, 'listening')
      return (server.address() as AddressInfo).port
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || index === ports.length - 1) throw error
    }
  }
  throw new Error('no port')
}

/** What was wrong with the address or the port, and what to do: the system tells the first alone. */
function inWords(error: unknown, { host, port }: RoomInput): Error {
  const { code = '', message } = error as NodeJS.ErrnoException
  const another = 'Start without --audience-host to choose one that it has.'
  const words: Readonly<Record<string, string>> = {
    EADDRNOTAVAIL: `this machine does not have the address ${host}. ${another}`,
    // An address of one link alone, which phones cannot type.
    EINVAL: `phones cannot reach the address ${host}. ${another}`,
    ENOTFOUND: `nobody knows the name ${host}. ${another}`,
    EAI_AGAIN: `the name ${host} cannot be looked up now. ${another}`,
    EADDRINUSE: `the port ${port} is taken by another program. Choose another with --audience-port, or 0 for a free one.`,
    EACCES: `the port ${port} is not allowed. Choose one from 1024 on with --audience-port, or 0 for a free one.`,
  }
  return new Error(words[code] ?? message, { cause: error })
}
