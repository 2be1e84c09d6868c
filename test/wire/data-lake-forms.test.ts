/** Requests in the forms that other languages' clients give them: methods, words, names, conditions, early refusals. */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ACCOUNT, type LakeServer, type RawAnswer, signature, startLake } from '../support/lake-server.ts'

let running: LakeServer
beforeEach(async () => {
  running = await startLake()
})
afterEach(() => running.close())

const code = ({ status, headers }: RawAnswer) =>
  headers['x-ms-error-code'] === undefined ? String(status) : `${status} ${headers['x-ms-error-code']}`
const put = (path = '/bronze/a', headers: Record<string, string> = {}, body = 'content') =>
  running.raw('PUT', path, { headers: { 'x-ms-blob-type': 'BlockBlob', ...headers }, body })

it('a PATCH may come as a PUT that says so, as Hadoop and Spark send it', async () => {
  const patch = { 'x-http-method-override': 'PATCH' }
  await running.raw('PUT', '/bronze/a', { query: 'resource=file' })
  const append = { query: 'action=append&position=0', headers: patch, body: 'spark' }
  expect((await running.raw('PUT', '/bronze/a', append)).status).toBe(202)
  const flush = { query: 'action=flush&position=5&retainUncommittedData=false&close=true', headers: patch }
  expect((await running.raw('PUT', '/bronze/a', flush)).status).toBe(200)
  const status = await running.raw('HEAD', '/bronze/a', { query: 'action=getStatus&upn=false' })
  expect(status.headers).toMatchObject({
    'content-length': '5',
    'x-ms-resource-type': 'file',
    'x-ms-owner': '$superuser',
    'x-ms-permissions': 'rw-r-----',
  })
  expect((await running.raw('GET', '/bronze/a')).text).toBe('spark')
})

it('a client that had no answer finds its own work again, as Hadoop’s driver looks for it', async () => {
  const id = '4c1b5ad5-3d05-47c0-a9a2-59a0a4f2f15e'
  const named = (headers: Record<string, string> = {}) => ({ 'x-ms-client-transaction-id': id, ...headers })
  const seen = async (path: string, query?: string) => {
    const { status, headers } = await running.raw('HEAD', path, query === undefined ? {} : { query })
    return status === 200 ? headers['x-ms-client-transaction-id'] : status
  }
  for (const resource of ['file', 'directory']) {
    const source = `/bronze/${resource}`
    await running.raw('PUT', source, { query: `resource=${resource}` })
    expect(await seen(source)).toBeUndefined()
    await running.raw('PUT', source, { query: `resource=${resource}`, headers: named() })
    expect(await seen(source)).toBe(id)
    expect(await seen(source, 'action=getStatus')).toBe(id)
    const rename = async (from: string, to: string, headers: Record<string, string>) =>
      (await running.raw('PUT', to, { headers: { ...headers, 'x-ms-rename-source': from } })).status
    // A move that does not say so is not the one that made the path.
    expect(await rename(source, `${source}-2`, {})).toBe(201)
    expect(await seen(`${source}-2`)).toBeUndefined()
    expect(await rename(`${source}-2`, `${source}-3`, named())).toBe(201)
    expect(await seen(`${source}-3`)).toBe(id)
    expect(await seen(`${source}-2`)).toBe(404)
  }
  const bad = { query: 'resource=file', headers: named({ 'x-ms-client-transaction-id': 'x'.repeat(65) }) }
  expect(code(await running.raw('PUT', '/bronze/b', bad))).toBe('400 InvalidHeaderValue')
})

it('a list of a file is that file, with the version that every look at it names', async () => {
  await put('/bronze/folder/a')
  for (const recursive of [true, false]) {
    const query = `resource=filesystem&directory=folder%2Fa&recursive=${recursive}`
    const { paths } = JSON.parse((await running.raw('GET', '/bronze', { query })).text)
    const { etag } = (await running.raw('HEAD', '/bronze/folder/a')).headers
    expect(paths).toEqual([expect.objectContaining({ name: 'folder/a', contentLength: '7' })])
    expect(`"${paths[0].etag}"`).toBe(etag)
  }
})

