/** What the client of the lake sends, and what it makes of refusals. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createLakeClient } from '../../../src/azure/lake/data-lake.ts'
import { controlPlaneCertificate } from '../../support/control-plane.ts'

let server: Server
let sockets = 0
let forgotten = 0
let requests: IncomingMessage[] = []
let answers: ((response: ServerResponse) => void)[] = []
beforeEach(async () => {
  ;[sockets, forgotten, requests, answers] = [0, 0, [], []]
  server = createServer(await controlPlaneCertificate(), (request, response) => {
    requests.push(request)
    const answer = answers.shift()
    if (answer) answer(response)
    else response.end('the file')
  })
  server.on('secureConnection', () => {
    sockets++
  })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const client = () =>
  createLakeClient({
    endpoint: `https://localhost:${(server.address() as AddressInfo).port}/account`,
    credential: Object.assign(
      { getToken: async () => ({ token: 'mine', expiresOnTimestamp: 4_102_444_800_000 }) },
      { forget: () => forgotten++ },
    ),
  })
const status =
  (code: number, body = '', headers: Record<string, string> = {}) =>
  (response: ServerResponse) => {
    response.writeHead(code, headers)
    response.end(body)
  }
const pathsOf = (names: string[]) => JSON.stringify({ paths: names.map((name) => ({ name })) })

it('files are read one after the other over one connection, each by one request', async () => {
  const lake = client()
  for (let read = 0; read < 5; read++) expect(String(await lake.read('gold', 'a b/ü.json'))).toBe('the file')
  expect(requests.map(({ url }) => url)).toEqual(Array(5).fill('/account/gold/a%20b/%C3%BC.json'))
  expect(requests[0]?.headers).toMatchObject({ authorization: 'Bearer mine' })
  expect(sockets).toBe(1)
})

it('a part of a file is asked for by its range', async () => {
  await client().read('gold', 'part', undefined, { offset: 10, bytes: 5 })
  expect(requests[0]?.headers.range).toBe('bytes=10-14')
})

it('an empty file is empty, and one that is not there is undefined', async () => {
  answers = [status(200), status(404)]
  expect(await client().read('gold', 'empty')).toHaveLength(0)
  expect(await client().read('gold', 'none')).toBeUndefined()
  expect(requests).toHaveLength(2)
})

it('a listing goes on where a page says so, and keeps its query', async () => {
  answers = [status(200, pathsOf(['a']), { 'x-ms-continuation': 'x=&y' }), status(200, pathsOf(['b']))]
  const names: string[] = []
  for await (const { path } of client().list('bronze', 'weather', { recursive: true, startFrom: '2026/1' }))
    names.push(path)
  expect(names).toEqual(['a', 'b'])
  const queries = requests.map(({ url }) => Object.fromEntries(new URL(url ?? '', 'https://x').searchParams))
  const query = { resource: 'filesystem', directory: 'weather', recursive: 'true', beginFrom: '2026/1' }
  expect(queries).toEqual([
    { ...query, maxResults: '5000' },
    { ...query, maxResults: '5000', continuation: 'x=&y' },
  ])
})

it('a service that is busy is asked once more, and then named', async () => {
  const busy = status(503, '{"error":{"code":"ServerBusy","message":"Busy.\\nRequestId:1"}}', {
    'retry-after': '7',
  })
  answers = [busy]
  expect(String(await client().read('gold', 'x'))).toBe('the file')
  answers = [busy, busy]
  await expect(client().read('gold', 'x')).rejects.toMatchObject({
    kind: 'throttled',
    message: 'the data lake: Busy.',
    retryAfterMs: 7000,
  })
  expect(requests).toHaveLength(4)
})

it.each([
  ['JSON', '{"error":{"code":"AuthorizationPermissionMismatch","message":"Not permitted.\\nTime:1"}}'],
  [
    'XML',
    '<?xml version="1.0"?><Error><Code>AuthorizationPermissionMismatch</Code><Message>Not permitted.\nTime:1</Message></Error>',
  ],
])('a refusal in %s is told in its words, and not repeated; the token is not used again', async (_, body) => {
  answers = [status(403, body)]
  await expect(client().read('gold', 'x')).rejects.toMatchObject({
    kind: 'authorization',
    message: 'the data lake: Not permitted.',
  })
  expect(requests).toHaveLength(1)
  expect(forgotten).toBe(1)
})

it('a page of a portal is no listing', async () => {
  answers = [status(200, '<html>')]
  const listing = async () => {
    for await (const _ of client().list('bronze', 'weather', { recursive: true })) throw new Error('an entry')
  }
  await expect(listing()).rejects.toMatchObject({ message: expect.stringContaining('not a listing') })
})
