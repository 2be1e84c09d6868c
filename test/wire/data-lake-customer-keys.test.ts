/** Keys that a client provides: what was written with one is read with the same, by both interfaces, and no key is kept. */
import { createHash, randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import tls from 'node:tls'
import { BlobServiceClient, type RestError } from '@azure/storage-blob'
import { DataLakeServiceClient } from '@azure/storage-file-datalake'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LakeServer, startLake, TOKEN } from '../support/lake-server.ts'
import { memoryLogger } from '../support/memory-logger.ts'

const keyOf = (bytes: Buffer) => ({
  encryptionKey: bytes.toString('base64'),
  encryptionKeySha256: createHash('sha256').update(bytes).digest('base64'),
  encryptionAlgorithm: 'AES256' as const,
})
const mine = keyOf(randomBytes(32))
const other = keyOf(randomBytes(32))
const withMine = { customerProvidedKey: mine }
const withOther = { customerProvidedKey: other }

const { logger, text: logged } = memoryLogger()
let running: LakeServer
let made = 0
beforeAll(async () => {
  running = await startLake({ logger })
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), running.tls.cert])
})
afterAll(() => running.close())

const options = { retryOptions: { maxTries: 1 } }
const container = () =>
  new BlobServiceClient(running.tlsEndpoint, running.credential, options).getContainerClient('bronze')
const lake = () =>
  new DataLakeServiceClient(running.tlsEndpoint, running.credential, options).getFileSystemClient('bronze')
const blob = (name = `blob-${made++}`) => container().getBlockBlobClient(name)
const upload = async () => {
  const one = blob()
  await one.upload('content', 7, { ...withMine, metadata: { colour: 'blue' } })
  return one
}
const refused = async (act: Promise<unknown>): Promise<string> => {
  const error = (await act.then(
    () => ({ statusCode: 0, code: 'done' }),
    (error) => error,
  )) as RestError
  return `${error.statusCode} ${error.code ?? error.response?.headers.get('x-ms-error-code')}`
}
const [NONE, WRONG, NEEDLESS] = [
  '409 BlobUsesCustomerSpecifiedEncryption',
  '409 BlobCustomerSpecifiedEncryptionMismatch',
  '409 BlobDoesNotUseCustomerSpecifiedEncryption',
]

describe('a blob with a key', () => {
  it('is read, looked at and changed with that key alone', async () => {
    const one = await upload()
    const acts = [
      (with_: object) => one.download(0, undefined, with_),
      (with_: object) => one.getProperties(with_),
      (with_: object) => one.setMetadata({ colour: 'red' }, with_),
    ]
    for (const act of acts) {
      expect(await refused(act({})), String(act)).toBe(NONE)
      expect(await refused(act(withOther)), String(act)).toBe(WRONG)
      expect(await refused(act(withMine)), String(act)).toBe('0 done')
    }
    const { encryptionKeySha256, isServerEncrypted, metadata } = await one.getProperties(withMine)
    expect({ encryptionKeySha256, isServerEncrypted, metadata }).toEqual({
      encryptionKeySha256: mine.encryptionKeySha256,
      isServerEncrypted: true,
      metadata: { colour: 'red' },
    })
    expect((await one.downloadToBuffer(0, undefined, withMine)).toString()).toBe('content')
    // What cannot bring one needs none.
    await one.setHTTPHeaders({ blobContentType: 'text/plain' })
    await one.setAccessTier('Cool')
    await one.delete()
  })

  it('is told by its SHA-256 in the answer to a write and in a listing, which cannot read its metadata', async () => {
    const one = blob()
    const answer = await one.upload('content', 7, { ...withMine, metadata: { colour: 'blue' } })
    expect(answer).toMatchObject({
      encryptionKeySha256: mine.encryptionKeySha256,
      isServerEncrypted: true,
    })
    const list = await running.raw('GET', '/bronze', {
      query: `restype=container&comp=list&include=metadata&prefix=${one.name}`,
    })
    expect(list.text).toContain(
      `<CustomerProvidedKeySha256>${mine.encryptionKeySha256}</CustomerProvidedKeySha256>`,
    )
    expect(list.text).toContain('<Metadata Encrypted="true"></Metadata>')
    expect(list.text).not.toContain('blue')
  })

  it('may be written over with another, or with none', async () => {
    const one = await upload()
    await one.upload('other', 5, withOther)
    expect(await refused(one.download(0, undefined, withMine))).toBe(WRONG)
    await one.upload('open', 4)
    expect(await refused(one.download(0, undefined, withMine))).toBe(NEEDLESS)
    expect((await one.downloadToBuffer()).toString()).toBe('open')
  })

  it('is made of blocks with the same key', async () => {
    const one = blob()
    await one.stageBlock('AAAA', 'con', 3, withMine)
    await one.stageBlock('BBBB', 'tent', 4, withMine)
    expect(await refused(one.commitBlockList(['AAAA', 'BBBB']))).toBe(NONE)
    expect(await refused(one.commitBlockList(['AAAA', 'BBBB'], withOther))).toBe(WRONG)
    await one.commitBlockList(['AAAA', 'BBBB'], withMine)
    expect((await one.downloadToBuffer(0, undefined, withMine)).toString()).toBe('content')
    // Those that it has count too.
    expect(await refused(one.commitBlockList(['AAAA']))).toBe(NONE)
    const plain = blob()
    await plain.stageBlock('AAAA', 'con', 3)
    expect(await refused(plain.commitBlockList(['AAAA'], withMine))).toBe(NEEDLESS)
  })

  it('grows with that key alone', async () => {
    const one = container().getAppendBlobClient(`blob-${made++}`)
    await one.create(withMine)
    expect(await refused(one.appendBlock('x', 1))).toBe(NONE)
    expect(await refused(one.appendBlock('x', 1, withOther))).toBe(WRONG)
    expect(await one.appendBlock('x', 1, withMine)).toMatchObject({
      encryptionKeySha256: mine.encryptionKeySha256,
    })
  })

  it('is a source for who brings the key, which Copy Blob cannot', async () => {
    const one = await upload()
    const proof = { 'x-ms-copy-source-authorization': `Bearer ${TOKEN}` }
    expect(await refused(blob().beginCopyFromURL(one.url))).toBe(NONE)
    const sourceAuthorization = { scheme: 'Bearer', value: TOKEN }
    expect(await refused(blob().syncUploadFromURL(one.url, { sourceAuthorization }))).toBe(
      '409 CannotVerifyCopySource',
    )
    const headers = {
      ...proof,
      'x-ms-blob-type': 'BlockBlob',
      'x-ms-copy-source': one.url,
      'x-ms-source-encryption-key': mine.encryptionKey,
      'x-ms-source-encryption-key-sha256': mine.encryptionKeySha256,
      'x-ms-source-encryption-algorithm': 'AES256',
      authorization: `Bearer ${TOKEN}`,
      'x-ms-version': '2026-02-06',
    }
    const url = blob().url
    expect((await fetch(url, { method: 'PUT', headers })).status).toBe(201)
    const copy = await fetch(url, {
      headers: { authorization: headers.authorization, 'x-ms-version': '2026-02-06' },
    })
    expect(await copy.text()).toBe('content')
  })
})

