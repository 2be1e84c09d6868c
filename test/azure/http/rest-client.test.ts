import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createRestClient, type RestClientOptions, statusCause } from '../../../src/azure/http/rest-client.ts'
import { ServiceError } from '../../../src/pipeline/ports/errors.ts'
import { expiredToken, type FaultProxy, startFaultProxy, throttled } from '../../support/fault-proxy.ts'

let proxy: FaultProxy
const waits: number[] = []
beforeEach(async () => {
  waits.length = 0
  proxy = await startFaultProxy({
    handler: ({ headers }) => ({ status: 200, body: { token: headers.authorization } }),
  })
})
afterEach(() => proxy.close())

const client = (options: Partial<RestClientOptions> = {}) =>
  createRestClient({
    service: 'Databricks',
    endpoint: proxy.url,
    credential: { getToken: async (scope) => ({ token: `for ${scope}`, expiresOnTimestamp: 0 }) },
    scope: 'x/.default',
    sleep: async (ms) => {
      waits.push(ms)
    },
    ...options,
  })

async function failure(
  options: Partial<RestClientOptions> = {},
  signal?: AbortSignal,
): Promise<ServiceError> {
  const error: unknown = await client(options)
    .request('GET', '/x', { signal })
    .catch((thrown) => thrown)
  if (error instanceof ServiceError) return error
  throw error
}

