/** Snapshots of blobs by the SDK of the Blob interface, and what the Data Lake's makes of them. */
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import {
  BlobSASPermissions,
  BlobServiceClient,
  type BlockBlobClient,
  generateBlobSASQueryParameters,
  type RestError,
} from '@azure/storage-blob'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FakeClock } from '../support/fake-clock.ts'
import { type LakeServer, startLake } from '../support/lake-server.ts'

const clock = new FakeClock(Math.floor(Date.now() / 1000) * 1000)
let running: LakeServer
let service: BlobServiceClient
let made = 0

beforeAll(async () => {
  running = await startLake({ clock })
  service = new BlobServiceClient(running.endpoint, running.credential, { retryOptions: { maxTries: 1 } })
})
afterAll(() => running.close())

const container = () => service.getContainerClient('bronze')
const blob = (name = `blob-${made++}`): BlockBlobClient => container().getBlockBlobClient(name)
const upload = async (content = 'one', name?: string): Promise<BlockBlobClient> => {
  const one = blob(name)
  await one.upload(content, content.length, { metadata: { kept: 'yes' } })
  return one
}
const taken = async (of: BlockBlobClient): Promise<BlockBlobClient> =>
  of.withSnapshot((await of.createSnapshot()).snapshot as string)
const content = async (of: BlockBlobClient) => (await of.downloadToBuffer()).toString()
const refused = async (act: Promise<unknown>): Promise<string> => {
  const error = (await act.then(
    () => ({ statusCode: 0, code: 'done' }),
    (error) => error,
  )) as RestError
  return `${error.statusCode} ${error.code ?? error.response?.headers.get('x-ms-error-code')}`
}
const listed = async (prefix: string, pageSize = 100) => {
  const found: string[] = []
  const pages = container()
    .listBlobsFlat({ prefix, includeSnapshots: true })
    .byPage({ maxPageSize: pageSize })
  for await (const page of pages)
    for (const { name, snapshot } of page.segment.blobItems)
      found.push(snapshot ? `${name} ${snapshot}` : name)
  return found
}
const files = () => readdirSync(join(running.root, '.snapshots')).length
const dfs = (path: string) => running.client().getFileSystemClient('bronze').getFileClient(path)

