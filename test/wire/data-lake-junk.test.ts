/** What nobody should send to the lake: refused in the service's own codes and form, and everything else goes on. */
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { KEY, type LakeServer, startLake, TOKEN } from '../support/lake-server.ts'
import { memoryLogger } from '../support/memory-logger.ts'

let running: LakeServer
let log: ReturnType<typeof memoryLogger>

beforeEach(async () => {
  log = memoryLogger()
  running = await startLake({ limitBytes: 1_000_000, logger: log.logger })
  writeFileSync(join(running.root, 'bronze/a'), 'abcdef')
})
afterEach(async () => {
  // Whatever the test has sent, the next caller is served.
  const { status, text } = await running.raw('GET', '/bronze/a')
  expect({ status, text }).toEqual({ status: 200, text: 'abcdef' })
  expect(log.text()).not.toContain(KEY)
  expect(log.text()).not.toContain(TOKEN)
  await running.close()
})

/** Bytes as they are; what came back until the server closed. */
function bytes(text: string): Promise<string> {
  return new Promise((done, fail) => {
    const socket = connect(running.plainPort, '127.0.0.1')
    let answer = ''
    socket.setEncoding('utf8').on('data', (data) => {
      answer += data
    })
    socket.once('error', fail)
    socket.once('close', () => done(answer))
    socket.write(text)
  })
}

