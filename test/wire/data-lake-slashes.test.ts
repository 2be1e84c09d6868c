/** Slashes and dots of a path: the service drops those that say nothing, and refuses a slash after it where a path is made or deleted. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ACCOUNT, type LakeServer, type RawAnswer, startLake } from '../support/lake-server.ts'

let running: LakeServer
beforeEach(async () => {
  running = await startLake()
})
afterEach(() => running.close())

const code = ({ status, headers }: RawAnswer) =>
  headers['x-ms-error-code'] === undefined ? String(status) : `${status} ${headers['x-ms-error-code']}`
const BLOB = { 'x-ms-blob-type': 'BlockBlob' }
const put = (path: string) => running.raw('PUT', `/bronze/${path}`, { headers: BLOB, body: 'x' })
const get = async (path: string) => (await running.raw('GET', `/bronze/${path}`)).text

it.each(['/etc/passwd', '%2Fetc/passwd', '//etc/passwd'])(
  '%s is etc/passwd of its container',
  async (path) => {
    expect(code(await put(path))).toBe('201')
    expect(await get('etc/passwd')).toBe('x')
    expect(await get(path)).toBe('x')
    expect(existsSync(join(running.root, 'bronze/etc/passwd'))).toBe(true)
    const copied = { 'x-ms-copy-source': `${running.endpoint}/bronze/${path}` }
    expect(code(await running.raw('PUT', '/bronze/copy', { headers: copied }))).toBe('202')
    const listed = await running.raw('GET', '/bronze', { query: 'restype=container&comp=list' })
    expect([...listed.text.matchAll(/<Name>(.*?)<\/Name>/g)].map(([, name]) => name)).toEqual([
      'copy',
      'etc',
      'etc/passwd',
    ])
    expect(code(await running.raw('DELETE', `/bronze/${path}`))).toBe('202')
    expect(readdirSync(join(running.root, 'bronze')).sort()).toEqual(['copy', 'etc'])
  },
)

// Measured on live accounts: borink-org/object-storage (docs/AZURE-TESTING.md), object-tests (azure-hns/put-created-key-double-slash).
it.each([
  ['d//slash.txt', 'd/slash.txt'],
  ['d/%2F/slash.txt', 'd/slash.txt'],
  ['dot.', 'dot'],
  ['seg../x..', 'seg/x'],
  ['..leading/a.b', '..leading/a.b'],
  ['.../x', '.../x'],
])('%s is stored as %s, and found by both', async (path, stored) => {
  expect(code(await put(path))).toBe('201')
  expect(await get(stored)).toBe('x')
  expect(await get(path)).toBe('x')
  const copied = { 'x-ms-copy-source': `${running.endpoint}/bronze/${path}` }
  expect(code(await running.raw('PUT', '/bronze/copy', { headers: copied }))).toBe('202')
  expect(existsSync(join(running.root, 'bronze', stored))).toBe(true)
})

// object-tests, azure-hns/put-created-key-trailing-slash and head-key-trailing-slash.
it.each(['new/', 'new%2F'])('no blob is %s, unless it is marked as a folder', async (path) => {
  expect(code(await put(path))).toBe('400 InvalidUri')
  expect(code(await running.raw('HEAD', `/bronze/${path}`))).toBe('404 BlobNotFound')
  const append = { 'x-ms-blob-type': 'AppendBlob' }
  expect(code(await running.raw('PUT', `/bronze/${path}`, { headers: append }))).toBe('400 InvalidUri')
  const block = { query: 'comp=block&blockid=AAAA', body: 'x' }
  expect(code(await running.raw('PUT', `/bronze/${path}`, block))).toBe('400 InvalidUri')
  await put('a')
  const copied = { 'x-ms-copy-source': `${running.endpoint}/bronze/a` }
  expect(code(await running.raw('PUT', `/bronze/${path}`, { headers: copied }))).toBe('400 InvalidUri')
  const marked = { ...BLOB, 'x-ms-meta-hdi_isfolder': 'true' }
  expect(code(await running.raw('PUT', `/bronze/${path}`, { headers: marked }))).toBe('201')
})

it.each(['dir/', 'dir%2F'])('%s is neither made nor deleted', async (path) => {
  const raw = (method: string, query: string, headers = {}) =>
    running.raw(method, `/bronze/${path}`, { query, headers })
  await running.raw('PUT', '/bronze/other', { query: 'resource=directory' })
  const source = { 'x-ms-rename-source': '/bronze/other' }
  const refused = '400 InvalidUri'
  for (const kind of ['directory', 'file']) expect(code(await raw('PUT', `resource=${kind}`))).toBe(refused)
  expect(code(await raw('PUT', 'mode=legacy', source))).toBe(refused)
  await running.raw('PUT', '/bronze/dir', { query: 'resource=directory' })
  expect(code(await raw('DELETE', 'recursive=true'))).toBe(refused)
  expect(code(await raw('DELETE', ''))).toBe(refused)
  expect(code(await running.raw('HEAD', '/bronze/dir'))).toBe('200')
  // It is looked at without a complaint.
  expect(code(await raw('HEAD', ''))).toBe('200')
})

it.each([
  ['as Python sends it', '/bronze/a?'],
  ['with the account', `/${ACCOUNT}/bronze/a`],
  ['as .NET sends it, without the first slash', `${ACCOUNT}/bronze/a`],
  ['with a slash too many', `/${ACCOUNT}/bronze//a`],
  // It takes the account in the path for a container.
  ['as JavaScript’s asks by the account', `/${ACCOUNT}/bronze/a`, 'comp=batch&restype=container'],
])('a part of a batch names its blob %s', async (_, target, query = 'comp=batch') => {
  await put('a')
  const lines = ['--b', 'Content-Type: application/http', 'Content-ID: 0', '', `DELETE ${target} HTTP/1.1`]
  const answer = await running.raw('POST', '', {
    query,
    headers: { 'content-type': 'multipart/mixed; boundary=b' },
    body: `${[...lines, 'Content-Length: 0', '', '', '--b--', ''].join('\r\n')}`,
  })
  expect(answer.text).toContain('HTTP/1.1 202')
  expect(existsSync(join(running.root, 'bronze/a'))).toBe(false)
})