it('a rename onto a folder moves into it, as Hadoop counts on; with mode=legacy it takes its place', async () => {
  const make = (path: string) => running.raw('PUT', path, { query: 'resource=directory' })
  const rename = async (from: string, to: string, query = '') =>
    code(await running.raw('PUT', to, { query, headers: { 'x-ms-rename-source': `/bronze${from}` } }))
  const stands = async (path: string) => (await running.raw('HEAD', `/bronze${path}`)).status === 200
  await make('/bronze/target')
  await put('/bronze/source/a')
  await put('/bronze/file')
  expect(await rename('/file', '/bronze/target')).toBe('201')
  expect(await rename('/source', '/bronze/target', 'mode=posix')).toBe('201')
  expect(await stands('/target/file')).toBe(true)
  expect(await stands('/target/source/a')).toBe(true)
  // Not where something stands already, nor below itself.
  await put('/bronze/source/a')
  expect(await rename('/source', '/bronze/target')).toBe('409 DirectoryNotEmpty')
  expect(await rename('/target', '/bronze/target')).toBe('409 InvalidRenameSourcePath')
  expect(await rename('/source', '/bronze/target', 'mode=legacy')).toBe('409 DirectoryNotEmpty')
  await make('/bronze/empty')
  expect(await rename('/source', '/bronze/empty', 'mode=legacy')).toBe('201')
  expect(await stands('/empty/a')).toBe(true)
  expect(await stands('/source')).toBe(false)
})

it('a rename that leaves out the container is one in the container of its source, as Go sends it', async () => {
  await put()
  const headers = { 'x-ms-rename-source': `/${ACCOUNT}/bronze/a` }
  expect((await running.raw('PUT', '/newName', { headers })).status).toBe(201)
  expect((await running.raw('GET', '/bronze/newName')).text).toBe('content')
})

it('what is flushed in part keeps the rest for the next flush, when asked to', async () => {
  await running.raw('PUT', '/bronze/a', { query: 'resource=file' })
  const append = (position: number, body: string) =>
    running.raw('PATCH', '/bronze/a', { query: `action=append&position=${position}`, body })
  const flush = (position: number, more = '') =>
    running.raw('PATCH', '/bronze/a', { query: `action=flush&position=${position}${more}` })
  await append(0, 'one ')
  await append(4, 'two')
  await flush(4, '&retainUncommittedData=true')
  expect((await running.raw('GET', '/bronze/a')).text).toBe('one ')
  expect((await flush(7)).status).toBe(200)
  expect((await running.raw('GET', '/bronze/a')).text).toBe('one two')
  await append(7, ' three')
  await flush(7)
  expect(code(await flush(13))).toBe('400 InvalidFlushPosition')
  expect(running.unfinished()).toEqual([])
})

it('a blank of the query may be a plus, in what is asked for and in what is signed', async () => {
  await put('/bronze/with%20blank/a')
  await put('/bronze/with+plus/a')
  const listed = async (prefix: string) => {
    const { status, text } = await running.raw('GET', '/bronze', {
      query: `restype=container&comp=list&showonly=files&prefix=${prefix}`,
    })
    return [status, ...[...text.matchAll(/<Name>([^<]*)/g)].map(([, name]) => name)]
  }
  expect(await listed('with+blank%2F')).toEqual([200, 'with blank/a'])
  expect(await listed('with%20blank%2F')).toEqual([200, 'with blank/a'])
  expect(await listed('with%2Bplus%2F')).toEqual([200, 'with+plus/a'])
})

it('words of the query count in any case, their names too', async () => {
  await put('/bronze/a', { 'x-ms-meta-owner': 'mine' })
  const list = await running.raw('GET', '/bronze', { query: 'RESTYPE=Container&Comp=List&Include=Metadata' })
  expect(list).toMatchObject({ status: 200 })
  expect(list.text).toContain('<Metadata><owner>mine</owner></Metadata>')
  const containers = await running.raw('PUT', '/mine', {
    query: 'restype=container',
    headers: { 'x-ms-meta-kind': 'test' },
  })
  expect(containers.status).toBe(201)
  const all = await running.raw('GET', '', { query: 'comp=list&include=Metadata&prefix=mine' })
  expect(all.text).toContain('<Metadata><kind>test</kind></Metadata>')
  const plain = await running.raw('GET', '', { query: 'comp=list&prefix=mine' })
  expect(plain.text).not.toContain('<Metadata>')
})

it('the id of a request comes back with its answer, also with a refusal', async () => {
  const headers = { 'x-ms-client-request-id': 'mine-1', 'x-ms-return-client-request-id': 'true' }
  await put()
  for (const path of ['/bronze/a', '/bronze/nothing'])
    expect((await running.raw('GET', path, { headers })).headers['x-ms-client-request-id']).toBe('mine-1')
})

