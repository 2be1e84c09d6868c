/** The Blob operations that the SDKs use beside DFS: containers, properties, reads, Put Blob, copies, blocks, delete, batches of deletes. */
import { existsSync, mkdirSync, rmdirSync, rmSync, type Stats, statSync, writeFileSync } from 'node:fs'
import { HttpError } from '../../http/errors.ts'
import { checkConditions, containerHeaders, entryHeaders } from '../store/entry.ts'
import type { LakeFolder } from '../store/folder.ts'
import { entryAt } from '../store/names.ts'
import type { PathProperties, Properties } from '../store/properties.ts'
import { diskError } from '../store/storage-errors.ts'
import type { Uploads } from '../store/uploads.ts'
import { answerBatch, MAX_BATCH_BYTES } from './blob-batch.ts'
import { copyBlob } from './blob-copy.ts'
import { listBlobs, listContainers } from './blob-listing.ts'
import { readBlob } from './blob-read.ts'
import { readChecked } from './checked-body.ts'
import type { LakeCall } from './lake-call.ts'
import { contentIn, metadataHeaders, metadataOut, overrides, propertyHeaders } from './property-headers.ts'
import { asHttpError } from './refusals.ts'

const MAX_BLOB_BYTES = 256 * 1024 * 1024
const MAX_BLOCK_LIST_BYTES = 8 * 1024 * 1024
const ACCOUNT_INFORMATION = {
  'x-ms-sku-name': 'Standard_LRS',
  'x-ms-account-kind': 'StorageV2',
  'x-ms-is-hns-enabled': 'true',
}
const WRITES = { isRead: false, existsCode: 'BlobAlreadyExists' } as const

export class BlobOperations {
  readonly #folder: LakeFolder
  readonly #uploads: Uploads
  readonly #kept: PathProperties

  constructor(folder: LakeFolder, uploads: Uploads, properties: PathProperties) {
    this.#folder = folder
    this.#uploads = uploads
    this.#kept = properties
  }

  /** @returns false when the request is none of these. */
  async handle(call: LakeCall): Promise<boolean> {
    const { request, query, path, container } = call
    const { method } = request
    const comp = query.get('comp')
    if (
      query.get('restype') === 'account' &&
      comp === 'properties' &&
      (method === 'GET' || method === 'HEAD')
    ) {
      this.#answer(call, 200, ACCOUNT_INFORMATION)
      return true
    }
    if (container === '') {
      if (method !== 'GET' || comp !== 'list') return false
      this.#answerXml(call, listContainers(this.#folder, query))
      return true
    }
    if (path === '' && query.get('restype') !== 'container') return false
    if (path === '' && method === 'POST' && comp === 'batch') {
      await this.#batch(call)
      return true
    }
    if (path === '' && method === 'GET' && comp === 'list') {
      this.#list(call)
      return true
    }
    if (path === '') return this.#container(call)
    if (method === 'HEAD') this.#properties(call)
    else if (method === 'GET' && (comp === null || comp === 'metadata')) await this.#read(call)
    else if (method === 'PUT' && request.headers['x-ms-copy-source'] !== undefined) {
      if (comp !== null) return false
      await this.#copy(call)
    } else if (method === 'PUT' && comp === 'block') await this.#putBlock(call)
    else if (method === 'PUT' && comp === 'blocklist') await this.#putBlockList(call)
    else if (method === 'PUT' && (comp === 'metadata' || comp === 'properties')) this.#setProperties(call)
    else if (method === 'PUT' && request.headers['x-ms-blob-type'] === 'BlockBlob') await this.#putBlob(call)
    else if (method === 'DELETE' && comp === null) this.#delete(call)
    else return false
    return true
  }

