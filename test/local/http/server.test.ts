import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request as httpsRequest } from 'node:https'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ensurePython } from '../../../scripts/python-env.ts'
import { requireBearer } from '../../../src/local/http/bearer.ts'
import { readBody, readJson } from '../../../src/local/http/body.ts'
import { HttpError } from '../../../src/local/http/errors.ts'
import { routes } from '../../../src/local/http/router.ts'
import {
  type Handler,
  type HttpServerOptions,
  type Listening,
  listen,
} from '../../../src/local/http/server.ts'
import { createCertificate } from '../../../src/local/runtime/certificate.ts'

const logger = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() }
const open: Listening[] = []

async function serve(handler: Handler, options: Partial<HttpServerOptions> = {}) {
  const server = await listen(handler, { port: 0, logger: logger as never, name: 'the test', ...options })
  open.push(server)
  return { ...server, url: `http://127.0.0.1:${server.port}` }
}

/** Sends raw bytes, collects what comes back until the server closes the connection. */
async function raw(port: number, bytes: string | Buffer): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.on('error', () => {})
  socket.write(bytes)
  await once(socket, 'close')
  return Buffer.concat(chunks).toString('latin1')
}

beforeEach(() => {
  for (const one of Object.values(logger)) one.mockClear()
})
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()))
})

describe('listening', () => {
  it('answers on 127.0.0.1 and, where there is one, on ::1, on the same port', async () => {
    const { port } = await serve((_, response) => void response.end('hello'))
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('hello')
    const six = createServer()
    const hasIpv6 = await new Promise<boolean>((done) => {
      six.once('error', () => done(false)).listen(0, '::1', () => done(true))
    })
    six.close()
    if (hasIpv6) expect(await (await fetch(`http://[::1]:${port}/`)).text()).toBe('hello')
  })

  it('is not reachable on another address of the machine', async () => {
    const { port } = await serve((_, response) => void response.end('hello'))
    const socket = connect(port, '127.0.0.2')
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException]
    expect(['ECONNREFUSED', 'EADDRNOTAVAIL', 'ENETUNREACH']).toContain(error.code)
  })

  it('names the port that somebody else holds', async () => {
    const holder = createServer().listen(0, '127.0.0.1')
    await once(holder, 'listening')
    const { port } = holder.address() as AddressInfo
    await expect(listen(() => {}, { port, logger: logger as never, name: 'the lake' })).rejects.toThrow(
      new RegExp(`Port ${port} for the lake is taken`),
    )
    holder.close()
  })

  it('ends idle, busy and unfinished connections at close', async () => {
    let arrived = () => {}
    const busy = new Promise<void>((done) => {
      arrived = done
    })
    const { port, close } = await serve(() => {
      arrived()
      return new Promise(() => {})
    })
    const idle = connect(port, '127.0.0.1')
    await once(idle, 'connect')
    const waiting = fetch(`http://127.0.0.1:${port}/`).catch((error: Error) => error)
    await busy
    const idleClosed = once(idle.on('error', () => {}).resume(), 'close')
    await close()
    await idleClosed
    expect(await waiting).toBeInstanceOf(Error)
    await close()
  })
})