it('HEAD of a path tells its owner, its access list and its metadata in both forms', async () => {
  await put('/bronze/a', { 'x-ms-meta-owner': 'mine' })
  const acl = 'user::rwx,user:ann:r--,group::r-x,mask::r-x,other::---'
  await running.raw('PATCH', '/bronze/a', { query: 'action=setAccessControl', headers: { 'x-ms-acl': acl } })
  const { headers } = await running.raw('HEAD', '/bronze/a')
  expect(headers).toMatchObject({
    'x-ms-owner': '$superuser',
    'x-ms-group': '$superuser',
    'x-ms-permissions': 'rwxr-x---+',
    'x-ms-acl': acl,
    'x-ms-properties': `owner=${Buffer.from('mine').toString('base64')}`,
    'x-ms-meta-owner': 'mine',
    'x-ms-server-encrypted': 'true',
  })
})

it('access lists are changed on a whole tree, page by page', async () => {
  for (const path of ['tree/a', 'tree/deep/b', 'tree/deep/c'])
    await running.raw('PUT', `/bronze/${path}`, { query: 'resource=file' })
  const change = (mode: string, acl: string, more = '') =>
    running.raw('PATCH', '/bronze/tree', {
      query: `action=setAccessControlRecursive&mode=${mode}${more}`,
      headers: { 'x-ms-acl': acl },
    })
  const acl = async (path: string) =>
    (await running.raw('HEAD', `/bronze/${path}`, { query: 'action=getAccessControl' })).headers['x-ms-acl']
  const set = await change('set', 'user::rwx,group::r-x,other::---,default:user:ann:r--')
  expect(JSON.parse(set.text)).toEqual({
    directoriesSuccessful: 2,
    filesSuccessful: 3,
    failureCount: 0,
    failedEntries: [],
  })
  expect(await acl('tree/deep')).toContain('default:user:ann:r--')
  expect(await acl('tree/deep/b')).toBe('user::rwx,group::r-x,other::---')
  let [changed, next] = [0, '']
  do {
    const page = await change('modify', 'user:bob:r--', `&maxRecords=2${next}`)
    const { directoriesSuccessful, filesSuccessful } = JSON.parse(page.text)
    changed += directoriesSuccessful + filesSuccessful
    const marker = page.headers['x-ms-continuation']
    next = marker === undefined ? '' : `&continuation=${encodeURIComponent(String(marker))}`
  } while (next !== '')
  expect(changed).toBe(5)
  expect(await acl('tree/deep/c')).toBe('user::rwx,user:bob:r--,group::r-x,mask::r-x,other::---')
  // A mask stays when nobody is named any more, as setfacl leaves it.
  await change('remove', 'user:bob')
  expect(await acl('tree/deep/c')).toBe('user::rwx,group::r-x,mask::r-x,other::---')
  expect(code(await change('remove', 'user::rwx'))).toBe('400 InvalidHeaderValue')
})

it('a file goes when its time has come, and not before', async () => {
  const expire = (option: string, time?: string) =>
    running.raw('PUT', '/bronze/a', {
      query: 'comp=expiry',
      headers: { 'x-ms-expiry-option': option, ...(time && { 'x-ms-expiry-time': time }) },
    })
  await put()
  expect((await expire('RelativeToNow', '3600000')).status).toBe(200)
  const { headers } = await running.raw('HEAD', '/bronze/a')
  expect(Date.parse(String(headers['x-ms-expiry-time']))).toBeGreaterThan(Date.now() + 3_000_000)
  await expire('NeverExpire')
  expect((await running.raw('HEAD', '/bronze/a')).headers['x-ms-expiry-time']).toBeUndefined()
  expect(code(await expire('Absolute', 'yesterday'))).toBe('400 InvalidHeaderValue')
  expect((await expire('RelativeToNow', '0')).status).toBe(200)
  expect((await running.raw('HEAD', '/bronze/a')).status).toBe(404)
  expect(running.lake.usage().files).toBe(0)
})

