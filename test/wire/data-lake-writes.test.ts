/** Writes to the lake over the wire: many at once, on conditions, renamed, given up half-way, beyond the limit. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { DataLakeServiceClient } from '@azure/storage-file-datalake'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ACCOUNT, type LakeServer, signature, startLake, TOKEN } from '../support/lake-server.ts'

let running: LakeServer
let lake: DataLakeServiceClient

beforeEach(async () => {
  running = await startLake({ limitBytes: 1_000_000 })
  lake = running.client()
})
afterEach(() => running.close())

const file = (path: string, container = 'bronze') => lake.getFileSystemClient(container).getFileClient(path)
const folder = (path: string) => lake.getFileSystemClient('bronze').getDirectoryClient(path)
const content = async (path: string) => (await file(path).readToBuffer()).toString()
const write = (path: string, text: string) => file(path).upload(Buffer.from(text))
const putBlob = (path: string, body: string, headers: Record<string, string> = {}) =>
  running.raw('PUT', `/bronze/${path}`, { headers: { 'x-ms-blob-type': 'BlockBlob', ...headers }, body })
const statuses = async (all: Promise<{ status: number }>[]) =>
  (await Promise.all(all)).map((one) => one.status)
const append = (
  path: string,
  position: number,
  body: string | Buffer,
  headers: Record<string, string> = {},
) => running.raw('PATCH', `/bronze/${path}`, { query: `action=append&position=${position}`, body, headers })
const flush = (path: string, position: number) =>
  running.raw('PATCH', `/bronze/${path}`, { query: `action=flush&position=${position}` })
const ifNoneMatch = { 'if-none-match': '*' }

describe('appends', () => {
  it('of the SDK in parallel chunks arrive in any order and give the whole file', async () => {
    const data = Buffer.from(Array.from({ length: 200_000 }, (_, index) => index % 251))
    await file('big').upload(data, { chunkSize: 7_000, singleUploadThreshold: 1, maxConcurrency: 8 })
    expect((await file('big').readToBuffer()).equals(data)).toBe(true)
    expect(running.unfinished()).toEqual([])
  })

  it('sent twice after a lost answer count once', async () => {
    await file('a').create()
    await append('a', 0, 'one')
    expect((await append('a', 0, 'one')).status).toBe(202)
    await append('a', 3, 'two')
    expect((await flush('a', 6)).status).toBe(200)
    expect(await content('a')).toBe('onetwo')
  })

  it('to what the Blob interface wrote are refused, until the Data Lake’s makes it anew', async () => {
    const listed = '<BlockList></BlockList>'
    const from = { 'x-ms-copy-source': `${running.endpoint}/bronze/put` }
    await putBlob('put', 'blob')
    await running.raw('PUT', '/bronze/listed', { query: 'comp=blocklist', body: listed })
    await running.raw('PUT', '/bronze/copied', { headers: from })
    await putBlob('appended', '', { 'x-ms-blob-type': 'AppendBlob' })
    for (const path of ['put', 'listed', 'copied', 'appended']) {
      const { etag, 'content-length': size } = (await running.raw('HEAD', `/bronze/${path}`)).headers
      const refused = await append(path, Number(size), 'more')
      expect([path, refused.status, refused.headers['x-ms-error-code']]).toEqual([
        path,
        409,
        'InvalidAppendOperation',
      ])
      expect(refused.text).toContain(
        'created or modified by the Azure Blob Service API and cannot be appended',
      )
      expect((await flush(path, Number(size))).headers['x-ms-error-code']).toBe('InvalidFlushOperation')
      expect((await running.raw('HEAD', `/bronze/${path}`)).headers.etag).toBe(etag)
    }
    // Metadata is no content, and a rename keeps how it was written.
    await write('mine', 'one')
    await running.raw('PUT', '/bronze/mine', { query: 'comp=metadata', headers: { 'x-ms-meta-a': '1' } })
    expect((await append('mine', 3, 'two')).status).toBe(202)
    await folder('put').move('moved')
    expect((await append('moved', 4, 'more')).status).toBe(409)
    await write('moved', 'anew')
    expect((await append('moved', 4, '!')).status).toBe(202)
    expect((await flush('moved', 5)).status).toBe(200)
    expect(await content('moved')).toBe('anew!')
  })

  it('in blocks to what the Data Lake’s interface made are refused, until Put Blob makes it anew', async () => {
    const id = encodeURIComponent(Buffer.from('1').toString('base64'))
    const block = (path: string, headers: Record<string, string> = {}) =>
      running.raw('PUT', `/bronze/${path}`, {
        query: `comp=block&blockid=${id}`,
        body: headers['x-ms-copy-source'] ? '' : 'block',
        headers,
      })
    const listed = `<BlockList><Latest>${decodeURIComponent(id)}</Latest></BlockList>`
    const list = (path: string) =>
      running.raw('PUT', `/bronze/${path}`, { query: 'comp=blocklist', body: listed })
    const source = {
      'x-ms-copy-source': `${running.endpoint}/bronze/source`,
      'x-ms-copy-source-authorization': `Bearer ${TOKEN}`,
    }
    await putBlob('source', 'source')
    await write('mine', 'one')
    // Blocks that waited before the file came are those of nothing.
    await block('late')
    await write('late', 'two')
    await folder('mine').move('moved')
    await running.raw('PUT', '/bronze/moved', { query: 'comp=metadata', headers: { 'x-ms-meta-a': '1' } })
    for (const refused of [
      () => block('moved'),
      () => block('moved', source),
      () => list('moved'),
      () => list('late'),
    ]) {
      const { status, headers, text } = await refused()
      expect([status, headers['x-ms-error-code']]).toEqual([409, 'BlobOperationNotSupported'])
      expect(text).toContain('Blob operation is not supported.')
    }
    expect(await content('moved')).toBe('one')
    expect((await putBlob('moved', 'blob')).status).toBe(201)
    expect((await block('moved')).status).toBe(201)
    expect((await list('moved')).status).toBe(201)
    expect(await content('moved')).toBe('block')
    // What the stages write takes blocks.
    writeFileSync(join(running.folder, 'lake', 'bronze', 'of-a-stage'), 'stage')
    expect((await block('of-a-stage')).status).toBe(201)
  })

  it.each([
    ['PATCH', 'put', 'action=append&position=4', 'InvalidAppendOperation'],
    ['PUT', 'written', 'blockid=AAAA&comp=block', 'BlobOperationNotSupported'],
  ])(
    'are refused once their body is there, so that who waits with it reads the code: %s',
    async (method, path, query, code) => {
      await putBlob('put', 'blob')
      await write('written', 'file')
      const headers: Record<string, string> = {
        ...{ 'x-ms-date': new Date().toUTCString(), 'x-ms-version': '2023-11-03', 'content-length': '4' },
      }
      const target = `/${ACCOUNT}/bronze/${path}`
      const authorization = `SharedKey ${ACCOUNT}:${signature(method, target, query, headers)}`
      const heard: string[] = []
      await new Promise<void>((done, fail) => {
        const sent = request({
          ...{ port: running.plainPort, host: '127.0.0.1', method, path: `${target}?${query}` },
          headers: { ...headers, authorization, expect: '100-continue' },
          agent: false,
        })
        sent.on('error', fail)
        sent.on('continue', () => {
          heard.push('continue')
          sent.end('more')
        })
        sent.on('response', (response) => {
          heard.push(String(response.headers['x-ms-error-code']))
          response.resume().on('end', done)
        })
        sent.flushHeaders()
      })
      expect(heard).toEqual(['continue', code])
    },
  )

  it('begun before the Blob interface wrote the file are given up', async () => {
    await write('a', 'one')
    await append('a', 3, 'two')
    await putBlob('a', 'blob')
    expect((await flush('a', 6)).headers['x-ms-error-code']).toBe('InvalidFlushOperation')
    expect(await content('a')).toBe('blob')
  })

  it('go on behind what is there, and never change it', async () => {
    await write('a', 'one')
    await append('a', 3, 'two')
    expect((await flush('a', 2)).status).toBe(400)
    expect((await flush('a', 6)).status).toBe(200)
    // Parts that would line up with the end of what is there, sent from the beginning.
    await append('a', 0, 'other!')
    await append('a', 6, 'more')
    expect(await flush('a', 10)).toMatchObject({
      status: 400,
      headers: { 'x-ms-error-code': 'InvalidFlushPosition' },
    })
    expect(await content('a')).toBe('onetwo')
    expect(running.unfinished()).toEqual([])
  })

  it('to what does not exist, or at no position, are refused', async () => {
    expect((await append('nothing', 0, 'x')).status).toBe(404)
    expect((await flush('nothing', 0)).status).toBe(404)
    await file('a').create()
    for (const position of ['', '-1', '1.5', 'x', '9007199254740993'])
      expect(
        (await running.raw('PATCH', '/bronze/a', { query: `action=append&position=${position}`, body: 'x' }))
          .status,
      ).toBe(400)
    // Beyond all that the lake may hold.
    expect((await append('a', 5_000_000_000_000, 'x')).status).toBe(400)
  })

  it('are given up when the file, its folder or its container goes, or is written anew', async () => {
    const cases: [string, () => Promise<unknown>][] = [
      ['a/deleted', () => file('a/deleted').delete()],
      ['b/in a folder', () => folder('b').delete(true)],
      ['c/replaced', () => putBlob('c/replaced', 'new')],
      ['d/made anew', () => file('d/made%20anew'.replace('%20', ' ')).create()],
      ['e/moved', () => file('e/moved').move('e/elsewhere')],
    ]
    for (const [path, away] of cases) {
      await file(path).create()
      await append(encodeURI(path), 0, 'never flushed')
      await away()
    }
    expect(running.unfinished()).toEqual([])
    await write('c/replaced', 'newest')
    expect(await content('c/replaced')).toBe('newest')
    await file('z').create()
    await append('z', 0, 'never flushed')
    await lake.getFileSystemClient('bronze').delete()
    expect(running.unfinished()).toEqual([])
  })

  it('with a wrong MD5 are refused', async () => {
    await file('a').create()
    const md5 = (text: string) => ({ 'content-md5': createHash('md5').update(text).digest('base64') })
    expect(await append('a', 0, 'one', md5('other'))).toMatchObject({
      status: 400,
      headers: { 'x-ms-error-code': 'Md5Mismatch' },
    })
    expect((await append('a', 0, 'one', md5('one'))).status).toBe(202)
    expect((await putBlob('b', 'one', md5('other'))).status).toBe(400)
    expect(existsSync(join(running.root, 'bronze/b'))).toBe(false)
  })
})

describe('of several at once', () => {
  const twenty = Array.from({ length: 20 }, (_, index) => index)

  it.each<[string, (index: number) => Promise<{ status: number }>, string]>([
    [
      'creates',
      () => running.raw('PUT', '/bronze/a', { query: 'resource=file', headers: ifNoneMatch }),
      'PathAlreadyExists',
    ],
    ['blobs', (index) => putBlob('a', `${index}`, ifNoneMatch), 'BlobAlreadyExists'],
    [
      'block lists',
      (index) =>
        running.raw('PUT', '/bronze/a', {
          query: 'comp=blocklist',
          headers: ifNoneMatch,
          body: `<?xml version="1.0"?><BlockList><Latest>${Buffer.from(`${index}`.padStart(3, '0')).toString('base64')}</Latest></BlockList>`,
        }),
      'BlobAlreadyExists',
    ],
    [
      'renames',
      (index) =>
        running.raw('PUT', '/bronze/a', {
          query: 'mode=legacy',
          headers: { ...ifNoneMatch, 'x-ms-rename-source': `/bronze/from${index}` },
        }),
      'PathAlreadyExists',
    ],
  ])(
    '%s with If-None-Match: * exactly one wins, and the others leave nothing',
    async (kind, attempt, code) => {
      for (const index of twenty)
        if (kind === 'renames') await putBlob(`from${index}`, `${index}`)
        else if (kind === 'block lists')
          await running.raw('PUT', '/bronze/a', {
            query: `comp=block&blockid=${encodeURIComponent(Buffer.from(`${index}`.padStart(3, '0')).toString('base64'))}`,
            body: `${index}`,
          })
      const answers = await Promise.all(twenty.map(attempt))
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
      const losers = answers.filter(({ status }) => status !== 201)
      // Blocks belong to the path, and the winner takes them with it.
      for (const loser of losers)
        if (kind === 'block lists') expect([400, 409]).toContain(loser.status)
        else expect(loser).toMatchObject({ status: 409, headers: { 'x-ms-error-code': code } })
      const winner = answers.findIndex(({ status }) => status === 201)
      if (kind !== 'creates') expect(await content('a')).toBe(`${winner}`)
      if (kind === 'renames')
        for (const index of twenty)
          expect(existsSync(join(running.root, `bronze/from${index}`))).toBe(index !== winner)
      expect(running.unfinished()).toEqual([])
    },
  )

  it('replacing the version that all of them know, exactly one wins', async () => {
    await write('a', 'known')
    const { etag = '' } = await file('a').getProperties()
    const codes = await statuses(twenty.map((index) => putBlob('a', `${index}`, { 'if-match': etag })))
    expect(codes.filter((code) => code === 201)).toHaveLength(1)
    expect(codes.filter((code) => code === 412)).toHaveLength(19)
    expect(await content('a')).toBe(`${codes.indexOf(201)}`)
    const { etag: next = '' } = await file('a').getProperties()
    const creates = await statuses(
      twenty.map(() =>
        running.raw('PUT', '/bronze/a', { query: 'resource=file', headers: { 'if-match': next } }),
      ),
    )
    expect(creates.filter((code) => code === 201)).toHaveLength(1)
  })

  it('without conditions all succeed, and the file is that of one of them, whole', async () => {
    const bodies = twenty.map((index) => String(index % 10).repeat(1000 + index))
    expect(new Set(await statuses(bodies.map((body) => putBlob('a', body))))).toEqual(new Set([201]))
    expect(bodies).toContain(await content('a'))
    const creates = twenty.map(() => running.raw('PUT', '/bronze/new', { query: 'resource=file' }))
    expect(new Set(await statuses(creates))).toEqual(new Set([201]))
  })

  it('each write changes the ETag, also when size and second stay the same', async () => {
    const tags = new Set<string | undefined>()
    for (let index = 0; index < 100; index++) {
      await putBlob('a', `${index % 10}`)
      tags.add((await file('a').getProperties()).etag)
    }
    expect(tags.size).toBe(100)
  })
})

describe('conditions', () => {
  it('of time and tag hold for reads, creates and deletes', async () => {
    await write('a', 'one')
    const { etag = '', lastModified = new Date() } = await file('a').getProperties()
    const before = new Date(lastModified.getTime() - 60_000)
    const read = (conditions: object) => file('a').read(0, undefined, { conditions })
    await expect(read({ ifNoneMatch: etag })).rejects.toMatchObject({ statusCode: 304 })
    await expect(read({ ifModifiedSince: lastModified })).rejects.toMatchObject({ statusCode: 304 })
    await expect(read({ ifMatch: '"0x1"' })).rejects.toMatchObject({
      statusCode: 412,
      code: 'ConditionNotMet',
    })
    await expect(read({ ifUnmodifiedSince: before })).rejects.toMatchObject({ statusCode: 412 })
    expect((await read({ ifMatch: etag, ifModifiedSince: before })).etag).toBe(etag)
    await expect(
      file('a').delete(false, { conditions: { ifUnmodifiedSince: before } }),
    ).rejects.toMatchObject({
      statusCode: 412,
    })
    await expect(
      file('a').setMetadata({ a: '1' }, { conditions: { ifMatch: '"0x1"' } }),
    ).rejects.toMatchObject({
      statusCode: 412,
    })
    await file('a').delete(false, { conditions: { ifMatch: etag } })
    expect(await file('a').exists()).toBe(false)
    await expect(file('a').create({ conditions: { ifMatch: etag } })).rejects.toMatchObject({
      statusCode: 412,
    })
  })
})

describe('a tag of a listing', () => {
  it('has no quotes, and holds all the same', async () => {
    await putBlob('a', 'one')
    const listed = async () => {
      const { text } = await running.raw('GET', '/bronze', { query: 'restype=container&comp=list' })
      return /<Etag>([^<]*)<\/Etag>/.exec(text)?.[1] as string
    }
    const first = await listed()
    expect(first).toMatch(/^0x[0-9A-F]+$/)
    expect((await putBlob('a', 'two', { 'if-match': first })).status).toBe(201)
    expect((await putBlob('a', 'three', { 'if-match': first })).status).toBe(412)
    const unchanged = { 'if-none-match': await listed() }
    expect((await running.raw('HEAD', '/bronze/a', { headers: unchanged })).status).toBe(304)
    expect(await content('a')).toBe('two')
  })
})

describe('a rename', () => {
  it('that is refused leaves the source as it was', async () => {
    await write('source', 'kept')
    await folder('folder').create()
    await write('other', 'other')
    const refusals: [string, object, number][] = [
      ['folder', {}, 409],
      ['nowhere/a', {}, 404],
      ['other', { destinationConditions: { ifNoneMatch: '*' } }, 409],
      ['other', { destinationConditions: { ifMatch: '"0x1"' } }, 412],
      ['free', { conditions: { ifMatch: '"0x1"' } }, 412],
      ['free', { conditions: { ifUnmodifiedSince: new Date(0) } }, 412],
    ]
    for (const [target, options, status] of refusals) {
      await expect(file('source').move(target, options), target).rejects.toMatchObject({ statusCode: status })
      expect(await content('source')).toBe('kept')
    }
    expect(await content('other')).toBe('other')
    expect(existsSync(join(running.root, 'bronze/nowhere'))).toBe(false)
    expect(running.unfinished()).toEqual([])
  })

  it('of a name with an empty segment is refused, and takes no folder instead', async () => {
    await file('dir/a').upload(Buffer.from('x'))
    for (const source of ['/bronze/dir//', '/bronze/dir%2F%2F', '/bronze//dir', '/bronze/dir//a'])
      expect(
        await running.raw('PUT', '/bronze/b', {
          query: 'mode=legacy',
          headers: { 'x-ms-rename-source': source },
        }),
        source,
      ).toMatchObject({ status: 400, headers: { 'x-ms-error-code': 'InvalidResourceName' } })
    expect((await running.raw('DELETE', '/bronze/dir//', { query: 'recursive=true' })).status).toBe(400)
    expect((await file('dir/a').readToBuffer()).toString()).toBe('x')
  })

  it('replaces a file in one step: whoever reads meanwhile finds one or the other', async () => {
    await write('target', 'old')
    let isOver = false
    const reading = (async () => {
      const seen = new Set<string>()
      while (!isOver) seen.add((await running.raw('GET', '/bronze/target')).text)
      return seen
    })()
    for (let index = 0; index < 30; index++) {
      await putBlob('next', 'new')
      await file('next').move('target')
    }
    isOver = true
    expect([...(await reading)].filter((text) => text !== 'old' && text !== 'new')).toEqual([])
    expect(await content('target')).toBe('new')
  })

  it('moves folders, also over empty ones, and never into themselves', async () => {
    await write('from/deep/a', 'a')
    await folder('empty').create()
    await folder('from').move('empty')
    expect(await content('empty/deep/a')).toBe('a')
    await expect(folder('empty').move('empty/deep/again')).rejects.toMatchObject({
      statusCode: 409,
      code: 'InvalidRenameSourcePath',
    })
    await write('full/b', 'b')
    await expect(folder('empty').move('full')).rejects.toMatchObject({ statusCode: 409 })
    await expect(folder('empty').move('full/b')).rejects.toMatchObject({ statusCode: 409 })
    expect(await content('empty/deep/a')).toBe('a')
    expect(await content('full/b')).toBe('b')
  })

  it('goes to another container, keeps odd names, and keeps the ledger', async () => {
    await running.lake.counted
    await write('été 50%?#+&.json', 'odd')
    await file('été 50%?#+&.json').move('silver', 'odd + &=.json')
    expect((await file('odd + &=.json', 'silver').readToBuffer()).toString()).toBe('odd')
    await write('odd', 'replaced')
    await file('odd + &=.json', 'silver').move('bronze', 'odd')
    expect(running.lake.usage()).toEqual({ bytes: 3, files: 1 })
  })

  it.each([
    ['nothing there', '/bronze/nothing', 404],
    ['no such container', '/nowhere/a', 404],
    ['a name that leaves the lake', '/bronze/../../etc/passwd', 400],
    ['the same, encoded', '/bronze/%2e%2e/%2e%2e/etc/passwd', 400],
    ['a broken encoding', '/bronze/%zz', 400],
    ['a blank that is not encoded', '/bronze/a b', 400],
    ['a letter that is not encoded', '/bronze/é', 400],
    ['a container', '/bronze', 400],
    ['nothing at all', '/', 400],
  ])('from %s is refused', async (_, source, status) => {
    await write('a b', 'blank')
    await write('é', 'letter')
    const { headers, text, ...answer } = await running.raw('PUT', '/bronze/target', {
      query: 'mode=legacy',
      headers: { 'x-ms-rename-source': source },
    })
    expect(answer.status).toBe(status)
    expect(JSON.parse(text).error.code).toBe(headers['x-ms-error-code'])
    expect(existsSync(join(running.root, 'bronze/target'))).toBe(false)
  })
})

describe('blocks', () => {
  const id = (index: number) => Buffer.from(String(index).padStart(4, '0')).toString('base64')
  const putBlock = (index: number, body: string) =>
    running.raw('PUT', '/bronze/b', { query: `comp=block&blockid=${encodeURIComponent(id(index))}`, body })
  const commit = (ids: string[]) =>
    running.raw('PUT', '/bronze/b', {
      query: 'comp=blocklist',
      body: `<?xml version="1.0"?><BlockList>${ids.map((one) => `<Latest>${one}</Latest>`).join('')}</BlockList>`,
    })

  it('become the file in the order of their list; those put again count once', async () => {
    await putBlock(1, 'one')
    await putBlock(0, 'wrong')
    await putBlock(0, 'zero ')
    await putBlock(2, 'left out')
    expect((await commit([id(0), id(1)])).status).toBe(201)
    expect(await content('b')).toBe('zero one')
    expect(running.unfinished()).toEqual([])
    expect(running.lake.usage().bytes).toBe(8)
  })

  it('are kept when they cannot be placed, for the next try', async () => {
    await putBlock(0, 'zero')
    mkdirSync(join(running.root, 'bronze/b'))
    expect((await commit([id(0)])).status).toBe(409)
    rmdirSync(join(running.root, 'bronze/b'))
    expect((await commit([id(0)])).status).toBe(201)
    expect(await content('b')).toBe('zero')
    expect(running.unfinished()).toEqual([])
  })

  it('that are unknown, and lists that are none, are refused and change nothing', async () => {
    await putBlock(0, 'zero')
    expect(await commit([id(0), id(7)])).toMatchObject({
      status: 400,
      headers: { 'x-ms-error-code': 'InvalidBlockList' },
    })
    const junk = await running.raw('PUT', '/bronze/b', { query: 'comp=blocklist', body: 'no xml' })
    expect(junk).toMatchObject({ status: 400, headers: { 'x-ms-error-code': 'InvalidXmlDocument' } })
    expect((await running.raw('PUT', '/bronze/b', { query: 'comp=block', body: 'x' })).status).toBe(400)
    expect(existsSync(join(running.root, 'bronze/b'))).toBe(false)
    expect((await commit([id(0)])).status).toBe(201)
  })

  it('hold no room for ever: put again they take it once, overwritten they give it back', async () => {
    for (let again = 0; again < 5; again++) expect((await putBlock(0, 'x'.repeat(300_000))).status).toBe(201)
    expect((await putBlob('b', 'x'.repeat(500_000))).status).toBe(201)
    expect(running.unfinished()).toEqual([])
    expect((await putBlob('c', 'x'.repeat(450_000))).status).toBe(201)
  })
})

describe('a batch', () => {
  const batch = (lines: string[], more: { type?: string; container?: string } = {}) => {
    const parts = lines.map(
      (line, index) =>
        `--of-a-test\r\nContent-Type: application/http\r\nContent-ID: ${index}\r\n\r\n${line}\r\nContent-Length: 0\r\n\r\n`,
    )
    return running.raw('POST', `/${more.container ?? 'bronze'}`, {
      query: 'restype=container&comp=batch',
      headers: { 'content-type': more.type ?? 'multipart/mixed; boundary=of-a-test' },
      body: `${parts.join('\r\n')}--of-a-test--\r\n`,
    })
  }
  const target = (path: string) => `DELETE /${ACCOUNT}/bronze/${path} HTTP/1.1`

  it('deletes what it names, and tells for each that cannot be deleted why', async () => {
    await write('été 1', '1')
    await write('folder/2', '2')
    const paths = [encodeURIComponent('été 1'), 'nothing', 'folder', 'folder/2', '..%2f..%2fx']
    const { status, text } = await batch(paths.map(target))
    expect(status).toBe(202)
    expect([...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, code]) => Number(code))).toEqual([
      202, 404, 409, 202, 400,
    ])
    expect(text).toMatch(
      /Content-ID: 1\r\n\r\nHTTP\/1\.1 404 The specified blob does not exist\.\r\nx-ms-error-code: BlobNotFound\r\n/,
    )
    // As in the reference's example.
    for (const [, head, body] of text.matchAll(
      /HTTP\/1\.1 ([\s\S]*?)\r\n\r\n([\s\S]*?)(?:\r\n)?--batchresponse/g,
    )) {
      expect(head).toMatch(/\r\nx-ms-request-id: [\da-f-]{36}\r\nx-ms-version: 2023-11-03(\r\n|$)/)
      const length = /\r\nContent-Length: (\d+)/.exec(head ?? '')?.[1]
      expect(length).toBe(body === '' ? undefined : String(Buffer.byteLength(body ?? '')))
    }
    expect(await file('été 1').exists()).toBe(false)
    expect(await file('folder/2').exists()).toBe(false)
  })

  it('deletes nothing where a part asks for what is not served', async () => {
    await write('kept', 'kept')
    const asked = (query: string, header = 'x-ms-date: today') =>
      `DELETE /${ACCOUNT}/bronze/kept${query} HTTP/1.1\r\n${header}`
    const { status, text } = await batch([
      asked('?versionid=2026-01-01T00:00:00.0000000Z'),
      asked('', 'x-ms-if-tags: "a" = \'b\''),
      asked('?comp=lease'),
      asked('?recursive=true'),
    ])
    expect(status).toBe(202)
    expect(text.match(/HTTP\/1\.1 400 /g)).toHaveLength(4)
    expect(text).toContain('it keeps no versions')
    expect(await content('kept')).toBe('kept')
    const served = ['x-ms-delete-snapshots: include', 'x-ms-client-request-id: 1', 'x-ms-version: 2023-11-03']
    const { text: deleted } = await batch([asked('?timeout=30', served.join('\r\n'))])
    expect(deleted).toContain('HTTP/1.1 202')
  })

  it('that is none, or reaches beyond its container, does nothing, and its one part says why', async () => {
    await write('kept', 'kept')
    const kept = target('kept')
    const told = async (lines: string[], type?: string) => {
      const { status, text } = await batch(lines, type === undefined ? {} : { type })
      expect(status).toBe(202)
      expect(text).not.toContain('Content-ID')
      return [...text.matchAll(/HTTP\/1\.1 (\d+) .*\r\nx-ms-error-code: (\w+)/g)].map(([, ...one]) =>
        one.join(' '),
      )
    }
    const another = [`DELETE /${ACCOUNT}/silver/x HTTP/1.1`, `GET /${ACCOUNT}/bronze/kept HTTP/1.1`]
    for (const one of another) expect(await told([kept, one])).toEqual(['400 InvalidInput'])
    expect(await told([])).toEqual(['400 InvalidInput'])
    expect(await told([kept, target('%zz')])).toEqual(['400 InvalidUri'])
    expect(await told([kept], 'text/plain')).toEqual(['400 InvalidHeaderValue'])
    expect(await told([kept], 'multipart/mixed; boundary=another')).toEqual(['400 InvalidInput'])
    const many = Array.from({ length: 257 }, () => kept)
    expect(await told(many)).toEqual(['400 ExceedsMaxBatchRequestCount'])
    expect((await batch([kept], { container: 'nowhere' })).status).toBe(404)
    expect(await content('kept')).toBe('kept')
  })
})

describe('the limit of the lake', () => {
  it('holds for every way to write, says so, and what was refused leaves nothing', async () => {
    const big = 'x'.repeat(600_000)
    expect((await putBlob('first', big)).status).toBe(201)
    await file('a').create()
    const refused = [
      await putBlob('second', big),
      await append('a', 0, big),
      await running.raw('PUT', '/bronze/b', { query: 'comp=block&blockid=AAAA', body: big }),
    ]
    for (const { status, headers, text } of refused) {
      expect(status).toBe(507)
      expect(headers['x-ms-error-code']).toBe('InsufficientStorage')
      expect(text).toContain('limit of 1000000 bytes')
    }
    expect(running.unfinished().length).toBeLessThanOrEqual(1)
    await file('first').delete()
    expect((await putBlob('second', big)).status).toBe(201)
    expect(running.lake.usage()).toMatchObject({ bytes: 600_000 })
  })
})

describe('containers', () => {
  it('that are on their way out may be deleted again, as on the service, and made anew', async () => {
    const ask = (method: string, query = 'restype=container') => running.raw(method, '/twice', { query })
    expect((await ask('DELETE')).status).toBe(404)
    expect((await ask('PUT')).status).toBe(201)
    for (const query of ['restype=container', 'restype=container', 'resource=filesystem'])
      expect((await ask('DELETE', query)).status).toBe(202)
    expect((await ask('GET')).status).toBe(404)
    expect((await ask('PUT')).status).toBe(201)
    expect((await ask('GET')).status).toBe(200)
  })

  it('are made, listed, found and deleted with what is in them; nothing makes one by the way', async () => {
    const made = lake.getFileSystemClient('more')
    expect(await made.exists()).toBe(false)
    const missing = { statusCode: 404, code: 'FilesystemNotFound' }
    await expect(made.getFileClient('a').create()).rejects.toMatchObject(missing)
    await expect(made.getDirectoryClient('a').create()).rejects.toMatchObject(missing)
    expect(
      await running.raw('PUT', '/more/a', { headers: { 'x-ms-blob-type': 'BlockBlob' }, body: 'x' }),
    ).toMatchObject({ status: 404, headers: { 'x-ms-error-code': 'ContainerNotFound' } })
    await write('a', 'a')
    await expect(file('a').move('more', 'a')).rejects.toMatchObject(missing)
    expect(await content('a')).toBe('a')
    expect(existsSync(join(running.root, 'more'))).toBe(false)
    await made.create()
    await expect(made.create()).rejects.toMatchObject({ statusCode: 409, code: 'ContainerAlreadyExists' })
    await made.getFileClient('a').upload(Buffer.from('a'))
    const names = async (options = {}) => {
      const found: string[] = []
      for await (const { name } of lake.listFileSystems(options)) found.push(name)
      return found
    }
    expect(await names()).toEqual(['bronze', 'gold', 'more', 'silver'])
    expect(await names({ prefix: 'm' })).toEqual(['more'])
    const pages: number[] = []
    for await (const page of lake.listFileSystems().byPage({ maxPageSize: 3 }))
      pages.push(page.fileSystemItems?.length ?? 0)
    expect(pages).toEqual([3, 1])
    await made.delete()
    expect(await names()).toEqual(['bronze', 'gold', 'silver'])
    await expect(made.getProperties()).rejects.toMatchObject({ statusCode: 404 })
  })
})

it.each([
  ['a blob', '', { 'x-ms-blob-type': 'BlockBlob' }],
  ['a block', 'comp=block&blockid=YQ%3D%3D', {}],
  ['a block list', 'comp=blocklist', {}],
] as const)(
  'a container that is deleted while the body of %s comes stays deleted',
  async (_, query, type) => {
    const container = { query: 'restype=container' }
    await running.raw('PUT', '/brief', container)
    const target = `/${ACCOUNT}/brief/folder/a`
    const body = '<BlockList></BlockList>'
    const headers: Record<string, string> = {
      ...type,
      'x-ms-date': new Date().toUTCString(),
      'x-ms-version': '2023-11-03',
      'content-length': String(body.length),
    }
    headers.authorization = `SharedKey ${ACCOUNT}:${signature('PUT', target, query, headers)}`
    const code = await new Promise((done, fail) => {
      const port = running.plainPort
      const path = query === '' ? target : `${target}?${query}`
      const expecting = { ...headers, expect: '100-continue' }
      const put = request({ host: '127.0.0.1', port, method: 'PUT', path, headers: expecting, agent: false })
      put.once('error', fail).once('response', (response) => {
        done(`${response.statusCode} ${response.headers['x-ms-error-code']}`)
        response.resume()
      })
      // Asked for the body, the lake has seen that the container is there.
      put.once('continue', async () => {
        expect((await running.raw('DELETE', '/brief', container)).status).toBe(202)
        put.end(body)
      })
      put.flushHeaders()
    })
    expect(code).toBe('404 ContainerNotFound')
    expect(existsSync(join(running.root, 'brief'))).toBe(false)
    expect(running.unfinished()).toEqual([])
  },
)

describe('a client that goes away', () => {
  it('in the middle of a body leaves neither a file nor a rest', async () => {
    const target = `/${ACCOUNT}/bronze/half`
    const headers: Record<string, string> = {
      'x-ms-blob-type': 'BlockBlob',
      'x-ms-date': new Date().toUTCString(),
      'x-ms-version': '2023-11-03',
      'content-length': '1000',
    }
    headers.authorization = `SharedKey ${ACCOUNT}:${signature('PUT', target, '', headers)}`
    const lines = Object.entries({ host: 'x', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
    const socket = connect(running.plainPort, '127.0.0.1')
    socket.resume()
    const closed = new Promise((done) => socket.once('close', done))
    socket.write(`PUT ${target} HTTP/1.1\r\n${lines.join('')}\r\nonly this`, () => socket.end())
    await closed
    await write('after', 'well')
    expect(existsSync(join(running.root, 'bronze/half'))).toBe(false)
    await vi.waitFor(() => expect(running.unfinished()).toEqual([]))
    expect(readFileSync(join(running.root, 'bronze/after'), 'utf8')).toBe('well')
  })
})