describe('TLS', () => {
  it('serves with the session certificate to Node and Python; junk in the handshake hurts nobody', async () => {
    const tls = await createCertificate()
    const { port, close } = await serve((_, response) => void response.end('safe'), { tls })
    const get = () =>
      new Promise<string>((done, fail) => {
        httpsRequest({ port, host: 'localhost', ca: tls.cert, agent: false }, (response) => {
          response.setEncoding('utf8').on('data', done)
        })
          .on('error', fail)
          .end()
      })
    expect(await get()).toBe('safe')
    await raw(port, 'GET / HTTP/1.1\r\n\r\n')
    await vi.waitFor(() => expect(logger.warn).toHaveBeenCalled())
    expect(await get()).toBe('safe')

    // A client that never finishes its handshake must not hold up close().
    const stuck = connect(port, '127.0.0.1')
    await once(stuck, 'connect')
    const ended = once(stuck.on('error', () => {}).resume(), 'close')
    await close()
    await ended
  })

  it('is spoken with clients that know HTTP/1.0 only', async () => {
    const tls = await createCertificate()
    const { port } = await serve(({ httpVersion }, response) => void response.end(`safe ${httpVersion}`), {
      tls,
    })
    const socket = connectTls({ port, host: 'localhost', ca: tls.cert, ALPNProtocols: ['http/1.0'] })
    let answer = ''
    socket.setEncoding('utf8').on('data', (text) => {
      answer += text
    })
    socket.write('GET / HTTP/1.0\r\n\r\n')
    await once(socket, 'end')
    expect(answer).toMatch(/200 OK[\s\S]*safe 1.0$/)
  })

  it('is trusted by Python under strict verification, by name and by both addresses', async () => {
    const found = ensurePython()
    if ('missing' in found) throw new Error(found.missing)
    const tls = await createCertificate()
    const { port } = await serve((_, response) => void response.end('safe'), { tls })
    const folder = mkdtempSync(join(tmpdir(), 'rtstream-test-'))
    try {
      const file = join(folder, 'cert.pem')
      writeFileSync(file, tls.cert)
      const script = [
        'import ssl, sys, urllib.request, requests',
        'context = ssl.create_default_context(cafile=sys.argv[1])',
        'context.verify_flags |= ssl.VERIFY_X509_STRICT',
        'url = f"https://localhost:{sys.argv[2]}/"',
        'assert urllib.request.urlopen(url, context=context).read() == b"safe"',
        'assert requests.get(url.replace("localhost", "127.0.0.1"), verify=sys.argv[1]).text == "safe"',
        'print("trusted")',
      ].join('\n')
      const out = await new Promise<string>((done, fail) => {
        execFile(found.python, ['-c', script, file, String(port)], (error, stdout, stderr) =>
          error ? fail(new Error(stderr)) : done(stdout.trim()),
        )
      })
      expect(out).toBe('trusted')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('junk', () => {
  it.each([
    ['bytes that are no HTTP', Buffer.from([0x16, 0x03, 0x01, 0x00, 0xff, 0x00, 0x0a, 0x0d]), '400'],
    ['a broken request line', 'GET\r\n\r\n', '400'],
    ['a bad content length', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n', '400'],
    [
      'two lengths (smuggling)',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      '400',
    ],
    ['headers without end', `GET / HTTP/1.1\r\nHost: a\r\nx: ${'y'.repeat(64 * 1024)}`, '431'],
    ['no Host header', 'GET / HTTP/1.1\r\n\r\n', '400'],
  ])('%s: refused and logged, and the next request is served', async (_, bytes, status) => {
    const { port, url } = await serve((_, response) => void response.end('hello'))
    expect(await raw(port, bytes)).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(await (await fetch(url)).text()).toBe('hello')
  })

  it('refuses pages of other origins, serves those of loopback and clients without one', async () => {
    const { url } = await serve((_, response) => void response.end('hello'))
    const from = async (origin: string) => (await fetch(url, { headers: { origin } })).status
    expect(await from('https://evil.example')).toBe(403)
    expect(await from('null')).toBe(403)
    expect(await from('http://localhost.evil.example')).toBe(403)
    expect(await from('http://localhost:3000')).toBe(200)
    expect((await fetch(url)).status).toBe(200)
  })
})

describe('errors', () => {
  it('gives 500 in the form of the service, logs the cause, tells the client nothing of it', async () => {
    const { url } = await serve(
      () => {
        throw new Error('secret detail')
      },
      { errorForm: (error) => ({ headers: { 'x-form': 'own' }, body: error.code }) },
    )
    const response = await fetch(url)
    expect(response.status).toBe(500)
    expect(response.headers.get('x-form')).toBe('own')
    expect(await response.text()).toBe('InternalError')
    expect(logger.error).toHaveBeenCalledOnce()
  })

  it('cuts the connection when the handler fails behind the headers', async () => {
    const { url } = await serve((_, response) => {
      response.writeHead(200, { 'content-length': 10 })
      response.write('half')
      throw new HttpError(500, 'Broken', 'broken')
    })
    await expect(fetch(url).then((response) => response.text())).rejects.toThrow()
  })

  it('sends no body in answer to HEAD', async () => {
    const { url } = await serve(() => {
      throw new HttpError(404, 'NotFound', 'gone')
    })
    const response = await fetch(url, { method: 'HEAD' })
    expect([response.status, await response.text()]).toEqual([404, ''])
  })
})

describe('bodies', () => {
  const echo = routes([
    {
      method: 'POST',
      pattern: '/json',
      handle: async ({ request }) => ({ body: await readJson(request, 100) }),
    },
    {
      method: 'PUT',
      pattern: '/raw',
      handle: async ({ request }) => ({ body: (await readBody(request, 1000)).length }),
    },
  ])

  it('are read as JSON objects; none gives {}', async () => {
    const { url } = await serve(echo)
    const post = async (body: string) => {
      const response = await fetch(`${url}/json`, { method: 'POST', body })
      return [response.status, await response.json()]
    }
    expect(await post('{"a":1}')).toEqual([200, { a: 1 }])
    expect(await post('')).toEqual([200, {}])
    expect((await post('{'))[0]).toBe(400)
    expect((await post('[1]'))[0]).toBe(400)
  })

  it('are refused above the limit, announced or not', async () => {
    const { url, port } = await serve(echo)
    const announced = await fetch(`${url}/raw`, { method: 'PUT', body: 'x'.repeat(1001) })
    expect([announced.status, ((await announced.json()) as { error: { code: string } }).error.code]).toEqual([
      413,
      'RequestBodyTooLarge',
    ])
    const chunk = `3e9\r\n${'x'.repeat(1001)}\r\n0\r\n\r\n`
    const answer = await raw(
      port,
      `PUT /raw HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`,
    )
    expect(answer).toMatch(/^HTTP\/1.1 413 /)
    expect((await fetch(`${url}/raw`, { method: 'PUT', body: 'x'.repeat(1000) })).status).toBe(200)
  })

  it('cut off in the middle harm nobody', async () => {
    const { url, port } = await serve(echo)
    const socket: Socket = connect(port, '127.0.0.1')
    socket.write('PUT /raw HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\nhalf', () => socket.destroy())
    await once(socket, 'close')
    expect((await fetch(`${url}/raw`, { method: 'PUT', body: 'x' })).status).toBe(200)
    expect(logger.error).not.toHaveBeenCalled()
  })
})

it('a request that names the whole address is one for its path', async () => {
  const { port } = await serve((request, response) => void response.end(`path ${request.url}`))
  const ask = (target: string) =>
    raw(port, `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
  expect(await ask('http://localhost/a?b=http://c/d')).toContain('path /a?b=http://c/d')
  expect(await ask('HTTPS://localhost:1')).toContain('path /')
  expect(await ask('/http://a/b')).toContain('path /http://a/b')
})

describe('routes', () => {
  const table = routes(
    [
      {
        method: 'GET',
        pattern: '/subscriptions/:subscription/Things/:name',
        handle: ({ params, query }) => ({ body: { ...params, version: query.get('api-version') } }),
      },
      { method: 'DELETE', pattern: '/things', handle: () => ({ status: 204 }) },
    ],
    requireBearer('token-of-the-session'),
  )
  const headers = { authorization: 'Bearer token-of-the-session' }

  it('match segments without case, decode parameters, parse encoded query names', async () => {
    const { url } = await serve(table)
    const response = await fetch(`${url}/SUBSCRIPTIONS/s/things/a%2Fb?api%2Dversion=1`, { headers })
    expect(await response.json()).toEqual({ subscription: 's', name: 'a/b', version: '1' })
  })

  it('give 404, 405, 400', async () => {
    const { url } = await serve(table)
    expect((await fetch(`${url}/nowhere`, { headers })).status).toBe(404)
    const wrongMethod = await fetch(`${url}/things`, { headers })
    expect([wrongMethod.status, wrongMethod.headers.get('allow')]).toEqual([405, 'DELETE'])
    expect((await fetch(`${url}/%E0%A4%A`, { headers })).status).toBe(400)
    expect((await fetch(`${url}/things`, { method: 'DELETE', headers })).status).toBe(204)
  })

  it.each([
    undefined,
    'Bearer wrong',
    'Bearer ',
    'Basic token-of-the-session',
    'Bearer token-of-the-session2',
  ])('refuse the authorization %s', async (authorization) => {
    const { url } = await serve(table)
    const response = await fetch(`${url}/things`, { headers: authorization ? { authorization } : {} })
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('Bearer')
    expect(logger.warn).toHaveBeenCalled()
  })
})
