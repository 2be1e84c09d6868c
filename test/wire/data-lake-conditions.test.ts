/** Conditional headers on every operation that has them: what fails is told with the service's status, and changes nothing. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { OPERATIONS, type OperationId } from '../../src/local/data-lake/operations/table.ts'
import { type LakeServer, type RawOptions, startLake, TOKEN } from '../support/lake-server.ts'

let running: LakeServer
beforeAll(async () => {
  running = await startLake()
})
afterAll(() => running.close())

/** What a request does with the path or container that it is about. */
type Kind = 'reads' | 'writes' | 'makes'

interface Conditional extends RawOptions {
  kind: Kind
  method: string
  /** Below the account; default {@link FILE}. */
  at?: string
}

const [FILE, APPENDED, CONTAINER] = ['/bronze/file', '/bronze/appended', '/bronze']
/** By the Data Lake's interface. */
const WRITTEN = '/bronze/written'
const block = Buffer.from('1').toString('base64')
const blocks = `<BlockList><Latest>${block}</Latest></BlockList>`
const blob = { 'x-ms-blob-type': 'BlockBlob' }
const appendBlob = { 'x-ms-blob-type': 'AppendBlob' }
const acl = { 'x-ms-acl': 'user::rw-,group::---,other::---' }
const copied = () => ({ 'x-ms-copy-source': `${running.endpoint}/bronze/source` })
const proven = () => ({ ...copied(), 'x-ms-copy-source-authorization': `Bearer ${TOKEN}` })
const lease = { 'x-ms-lease-action': 'acquire', 'x-ms-lease-duration': '-1' }

const reads = (method: string, query = '', at = FILE): Conditional => ({ kind: 'reads', method, query, at })
const writes = (method: string, options: RawOptions & { at?: string } = {}): Conditional => ({
  ...{ kind: 'writes', method },
  ...options,
})
const makes = (options: RawOptions): Conditional => ({ ...writes('PUT', options), kind: 'makes' })

const ACCOUNT = 'it is about the account'
const LIST = 'a listing has none on the service'
const SOURCE = 'its conditions are those on its source, which the tests of copies have'