describe('listings', () => {
  const list = async (query: string) =>
    (await running.raw('GET', '/bronze', { query: `restype=container&comp=list${query && `&${query}`}` }))
      .text

  it('encode names that XML cannot carry', async () => {
    writeFileSync(join(running.root, 'bronze', 'a\u0001b'), 'x')
    const text = await list('')
    expect(text).toContain('<Name Encoded="true">a%01b</Name>')
    expect(text).not.toMatch(/&#1;|\u0001/)
  })

  it('group by folder, from a name on, up to a name', async () => {
    for (const name of ['a-1/x', 'a-2', 'b', 'c-1/x', 'c-1/y', 'c-2']) await put(`/bronze/${name}`)
    const names = (text: string) =>
      [...text.matchAll(/<(Blob|BlobPrefix)><Name>([^<]+)</g)].map(([, kind, name]) =>
        kind === 'Blob' ? name : `${name}*`,
      )
    expect(names(await list('delimiter=/'))).toEqual(['a-1/*', 'a-2', 'b', 'c-1/*', 'c-2'])
    expect(names(await list('delimiter=/&prefix=a-'))).toEqual(['a-1/*', 'a-2'])
    expect(names(await list('showonly=directories'))).toEqual(['a-1', 'c-1'])
    expect(names(await list('showonly=files&delimiter=/'))).toEqual(['a-2', 'b', 'c-2'])
    expect(names(await list('startFrom=a-2&endBefore=c-2'))).toEqual(['a-2', 'b', 'c-1', 'c-1/x', 'c-1/y'])
    expect(names(await list('prefix=c-1/&startFrom=d'))).toEqual([])
    const pages: string[] = []
    for (let marker = ''; ; ) {
      const page = await list(`delimiter=/&maxresults=1&marker=${marker}`)
      pages.push(...(names(page) as string[]))
      marker = /<NextMarker>([^<]+)</.exec(page)?.[1] ?? ''
      if (marker === '') break
    }
    expect(pages).toEqual(['a-1/*', 'a-2', 'b', 'c-1/*', 'c-2'])
  })
})

describe('conditions', () => {
  const past = 'Tue, 01 Jan 2030 00:00:00 GMT'
  it.each([
    ['DELETE', 'restype=container', { 'if-modified-since': past }, '412 ConditionNotMet'],
    [
      'DELETE',
      'restype=container',
      { 'if-unmodified-since': 'Tue, 01 Jan 2019 00:00:00 GMT' },
      '412 ConditionNotMet',
    ],
    ['PUT', 'restype=container&comp=metadata', { 'if-modified-since': past }, '412 ConditionNotMet'],
    [
      'PUT',
      'restype=container&comp=lease',
      { 'if-modified-since': past, 'x-ms-lease-action': 'break' },
      '412 ConditionNotMet',
    ],
    ['DELETE', 'resource=filesystem', { 'if-modified-since': past }, '412 ConditionNotMet'],
    [
      'PATCH',
      'resource=filesystem',
      { 'if-unmodified-since': 'Tue, 01 Jan 2019 00:00:00 GMT' },
      '412 ConditionNotMet',
    ],
  ] as const)('of %s ?%s hold for a container: %o', async (method, query, headers, expected) => {
    expect(code(await running.raw(method, '/bronze', { query, headers }))).toBe(expected)
    expect((await running.raw('HEAD', '/bronze', { query: 'restype=container' })).status).toBe(200)
  })
})

describe('a refusal of a request with a body', () => {
  /** Sends a body without listening before it has sent it all, as .NET does. */
  const send = async (path: string, headers: Record<string, string>, chunks: number, expects = false) => {
    const size = chunks * 65_536
    const all: Record<string, string> = {
      'x-ms-date': new Date().toUTCString(),
      'x-ms-version': '2023-11-03',
      'x-ms-blob-type': 'BlockBlob',
      'content-length': String(size),
      ...headers,
    }
    const target = `/${ACCOUNT}${path}`
    all.authorization ??= `SharedKey ${ACCOUNT}:${signature('PUT', target, '', all)}`
    const sent = request({
      port: running.plainPort,
      host: '127.0.0.1',
      method: 'PUT',
      path: target,
      headers: { ...all, ...(expects && { expect: '100-continue' }) },
      agent: false,
    })
    let written = 0
    const answered = once(sent, 'response').then(([response]) => response.resume())
    const closed = once(sent, 'close')
    if (expects) sent.flushHeaders()
    else
      for (; written < chunks; written++)
        if (!sent.write(Buffer.alloc(65_536))) await Promise.race([once(sent, 'drain'), closed])
    if (!expects) sent.end()
    const response = await answered
    sent.destroy()
    return { status: response.statusCode, written }
  }

  it.each([
    ['onto what exists already', '/bronze/a', { 'if-none-match': '*' }, 409],
    ['into a container that is not there', '/nothing/a', {}, 404],
    ['with a wrong key', '/bronze/b', { authorization: `SharedKey ${ACCOUNT}:AAAA` }, 403],
  ] as const)('%s comes when all is sent', async (_, path, headers, status) => {
    await put()
    const answer = await send(path, headers, 320)
    expect(answer).toMatchObject({ status, written: 320 })
  })

  it('comes at once where the client waits to be asked for its body', async () => {
    await put()
    const answer = await send('/bronze/a', { 'if-none-match': '*' }, 320, true)
    expect(answer).toMatchObject({ status: 409, written: 0 })
  })
})