describe('a snapshot', () => {
  it('is what the blob was, with its ETag, its times and its metadata', async () => {
    const one = await upload()
    const before = await one.getProperties()
    const { snapshot, etag, lastModified } = await one.createSnapshot()
    expect(snapshot).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/)
    expect([etag, lastModified]).toEqual([before.etag, before.lastModified])
    await one.upload('another', 7)
    const old = one.withSnapshot(snapshot as string)
    expect([await content(one), await content(old)]).toEqual(['another', 'one'])
    const { leaseState, metadata, createdOn, contentMD5, ...kept } = await old.getProperties()
    expect([kept.etag, kept.lastModified, createdOn]).toEqual([
      before.etag,
      before.lastModified,
      before.createdOn,
    ])
    expect([metadata, contentMD5, leaseState]).toEqual([{ kept: 'yes' }, before.contentMD5, undefined])
    expect(await (await old.download(1, 2)).blobBody).toBeUndefined()
    expect(await refused(old.download(0, 3, { conditions: { ifMatch: '"0x1"' } }))).toBe(
      '412 ConditionNotMet',
    )
    expect(await refused(old.getProperties({ conditions: { ifMatch: before.etag as string } }))).toBe(
      '0 done',
    )
  })

  it('with metadata of its own has another ETag', async () => {
    const one = await upload()
    const { snapshot, etag } = await one.createSnapshot({ metadata: { own: 'yes' } })
    expect(etag).not.toBe((await one.getProperties()).etag)
    const told = await one.withSnapshot(snapshot as string).getProperties()
    expect([told.etag, told.metadata]).toEqual([etag, { own: 'yes' }])
    expect((await one.getProperties()).metadata).toEqual({ kept: 'yes' })
  })

  it('has its own blocks, and none that wait', async () => {
    const one = blob()
    await one.stageBlock('AAAA', 'a', 1)
    await one.commitBlockList(['AAAA'])
    const old = await taken(one)
    await one.stageBlock('BBBB', 'bb', 2)
    const { committedBlocks, uncommittedBlocks } = await old.getBlockList('all')
    expect([committedBlocks, uncommittedBlocks]).toEqual([[{ name: 'AAAA', size: 1 }], []])
  })

  it('of one time is another at the next, also at the same millisecond', async () => {
    const one = await upload()
    const times = await Promise.all([1, 2, 3].map(async () => (await one.createSnapshot()).snapshot))
    expect(new Set(times).size).toBe(3)
  })

  it('is taken under the blob’s conditions, lease and key, and of no folder or archived blob', async () => {
    const one = await upload()
    const conditions = { ifMatch: '"0x1"' }
    expect(await refused(one.createSnapshot({ conditions }))).toBe('412 ConditionNotMet')
    const lease = one.getBlobLeaseClient()
    const { leaseId } = await lease.acquireLease(-1)
    // Nothing of the blob is changed: no lease has to be shown, but one that is must be right.
    expect(await refused(one.createSnapshot({ conditions: { leaseId: crypto.randomUUID() } }))).toBe(
      '412 LeaseIdMismatchWithBlobOperation',
    )
    const old = await taken(one)
    expect(await refused(one.createSnapshot({ conditions: { leaseId: leaseId as string } }))).toBe('0 done')
    expect(await refused(old.delete())).toBe('0 done')
    await lease.releaseLease()
    await one.setAccessTier('Archive')
    expect(await refused(one.createSnapshot())).toBe('409 BlobArchived')
    await running.client().getFileSystemClient('bronze').getDirectoryClient('folder').create()
    expect(await refused(blob('folder').createSnapshot())).toBe('400 OperationNotSupportedOnDirectory')
    expect(await refused(blob('none').createSnapshot())).toBe('404 BlobNotFound')
  })

  it('is changed by nothing but its tier', async () => {
    const one = await upload()
    const old = await taken(one)
    await old.setAccessTier('Cool')
    expect([(await old.getProperties()).accessTier, (await one.getProperties()).accessTier]).toEqual([
      'Cool',
      'Hot',
    ])
    const query = `comp=metadata&snapshot=${new URL(old.url).searchParams.get('snapshot')}`
    const { status, text } = await running.raw('PUT', `/bronze/${one.name}`, { query })
    expect([status, text]).toEqual([400, expect.stringContaining('a snapshot is never changed')])
  })

  it.each(['2026-01-01T00:00:00.0000000Z', '2026-01-01T00:00:00Z'])(
    'of %s that was never taken is not found',
    async (time) => {
      const none = (await upload()).withSnapshot(time)
      for (const act of [none.getProperties(), none.download(), none.delete(), none.getBlockList('all')])
        expect(await refused(act)).toMatch(/^404 (BlobNotFound|undefined|null)$/)
    },
  )

  it('is named by a time', async () => {
    expect(await refused((await upload()).withSnapshot('yesterday').download())).toBe(
      '400 InvalidQueryParameterValue',
    )
  })
})

