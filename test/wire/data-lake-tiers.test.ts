/** Access tiers, as the SDKs of both interfaces set and read them, and the archive, which is slow to give back. */
import { BlobServiceClient, type BlockBlobClient, type RestError } from '@azure/storage-blob'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { REHYDRATION_MS } from '../../src/local/data-lake/store/tiers.ts'
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
const upload = async (tier?: string): Promise<BlockBlobClient> => {
  const one = blob()
  await one.upload('content', 7, tier === undefined ? {} : { tier })
  return one
}
const listed = async ({ name }: BlockBlobClient) => {
  for await (const one of container().listBlobsFlat({ prefix: name })) return one.properties
  throw new Error(`${name} is not listed`)
}
const tierOf = async (one: BlockBlobClient) => {
  const { accessTier, accessTierInferred, accessTierChangedOn, archiveStatus, rehydratePriority } =
    await one.getProperties()
  return { accessTier, accessTierInferred, accessTierChangedOn, archiveStatus, rehydratePriority }
}
const refused = async (act: Promise<unknown>): Promise<string> => {
  const error = (await act.then(
    () => ({ statusCode: 0, code: 'done' }),
    (error) => error,
  )) as RestError
  return `${error.statusCode} ${error.code ?? error.response?.headers.get('x-ms-error-code')}`
}
const ARCHIVED = '409 BlobArchived'

describe('a tier', () => {
  it('that was never set is the account’s', async () => {
    const one = await upload()
    expect(await tierOf(one)).toEqual({ accessTier: 'Hot', accessTierInferred: true })
    expect(await listed(one)).toMatchObject({ accessTier: 'Hot', accessTierInferred: true })
    expect((await listed(one)).accessTierChangedOn).toBeUndefined()
  })

  it.each(['Hot', 'Cool', 'Cold', 'Archive'])(
    '%s is set by an upload, by blocks and by itself',
    async (tier) => {
      const told = { accessTier: tier, accessTierChangedOn: new Date(clock.now()) }
      const [uploaded, ofBlocks, set] = [await upload(tier), blob(), await upload()]
      await ofBlocks.stageBlock('AAAA', 'content', 7)
      await ofBlocks.commitBlockList(['AAAA'], { tier })
      const before = await set.getProperties()
      await set.setAccessTier(tier)
      for (const one of [uploaded, ofBlocks, set]) {
        expect(await tierOf(one)).toEqual(told)
        expect(await listed(one)).toMatchObject(told)
        expect((await listed(one)).accessTierInferred).toBeUndefined()
      }
      const { etag, lastModified } = await set.getProperties()
      expect({ etag, lastModified }).toEqual({ etag: before.etag, lastModified: before.lastModified })
    },
  )

  it('is told by the Data Lake’s interface too, and goes with a rename', async () => {
    const one = await upload('Cool')
    const lake = running.client().getFileSystemClient('bronze')
    expect(await lake.getFileClient(one.name).getProperties()).toMatchObject({ accessTier: 'Cool' })
    await lake.getFileClient(one.name).move(`${one.name}-moved`)
    expect(await tierOf(blob(`${one.name}-moved`))).toMatchObject({ accessTier: 'Cool' })
  })

  it('stays with what is written over it, as Put Blob and Copy Blob have it', async () => {
    const one = await upload('Cool')
    const other = await upload()
    await one.upload('new', 3)
    expect(await tierOf(one)).toMatchObject({ accessTier: 'Cool' })
    await one.stageBlock('AAAA', 'blocks', 6)
    await one.commitBlockList(['AAAA'])
    expect(await tierOf(one)).toMatchObject({ accessTier: 'Cool' })
    await (await one.beginCopyFromURL(other.url)).pollUntilDone()
    expect(await tierOf(one)).toMatchObject({ accessTier: 'Cool' })
    await one.upload('hot', 3, { tier: 'Hot' })
    expect(await tierOf(one)).toMatchObject({ accessTier: 'Hot', accessTierInferred: undefined })
  })

  it('is of block blobs alone', async () => {
    const name = `append-${made++}`
    await container().getAppendBlobClient(name).create()
    expect(await refused(blob(name).setAccessTier('Cool'))).toBe('409 InvalidBlobType')
    const folder = running.client().getFileSystemClient('bronze').getDirectoryClient('folder')
    await folder.create()
    expect(await refused(blob('folder').setAccessTier('Cool'))).toBe('409 ResourceTypeMismatch')
    expect((await blob(name).getProperties()).accessTier).toBeUndefined()
    // One more than there are here, and one of page blobs.
    for (const tier of ['Smart', 'P10'])
      expect(await refused((await upload()).setAccessTier(tier))).toBe('400 UnsupportedHeader')
    expect(await running.raw('PUT', `/bronze/${name}`, { query: 'comp=tier' })).toMatchObject({ status: 409 })
    const { name: block } = await upload()
    const none = await running.raw('PUT', `/bronze/${block}`, { query: 'comp=tier' })
    expect([none.status, none.headers['x-ms-error-code']]).toEqual([400, 'MissingRequiredHeader'])
  })

  it('may be a condition of a deletion', async () => {
    const one = await upload('Cool')
    const [early, late] = [clock.now() - 1000, clock.now() + 1000].map((at) => new Date(at))
    const by = (name: string, at: Date) =>
      running.raw('DELETE', `/bronze/${one.name}`, {
        headers: { [`x-ms-access-tier-if-${name}-since`]: at.toUTCString() },
      })
    expect((await by('modified', late as Date)).status).toBe(412)
    expect((await by('unmodified', early as Date)).status).toBe(412)
    expect((await by('modified', early as Date)).status).toBe(202)
  })

  it('is set one by one: a batch of them is refused, as with a hierarchical namespace', async () => {
    const one = await upload()
    for (const batch of [service.getBlobBatchClient(), container().getBlobBatchClient()]) {
      const set = batch.setBlobsAccessTier([one.url], running.credential, 'Cool')
      expect(await refused(set)).toBe('400 InvalidInput')
    }
    expect(await tierOf(one)).toMatchObject({ accessTier: 'Hot' })
    const deleted = await service.getBlobBatchClient().deleteBlobs([one.url], running.credential)
    expect(deleted.subResponsesSucceededCount).toBe(1)
  })
})

