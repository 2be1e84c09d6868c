/** Checksums on their way and at rest, as .NET's clients ask for them: MD5, CRC-64, structured bodies. */
import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { crc64 } from '../../src/local/data-lake/checksums/crc64.ts'
import { unwrapStructured, wrapStructured } from '../../src/local/data-lake/checksums/structured-body.ts'
import { type LakeServer, type RawAnswer, type RawOptions, startLake } from '../support/lake-server.ts'

let running: LakeServer
beforeEach(async () => {
  running = await startLake()
})
afterEach(() => running.close())

const md5 = (text: string) => createHash('md5').update(text).digest('base64')
const crc = (text: string) => crc64(Buffer.from(text)).toString('base64')
const code = ({ status, headers }: RawAnswer) =>
  headers['x-ms-error-code'] === undefined ? String(status) : `${status} ${headers['x-ms-error-code']}`
const BLOCK_BLOB = { 'x-ms-blob-type': 'BlockBlob' }
const structured = async (text: string): Promise<Buffer> => {
  const pieces: Buffer[] = []
  for await (const piece of wrapStructured([Buffer.from(text)], Buffer.byteLength(text))) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** Every request that brings content, and what must stand before it. */
const UPLOADS: [
  name: string,
  before: RawOptions & { method?: string },
  method: string,
  query: string,
  headers: Record<string, string>,
][] = [
  ['Put Blob', {}, 'PUT', '', BLOCK_BLOB],
  ['Put Block', {}, 'PUT', 'comp=block&blockid=AAAA', {}],
  ['Append Block', { headers: { 'x-ms-blob-type': 'AppendBlob' } }, 'PUT', 'comp=appendblock', {}],
  ['Path - Update (append)', { query: 'resource=file' }, 'PATCH', 'action=append&position=0', {}],
]

describe.each(UPLOADS)('%s', (_, before, method, query, headers) => {
  const send = (more: Record<string, string>, body: string | Buffer = 'content') =>
    running.raw(method, '/bronze/a', { query, headers: { ...headers, ...more }, body })
  beforeEach(async () => {
    if (Object.keys(before).length > 0) await running.raw('PUT', '/bronze/a', before)
  })

  it('holds the body against the checksums that come with it', async () => {
    expect(code(await send({ 'content-md5': md5('other') }))).toBe('400 Md5Mismatch')
    expect(code(await send({ 'content-md5': 'AAAA' }))).toBe('400 InvalidMd5')
    expect(code(await send({ 'x-ms-content-crc64': crc('other') }))).toBe('400 Crc64Mismatch')
    const taken = await send({ 'x-ms-content-crc64': crc('content') })
    expect(taken.status).toBeLessThan(300)
    expect(taken.headers['x-ms-content-crc64']).toBe(crc('content'))
  })

  // Azurite's pull request 2644, whose tests were run on a live account.
  it('is refused before its body with both checksums, or with one that is too short', async () => {
    const both = { 'content-md5': md5('content'), 'x-ms-content-crc64': crc('content') }
    expect(code(await send(both))).toBe('400 BothCrc64AndMd5HeaderPresent')
    for (const short of ['AAAA', '!'])
      expect(code(await send({ 'x-ms-content-crc64': short }))).toBe('400 InvalidHeaderValue')
    expect(code(await send({ 'x-ms-content-crc64': 'AAAAAAAAAAAAAAAA' }))).toBe('400 Crc64Mismatch')
  })

  it('takes the content out of a structured body', async () => {
    const form = {
      'x-ms-structured-body': 'XSM/1.0; properties=crc64',
      'x-ms-structured-content-length': '7',
    }
    const body = await structured('content')
    const broken = Buffer.from(body)
    broken[25] = (broken[25] as number) ^ 1
    expect(code(await send(form, broken))).toBe('400 Crc64Mismatch')
    expect(code(await send({ ...form, 'x-ms-structured-content-length': '8' }, body))).toBe(
      '400 InvalidStructuredMessage',
    )
    expect(code(await send({ ...form, 'x-ms-structured-body': 'XSM/2.0' }, body))).toBe(
      '400 UnsupportedHeader',
    )
    const taken = await send(form, body)
    expect(taken.status).toBeLessThan(300)
    expect(taken.headers['x-ms-structured-body']).toBe('XSM/1.0; properties=crc64')
    if (method === 'PATCH') await running.raw('PATCH', '/bronze/a', { query: 'action=flush&position=7' })
    if (query.startsWith('comp=block'))
      await running.raw('PUT', '/bronze/a', {
        query: 'comp=blocklist',
        body: '<BlockList><Latest>AAAA</Latest></BlockList>',
      })
    expect((await running.raw('GET', '/bronze/a')).text).toBe('content')
  })
})

describe('a blob', () => {
  const put = (headers: Record<string, string> = {}) =>
    running.raw('PUT', '/bronze/a', { headers: { ...BLOCK_BLOB, ...headers }, body: 'content' })

  it('has the MD5 of what was put, until it is changed', async () => {
    expect(code(await put({ 'x-ms-blob-content-md5': md5('other') }))).toBe('400 Md5Mismatch')
    expect((await put()).headers['content-md5']).toBe(md5('content'))
    expect((await running.raw('HEAD', '/bronze/a')).headers['content-md5']).toBe(md5('content'))
    const list = await running.raw('GET', '/bronze', { query: 'restype=container&comp=list' })
    expect(list.text).toContain(`<Content-MD5>${md5('content')}</Content-MD5>`)
    await running.write('/bronze/b', 'content')
    await running.raw('PUT', '/bronze/b', {
      query: 'comp=properties',
      headers: { 'x-ms-blob-content-md5': md5('content') },
    })
    expect((await running.raw('HEAD', '/bronze/b')).headers['content-md5']).toBe(md5('content'))
    await running.raw('PATCH', '/bronze/b', { query: 'action=append&position=7', body: '!' })
    await running.raw('PATCH', '/bronze/b', { query: 'action=flush&position=8' })
    expect((await running.raw('HEAD', '/bronze/b')).headers['content-md5']).toBeUndefined()
  })

  // Azurite's pull request 2644, on a live account.
  it('is held against its own MD5, and not against that of the transport beside it', async () => {
    const own = { 'x-ms-blob-content-md5': md5('content') }
    expect((await put({ ...own, 'content-md5': md5('other') })).status).toBe(201)
    expect(code(await put({ ...own, 'content-md5': 'AAAA' }))).toBe('400 InvalidMd5')
    const wrong = { 'x-ms-blob-content-md5': md5('other'), 'content-md5': md5('content') }
    expect(code(await put(wrong))).toBe('400 Md5Mismatch')
  })

  // object-tests, azure-hns/list-written-with-hashes, head-written-with-crc64.
  it('is listed with the CRC-64 that it was put with, and with none that blocks have', async () => {
    const listed = async () =>
      /<Content-CRC64[^>]*>([^<]*)/.exec(
        (await running.raw('GET', '/bronze', { query: 'restype=container&comp=list' })).text,
      )?.[1]
    await put({ 'x-ms-content-crc64': crc('content') })
    expect(await listed()).toBe(crc('content'))
    await running.raw('PUT', '/bronze/a', { query: 'comp=metadata', headers: { 'x-ms-meta-kept': '1' } })
    expect(await listed()).toBe(crc('content'))
    expect((await running.raw('HEAD', '/bronze/a')).headers['x-ms-content-crc64']).toBeUndefined()
    await put()
    expect(await listed()).toBe('')
    const headers = { 'x-ms-content-crc64': crc('content') }
    await running.raw('PUT', '/bronze/a', { query: 'comp=block&blockid=AAAA', headers, body: 'content' })
    await running.raw('PUT', '/bronze/a', {
      query: 'comp=blocklist',
      body: '<BlockList><Latest>AAAA</Latest></BlockList>',
    })
    expect(await listed()).toBe('')
  })

  it('is read with the checksum of the range that was asked for', async () => {
    await put()
    const read = (headers: Record<string, string>) => running.raw('GET', '/bronze/a', { headers })
    const range = { 'x-ms-range': 'bytes=1-3' }
    const part = await read({ ...range, 'x-ms-range-get-content-md5': 'true' })
    expect(part).toMatchObject({ status: 206, text: 'ont', headers: { 'content-md5': md5('ont') } })
    expect(part.headers['x-ms-blob-content-md5']).toBe(md5('content'))
    const other = await read({ ...range, 'x-ms-range-get-content-crc64': 'true' })
    expect(other.headers['x-ms-content-crc64']).toBe(crc('ont'))
    expect(code(await read({ 'x-ms-range-get-content-md5': 'true' }))).toBe('400 InvalidHeaderValue')
    // In the recordings of azure-sdk-for-js.
    const both = { 'x-ms-range-get-content-md5': 'true', 'x-ms-range-get-content-crc64': 'true' }
    expect(code(await read({ ...range, ...both }))).toBe('400 BothCrc64AndMd5RangeHeaderPresent')
  })

  it('of more than 4 MiB is not read with one checksum', async () => {
    const body = Buffer.alloc(4 * 1024 * 1024 + 1)
    await running.raw('PUT', '/bronze/a', { headers: BLOCK_BLOB, body })
    const headers = { 'x-ms-range': 'bytes=0-4194304', 'x-ms-range-get-content-md5': 'true' }
    expect(code(await running.raw('GET', '/bronze/a', { headers }))).toBe('400 OutOfRangeInput')
    headers['x-ms-range'] = 'bytes=1-4194304'
    expect(code(await running.raw('GET', '/bronze/a', { headers }))).toBe('206')
  })

  it.each([
    ['whole', {}, 200, 'content'],
    ['in part', { range: 'bytes=2-4' }, 206, 'nte'],
  ])('comes as a structured body %s', async (_, range, status, text) => {
    await put()
    const answer = await fetchBytes('/bronze/a', {
      'x-ms-structured-body': 'XSM/1.0; properties=crc64',
      ...(range as Record<string, string>),
    })
    expect(answer.status).toBe(status)
    expect(answer.headers['x-ms-structured-content-length']).toBe(String(text.length))
    const { content } = unwrapStructured(answer.body, text.length)
    expect(content.toString()).toBe(text)
  })

  const fetchBytes = async (path: string, headers: Record<string, string>) => {
    const answer = await running.raw('GET', path, { headers, encoding: 'latin1' })
    return { ...answer, body: Buffer.from(answer.text, 'latin1') }
  }
})
