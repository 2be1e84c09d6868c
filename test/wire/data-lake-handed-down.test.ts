/** What a folder hands down to new files and folders in it: its group and its default entries, whatever interface makes them. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type LakeServer, type RawOptions, startLake } from '../support/lake-server.ts'

let running: LakeServer
beforeEach(async () => {
  running = await startLake()
  await running.raw('PUT', '/bronze/dir', { query: 'resource=directory' })
})
afterEach(() => running.close())

const DEFAULTS =
  'default:user::rwx,default:user:ann:r-x,default:group::r-x,default:mask::r-x,default:other::---'
const HANDED = 'user::rwx,user:ann:r-x,group::r-x,mask::r-x,other::---'

const setAccess = (headers: Record<string, string>) =>
  running.raw('PATCH', '/bronze/dir', { query: 'action=setAccessControl', headers })
const accessOf = async (path: string) => {
  const { headers } = await running.raw('HEAD', `/bronze/${path}`, { query: 'action=getAccessControl' })
  return headers
}
const block = (of: string) => Buffer.from(of).toString('base64')
const put = (path: string, options: RawOptions) => running.raw('PUT', `/bronze/${path}`, options)

/** Each makes `path` with no word of its access. */
const MAKERS: Record<string, (path: string) => Promise<{ status: number }>> = {
  'Path - Create': (path) => put(path, { query: 'resource=file' }),
  'Put Blob': (path) => put(path, { headers: { 'x-ms-blob-type': 'BlockBlob' }, body: 'content' }),
  'Put Blob of an append blob': (path) => put(path, { headers: { 'x-ms-blob-type': 'AppendBlob' } }),
  'Put Block List': async (path) => {
    await put(path, { query: `comp=block&blockid=${encodeURIComponent(block('1'))}`, body: 'content' })
    const body = `<BlockList><Latest>${block('1')}</Latest></BlockList>`
    return put(path, { query: 'comp=blocklist', body })
  },
  'Copy Blob': async (path) => {
    await put('source', { headers: { 'x-ms-blob-type': 'BlockBlob' }, body: 'content' })
    return put(path, { headers: { 'x-ms-copy-source': `${running.endpoint}/bronze/source` } })
  },
}

describe.each(Object.keys(MAKERS))('%s', (maker) => {
  const make = MAKERS[maker] as (typeof MAKERS)[string]

  it('gives a file the default entries of its folder, and folders on the way keep handing them down', async () => {
    await setAccess({ 'x-ms-acl': `user::rwx,group::r-x,other::---,${DEFAULTS}` })
    expect([201, 202]).toContain((await make('dir/new/file')).status)
    expect((await accessOf('dir/new/file'))['x-ms-acl']).toBe(HANDED)
    expect((await accessOf('dir/new'))['x-ms-acl']).toBe(`${HANDED},${DEFAULTS}`)
  })

  it('gives a file the group of its folder, through folders on the way', async () => {
    await setAccess({ 'x-ms-group': 'staff' })
    await make('dir/new/file')
    for (const path of ['dir/new', 'dir/new/file'])
      expect(await accessOf(path)).toMatchObject({ 'x-ms-owner': '$superuser', 'x-ms-group': 'staff' })
    expect((await accessOf('dir/new/file'))['x-ms-permissions']).toBe('rw-r-----')
  })

  it('keeps nothing of the folder’s own list', async () => {
    await setAccess({ 'x-ms-acl': 'user::rwx,user:ann:rwx,group::rwx,mask::rwx,other::rwx' })
    await make('dir/file')
    expect((await accessOf('dir/file'))['x-ms-acl']).toBe('user::rw-,group::r--,other::---')
  })
})

describe('a path whose request says something of its access', () => {
  beforeEach(() => setAccess({ 'x-ms-acl': `user::rwx,group::r-x,other::---,${DEFAULTS}` }))
  const create = async (headers: Record<string, string>, resource = 'file') => {
    await put('dir/made', { query: `resource=${resource}`, headers })
    return (await accessOf('dir/made'))['x-ms-acl']
  }

  it('has the list that it says', async () => {
    const acl = 'user::r--,group::---,other::---'
    expect(await create({ 'x-ms-acl': acl })).toBe(acl)
  })

  it('has what its permissions leave of the default entries, whatever the mask of the request', async () => {
    const headers = { 'x-ms-permissions': '0640', 'x-ms-umask': '0777' }
    expect(await create(headers)).toBe('user::rw-,user:ann:r-x,group::r-x,mask::r--,other::---')
    expect(await create(headers, 'file')).not.toContain('default:')
  })
})

it('a folder that names one user by default gives the others what is usual', async () => {
  await setAccess({ 'x-ms-acl': 'user::rwx,group::r-x,other::---,default:user:ann:r--' })
  await put('dir/file', { query: 'resource=file' })
  expect((await accessOf('dir/file'))['x-ms-acl']).toBe(
    'user::rwx,user:ann:r--,group::r-x,mask::r-x,other::---',
  )
})

it('nothing is made where a file stands in the way', async () => {
  await put('dir/file', { query: 'resource=file' })
  await setAccess({ 'x-ms-acl': `user::rwx,group::r-x,other::---,${DEFAULTS}` })
  const answer = await put('dir/file/below/deep', { query: 'resource=file' })
  expect(answer.status).toBe(409)
})

it.each([
  ['1750', 'rwxr-x--T', 'user::rwx,group::r-x,other::---'],
  ['rwxrwxrwt', 'rwxrwxrwt', 'user::rwx,group::rwx,other::rwx'],
  ['0750', 'rwxr-x---', 'user::rwx,group::r-x,other::---'],
])('permissions %s are %s, and a list leaves the sticky bit as it was', async (given, permissions, acl) => {
  const set = (headers: Record<string, string>) =>
    running.raw('PATCH', '/bronze/sticky', { query: 'action=setAccessControl', headers })
  const kept = async () => (await running.raw('HEAD', '/bronze/sticky')).headers
  await running.raw('PUT', '/bronze/sticky', { query: 'resource=directory' })
  expect((await set({ 'x-ms-permissions': given })).status).toBe(200)
  expect(await kept()).toMatchObject({ 'x-ms-permissions': permissions, 'x-ms-acl': acl })
  const list = 'user::rwx,user:ann:r-x,group::r-x,mask::r-x,other::--x'
  expect((await set({ 'x-ms-acl': list })).status).toBe(200)
  expect(await kept()).toMatchObject({
    'x-ms-permissions': given === '0750' ? 'rwxr-x--x+' : 'rwxr-x--t+',
    'x-ms-acl': list,
  })
})

it.each(['2750', '9', '77777', 'rwxr-xr-s', 'rwtr-xr-x'])('permissions %s are refused', async (given) => {
  await running.raw('PUT', '/bronze/sticky', { query: 'resource=directory' })
  const answer = await running.raw('PATCH', '/bronze/sticky', {
    query: 'action=setAccessControl',
    headers: { 'x-ms-permissions': given },
  })
  expect(answer).toMatchObject({ status: 400, headers: { 'x-ms-error-code': 'InvalidPermission' } })
})