describe('an archived blob', () => {
  it('is listed, told of and deleted, and neither read nor changed', async () => {
    const one = await upload('Archive')
    const file = running.client().getFileSystemClient('bronze').getFileClient(one.name)
    const source = await upload()
    const acts = [
      () => one.download(),
      () => one.upload('x', 1),
      () => one.stageBlock('AAAA', 'x', 1),
      () => one.commitBlockList([]),
      () => one.getBlockList('all'),
      () => one.setMetadata({ a: '1' }),
      () => one.setHTTPHeaders({}),
      () => one.beginCopyFromURL(source.url),
      () => file.read(),
      () => file.append('x', 7, 1),
      () => file.flush(7),
      () => file.create(),
      () => file.setMetadata({ a: '1' }),
    ]
    for (const act of acts) expect(await refused(act()), String(act)).toBe(ARCHIVED)
    const other = running.client().getFileSystemClient('bronze').getFileClient(source.name)
    expect(await refused(other.move(one.name))).toBe(ARCHIVED)
    expect(await one.getProperties()).toMatchObject({ contentLength: 7 })
    expect(await one.exists()).toBe(true)
    await one.delete()
    expect(await one.exists()).toBe(false)
  })

  it.each([
    ['Standard', undefined],
    ['High', 'High'],
  ] as const)('comes back after a while, with priority %s', async (told, rehydratePriority) => {
    const one = await upload('Archive')
    const asked = await one.setAccessTier('Cool', rehydratePriority ? { rehydratePriority } : {})
    expect(asked._response.status).toBe(202)
    const pending = {
      accessTier: 'Archive',
      archiveStatus: 'rehydrate-pending-to-cool',
      rehydratePriority: told,
    }
    await clock.advance(REHYDRATION_MS[told] - 1)
    expect(await tierOf(one)).toMatchObject(pending)
    expect(await listed(one)).toMatchObject(pending)
    expect(await refused(one.download())).toBe(ARCHIVED)
    // Where it goes is fixed then.
    for (const tier of ['Hot', 'Archive'])
      expect(await refused(one.setAccessTier(tier))).toBe('409 BlobBeingRehydrated')
    await clock.advance(1)
    const done = { accessTier: 'Cool', archiveStatus: undefined, rehydratePriority: undefined }
    expect(await tierOf(one)).toMatchObject({
      ...done,
      accessTierChangedOn: new Date(Math.floor(clock.now() / 1000) * 1000),
    })
    expect((await one.downloadToBuffer()).toString()).toBe('content')
    expect((await one.setAccessTier('Hot'))._response.status).toBe(200)
  })

  it('comes back sooner when the priority is raised, which is never lowered', async () => {
    const one = await upload('Archive')
    await one.setAccessTier('Hot')
    await one.setAccessTier('Hot', { rehydratePriority: 'High' })
    await one.setAccessTier('Hot', { rehydratePriority: 'Standard' })
    expect(await tierOf(one)).toMatchObject({ rehydratePriority: 'High' })
    await clock.advance(REHYDRATION_MS.High)
    expect(await tierOf(one)).toMatchObject({ accessTier: 'Hot' })
  })

  it('is copied to an online tier, and stays where it is', async () => {
    const [one, copy] = [await upload('Archive'), blob()]
    expect(await refused(copy.beginCopyFromURL(one.url))).toBe(ARCHIVED)
    expect(await refused(copy.beginCopyFromURL(one.url, { tier: 'Archive' }))).toBe(ARCHIVED)
    expect(await refused(copy.beginCopyFromURL(one.url, { tier: 'Cool', rehydratePriority: 'High' }))).toBe(
      '0 done',
    )
    expect(await copy.getProperties()).toMatchObject({
      accessTier: 'Archive',
      archiveStatus: 'rehydrate-pending-to-cool',
      copyStatus: 'pending',
      copyProgress: '0/7',
    })
    await clock.advance(REHYDRATION_MS.High)
    expect(await copy.getProperties()).toMatchObject({
      accessTier: 'Cool',
      copyStatus: 'success',
      copyProgress: '7/7',
    })
    expect((await copy.downloadToBuffer()).toString()).toBe('content')
    expect(await tierOf(one)).toMatchObject({ accessTier: 'Archive', archiveStatus: undefined })
  })

  it('whose copy is given up leaves an empty blob', async () => {
    const [one, copy] = [await upload('Archive'), blob()]
    await copy.beginCopyFromURL(one.url, { tier: 'Hot', intervalInMs: 1 })
    const { copyId = '' } = await copy.getProperties()
    expect(await refused(copy.abortCopyFromURL(crypto.randomUUID()))).toBe('409 CopyIdMismatch')
    expect((await copy.abortCopyFromURL(copyId))._response.status).toBe(204)
    expect(await copy.getProperties()).toMatchObject({ contentLength: 0, copyStatus: 'aborted' })
    expect(await refused(copy.abortCopyFromURL(copyId))).toBe('409 NoPendingCopyOperation')
  })

  it('is no source of what reads it', async () => {
    const one = await upload('Archive')
    const sas = await one.generateSasUrl({
      permissions: { toString: () => 'r' } as never,
      expiresOn: new Date(clock.now() + 3_600_000),
    })
    expect(await refused(blob().syncUploadFromURL(sas))).toBe('409 CannotVerifyCopySource')
    expect(await refused(blob().syncCopyFromURL(sas, { tier: 'Hot' }))).toBe('409 CannotVerifyCopySource')
    expect(await refused(blob().stageBlockFromURL('AAAA', sas))).toBe('409 CannotVerifyCopySource')
  })

  // The last: the SDK's connections end with the server.
  it('outlives the process', async () => {
    const { name } = await upload('Archive')
    await running.restart()
    const read = await running.raw('GET', `/bronze/${name}`)
    expect([read.status, read.headers['x-ms-error-code']]).toEqual([409, 'BlobArchived'])
  })
})
