/** Who floods, stalls or pries: each limit of docs/security.md over real sockets. */
import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect, type Socket } from 'node:net'
import { generate } from 'selfsigned'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { LIMITS } from '../../src/audience/limits.ts'
import { made, type RoomFixture, startRoom } from './room-fixture.ts'

let room: RoomFixture
const sockets: Socket[] = []
beforeEach(async () => {
  room = await startRoom({ times: { headers: 300, request: 600, check: 50 } })
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await room.close()
})

const base = () => new URL(room.opened.url)

/** Opens a connection from an address of its own: on Linux all of 127.0.0.0/8 is this machine. */
async function open(localAddress = '127.0.0.1'): Promise<Socket> {
  const { hostname, port } = base()
  const socket = connect({ host: hostname, port: Number(port), localAddress })
  socket.on('error', () => {})
  sockets.push(socket)
  await once(socket, 'connect')
  return socket
}

/** Everything that comes until the connection ends. */
async function read(socket: Socket): Promise<string> {
  let text = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  await closed(socket)
  return text
}

/** Also when it was reset: `once` would fail then. */
const closed = (socket: Socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()))

const get = (path = base().pathname, more = '') =>
  `GET ${path} HTTP/1.1\r\nhost: ${base().host}\r\n${more}connection: close\r\n\r\n`

