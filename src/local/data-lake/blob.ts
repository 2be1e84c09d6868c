/** The Blob operations that the SDKs use beside DFS: containers, properties, reads, Put Blob, blocks, delete, batches of deletes. */
import { existsSync, mkdirSync, rmSync, type Stats, statSync, writeFileSync } from 'node:fs'
import { HttpError } from '../http/errors.ts'
import { answerBatch, MAX_BATCH_BYTES } from './blob-batch.ts'
import { listBlobs, listContainers } from './blob-listing.ts'
import { readBlob } from './blob-read.ts'
import { readChecked } from './checked-body.ts'
import { checkConditions, entryHeaders } from './entry.ts'
import { diskError } from './errors.ts'
import type { LakeFolder } from './folder.ts'
import { entryAt } from './names.ts'
import { asHttpError } from './refusals.ts'
import type { LakeCall } from './server.ts'
import type { Uploads } from './uploads.ts'

const MAX_BLOB_BYTES = 256 * 1024 * 1024
const MAX_BLOCK_LIST_BYTES = 8 * 1024 * 1024
const WRITES = { isRead: false, existsCode: 'BlobAlreadyExists' } as const

export class BlobOperations {
  readonly #folder: LakeFolder
  readonly #uploads: Uploads

  constructor(folder: LakeFolder, uploads: Uploads) {
    this.#folder = folder
    this.#uploads = uploads
  }

  /** @returns false when the request is none of these. */
  async handle(call: LakeCall): Promise<boolean> {
    const { request, query, path, container } = call
    const { method } = request
    const comp = query.get('comp')
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
    if (path === '') return comp === null ? this.#container(call) : false
    if (method === 'HEAD') this.#properties(call)
    else if (method === 'GET' && comp === null) await readBlob(call, this.#folder)
    else if (method === 'PUT' && comp === 'block') await this.#putBlock(call)
    else if (method === 'PUT' && comp === 'blocklist') await this.#putBlockList(call)
    else if (method === 'PUT' && (comp === 'metadata' || comp === 'properties')) this.#properties(call)
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
    const place = this.#folder.resolve(call.container, '')
    const { method } = call.request
    const isThere = existsSync(place)
    if (method === 'PUT') {
      if (isThere)
        throw new HttpError(409, 'ContainerAlreadyExists', 'The specified container already exists.')
      mkdirSync(place, { recursive: true })
      this.#answer(call, 201, entryHeaders(statSync(place)))
      return true
    }
    if (!isThere) throw new HttpError(404, 'ContainerNotFound', 'The specified container does not exist.')
    if (method === 'GET' || method === 'HEAD')
      this.#answer(call, 200, {
        ...entryHeaders(statSync(place)),
        'x-ms-has-immutability-policy': 'false',
        'x-ms-has-legal-hold': 'false',
      })
    else if (method === 'DELETE') {
      this.#uploads.forgetBelow(call.container, '')
      rmSync(place, { recursive: true })
      void this.#folder.recount()
      this.#answer(call, 202)
    } else return false
    return true
  }

  #list(call: LakeCall): void {
    this.#answerXml(call, listBlobs(this.#folder, call.container, call.query))
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
    checkConditions(call.request, stats, { isRead: call.request.method === 'HEAD' })
    const size = stats.isDirectory() ? 0 : stats.size
    call.response.writeHead(200, {
      ...call.headers,
      ...entryHeaders(stats),
      'accept-ranges': 'bytes',
      'content-type': 'application/octet-stream',
      'content-length': call.request.method === 'HEAD' ? size : 0,
    })
    call.response.end()
  }

  async #putBlob(call: LakeCall): Promise<void> {
    const { container, path, request } = call
    const place = this.#folder.resolve(container, path)
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
    this.#answer(call, 201, { ...entryHeaders(statSync(place)), 'x-ms-request-server-encrypted': 'false' })
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
    this.#answer(call, 201, entryHeaders(statSync(place)))
  }

  #delete(call: LakeCall): void {
    checkConditions(call.request, this.#stats(call), WRITES)
    this.#remove(call)
    this.#answer(call, 202)
  }

  #remove(blob: Pick<LakeCall, 'container' | 'path'>): void {
    if (this.#stats(blob).isDirectory())
      throw new HttpError(
        409,
        'OperationNotSupportedOnDirectory',
        'This operation is not permitted on a non-empty directory.',
      )
    this.#folder.remove(blob.container, blob.path)
    this.#uploads.forget(blob.container, blob.path)
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