describe('a blob with snapshots', () => {
  it('is deleted with them or after them, and by neither interface before', async () => {
    const one = await upload()
    const old = await taken(one)
    await taken(one)
    const before = files()
    expect(await refused(one.delete())).toBe('409 SnapshotsPresent')
    await expect(dfs(one.name).delete()).rejects.toMatchObject({
      statusCode: 409,
      message: expect.stringContaining('because the file has snapshots'),
    })
    expect(await refused(old.delete({ deleteSnapshots: 'include' }))).toBe('400 InvalidHeaderValue')
    await old.delete()
    expect(await refused(old.getProperties())).toMatch(/^404/)
    await one.delete({ deleteSnapshots: 'only' })
    expect([await content(one), await listed(one.name)]).toEqual(['one', [one.name]])
    await taken(one)
    await one.delete({ deleteSnapshots: 'include' })
    expect([await one.exists(), files()]).toEqual([false, before - 2])
  })

  it('in a batch is refused by itself', async () => {
    const [one, other] = [await upload(), await upload()]
    const old = await taken(one)
    const batch = service.getBlobBatchClient()
    const deleted = (await batch.deleteBlobs([one, other])).subResponses
    expect(deleted.map(({ status, errorCode }) => errorCode ?? status)).toEqual(['SnapshotsPresent', 202])
    const { subResponses } = await batch.deleteBlobs([old])
    expect(subResponses.map(({ status }) => status)).toEqual([202])
    expect([await one.exists(), await listed(one.name)]).toEqual([true, [one.name]])
  })

  it('keeps them when it is overwritten, and is made what one was', async () => {
    const one = await upload()
    const old = await taken(one)
    await dfs(one.name).create()
    expect([await content(one), await content(old)]).toEqual(['', 'one'])
    const poller = await one.beginCopyFromURL(old.url)
    await poller.pollUntilDone()
    const { copySource, metadata } = await one.getProperties()
    expect([await content(one), metadata, copySource]).toEqual([
      'one',
      { kept: 'yes' },
      decodeURIComponent(old.url),
    ])
    expect(await content(old)).toBe('one')
  })

  it('takes them along when it or its folder is renamed', async () => {
    const one = await upload('one', 'from/a')
    const time = (await one.createSnapshot()).snapshot as string
    await running.client().getFileSystemClient('bronze').getDirectoryClient('from').move('to')
    await dfs('to/a').move('to/b')
    expect(await content(blob('to/b').withSnapshot(time))).toBe('one')
    expect(await listed('from')).toEqual([])
    expect(await listed('to/')).toEqual([`to/b ${time}`, 'to/b'])
    // No snapshot keeps a folder from being deleted.
    const before = files()
    await running.client().getFileSystemClient('bronze').getDirectoryClient('to').delete(true)
    expect(files()).toBe(before - 1)
  })

  it('are gone where somebody has removed their folder, and nothing else is', async () => {
    const one = await upload()
    const query = new URL((await taken(one)).url).search.slice(1)
    rmSync(join(running.root, '.snapshots'), { recursive: true })
    await running.restart()
    await running.lake.recount()
    const of = (query: string) => running.raw('GET', `/bronze/${one.name}`, { query })
    expect([(await of(query)).status, (await of('')).text]).toEqual([404, 'one'])
  })

  it('is listed behind them, in pages of any size', async () => {
    const [a, b] = [await upload('one', 'listed/a'), await upload('one', 'listed/b')]
    const times: string[] = []
    for (const one of [a, a, b]) times.push((await one.createSnapshot()).snapshot as string)
    await upload('one', 'listed/c')
    const all = [
      ...[0, 1].map((at) => `listed/a ${times[at]}`),
      'listed/a',
      `listed/b ${times[2]}`,
      'listed/b',
      'listed/c',
    ]
    for (const size of [1, 2, 3, 4, 100]) expect(await listed('listed/', size)).toEqual(all)
    expect(await listed('listed/a/', 1)).toEqual(all.slice(0, 3))
    const names: string[] = []
    for await (const { name } of container().listBlobsFlat({ prefix: 'listed/' })) names.push(name)
    expect(names).toEqual(['listed/a', 'listed/b', 'listed/c'])
  })

  it('is opened with them by a signature for it, which one for a snapshot does not do', async () => {
    const one = await upload()
    const [old, other] = [await taken(one), await taken(one)]
    const signed = (of: BlockBlobClient) => {
      const snapshotTime = new URL(of.url).searchParams.get('snapshot') ?? undefined
      const sas = generateBlobSASQueryParameters(
        {
          ...{ containerName: 'bronze', blobName: one.name, expiresOn: new Date(Date.now() + 60_000) },
          ...{ permissions: BlobSASPermissions.parse('r'), ...(snapshotTime && { snapshotTime }) },
        },
        running.credential,
      )
      return sas.toString()
    }
    const status = async (of: BlockBlobClient, sas: string) =>
      (await fetch(`${of.url}${of.url.includes('?') ? '&' : '?'}${sas}`)).status
    expect(await status(old, signed(old))).toBe(200)
    expect([await status(other, signed(old)), await status(one, signed(old))]).toEqual([403, 403])
    expect([await status(old, signed(one)), await status(one, signed(one))]).toEqual([200, 200])
  })
})

describe('snapshots', () => {
  it('take room in the lake until they are deleted', async () => {
    const { bytes } = running.lake.usage()
    const one = await upload('x'.repeat(1000))
    await taken(one)
    expect(running.lake.usage().bytes).toBe(bytes + 2000)
    await running.lake.recount()
    expect(running.lake.usage().bytes).toBe(bytes + 2000)
    await one.delete({ deleteSnapshots: 'include' })
    expect(running.lake.usage().bytes).toBe(bytes)
  })

  it('go with their container', async () => {
    const own = service.getContainerClient('own')
    await own.create()
    const one = own.getBlockBlobClient('a')
    await one.upload('one', 3)
    const before = files()
    await one.createSnapshot()
    await own.delete()
    expect(files()).toBe(before)
  })

  it('outlive a restart, and no blob that somebody has removed by hand', async () => {
    const [one, gone] = [await upload(), await upload()]
    const [old, lost] = [await taken(one), await taken(gone)]
    const before = files()
    rmSync(join(running.root, 'bronze', gone.name))
    expect(await refused(lost.download())).toMatch(/^404/)
    await running.restart()
    // By itself: the SDK's connections ended with the server.
    const query = new URL(old.url).search.slice(1)
    expect((await running.raw('GET', `/bronze/${one.name}`, { query })).text).toBe('one')
    expect(files()).toBe(before - 1)
  })
})