/** Each operation as a request that succeeds, or why the service looks at no condition of it. */
const REQUESTS: Record<OperationId, (() => Conditional) | string> = {
  listContainers: ACCOUNT,
  getServiceProperties: ACCOUNT,
  setServiceProperties: ACCOUNT,
  getUserDelegationKey: ACCOUNT,
  getAccountInformation: ACCOUNT,
  accountBatch: ACCOUNT,
  listFilesystems: ACCOUNT,
  containerAccount: ACCOUNT,
  blobAccount: ACCOUNT,
  createContainer: 'one that stands is told as such',
  createFilesystem: 'one that stands is told as such',
  listBlobs: LIST,
  listPaths: LIST,
  containerBatch: 'each of its parts has its own',
  setAccessControlRecursive: 'the service documents none',
  abortCopy: 'it is about a copy that is pending',
  putBlock: 'a block is not yet the blob',
  putBlockFromUrl: SOURCE,
  appendData: 'the service calls them invalid: a test below',
  getContainerProperties: () => reads('HEAD', 'restype=container', CONTAINER),
  getContainerMetadata: () => reads('HEAD', 'restype=container&comp=metadata', CONTAINER),
  getContainerAcl: () => reads('GET', 'restype=container&comp=acl', CONTAINER),
  getFilesystemProperties: () => reads('HEAD', 'resource=filesystem', CONTAINER),
  setContainerMetadata: () => writes('PUT', { at: CONTAINER, query: 'restype=container&comp=metadata' }),
  setContainerAcl: () => writes('PUT', { at: CONTAINER, query: 'restype=container&comp=acl' }),
  leaseContainer: () =>
    writes('PUT', { at: CONTAINER, query: 'restype=container&comp=lease', headers: lease }),
  deleteContainer: () => writes('DELETE', { at: CONTAINER, query: 'restype=container' }),
  setFilesystemProperties: () => writes('PATCH', { at: CONTAINER, query: 'resource=filesystem' }),
  deleteFilesystem: () => writes('DELETE', { at: CONTAINER, query: 'resource=filesystem' }),
  getBlob: () => reads('GET'),
  getProperties: () => reads('HEAD'),
  getMetadata: () => reads('GET', 'comp=metadata'),
  getBlockList: () => reads('GET', 'comp=blocklist'),
  getAccessControl: () => reads('HEAD', 'action=getAccessControl'),
  getStatus: () => reads('HEAD', 'action=getStatus'),
  checkAccess: () => reads('HEAD', 'action=checkAccess&fsAction=r--'),
  setTier: () => writes('PUT', { query: 'comp=tier', headers: { 'x-ms-access-tier': 'Cool' } }),
  putBlob: () => makes({ headers: blob, body: 'new' }),
  putAppendBlob: () => ({ ...makes({ headers: appendBlob }), at: APPENDED }),
  putBlockList: () => makes({ query: 'comp=blocklist', body: blocks }),
  putBlobFromUrl: () => makes({ headers: { ...blob, ...proven() } }),
  copyBlob: () => makes({ headers: copied() }),
  createFile: () => makes({ query: 'resource=file' }),
  createDirectory: () => ({ ...makes({ query: 'resource=directory' }), at: '/bronze/folder' }),
  renamePath: () => makes({ query: 'mode=legacy', headers: { 'x-ms-rename-source': `${CONTAINER}/source` } }),
  flushData: () => writes('PATCH', { at: WRITTEN, query: 'action=flush&position=7' }),
  setPathProperties: () => writes('PATCH', { query: 'action=setProperties' }),
  setAccessControl: () => writes('PATCH', { query: 'action=setAccessControl', headers: acl }),
  leasePath: () => writes('POST', { headers: { ...lease, 'x-ms-proposed-lease-id': crypto.randomUUID() } }),
  deletePath: () => writes('DELETE', { query: 'recursive=false' }),
  appendBlock: () => writes('PUT', { at: APPENDED, query: 'comp=appendblock', body: 'more' }),
  appendBlockFromUrl: () => writes('PUT', { at: APPENDED, query: 'comp=appendblock', headers: proven() }),
  sealBlob: () => writes('PUT', { at: APPENDED, query: 'comp=seal' }),
  setBlobMetadata: () => writes('PUT', { query: 'comp=metadata' }),
  setBlobProperties: () => writes('PUT', { query: 'comp=properties' }),
  setExpiry: () => writes('PUT', { query: 'comp=expiry', headers: { 'x-ms-expiry-option': 'NeverExpire' } }),
  leaseBlob: () => writes('PUT', { query: 'comp=lease', headers: lease }),
  deleteBlob: () => writes('DELETE'),
  snapshotBlob: () => writes('PUT', { query: 'comp=snapshot' }),
}

const PAST = 'Tue, 01 Jan 2019 00:00:00 GMT'
const FUTURE = 'Tue, 01 Jan 2199 00:00:00 GMT'

const served = OPERATIONS.filter((one) => !('refusal' in one)) as { id: OperationId; name: string }[]
const conditional = served.filter(({ id }) => typeof REQUESTS[id] !== 'string')

const ask = ({ method, at = FILE, ...options }: Conditional, more: Record<string, string>) =>
  running.raw(method, at, { ...options, headers: { ...options.headers, ...more } })
const look = async (at: string) => {
  const { headers } = await running.raw('HEAD', at, { query: at === CONTAINER ? 'restype=container' : '' })
  const { etag, 'x-ms-lease-state': state } = headers
  return { etag, state, source: (await running.raw('HEAD', '/bronze/source')).status }
}

