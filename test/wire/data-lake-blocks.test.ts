/** Blobs that grow: blocks that were committed before are named again, append blobs are appended to. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type LakeServer, type RawAnswer, startLake, TOKEN } from '../support/lake-server.ts'

let running: LakeServer
beforeEach(async () => {
  running = await startLake()
})
afterEach(() => running.close())

const code = ({ status, headers }: RawAnswer) =>
  headers['x-ms-error-code'] === undefined ? String(status) : `${status} ${headers['x-ms-error-code']}`
const id = (text: string) => Buffer.from(text).toString('base64')
const content = async (path = '/bronze/a') => (await running.raw('GET', path)).text

it('a blob of which only blocks wait was changed when they came, and conditions by date know it', async () => {
  const { raw } = running
  const commit = (since: number) =>
    raw('PUT', '/bronze/a', {
      query: 'comp=blocklist',
      headers: { 'if-modified-since': new Date(since).toUTCString() },
      body: `<BlockList><Latest>${id('1')}</Latest></BlockList>`,
    })
  await raw('PUT', '/bronze/a', { query: `comp=block&blockid=${encodeURIComponent(id('1'))}`, body: 'one' })
  expect(code(await commit(Date.now() + 10_000))).toBe('412 ConditionNotMet')
  expect((await raw('GET', '/bronze/a')).status).toBe(404)
  expect(code(await commit(Date.now() - 10_000))).toBe('201')
  expect(await content()).toBe('one')
})

describe('a block list', () => {
  const put = (name: string, body: string) =>
    running.raw('PUT', '/bronze/a', {
      query: `comp=block&blockid=${encodeURIComponent(id(name))}`,
      body,
    })
  const commit = (...list: [kind: string, name: string][]) =>
    running.raw('PUT', '/bronze/a', {
      query: 'comp=blocklist',
      body: `<BlockList>${list.map(([kind, name]) => `<${kind}>${id(name)}</${kind}>`).join('')}</BlockList>`,
    })
  const listed = async (type = 'all') =>
    (await running.raw('GET', '/bronze/a', { query: `comp=blocklist&blocklisttype=${type}` })).text.replace(
      /^.*?\?>/,
      '',
    )
  const xml = (...blocks: [string, number][]) =>
    blocks.map(([name, size]) => `<Block><Name>${id(name)}</Name><Size>${size}</Size></Block>`).join('')

  it('names blocks that were committed before, in any order, and new ones; a stream that flushes often does', async () => {
    await put('1', 'one ')
    await commit(['Latest', '1'])
    await put('2', 'two ')
    expect(await listed()).toBe(
      `<BlockList><CommittedBlocks>${xml(['1', 4])}</CommittedBlocks><UncommittedBlocks>${xml(['2', 4])}</UncommittedBlocks></BlockList>`,
    )
    expect(code(await commit(['Committed', '1'], ['Uncommitted', '2']))).toBe('201')
    expect(await content()).toBe('one two ')
    await put('3', 'three ')
    expect(code(await commit(['Latest', '3'], ['Latest', '1']))).toBe('201')
    expect(await content()).toBe('three one ')
    // Of two with one name the newer is the latest.
    await put('1', 'ONE ')
    await commit(['Committed', '1'], ['Latest', '1'])
    expect(await content()).toBe('one ONE ')
    expect(await listed('committed')).toBe(
      `<BlockList><CommittedBlocks>${xml(['1', 4], ['1', 4])}</CommittedBlocks></BlockList>`,
    )
    expect(running.unfinished()).toEqual([])
  })

  it('survives a restart, and ends when something else is written in the file’s place', async () => {
    await put('1', 'one')
    await commit(['Latest', '1'])
    await running.restart()
    expect(code(await commit(['Committed', '1']))).toBe('201')
    writeFileSync(join(running.root, 'bronze/a'), 'by hand')
    expect(code(await commit(['Committed', '1']))).toBe('400 InvalidBlockList')
    expect(await content()).toBe('by hand')
  })

  it('refuses a block that is not there, or not where it is looked for, and gives up those that it leaves out', async () => {
    await put('1', 'one')
    expect(code(await commit(['Committed', '1']))).toBe('400 InvalidBlockList')
    expect(code(await commit(['Latest', '2']))).toBe('400 InvalidBlockList')
    await put('2', 'two')
    await commit(['Uncommitted', '1'])
    expect(code(await commit(['Uncommitted', '1']))).toBe('400 InvalidBlockList')
    expect(code(await commit(['Latest', '2']))).toBe('400 InvalidBlockList')
    expect(await listed('uncommitted')).toBe('<BlockList><UncommittedBlocks /></BlockList>')
    expect(running.unfinished()).toEqual([])
  })

  it('has ids of one length, of at most 64 bytes', async () => {
    await put('one', '1')
    expect(code(await put('three', '2'))).toBe('400 InvalidBlobOrBlock')
    // object-tests, azure-hns/stage-id-too-long.
    expect(code(await put('x'.repeat(65), '2'))).toBe('400 OutOfRangeInput')
  })

  it('may have ids of another length than those that the blob was made of: another client writes it anew', async () => {
    await put('one', '1')
    await commit(['Latest', 'one'])
    expect(code(await put('three', '2'))).toBe('201')
    expect(code(await put('two', '2'))).toBe('400 InvalidBlobOrBlock')
    expect(code(await commit(['Latest', 'three'], ['Committed', 'one']))).toBe('201')
    expect(await content()).toBe('21')
  })

  it('shows in the listing before it is committed, to who asks', async () => {
    await put('1', 'one')
    const names = async (include: string) =>
      [
        ...(
          await running.raw('GET', '/bronze', { query: `restype=container&comp=list${include}` })
        ).text.matchAll(/<Name>([^<]+)</g),
      ].map(([, name]) => name)
    expect(await names('')).toEqual([])
    expect(await names('&include=UncommittedBlobs')).toEqual(['a'])
  })

  it('takes pieces of other blobs of the lake, with a proof', async () => {
    await running.raw('PUT', '/bronze/from', { headers: { 'x-ms-blob-type': 'BlockBlob' }, body: 'abcdef' })
    const fromUrl = (headers: Record<string, string>) =>
      running.raw('PUT', '/bronze/a', {
        query: `comp=block&blockid=${id('1')}`,
        headers: {
          'x-ms-copy-source': `${running.endpoint}/bronze/from`,
          'x-ms-source-range': 'bytes=1-3',
          ...headers,
        },
      })
    expect(code(await fromUrl({}))).toBe('401 CannotVerifyCopySource')
    const proof = { 'x-ms-copy-source-authorization': `Bearer ${TOKEN}` }
    expect(code(await fromUrl({ ...proof, 'x-ms-source-content-md5': id('0123456789abcdef') }))).toBe(
      '400 Md5Mismatch',
    )
    const refused = await fromUrl({ ...proof, 'x-ms-source-if-match': '"0x1"' })
    expect(code(refused)).toBe('412 CannotVerifyCopySource')
    expect(refused.text).toContain('<CopySourceStatusCode>412</CopySourceStatusCode>')
    // As azblob's live tests have both: a tag that no blob has by its form, and what the source itself answers.
    const formless = await fromUrl({ ...proof, 'x-ms-source-if-match': 'a' })
    expect(code(formless)).toBe('412 SourceConditionNotMet')
    const { headers } = await running.raw('HEAD', '/bronze/from')
    const unchanged = await fromUrl({ ...proof, 'x-ms-source-if-none-match': String(headers.etag) })
    expect(code(unchanged)).toBe('304 CannotVerifyCopySource')
    for (const range of ['bytes=-2', 'bytes=3-1', 'bytes=0-1,3-4'])
      expect(code(await fromUrl({ ...proof, 'x-ms-source-range': range }))).toBe('400 InvalidHeaderValue')
    expect(code(await fromUrl(proof))).toBe('201')
    await commit(['Latest', '1'])
    expect(await content()).toBe('bcd')
  })
})

describe('an append blob', () => {
  const create = () => running.raw('PUT', '/bronze/log', { headers: { 'x-ms-blob-type': 'AppendBlob' } })
  const append = (body: string, headers: Record<string, string> = {}) =>
    running.raw('PUT', '/bronze/log', { query: 'comp=appendblock', headers, body })

  it('grows by what is appended, on its conditions, until it is sealed', async () => {
    await create()
    const first = await append('one\n')
    expect(first).toMatchObject({
      status: 201,
      headers: { 'x-ms-blob-append-offset': '0', 'x-ms-blob-committed-block-count': '1' },
    })
    const second = await append('two\n', { 'x-ms-blob-condition-appendpos': '4' })
    expect(second.headers['x-ms-blob-append-offset']).toBe('4')
    expect(code(await append('x', { 'x-ms-blob-condition-appendpos': '4' }))).toBe(
      '412 AppendPositionConditionNotMet',
    )
    for (const none of ['-1', '1.5', 'x'])
      expect(code(await append('x', { 'x-ms-blob-condition-appendpos': none }))).toBe(
        '400 InvalidHeaderValue',
      )
    expect(code(await append('x', { 'x-ms-blob-condition-maxsize': '8' }))).toBe(
      '412 MaxBlobSizeConditionNotMet',
    )
    expect(code(await append('x', { 'if-match': String(first.headers.etag) }))).toBe('412 ConditionNotMet')
    await running.restart()
    await running.raw('PUT', '/bronze/log', { query: 'comp=seal' })
    expect(code(await append('x'))).toBe('409 BlobIsSealed')
    expect(await content('/bronze/log')).toBe('one\ntwo\n')
    const { headers } = await running.raw('HEAD', '/bronze/log')
    expect(headers).toMatchObject({ 'x-ms-blob-type': 'AppendBlob', 'x-ms-blob-sealed': 'true' })
    expect(running.lake.usage()).toEqual({ bytes: 8, files: 1 })
    // A copy is sealed as its source is, unless the request says otherwise.
    const copy = async (path: string, headers: Record<string, string> = {}) => {
      const source = `${running.endpoint}/bronze/log`
      await running.raw('PUT', path, { headers: { 'x-ms-copy-source': source, ...headers } })
      return (await running.raw('HEAD', path)).headers['x-ms-blob-sealed']
    }
    expect(await copy('/bronze/copy')).toBe('true')
    expect(await copy('/bronze/open', { 'x-ms-seal-blob': 'false' })).toBeUndefined()
    expect(code(await running.raw('PUT', '/bronze/open', { query: 'comp=appendblock', body: 'x' }))).toBe(
      '201',
    )
  })

  it('is no block blob, nor is one of those an append blob', async () => {
    await running.raw('PUT', '/bronze/log', { headers: { 'x-ms-blob-type': 'BlockBlob' }, body: 'x' })
    expect(code(await append('x'))).toBe('409 InvalidBlobType')
    const other = { headers: { 'x-ms-blob-type': 'RoundBlob' } }
    expect(code(await running.raw('PUT', '/bronze/p', other))).toBe('400 InvalidHeaderValue')
  })

  it('that finds the lake full is as it was', async () => {
    await running.close()
    running = await startLake({ limitBytes: 10 })
    await create()
    await append('12345678')
    expect(code(await append('9012'))).toBe('507 InsufficientStorage')
    expect(await content('/bronze/log')).toBe('12345678')
    expect(code(await append('90'))).toBe('201')
  })
})
