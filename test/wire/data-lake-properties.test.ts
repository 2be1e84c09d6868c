/** What clients keep beside a file: metadata, content headers, access lists. */
import { renameSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { metadataHeaders } from '../../src/local/data-lake/rest/property-headers.ts'
import { type LakeServer, startLake } from '../support/lake-server.ts'

let running: LakeServer
beforeEach(async () => {
  running = await startLake()
})
afterEach(() => running.close())

const container = () => running.client().getFileSystemClient('bronze')
const file = (path: string) => container().getFileClient(path)
const at = (path: string) => join(running.root, 'bronze', path)
const made = async (path: string, metadata: Record<string, string> = { kind: 'Wetter', No_1: 'a b' }) => {
  await file(path).upload(Buffer.from('content'), {
    metadata,
    pathHttpHeaders: { contentType: 'text/x-weather', cacheControl: 'no-store' },
  })
  return file(path)
}

describe('metadata and content headers', () => {
  it('have ASCII in them only: others are encoded by those who write them, as the service asks', async () => {
    await made('a')
    // As bytes of UTF-8, signed as the service reads them.
    const headers = { 'x-ms-meta-foo': Buffer.from('愛知県').toString('latin1') }
    const answer = await running.raw('PUT', '/bronze/a', { query: 'comp=metadata', headers })
    expect([answer.status, answer.headers['x-ms-error-code']]).toEqual([400, 'InvalidMetadata'])
    expect(answer.text).toContain(
      'The metadata specified is invalid. It has characters that are not permitted',
    )
    const block = { ...headers, 'x-ms-blob-type': 'BlockBlob' }
    expect((await running.raw('PUT', '/bronze/new', { headers: block })).status).toBe(400)
    expect((await file('a').getProperties()).metadata).toEqual({ kind: 'Wetter', no_1: 'a b' })
  })

  it('come back with the file, in the listing of blobs too, and change its ETag', async () => {
    const one = await made('dir/a ü.txt')
    const found = await one.getProperties()
    expect(found).toMatchObject({
      metadata: { kind: 'Wetter', no_1: 'a b' },
      contentType: 'text/x-weather',
      cacheControl: 'no-store',
      contentLength: 7,
    })
    const { etag } = await one.setMetadata({ other: '1' })
    expect(etag).not.toBe(found.etag)
    await one.setHttpHeaders({ contentType: 'application/json' })
    const read = await one.read()
    expect(read).toMatchObject({ metadata: { other: '1' }, contentType: 'application/json' })
    expect(read.cacheControl).toBeUndefined()
    const { text } = await running.raw('GET', '/bronze', {
      query: 'restype=container&comp=list&include=metadata',
    })
    expect(text).toContain('<Content-Type>application/json</Content-Type>')
    expect(text).toContain('<Metadata><other>1</other></Metadata>')
  })

  it('follow a file that is appended to and renamed, and a folder that is', async () => {
    const one = await made('tree/of/a')
    await one.append('!', 7, 1)
    await one.flush(8)
    expect((await one.getProperties()).metadata).toMatchObject({ kind: 'Wetter' })
    await container().getDirectoryClient('tree').setMetadata({ on: 'folder' })
    await container().getDirectoryClient('tree').move('wäld')
    expect((await file('wäld/of/a').getProperties()).metadata).toMatchObject({ kind: 'Wetter' })
    expect((await container().getDirectoryClient('wäld').getProperties()).metadata).toEqual({
      on: 'folder',
      hdi_isfolder: 'true',
    })
    await file('b').create()
    await file('wäld/of/a').move('b')
    expect((await file('b').getProperties()).metadata).toMatchObject({ kind: 'Wetter' })
    await made('tree/of/a', { new: '1' })
    expect((await file('tree/of/a').getProperties()).metadata).toEqual({ new: '1' })
  })

  it('go with their file: deleted, written anew, or replaced by hand', async () => {
    const gone = async (path: string) =>
      expect(await file(path).getProperties()).toMatchObject({
        metadata: {},
        contentType: 'application/octet-stream',
      })
    await (await made('a')).delete()
    await file('a').create()
    await gone('a')
    await made('dir/b')
    await container().getDirectoryClient('dir').delete(true)
    writeFileSync(at('b'), 'by hand')
    await file('c').create()
    await made('c')
    renameSync(at('b'), at('c'))
    utimesSync(at('c'), new Date(), new Date(1_000_000))
    await gone('c')
    // Moved without the server, what stands at the old name has none either.
    await file('c').move('d')
    await gone('d')
  })

  it('of a folder come with a read of it, which is one of an empty blob', async () => {
    await container()
      .getDirectoryClient('dir')
      .create({ metadata: { on: 'folder' } })
    const marks = {
      'content-length': '0',
      'x-ms-meta-hdi_isfolder': 'true',
      'x-ms-resource-type': 'directory',
      'x-ms-access-tier': 'Hot',
    }
    const read = await running.raw('GET', '/bronze/dir')
    expect(read).toMatchObject({ status: 200, text: '', headers: { ...marks, 'x-ms-meta-on': 'folder' } })
    const part = await running.raw('GET', '/bronze/dir', { headers: { range: 'bytes=0-9' } })
    expect([part.status, part.headers['x-ms-error-code']]).toEqual([416, 'InvalidRange'])
  })

  it('that are given twice, in whatever case, are refused by both interfaces', async () => {
    const twice = { 'x-ms-properties': 'kind=MQ==,Kind=Mg==' }
    const asked = await running.raw('PUT', '/bronze/a', { query: 'resource=file', headers: twice })
    expect([asked.status, asked.headers['x-ms-error-code']]).toEqual([400, 'InvalidMetadata'])
    // Node's client sends each name once.
    const rawHeaders = ['x-ms-meta-Kind', '1', 'X-MS-Meta-kind', '2']
    expect(() => metadataHeaders({ rawHeaders } as IncomingMessage)).toThrow(/Kind|kind is given twice/)
    expect(metadataHeaders({ rawHeaders: ['X-MS-Meta-Kind', '1'] } as IncomingMessage)).toEqual({ Kind: '1' })
  })

  it('are there after a restart, and nothing is made when nobody keeps any', async () => {
    await running.raw('PUT', '/bronze/plain', { query: 'resource=directory' })
    expect(() => statSync(join(running.root, '.properties.db'))).toThrow()
    await made('kept')
    await running.restart()
    // Not the SDK: it would send over a connection to the server that is gone.
    const { headers } = await running.raw('HEAD', '/bronze/kept')
    expect(headers).toMatchObject({ 'x-ms-meta-kind': 'Wetter', 'content-type': 'text/x-weather' })
    const { text } = await running.raw('GET', '', { query: 'comp=list' })
    expect(text).not.toContain('properties.db')
  })

  it('of a container say which scope of encryption it has: the one that every account has, and no other', async () => {
    const make = (name: string, scope: string, more = {}) =>
      running.raw('PUT', `/${name}`, {
        query: 'restype=container',
        headers: { 'x-ms-default-encryption-scope': scope, ...more },
      })
    const denies = { 'x-ms-deny-encryption-scope-override': 'true' }
    expect((await make('scoped', '$account-encryption-key', denies)).status).toBe(201)
    expect((await running.raw('HEAD', '/scoped', { query: 'restype=container' })).headers).toMatchObject({
      'x-ms-default-encryption-scope': '$account-encryption-key',
      'x-ms-deny-encryption-scope-override': 'true',
    })
    expect((await running.raw('GET', '', { query: 'comp=list&prefix=scoped' })).text).toContain(
      '<DenyEncryptionScopeOverride>true</DenyEncryptionScopeOverride>',
    )
    const other = await make('other', 'mine')
    expect(other.status).toBe(400)
    expect(other.text).toContain('its one scope of encryption is')
  })

  it('of a container are its own, and no folder’s', async () => {
    const mine = running.client().getFileSystemClient('mine')
    await mine.create({ metadata: { a: 'b' } })
    expect((await mine.getProperties()).metadata).toEqual({ a: 'b' })
    await mine.setMetadata({ c: 'd' })
    expect((await mine.getProperties()).metadata).toEqual({ c: 'd' })
    await mine.delete()
    await mine.create()
    expect((await mine.getProperties()).metadata).toEqual({})
  })

  it.each([
    ['a name that is none', { 'x-ms-meta-a-b': '1' }, 'InvalidMetadata'],
    ['no name at all', { 'x-ms-meta-': '1' }, 'EmptyMetadataKey'],
    ['too much', { 'x-ms-meta-a': 'x'.repeat(9000) }, 'MetadataTooLarge'],
  ])('with %s are refused', async (_, headers, code) => {
    const all = { 'x-ms-blob-type': 'BlockBlob', ...(headers as Record<string, string>) }
    const answer = await running.raw('PUT', '/bronze/a', { headers: all })
    expect(answer).toMatchObject({ status: 400, headers: { 'x-ms-error-code': code } })
  })

  it.each([
    'a',
    'a=%',
    `a=${Buffer.from('東京').toString('base64')}`,
    `a=${Buffer.from('x\r\ny: z').toString('base64')}`,
  ])('in the DFS form %j are refused, as no answer could carry them', async (text) => {
    const answer = await running.raw('PUT', '/bronze/a', {
      query: 'resource=file',
      headers: { 'x-ms-properties': text },
    })
    expect(answer.status).toBe(400)
  })
})

describe('access lists', () => {
  it('are kept, and the permissions and the list say the same', async () => {
    const one = await made('a')
    expect(await one.getAccessControl()).toMatchObject({
      owner: '$superuser',
      permissions: { owner: { read: true, write: true, execute: false }, other: { read: false } },
    })
    await one.setPermissions({
      owner: { read: true, write: true, execute: true },
      group: { read: true, write: false, execute: true },
      other: { read: false, write: false, execute: true },
      stickyBit: false,
      extendedAcls: false,
    })
    const headers = async () =>
      (await running.raw('HEAD', '/bronze/a', { query: 'action=getAccessControl' })).headers
    expect(await headers()).toMatchObject({
      'x-ms-permissions': 'rwxr-x--x',
      'x-ms-acl': 'user::rwx,group::r-x,other::--x',
    })
    const set = (given: Record<string, string>) =>
      running.raw('PATCH', '/bronze/a', { query: 'action=setAccessControl', headers: given })
    const acl = 'user::rw-,user:ann:rwx,group::rwx,mask::r--,other::---'
    expect((await set({ 'x-ms-acl': acl, 'x-ms-owner': 'ann' })).status).toBe(200)
    expect(await headers()).toMatchObject({
      'x-ms-owner': 'ann',
      'x-ms-permissions': 'rw-r-----+',
      'x-ms-acl': acl,
    })
    // They are beside the content: whoever has it by its ETag still has it.
    expect((await one.getProperties()).metadata).toMatchObject({ kind: 'Wetter' })
    for (const bad of [
      { 'x-ms-acl': 'user::rwz' },
      { 'x-ms-acl': 'user::rwx,default:user:ann:r--' },
      { 'x-ms-permissions': 'rwz' },
      { 'x-ms-acl': acl, 'x-ms-permissions': '0700' },
    ])
      expect((await set(bad as unknown as Record<string, string>)).status).toBe(400)
    const { text } = await running.raw('GET', '/bronze', { query: 'resource=filesystem&recursive=true' })
    expect(JSON.parse(text).paths[0]).toMatchObject({ name: 'a', owner: 'ann', permissions: 'rw-r-----+' })
  })

  it('of what is made follow the permissions and the mask that it is made with', async () => {
    await container().getDirectoryClient('d').create({ permissions: 'rwxrwxrwx', umask: '0022' })
    const { headers } = await running.raw('HEAD', '/bronze/d', { query: 'action=getAccessControl' })
    expect(headers['x-ms-permissions']).toBe('rwxr-xr-x')
  })

  it('of a tree stay as they are for a continuation that was never given, as on the service', async () => {
    await file('tree/a').upload(Buffer.from('content'))
    const answer = await running.raw('PATCH', '/bronze/tree', {
      query: 'action=setAccessControlRecursive&mode=set&continuation=garbage',
      headers: { 'x-ms-acl': 'user::rwx,group::---,other::---' },
    })
    expect(answer.headers['x-ms-namespace-enabled']).toBe('true')
    expect(JSON.parse(answer.text)).toEqual({
      directoriesSuccessful: 0,
      filesSuccessful: 0,
      failureCount: 0,
      failedEntries: [],
    })
  })

  it('are there for the root of a container, by which clients see that there are folders', async () => {
    const { status, headers } = await running.raw('HEAD', '/bronze', { query: 'action=getAccessControl' })
    expect(status).toBe(200)
    expect(headers['x-ms-acl']).toBe('user::rwx,group::r-x,other::---')
    // The account answers at any address, whether or not something stands there.
    for (const path of ['', '/bronze', '/missing', '/missing/blob']) {
      const account = await running.raw('GET', path, { query: 'restype=account&comp=properties' })
      expect([account.status, account.headers['x-ms-is-hns-enabled']]).toEqual([200, 'true'])
    }
  })
})