describe.each(conditional)('$name', ({ id }) => {
  let request: Conditional
  beforeEach(async () => {
    await running.close()
    running = await startLake()
    const put = (at: string, options: RawOptions) => running.raw('PUT', at, options)
    await put('/bronze/source', { headers: blob, body: 'content' })
    await put(FILE, { headers: blob, body: 'content' })
    await running.write(WRITTEN, 'content')
    await put(FILE, { query: `comp=block&blockid=${encodeURIComponent(block)}`, body: 'block' })
    await put(APPENDED, { headers: appendBlob })
    await put('/bronze/folder', { query: 'resource=directory' })
    request = (REQUESTS[id] as () => Conditional)()
  })

  it('is refused where a condition fails, and changes nothing', async () => {
    const { kind, at = FILE } = request
    const before = await look(at)
    const etag = String(before.etag)
    const known = kind === 'reads' ? 304 : 412
    const failing: [headers: Record<string, string>, status: number][] = [
      [{ 'if-match': '"0x1"' }, 412],
      [{ 'if-none-match': etag }, known],
      // A read of what must not be there is refused as such.
      [{ 'if-none-match': '*' }, { makes: 409, reads: 400, writes: known }[kind]],
      [{ 'if-modified-since': FUTURE }, known],
      [{ 'if-unmodified-since': PAST }, 412],
    ]
    for (const [headers, status] of failing)
      expect([headers, (await ask(request, headers)).status]).toEqual([headers, status])
    expect(await look(at)).toEqual(before)
  })

  it('weighs a tag and a date that say the same as the service does', async () => {
    const { kind, at = FILE } = request
    const { etag } = await look(at)
    const [mine, other] = [String(etag), '"0x1"']
    if (kind === 'reads') {
      const asked = async (none: string, since: string) =>
        (await ask(request, { 'if-none-match': none, 'if-modified-since': since })).status
      expect([await asked(other, FUTURE), await asked(mine, PAST)]).toEqual([200, 200])
      expect(await asked(mine, FUTURE)).toBe(304)
      const unmodified = { 'if-match': mine, 'if-unmodified-since': PAST }
      expect((await ask(request, unmodified)).status).toBe(412)
      return
    }
    const existing = kind === 'makes' ? { 'if-none-match': '*', 'if-modified-since': PAST } : undefined
    if (existing) expect((await ask(request, existing)).status).toBe(409)
    const known = { 'if-none-match': mine, 'if-modified-since': PAST }
    expect((await ask(request, known)).status).toBe(412)
    const byTag = {
      'if-match': mine,
      'if-unmodified-since': PAST,
      'if-none-match': other,
      'if-modified-since': FUTURE,
    }
    expect((await ask(request, byTag)).status).toBeLessThan(300)
  })

  it('is done where all of them hold', async () => {
    const { etag } = await look(request.at ?? FILE)
    const holding = { 'if-match': String(etag), 'if-none-match': '"0x1"' }
    const times = { 'if-modified-since': PAST, 'if-unmodified-since': FUTURE }
    expect((await ask(request, { ...holding, ...times })).status).toBeLessThan(300)
  })
})

it('an append names no condition: the service calls them invalid for it', async () => {
  for (const name of ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since']) {
    const append = { query: 'action=append&position=7', body: 'more', headers: { [name]: '*' } }
    const { status, headers } = await running.raw('PATCH', FILE, append)
    expect([status, headers['x-ms-error-code']]).toEqual([400, 'ConditionHeadersNotSupported'])
  }
})

it.each(['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since'])(
  '%s that is empty is none',
  async (name) => {
    await running.raw('PUT', FILE, { headers: blob, body: '1' })
    const headers = { [name]: '' }
    expect((await running.raw('GET', FILE, { headers })).status).toBe(200)
    expect((await running.raw('PUT', FILE, { query: 'comp=metadata', headers })).status).toBe(200)
  },
)

it.each([
  ['file', 'directory'],
  ['directory', 'file'],
  ['directory', 'directory'],
])('a %s that is there already is told as such to who makes a %s', async (there, made) => {
  await running.raw('PUT', `/bronze/there-${there}`, { query: `resource=${there}` })
  const answer = await running.raw('PUT', `/bronze/there-${there}`, {
    query: `resource=${made}`,
    headers: { 'if-none-match': '*' },
  })
  expect(answer).toMatchObject({ status: 409, headers: { 'x-ms-existing-resource-type': there } })
})