describe('an address with many connections', () => {
  // Of its forty connections the first says nothing until the last is there: with the product's own patience for that.
  beforeEach(async () => {
    await room.close()
    room = await startRoom({})
  })

  it('is answered on twenty, told so on twenty more, and cut beyond; another address is not held up', async () => {
    const many = []
    for (let count = 0; count < LIMITS.connectionsPerAddress * 2 + 1; count++) many.push(await open())
    const [first, surplus, last] = [many[0], many[LIMITS.connectionsPerAddress], many.at(-1)] as Socket[]
    await vi.waitFor(() => expect(last?.closed).toBe(true), 20_000)
    surplus?.write(get())
    expect(await read(surplus as Socket)).toMatch(
      /^HTTP\/1\.1 429 [\s\S]*retry-after: 1[\s\S]*\{"error":"Too many connections from this address/,
    )
    first?.write(get())
    expect(await read(first as Socket)).toMatch(/^HTTP\/1\.1 200/)
    const other = await open(process.platform === 'linux' ? '127.0.0.2' : '127.0.0.1')
    other.write(get())
    expect(await read(other)).toMatch(process.platform === 'linux' ? /^HTTP\/1\.1 200/ : /^HTTP\/1\.1 429/)
  })

  it('has its places back once it closes them', async () => {
    for (let count = 0; count < LIMITS.connectionsPerAddress; count++) await open()
    for (const socket of sockets.splice(0)) {
      socket.destroy()
      await closed(socket)
    }
    await vi.waitFor(async () => {
      const socket = await open()
      socket.write(get())
      expect(await read(socket)).toMatch(/^HTTP\/1\.1 200/)
    }, 20_000)
  })
})

describe('a slow sender', () => {
  it.each([
    ['of headers', 'GET / HTTP/1.1\r\nhost: x\r\nx-slow: '],
    ['of a body', 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{'],
  ])('%s is cut off', async (_, start) => {
    const socket = await open()
    socket.write(start)
    const drip = setInterval(() => socket.write('x'), 100)
    try {
      expect(await read(socket)).toMatch(/^(HTTP\/1\.1 4|$)/)
    } finally {
      clearInterval(drip)
    }
  })

  it('does not keep the room from others', async () => {
    for (let count = 0; count < LIMITS.connectionsPerAddress - 1; count++)
      (await open()).write('POST /x HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{')
    const quick = await open()
    quick.write(get())
    expect(await read(quick)).toMatch(/^HTTP\/1\.1 200/)
  })
})

it('a phone that does not read gets the newest messages later, and what it missed is not kept', async () => {
  const { secret, deviceId } = await room.join()
  const socket = await open()
  socket.pause()
  socket.write(get(`${base().pathname}events`, `x-phone: ${secret}\r\n`))
  await vi.waitFor(() => expect(room.opened.room.connected).toBe(1), 20_000)
  const text = 'x'.repeat(50_000)
  const COUNT = 2000
  for (let number = 0; number < COUNT; number++) {
    room.opened.room.progress([{ deviceId, eventId: `number-${number}.`, step: 'hub', text, at: 0 }])
    if (number % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  let received = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    received += chunk.replaceAll('x', '')
  })
  socket.resume()
  await vi.waitFor(() => expect(received).toContain(`number-${COUNT - 1}.`), 25_000)
  expect(received.match(/number-/g)?.length).toBeLessThan(COUNT / 2)
})

it('all phones together send no more than the room takes in a second', async () => {
  const phones = []
  for (let count = 0; count < LIMITS.phones; count++) phones.push(await room.join())
  const started = performance.now()
  const told = new Set<string>()
  for (let time = 0; time < LIMITS.burst / 10; time++)
    for (const { secret } of phones) {
      const json = { readings: Array.from({ length: 10 }, () => made()) }
      const answer = await room.request('readings', { secret, json })
      if (answer.status === 429) told.add(((await answer.json()) as { error: string }).error)
    }
  const seconds = (performance.now() - started) / 1000
  // Each phone has sent no more than it may.
  const sent = phones.length * LIMITS.burst
  const allowed = LIMITS.readingsPerSecond * (1 + seconds)
  expect(room.readings.length).toBeLessThanOrEqual(allowed)
  if (sent > allowed)
    expect([...told]).toEqual([expect.stringMatching(/The room takes 1,000 readings a second/)])
})

describe('a page elsewhere', () => {
  it.each([
    ['a preflight', { method: 'OPTIONS', origin: 'http://evil.example' }],
    ['a simple form', { method: 'POST', origin: 'http://evil.example' }],
    ['a frame without origin', { method: 'POST', origin: 'null' }],
  ])('gets nothing by %s', async (_, { method, origin }) => {
    const answer = await room.request('join', {
      method,
      headers: { origin, 'access-control-request-method': 'POST', 'content-type': 'text/plain' },
      ...(method === 'POST' ? { body: '{"city":"Bern"}' } : {}),
    })
    expect(answer.status).toBe(403)
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
    expect(room.phones()).toEqual([])
  })

  it.each(['', 'app.js', 'me', 'join', 'events', 'nothing'])('finds the same headers on %j', async (path) => {
    const { headers } = await room.request(path)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('content-security-policy')).toMatch(/default-src 'none'/)
    expect(headers.get('content-security-policy')).not.toMatch(/unsafe|data: *;? *script/)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('set-cookie')).toBeNull()
    expect(headers.get('access-control-allow-origin')).toBeNull()
  })

  it('has no inline script to run, and refers to nothing elsewhere', async () => {
    const { readFileSync } = await import('node:fs')
    const html = readFileSync(new URL('../../src/audience/page/index.html', import.meta.url), 'utf8')
    expect(html).not.toMatch(/<script(?![^>]*src)|\son\w+=|style=|https?:/)
  })
})

describe('a wrong code', () => {
  it('makes its address wait, and no other', async (context) => {
    if (process.platform !== 'linux') return context.skip('needs 127.0.0.2 as an address of its own')
    const from = async (localAddress: string, path: string) => {
      const socket = await open(localAddress)
      socket.write(get(path))
      return (await read(socket)).slice(9, 12)
    }
    for (let time = 0; time < LIMITS.wrongCodes; time++)
      expect(await from('127.0.0.3', '/WRONGWRONG/')).toBe('404')
    expect(await from('127.0.0.3', base().pathname)).toBe('429')
    expect(await from('127.0.0.4', base().pathname)).toBe('200')
  })
})

describe('with a certificate', () => {
  it('the room speaks TLS, and holds to the same rules', async () => {
    await room.close()
    const pem = await generate([{ name: 'commonName', value: 'room' }], {
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
    } as Parameters<typeof generate>[1])
    room = await startRoom({ tls: { cert: pem.cert, key: pem.private } })
    expect(room.opened.url).toMatch(/^https:/)
    const ask = (headers: Record<string, string> = {}) =>
      new Promise<number>((resolve, reject) =>
        httpsRequest(room.opened.url, { ca: pem.cert, headers }, (answer) => {
          answer.resume()
          resolve(answer.statusCode ?? 0)
        })
          .on('error', reject)
          .end(),
      )
    expect(await ask()).toBe(200)
    expect(await ask({ origin: `http://${base().host}` })).toBe(403)
    expect(await ask({ origin: `https://${base().host}` })).toBe(200)
    const plain = await new Promise<string>((resolve) =>
      httpRequest({ host: base().hostname, port: base().port }, (answer) =>
        resolve(String(answer.statusCode)),
      )
        .on('error', (error) => resolve((error as NodeJS.ErrnoException).code ?? ''))
        .end(),
    )
    expect(plain).not.toBe('200')
  })
})
