/** What the service refuses and a lenient server takes: a blob of another type, pieces without a byte, bodies of no told length. */
import { connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  ACCOUNT,
  type LakeServer,
  type RawOptions,
  signature,
  startLake,
  TOKEN,
} from '../support/lake-server.ts'

let running: LakeServer
beforeAll(async () => {
  running = await startLake()
})
afterAll(() => running.close())

const block = Buffer.from('1').toString('base64')
const list = `<BlockList><Latest>${block}</Latest></BlockList>`
const typed = (type: string) => ({ 'x-ms-blob-type': type })
const ask = async (method: string, path: string, options: RawOptions = {}) => {
  const { status, headers } = await running.raw(method, path, options)
  return [status, headers['x-ms-error-code']].filter(Boolean).join(' ')
}
const from = (path: string) => ({
  'x-ms-copy-source': `${running.endpoint}${path}`,
  'x-ms-copy-source-authorization': `Bearer ${TOKEN}`,
})

describe('a blob keeps its type', () => {
  const [BLOCKS, APPENDED] = ['/bronze/blocks', '/bronze/appended']
  beforeEach(async () => {
    for (const path of [BLOCKS, APPENDED]) await running.raw('DELETE', path)
    await running.raw('PUT', BLOCKS, { headers: typed('BlockBlob'), body: 'blocks' })
    await running.raw('PUT', APPENDED, { headers: typed('AppendBlob') })
    await running.raw('PUT', APPENDED, { query: 'comp=appendblock', body: 'appended' })
  })
  const text = async (path: string) => (await running.raw('GET', path)).text

  const REFUSED: Record<string, () => Promise<string>> = {
    'Put Blob over an append blob': () => ask('PUT', APPENDED, { headers: typed('BlockBlob'), body: 'x' }),
    'Put Blob From URL over an append blob': () =>
      ask('PUT', APPENDED, { headers: { ...typed('BlockBlob'), ...from(BLOCKS) } }),
    'Copy Blob of a block blob over an append blob': () => ask('PUT', APPENDED, { headers: from(BLOCKS) }),
    'Copy Blob of an append blob over a block blob': () => ask('PUT', BLOCKS, { headers: from(APPENDED) }),
    'Put Block on an append blob': () =>
      ask('PUT', APPENDED, { query: `comp=block&blockid=${encodeURIComponent(block)}`, body: 'x' }),
    'Put Block From URL on an append blob': () =>
      ask('PUT', APPENDED, {
        query: `comp=block&blockid=${encodeURIComponent(block)}`,
        headers: from(BLOCKS),
      }),
    'Put Block List on an append blob': () => ask('PUT', APPENDED, { query: 'comp=blocklist', body: list }),
    'Get Block List of an append blob': () => ask('GET', APPENDED, { query: 'comp=blocklist' }),
    'an append blob over a block blob': () => ask('PUT', BLOCKS, { headers: typed('AppendBlob') }),
    'Append Block on a block blob': () => ask('PUT', BLOCKS, { query: 'comp=appendblock', body: 'x' }),
  }
  it.each(Object.entries(REFUSED))('%s: 409, and nothing has changed', async (_, refused) => {
    expect(await refused()).toBe('409 InvalidBlobType')
    expect(await text(BLOCKS)).toBe('blocks')
    expect(await text(APPENDED)).toBe('appended')
  })

  it('may be named again by what is appended, as Hadoop’s driver does, and must be the right one', async () => {
    const append = (type: string) =>
      running.raw('PUT', '/bronze/appended', {
        query: 'comp=appendblock',
        headers: { 'x-ms-blob-type': type },
        body: 'x',
      })
    expect((await append('AppendBlob')).status).toBe(201)
    expect((await append('BlockBlob')).status).toBe(400)
  })

  it('conditions on what stands there come first, and the same type may be written again', async () => {
    const headers = { ...typed('BlockBlob'), 'if-none-match': '*' }
    expect(await ask('PUT', APPENDED, { headers })).toBe('409 BlobAlreadyExists')
    expect(await ask('PUT', APPENDED, { headers: typed('AppendBlob') })).toBe('201')
    expect(await ask('PUT', BLOCKS, { headers: typed('BlockBlob') })).toBe('201')
  })
})

describe('a piece without a byte', () => {
  it('is refused as a block, as an appended block, and as what is appended to a file', async () => {
    await running.raw('PUT', '/bronze/log', { headers: typed('AppendBlob') })
    await running.raw('PUT', '/bronze/file', { query: 'resource=file' })
    const refused = '400 InvalidHeaderValue'
    const staged = `comp=block&blockid=${encodeURIComponent(block)}`
    expect(await ask('PUT', '/bronze/new', { query: staged })).toBe(refused)
    expect(await ask('PUT', '/bronze/log', { query: 'comp=appendblock' })).toBe(refused)
    expect(await ask('PATCH', '/bronze/file', { query: 'action=append&position=0' })).toBe(refused)
    expect((await running.raw('HEAD', '/bronze/log')).headers['x-ms-blob-committed-block-count']).toBe('0')
    // A whole blob may be empty.
    expect(await ask('PUT', '/bronze/empty', { headers: typed('BlockBlob') })).toBe('201')
  })
})

describe('a body of which no length is told', () => {
  /** @returns the status line, and the code. */
  const bare = (method: string, query: string, more: Record<string, string> = {}, body = '') => {
    const target = `/${ACCOUNT}/bronze/bare`
    const headers = { 'x-ms-date': new Date().toUTCString(), 'x-ms-version': '2023-11-03', ...more }
    const proof = `SharedKey ${ACCOUNT}:${signature(method, target, query, headers)}`
    const lines = Object.entries({ ...headers, host: 'localhost', authorization: proof, connection: 'close' })
    return new Promise<string>((done, fail) => {
      let text = ''
      const socket = connect(running.plainPort, '127.0.0.1')
      socket.on('error', fail)
      socket.setEncoding('utf8').on('data', (data) => {
        text += data
      })
      socket.on('close', () => {
        const code = /^x-ms-error-code: (\S+)/im.exec(text)?.[1]
        done([text.slice(9, 12), code].filter(Boolean).join(' '))
      })
      const target_ = query ? `${target}?${query}` : target
      socket.write(
        `${method} ${target_} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`,
      )
    })
  }

  it('is refused where there could be one; pieces of it tell their own', async () => {
    const refused = '411 MissingContentLengthHeader'
    expect(await bare('PUT', '', typed('BlockBlob'))).toBe(refused)
    expect(await bare('PUT', `comp=block&blockid=${encodeURIComponent(block)}`)).toBe(refused)
    expect(await bare('PATCH', 'action=append&position=0')).toBe(refused)
    const chunked = { ...typed('BlockBlob'), 'transfer-encoding': 'chunked' }
    expect(await bare('PUT', '', chunked, '2\r\nab\r\n0\r\n\r\n')).toBe('201')
    expect(await bare('GET', '')).toBe('200')
  })
})