describe('a REST call', () => {
  it('carries the token, the query and the body', async () => {
    const answer = await client().request<{ token: string }>('POST', '/x', {
      query: { a: 'b c', d: undefined },
      body: { e: 1 },
    })
    expect(answer.body.token).toBe('Bearer for x/.default')
    expect(proxy.requests[0]).toMatchObject({ method: 'POST', path: '/x?a=b+c', body: '{"e":1}' })
    expect(answer.latencyMs).toBeGreaterThan(0)
  })

  it.each([
    [401, 'authorization'],
    [403, 'authorization'],
    [404, 'not-found'],
    [409, 'conflict'],
    [429, 'throttled'],
    [503, 'throttled'],
    [500, 'service'],
  ] as const)('%i becomes %s, with the words of the service', async (status, kind) => {
    proxy.inject({
      respond: { status, body: { error: { code: 'SomeCode', message: 'What happened.\nmore' } } },
    })
    const error = await failure()
    expect(error.kind).toBe(kind)
    expect(error.message).toBe('Databricks: SomeCode What happened. (GET /x)')
    expect(statusCause(error)).toEqual({ status, code: 'SomeCode' })
  })

  it('follows no redirection: the token is for the service alone', async () => {
    proxy.inject({ respond: { status: 307, headers: { location: `${proxy.url}/elsewhere` } } })
    expect(await failure()).toMatchObject({
      kind: 'unreachable',
      message: expect.stringMatching(/: unexpected redirect$/),
    })
    expect(proxy.requests.map(({ path }) => path)).toEqual(['/x'])
  })

  it('takes another connection when a kept one was closed as it was used again, for what may be repeated', async () => {
    // The first request of each connection is answered, the second one closes it.
    const answered = new WeakSet<Socket>()
    const asked: string[] = []
    const server = createServer((request, response) => {
      asked.push(request.method ?? '')
      if (answered.has(request.socket)) request.socket.resetAndDestroy()
      else response.end('{}')
      answered.add(request.socket)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    try {
      const { request } = client({ endpoint })
      await request('GET', '/x')
      expect((await request('GET', '/x')).status).toBe(200)
      await expect(request('POST', '/x')).rejects.toMatchObject({ kind: 'unreachable' })
      expect(asked).toEqual(['GET', 'GET', 'GET', 'POST'])
    } finally {
      server.closeAllConnections()
      server.close()
    }
  })

  it('does not read an answer without an end', async () => {
    proxy.inject({ respond: { status: 200, body: { text: 'x'.repeat(200_000) } } })
    expect(await failure({ maxAnswerBytes: 100_000 })).toMatchObject({
      kind: 'service',
      message: expect.stringMatching(/^Databricks at 127.0.0.1:\d+ answered with more than 100,000 bytes\.$/),
      hint: expect.stringContaining('a portal or a proxy'),
    })
    expect((await client({ maxAnswerBytes: 300_000 }).request('GET', '/x')).status).toBe(200)
  })

  it('understands the form of Databricks, of XML, and no form at all', async () => {
    proxy.inject({
      times: 1,
      respond: { status: 400, body: { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'gone' } },
    })
    expect(await failure()).toMatchObject({ kind: 'not-found' })
    proxy.inject({
      times: 1,
      respond: { status: 403, body: '<Error><Code>AuthorizationPermissionMismatch</Code></Error>' },
    })
    expect(statusCause(await failure())?.code).toBe('AuthorizationPermissionMismatch')
    proxy.inject({ times: 1, respond: { status: 502 } })
    expect((await failure()).message).toContain('502')
  })

  it('never tries an authorisation error again, an expired token included', async () => {
    proxy.inject({ respond: expiredToken })
    expect(await failure({ retries: 3 })).toMatchObject({ kind: 'authorization', needsSignIn: true })
    expect(proxy.requests).toHaveLength(1)
  })

  it('tells a role that is missing, which may come, from a sign-in, which does not', async () => {
    proxy.inject({ respond: { status: 403 } })
    expect(await failure()).toMatchObject({ kind: 'authorization', needsSignIn: false })
  })

  it('waits as long as the service asks', async () => {
    proxy.inject({ times: 2, respond: throttled(7) })
    await client({ retries: 2 }).request('GET', '/x')
    expect(waits).toEqual([7000, 7000])
  })

  it.each([
    ['in step with the service', 0],
    ['ten minutes behind it', 600_000],
    ['ten minutes ahead of it', -600_000],
  ])('waits up to a moment that the service names, with a clock that is %s', async (_, skew) => {
    const date = Date.now() + skew
    const headers = {
      date: new Date(date).toUTCString(),
      'retry-after': new Date(date + 9000).toUTCString(),
    }
    proxy.inject({ times: 1, respond: { status: 429, headers } })
    await client({ retries: 1 }).request('GET', '/x')
    expect(waits).toEqual([9000])
  })

  it('gives up when the service asks for more than a minute, and says for how long', async () => {
    proxy.inject({ respond: throttled(3600) })
    expect(await failure({ retries: 5 })).toMatchObject({ kind: 'throttled', retryAfterMs: 3_600_000 })
    expect(waits).toEqual([])
  })

  it.each(['before', 'midway'] as const)(
    'tries again after a cut connection (%s), backing off',
    async (cut) => {
      proxy.inject({ times: 2, cut })
      await client({ retries: 2 }).request('GET', '/x')
      expect(waits).toEqual([500, 1000])
    },
  )

  it.each([408, 500, 502, 503, 504])('tries again after a %i, which passes', async (status) => {
    proxy.inject({ times: 2, respond: { status } })
    await client({ retries: 2 }).request('GET', '/x')
    expect(proxy.requests).toHaveLength(3)
  })

  it.each([400, 405, 409, 413, 422])(
    'does not send again what a %i refuses: it stays refused',
    async (status) => {
      proxy.inject({ respond: { status, body: { error_code: 'INVALID_PARAMETER_VALUE', message: 'no' } } })
      await failure({ retries: 3 })
      expect(proxy.requests).toHaveLength(1)
    },
  )

  it('sends what would make two only once, unless it was turned away', async () => {
    const create = () => client({ retries: 3 }).request('POST', '/x', { body: {}, isOnce: true })
    proxy.inject({ times: 2, respond: throttled(3) })
    await create()
    expect(waits).toEqual([3000, 3000])
    const before = proxy.requests.length
    proxy.inject({ times: 1, cut: 'midway' })
    await expect(create()).rejects.toMatchObject({ kind: 'unreachable' })
    proxy.inject({ times: 1, respond: { status: 503 } })
    await expect(create()).rejects.toMatchObject({ kind: 'throttled' })
    expect(proxy.requests).toHaveLength(before + 2)
  })

  it('takes a number for a code, as Databricks’ front door sends one', async () => {
    const message = 'Source IP address: 203.0.113.7 is blocked by Databricks IP ACL for workspace: 1'
    proxy.inject({ respond: { status: 403, body: { error_code: 403, message } } })
    const error = await failure()
    expect(statusCause(error)?.code).toBe('403')
    expect(error).toMatchObject({ kind: 'authorization', hint: expect.stringContaining('IP access list') })
  })

  it('says who could not be reached when it gives up', async () => {
    proxy.inject({ cut: 'before' })
    const error = await failure()
    expect(error).toMatchObject({ kind: 'unreachable' })
    expect(error.message).toMatch(/^Databricks at 127\.0\.0\.1:\d+ cannot be reached: /)
  })

  it('does not wait for ever', async () => {
    proxy.inject({ hang: true })
    expect((await failure({ timeoutMs: 50 })).message).toContain('no answer within 0.05 s')
  })

  it('refuses what is no JSON, without trying again', async () => {
    proxy.inject({ malformed: true })
    expect(await failure({ retries: 3 })).toMatchObject({
      kind: 'service',
      hint: expect.stringContaining('portal'),
    })
    expect(proxy.requests).toHaveLength(1)
  })

  it.each(['[]', '"text"', '7', 'null'])('refuses %s, which is no answer of any service', async (body) => {
    proxy.inject({ respond: { status: 200, body } })
    expect(await failure()).toMatchObject({
      kind: 'service',
      message: expect.stringContaining('not a JSON object'),
    })
  })

  it('ends with the reason of the signal when it is aborted', async () => {
    proxy.inject({ hang: true })
    const controller = new AbortController()
    const request = client().request('GET', '/x', { signal: controller.signal })
    await expect.poll(() => proxy.requests.length).toBe(1)
    controller.abort(new Error('enough'))
    await expect(request).rejects.toThrow('enough')
  })

  it('names az login when nobody is signed in', async () => {
    const getToken = async () => {
      throw new Error('ChainedTokenCredential failed.\nlong explanation')
    }
    expect(await failure({ credential: { getToken }, retries: 3 })).toMatchObject({
      kind: 'authorization',
      message: 'no token for Databricks: the sign-in is not accepted: ChainedTokenCredential failed.',
      hint: 'az login',
    })
    expect(proxy.requests).toHaveLength(0)
  })
})