  #answer({ response, headers }: LakeCall, status: number, more: Record<string, string> = {}): void {
    response.writeHead(status, { ...headers, ...more, 'content-length': 0 })
    response.end()
  }

  #container(call: LakeCall): boolean {
    const { container } = call
    const place = this.#folder.resolve(container, '')
    const { method } = call.request
    const comp = call.query.get('comp')
    if (comp !== null && comp !== 'metadata') return false
    const isThere = existsSync(place)
    if (method === 'PUT' && comp === null) {
      const metadata = metadataHeaders(call.request)
      if (isThere)
        throw new HttpError(409, 'ContainerAlreadyExists', 'The specified container already exists.')
      mkdirSync(place, { recursive: true })
      this.#kept.set(container, '', statSync(place), { metadata })
      this.#answer(call, 201, containerHeaders(statSync(place)))
      return true
    }
    if (!isThere) throw new HttpError(404, 'ContainerNotFound', 'The specified container does not exist.')
    const stats = statSync(place)
    const kept = this.#kept.of(container, '', stats)
    if (method === 'GET' || method === 'HEAD')
      this.#answer(call, 200, { ...containerHeaders(stats), ...metadataOut(kept.metadata) })
    else if (method === 'PUT') {
      this.#kept.set(container, '', stats, { ...kept, metadata: metadataHeaders(call.request) })
      this.#answer(call, 200, containerHeaders(stats))
    } else if (method === 'DELETE' && comp === null) {
      this.#uploads.forgetBelow(container, '')
      this.#kept.forgetBelow(container, '')
      rmSync(place, { recursive: true })
      void this.#folder.recount()
      this.#answer(call, 202)
    } else return false
    return true
  }

  #list(call: LakeCall): void {
    this.#answerXml(call, listBlobs(this.#folder, this.#kept, call.container, call.query))
  }

  #answerXml({ response, headers }: LakeCall, body: string): void {
    response.writeHead(200, {
      ...headers,
      'content-type': 'application/xml',
      'content-length': Buffer.byteLength(body),
    })
    response.end(body)
  }

  #stats({ container, path }: Pick<LakeCall, 'container' | 'path'>): Stats {
    const found = entryAt(this.#folder.resolve(container, path))
    if (!found) throw new HttpError(404, 'BlobNotFound', 'The specified blob does not exist.')
    return found
  }

  #properties(call: LakeCall): void {
    const stats = this.#stats(call)
    checkConditions(call.request, stats, { isRead: true })
    call.response.writeHead(200, {
      ...call.headers,
      ...entryHeaders(stats),
      ...propertyHeaders(this.#kept.of(call.container, call.path, stats)),
      ...overrides(call.query),
      'accept-ranges': 'bytes',
      'content-length': stats.isDirectory() ? 0 : stats.size,
    })
    call.response.end()
  }

  async #read(call: LakeCall): Promise<void> {
    if (call.query.get('comp') === null) return readBlob(call, this.#folder, this.#kept)
    const stats = this.#stats(call)
    checkConditions(call.request, stats, { isRead: true })
    const { metadata } = this.#kept.of(call.container, call.path, stats)
    this.#answer(call, 200, { ...entryHeaders(stats), ...metadataOut(metadata) })
  }

  /** Of metadata and content headers the one is replaced, all of it, and the other stays. */
  #setProperties(call: LakeCall): void {
    const { container, path, request } = call
    const stats = this.#stats(call)
    checkConditions(request, stats, { isRead: false })
    const kept = this.#kept.of(container, path, stats)
    const changed =
      call.query.get('comp') === 'metadata'
        ? { ...kept, metadata: metadataHeaders(request) }
        : { ...kept, content: contentIn(request) }
    this.#answer(call, 200, entryHeaders(this.#keep(call, changed, this.#folder.touch(container, path))))
  }

  #keep({ container, path }: LakeCall, properties: Properties, stats?: Stats): Stats {
    const found = stats ?? statSync(this.#folder.resolve(container, path))
    this.#kept.set(container, path, found, properties)
    return found
  }

  async #copy(call: LakeCall): Promise<void> {
    const { container, path, request } = call
    const metadata = metadataHeaders(request)
    const place = this.#folder.resolve(container, path)
    const source = await copyBlob(call, this.#folder, this.#kept, () =>
      checkConditions(request, entryAt(place), WRITES),
    )
    this.#uploads.forget(container, path)
    const hasOwn = Object.keys(metadata).length > 0
    const made = statSync(place)
    const copy = {
      id: crypto.randomUUID(),
      // What stands behind the mark may be a signature.
      source: String(request.headers['x-ms-copy-source']).split('?')[0] as string,
      completedAt: made.mtime.toUTCString(),
      bytes: made.size,
    }
    const stats = this.#keep(call, {
      ...(hasOwn ? { metadata } : source.metadata && { metadata: source.metadata }),
      content: { ...source.content, ...contentIn(request) },
      copy,
    })
    const isPut = request.headers['x-ms-blob-type'] !== undefined
    const done = { 'x-ms-copy-id': copy.id, 'x-ms-copy-status': 'success' }
    this.#answer(call, isPut ? 201 : 202, { ...entryHeaders(stats), ...(isPut ? {} : done) })
  }

  async #putBlob(call: LakeCall): Promise<void> {
    const { container, path, request } = call
    const place = this.#folder.resolve(container, path)
    const properties = { metadata: metadataHeaders(request), content: contentIn(request, { plain: true }) }
    // Looked at before the body too: no need to read what is refused anyway.
    checkConditions(request, entryAt(place), WRITES)
    const data = await readChecked(request, MAX_BLOB_BYTES)
    checkConditions(request, entryAt(place), WRITES)
    const release = this.#folder.reserve(data.length)
    try {
      const whole = this.#folder.unfinishedFile()
      try {
        writeFileSync(whole, data)
      } catch (error) {
        rmSync(whole, { force: true })
        throw diskError(error)
      }
      this.#folder.adoptOrDrop(whole, container, path, { overwrite: true })
      this.#uploads.forget(container, path)
    } finally {
      release()
    }
    const stats = this.#keep(call, properties)
    this.#answer(call, 201, entryHeaders(stats))
  }

  async #putBlock(call: LakeCall): Promise<void> {
    const id = call.query.get('blockid') ?? ''
    if (!/^[A-Za-z0-9+/]{1,88}={0,2}$/.test(id))
      throw new HttpError(400, 'InvalidQueryParameterValue', 'blockid must be base64, of at most 64 bytes.')
    const data = await readChecked(call.request, MAX_BLOB_BYTES)
    this.#uploads.putBlock(call.container, call.path, id, data)
    this.#answer(call, 201)
  }

  async #putBlockList(call: LakeCall): Promise<void> {
    const { container, path, request } = call
    const place = this.#folder.resolve(container, path)
    const properties = { metadata: metadataHeaders(request), content: contentIn(request) }
    const text = (await readChecked(request, MAX_BLOCK_LIST_BYTES)).toString('utf8')
    if (!/<BlockList\s*\/?>/.test(text))
      throw new HttpError(400, 'InvalidXmlDocument', 'The body is no list of blocks.')
    const ids = [...text.matchAll(/<(?:Latest|Committed|Uncommitted)>([^<]*)</g)].map(
      (match) => match[1] ?? '',
    )
    const check = () => {
      checkConditions(request, entryAt(place), WRITES)
      return { overwrite: true }
    }
    await this.#uploads.putBlockList(container, path, ids, check)
    this.#answer(call, 201, entryHeaders(this.#keep(call, properties)))
  }

  #delete(call: LakeCall): void {
    checkConditions(call.request, this.#stats(call), WRITES)
    this.#remove(call)
    this.#answer(call, 202)
  }

  #remove(blob: Pick<LakeCall, 'container' | 'path'>): void {
    if (this.#stats(blob).isDirectory()) this.#removeDirectory(blob)
    else this.#folder.remove(blob.container, blob.path)
    this.#uploads.forget(blob.container, blob.path)
    this.#kept.forget(blob.container, blob.path)
  }

  /** Clients without DFS delete what is in a folder, and then the folder. */
  #removeDirectory({ container, path }: Pick<LakeCall, 'container' | 'path'>): void {
    try {
      rmdirSync(this.#folder.resolve(container, path))
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw cause
      throw new HttpError(
        409,
        'DirectoryIsNotEmpty',
        'This operation is not permitted on a non-empty directory.',
        { cause },
      )
    }
  }

  async #batch(call: LakeCall): Promise<void> {
    const text = (await readChecked(call.request, MAX_BATCH_BYTES)).toString('utf8')
    const { type, body } = answerBatch(call, text, (path) => {
      try {
        this.#remove({ container: call.container, path })
      } catch (error) {
        throw asHttpError(error)
      }
    })
    call.response.writeHead(202, {
      ...call.headers,
      'content-type': type,
      'content-length': Buffer.byteLength(body),
    })
    call.response.end(body)
  }
}