describe('requests that mean nothing', () => {
  it.each([
    ['POST', '/bronze/a', '', {}, 405, 'UnsupportedHttpVerb'],
    ['OPTIONS', '/bronze/a', '', {}, 400, 'InvalidHeaderValue'],
    ['PUT', '/bronze/a', 'comp=lease', { 'x-ms-lease-action': 'acquire' }, 400, 'MissingRequiredHeader'],
    ['PUT', '/bronze/a', 'comp=lease', { 'x-ms-lease-action': 'steal' }, 400, 'InvalidHeaderValue'],
    ['PUT', '/bronze/a', 'comp=undelete', {}, 400, 'UnsupportedQueryParameter'],
    ['GET', '/bronze/a', 'snapshot=junk', {}, 400, 'InvalidQueryParameterValue'],
    ['PUT', '/bronze/a', 'comp=nonsense', {}, 400, 'InvalidQueryParameterValue'],
    ['GET', '/bronze/a', 'comp=blocklist&blocklisttype=odd', {}, 400, 'InvalidQueryParameterValue'],
    ['GET', '/bronze', 'restype=nonsense', {}, 400, 'InvalidQueryParameterValue'],
    ['GET', '/bronze', 'restype=container&comp=nonsense', {}, 400, 'InvalidQueryParameterValue'],
    ['POST', '/bronze', 'restype=container', {}, 405, 'UnsupportedHttpVerb'],
    ['GET', '/bronze', '', {}, 400, 'MissingRequiredQueryParameter'],
    ['GET', '', 'restype=service&comp=stats', {}, 400, 'UnsupportedQueryParameter'],
    ['GET', '/bronze/a', 'verbose=true', {}, 400, 'UnsupportedQueryParameter'],
    ['GET', '/bronze/a', '', { 'x-ms-unheard-of': '1' }, 400, 'UnsupportedHeader'],
    ['PUT', '/bronze/b', 'resource=file', { 'x-ms-encryption-key': 'a' }, 400, 'MissingRequiredHeader'],
    ['GET', '', 'comp=list&include=everything', {}, 400, 'InvalidQueryParameterValue'],
    ['PUT', '/bronze/b', '', {}, 400, 'MissingRequiredHeader'],
    ['PUT', '/bronze/b', '', { 'x-ms-blob-type': 'RoundBlob' }, 400, 'InvalidHeaderValue'],
    ['PUT', '/bronze/b', 'resource=nonsense', {}, 400, 'InvalidQueryParameterValue'],
    ['PATCH', '/bronze/a', 'action=nonsense', {}, 400, 'InvalidQueryParameterValue'],
    ['PATCH', '/bronze/a', '', {}, 400, 'MissingRequiredQueryParameter'],
    [
      'GET',
      '/bronze',
      'resource=filesystem&recursive=true&maxResults=0',
      {},
      400,
      'OutOfRangeQueryParameterValue',
    ],
    [
      'GET',
      '/bronze',
      'resource=filesystem&recursive=true&maxResults=many',
      {},
      400,
      'InvalidQueryParameterValue',
    ],
    [
      'GET',
      '/bronze',
      'resource=filesystem&recursive=true&continuation=%21%21',
      {},
      400,
      'InvalidQueryParameterValue',
    ],
    ['PUT', '/bronze/b', 'resource=file&continuation=x', {}, 400, 'InvalidQueryParameterValue'],
    ['DELETE', '/bronze/a', 'recursive=true&continuation=x', {}, 400, 'InvalidQueryParameterValue'],
    ['GET', '/bronze', 'resource=filesystem&recursive=true&directory=..', {}, 400, 'InvalidResourceName'],
    ['GET', '/bronze', 'resource=filesystem&recursive=true&directory=b', {}, 404, 'PathNotFound'],
    ['GET', '/bronze', 'resource=filesystem', {}, 400, 'MissingRequiredQueryParameter'],
    ['GET', '/bronze', 'resource=filesystem&recursive=yes', {}, 400, 'InvalidQueryParameterValue'],
    [
      ...(['GET', '/bronze', 'resource=filesystem&recursive=false&beginFrom=a/b', {}] as const),
      ...([400, 'InvalidQueryParameterValue'] as const),
    ],
    ['DELETE', '/bronze/a', 'recursive=yes', {}, 400, 'InvalidQueryParameterValue'],
    ['GET', '/bronze', 'restype=container&comp=list&maxresults=-1', {}, 400, 'OutOfRangeQueryParameterValue'],
    ['GET', '/bronze', 'restype=container&comp=list&marker=%21', {}, 400, 'InvalidQueryParameterValue'],
    ['PUT', `/bronze/${'d/'.repeat(60)}d`, 'resource=directory', {}, 400, 'PathIsTooDeep'],
    ['PUT', '/Bronze', 'restype=container', {}, 400, 'InvalidResourceName'],
    ['PUT', '/bronze', 'resource=filesystem', {}, 409, 'FilesystemAlreadyExists'],
    ['PUT', '/bronze/a/b', 'resource=directory', {}, 409, 'PathConflict'],
    ['PUT', '/bronze/a', 'resource=directory', {}, 409, 'PathConflict'],
    ['DELETE', '/bronze/nothing', 'recursive=true', {}, 404, 'PathNotFound'],
    ['DELETE', '/bronze/nothing', '', {}, 404, 'BlobNotFound'],
    ['GET', '/bronze/a', '', { range: 'bytes=6-9' }, 416, 'InvalidRange'],
    ['HEAD', '/bronze/nothing', '', {}, 404, 'BlobNotFound'],
  ] as const)('%s %s?%s %o is answered with %i %s', async (method, path, query, headers, status, code) => {
    const answer = await running.raw(method, path, { query, headers })
    expect(answer.status).toBe(status)
    expect(answer.headers['x-ms-error-code']).toBe(code)
    expect(answer.headers['x-ms-request-id']).toMatch(/^[0-9a-f-]{36}$/)
    if (method === 'HEAD') expect(answer.text).toBe('')
    else if (answer.headers['content-type']?.includes('json')) {
      const { error } = JSON.parse(answer.text)
      expect(error.code).toBe(code)
      expect(error.message).toMatch(/^[A-Z"].*\.\nRequestId:[\da-f-]{36}\nTime:[\dT:.-]{27}Z$/)
    } else
      expect(answer.text).toMatch(
        new RegExp(
          `^\uFEFF<\\?xml .*\\?><Error><Code>${code}</Code><Message>[^<]+</Message>(<[QH].*)?</Error>$`,
        ),
      )
    expect(log.lines().filter(({ level }) => Number(level) >= 50)).toEqual([])
  })

  it.each([
    ['', 'abcdef', 200],
    ['bytes=2-', 'cdef', 206],
    ['bytes=2-3', 'cd', 206],
    // The service knows no last bytes: readers that ask for them get the whole.
    ['bytes=-2', 'abcdef', 200],
    ['bytes=4-99999999999999999999', 'ef', 206],
    ['bytes=3-1', 'abcdef', 200],
    ['bytes=-', 'abcdef', 200],
    ['bytes=a-b', 'abcdef', 200],
    ['lines=1-2', 'abcdef', 200],
    ['bytes=0-1,3-4', 'abcdef', 200],
  ])('the range %j gives %j', async (range, text, status) => {
    for (const name of ['range', 'x-ms-range']) {
      const answer = await running.raw('GET', '/bronze/a', { headers: range ? { [name]: range } : {} })
      expect(answer).toMatchObject({ status, text })
    }
  })

  it('empty files have no range, and no trouble', async () => {
    writeFileSync(join(running.root, 'bronze/empty'), '')
    expect(await running.raw('GET', '/bronze/empty')).toMatchObject({ status: 200, text: '' })
    expect((await running.raw('GET', '/bronze/empty', { headers: { range: 'bytes=0-9' } })).status).toBe(416)
  })
})

describe('bytes that are no request', () => {
  it.each([
    ['a method that there is none of', 'FOO /x HTTP/1.1\r\nhost: x\r\n\r\n', '400 Bad Request'],
    ['no HTTP', '\x16\x03\x01\x02\x00\x01\x00\x01', '400 Bad Request'],
    ['a huge header', `GET / HTTP/1.1\r\nhost: x\r\nx-big: ${'x'.repeat(100_000)}\r\n\r\n`, '431 '],
    ['many headers', `GET / HTTP/1.1\r\nhost: x\r\n${'x: y\r\n'.repeat(20_000)}\r\n`, '431 '],
    ['a huge target', `GET /${'x'.repeat(100_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, '431 '],
    ['a length that is none', 'PUT /x HTTP/1.1\r\nhost: x\r\ncontent-length: abc\r\n\r\n', '400 Bad Request'],
    ['a negative length', 'PUT /x HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n', '400 Bad Request'],
    [
      'two lengths',
      'PUT /x HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx',
      '400 Bad Request',
    ],
    [
      'a length and chunks',
      'PUT /x HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      '400 Bad Request',
    ],
  ])('%s is refused, and the connection ends', async (_, text, status) => {
    expect(await bytes(text)).toContain(`HTTP/1.1 ${status}`)
    expect(readdirSync(join(running.root, 'bronze'))).toEqual(['a'])
  })

  it('a body that is announced as too large is refused unread', async () => {
    const answer = await running.raw('PUT', '/bronze/b', {
      headers: { 'x-ms-blob-type': 'BlockBlob', 'content-length': '99999999999' },
      body: 'x',
    })
    expect(answer).toMatchObject({ status: 413, headers: { 'x-ms-error-code': 'RequestBodyTooLarge' } })
    expect(existsSync(join(running.root, 'bronze/b'))).toBe(false)
  })
})

describe('names', () => {
  const outside = () => readFileSync(join(running.folder, 'secret'), 'utf8')
  beforeEach(() => {
    writeFileSync(join(running.folder, 'secret'), 'secret')
    symlinkSync(running.folder, join(running.root, 'bronze/link'))
    symlinkSync(join(running.folder, 'secret'), join(running.root, 'bronze/secret'))
    symlinkSync(running.folder, join(running.root, 'linked'))
  })

  it.each(
    [
      '/bronze/../../secret',
      '/bronze/x/../../../secret',
      '/bronze/%2e%2e/%2e%2e/secret',
      '/bronze/%2E%2E%2F%2E%2E%2Fsecret',
      '/bronze/..%2f..%2fsecret',
      '/bronze/.%2e/secret',
      '/bronze/..%5c..%5csecret',
      '/bronze/./a',
      '/bronze/a%00.json',
      '/bronze/%00',
      '/bronze/link/secret',
      '/bronze/secret',
      '/linked/secret',
      '/../secret',
      '/%2e%2e/secret',
      '/.unfinished/x',
      '/%2eunfinished/x',
      `/bronze/${'x'.repeat(256)}`,
      `/bronze/${'%C3%A9'.repeat(128)}`,
      `/bronze/${'x/'.repeat(70)}x`,
      `/bronze/${'x/'.repeat(600)}x`,
      '/bronze/%zz',
      '/bronze/%c3%28',
    ].map((path) => [path.length > 60 ? `${path.slice(0, 30)}… of ${path.length} characters` : path, path]),
  )('%s is refused for every operation', async (_, path) => {
    const operations: [string, string, Record<string, string>][] = [
      ['GET', '', {}],
      ['HEAD', '', {}],
      ['PUT', '', { 'x-ms-blob-type': 'BlockBlob' }],
      ['PUT', 'comp=block&blockid=AAAA', {}],
      ['PUT', 'comp=blocklist', {}],
      ['PUT', 'resource=file', {}],
      ['PUT', 'resource=directory', {}],
      ['PUT', 'mode=legacy', { 'x-ms-rename-source': '/bronze/a' }],
      ['PATCH', 'action=append&position=0', {}],
      ['PATCH', 'action=flush&position=0', {}],
      ['DELETE', '', {}],
      ['DELETE', 'recursive=true', {}],
    ]
    for (const [method, query, headers] of operations) {
      const body =
        query === 'comp=blocklist' ? '<BlockList/>' : method === 'PUT' || method === 'PATCH' ? 'mine' : ''
      const { status, text } = await running.raw(method, path as string, { query, headers, body })
      expect([400, 404], `${method} ${query}`).toContain(status)
      expect(text).not.toContain('secret<')
      const source = await running.raw('PUT', '/bronze/stolen', {
        query: 'mode=legacy',
        headers: { 'x-ms-rename-source': path as string },
      })
      expect([400, 404]).toContain(source.status)
    }
    expect(outside()).toBe('secret')
    expect(readdirSync(running.folder).sort()).toEqual(['lake', 'secret'])
    expect(readdirSync(join(running.root, 'bronze')).sort()).toEqual(['a', 'link', 'secret'])
    expect(running.unfinished()).toEqual([])
  })

  it('of links and of what is unfinished stand in no listing', async () => {
    writeFileSync(join(running.root, '.unfinished/half'), 'half')
    mkdirSync(join(running.root, 'bronze/folder'))
    const listings = [
      ['/bronze', 'resource=filesystem&recursive=true'],
      ['/bronze', 'restype=container&comp=list'],
      ['', 'comp=list'],
    ] as const
    for (const [path, query] of listings) {
      const { status, text } = await running.raw('GET', path, { query })
      expect(status).toBe(200)
      expect(text).not.toMatch(/half|unfinished|link|secret/)
    }
    await running.raw('DELETE', '/bronze/folder', { query: 'recursive=true' })
    expect(outside()).toBe('secret')
  })
})