describe('a path with a key', () => {
  it('is a file that is written and read with it, and stays so under another name', async () => {
    const file = lake().getFileClient(`file-${made++}`)
    const created = await file.create(withMine)
    expect(created).toMatchObject({ encryptionKeySha256: mine.encryptionKeySha256 })
    expect(await refused(file.append('content', 0, 7))).toBe(NONE)
    await file.append('content', 0, 7, withMine)
    expect(await refused(file.flush(7))).toBe(NONE)
    const flushed = await file.flush(7, withMine)
    expect(flushed).toMatchObject({ encryptionKeySha256: mine.encryptionKeySha256, isServerEncrypted: true })
    await file.setMetadata({ colour: 'blue' }, withMine)
    expect(await refused(file.setMetadata({ colour: 'red' }))).toBe(NONE)
    await file.move(`${file.name}-moved`)
    const moved = lake().getFileClient(`${file.name}-moved`)
    expect(await refused(moved.read())).toBe(NONE)
    expect((await moved.readToBuffer(undefined, undefined, withMine)).toString()).toBe('content')
    expect(await moved.getProperties(withMine)).toMatchObject({ metadata: { colour: 'blue' } })
    expect(await moved.exists()).toBe(true)
  })

  it('is a folder whose properties need it', async () => {
    const folder = lake().getDirectoryClient(`folder-${made++}`)
    await folder.create(withMine)
    expect(await refused(folder.getProperties())).toBe(NONE)
    expect(await refused(folder.getProperties(withMine))).toBe('0 done')
    const plain = lake().getDirectoryClient(`folder-${made++}`)
    await plain.create()
    expect(await refused(plain.getProperties(withMine))).toBe(NEEDLESS)
  })
})

describe('a key', () => {
  const headers = (key: ReturnType<typeof keyOf>) => ({
    'x-ms-encryption-key': key.encryptionKey,
    'x-ms-encryption-key-sha256': key.encryptionKeySha256,
    'x-ms-encryption-algorithm': 'AES256',
  })
  const put = (key: Record<string, string>) =>
    fetch(blob().url, {
      method: 'PUT',
      headers: {
        ...{ authorization: `Bearer ${TOKEN}`, 'x-ms-version': '2023-11-03', 'x-ms-blob-type': 'BlockBlob' },
        ...key,
      },
      body: 'x',
    }).then(({ status, headers }) => `${status} ${headers.get('x-ms-error-code')}`)

  it('is taken whole, of the right length, with its own SHA-256, and over https', async () => {
    const whole = headers(mine)
    const { 'x-ms-encryption-algorithm': _, ...withoutAlgorithm } = whole
    const { 'x-ms-encryption-key-sha256': __, ...withoutHash } = whole
    expect(await put(whole)).toBe('201 null')
    for (const part of [withoutAlgorithm, withoutHash])
      expect(await put(part)).toBe('400 MissingRequiredHeader')
    for (const wrong of [
      headers(keyOf(randomBytes(16))),
      { ...whole, 'x-ms-encryption-key': other.encryptionKey },
    ])
      expect(await put(wrong)).toBe('400 InvalidHeaderValue')
    const plain = await running.raw('PUT', '/bronze/plain', {
      headers: { ...whole, 'x-ms-blob-type': 'BlockBlob' },
    })
    expect([plain.status, plain.headers['x-ms-error-code']]).toEqual([400, 'InvalidHeaderValue'])
    expect(plain.text).toContain('over https only')
  })

  it('is written nowhere', async () => {
    const one = await upload()
    await refused(one.download(0, undefined, withOther))
    const files = readdirSync(running.folder, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    )
    const kept = files.map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1')).join('\n')
    for (const { encryptionKey } of [mine, other])
      for (const secret of [encryptionKey, Buffer.from(encryptionKey, 'base64').toString('latin1')]) {
        expect(kept.includes(secret)).toBe(false)
        expect(logged().includes(secret)).toBe(false)
      }
    expect(kept).toContain(mine.encryptionKeySha256)
  })
})
