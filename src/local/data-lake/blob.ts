/** The Blob operations that the SDKs use beside DFS: containers, properties, reads, Put Blob, blocks, delete. */
import { createReadStream, existsSync, mkdirSync, rmSync, type Stats, statSync, writeFileSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { readBody } from '../http/body.ts'
import { HttpError } from '../http/errors.ts'
import { listBlobs } from './blob-listing.ts'
import { checkConditions, entryHeaders } from './entry.ts'
import type { LakeFolder } from './folder.ts'
import { entryAt } from './names.ts'
import type { LakeCall } from './server.ts'
import type { Uploads } from './uploads.ts'

const MAX_BLOB_BYTES = 256 * 1024 * 1024

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
    if (container === '') return false
    if (path === '' && query.get('restype') !== 'container') return false
    if (path === '' && method === 'GET' && comp === 'list') {
      this.#list(call)
      return true
    }
    if (path === '') return comp === null ? this.#container(call) : false
    if (method === 'HEAD') this.#properties(call)
    else if (method === 'GET' && comp === null) await this.#read(call)
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
      rmSync(place, { recursive: true })
      void this.#folder.recount()
      this.#answer(call, 202)
    } else return false
    return true
  }

  #list({ container, query, response, headers }: LakeCall): void {
    if (!existsSync(this.#folder.resolve(container, '')))
      throw new HttpError(404, 'ContainerNotFound', 'The specified container does not exist.')
    const body = listBlobs(this.#folder, container, query)
    response.writeHead(200, {
      ...headers,
      'content-type': 'application/xml',
      'content-length': Buffer.byteLength(body),
    })
    response.end(body)
  }

  #stats(call: LakeCall): Stats {
    const found = entryAt(this.#folder.resolve(call.container, call.path))
    if (!found) throw new HttpError(404, 'BlobNotFound', 'The specified blob does not exist.')
    return found
  }

  #properties(call: LakeCall): void {
    const stats = this.#stats(call)
    checkConditions(call.request, stats, true)
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

  async #read(call: LakeCall): Promise<void> {
    const stats = this.#stats(call)
    checkConditions(call.request, stats, true)
    if (stats.isDirectory()) throw new HttpError(409, 'ResourceTypeMismatch', 'A directory has no content.')
    const header = String(call.request.headers['x-ms-range'] ?? call.request.headers.range ?? '')
    const range = rangeOf(header, stats.size)
    const length = range ? range.end - range.start + 1 : stats.size
    call.response.writeHead(range ? 206 : 200, {
      ...call.headers,
      ...entryHeaders(stats),
      'accept-ranges': 'bytes',
      'content-type': 'application/octet-stream',
      'content-length': length,
      ...(range ? { 'content-range': `bytes ${range.start}-${range.end}/${stats.size}` } : {}),
    })
    if (length === 0) {
      call.response.end()
      return
    }
    await pipeline(
      createReadStream(this.#folder.resolve(call.container, call.path), range ?? {}),
      call.response,
    )
  }

  async #putBlob(call: LakeCall): Promise<void> {
    const { container, path, request } = call
    const place = this.#folder.resolve(container, path)
    const before = entryAt(place)
    checkConditions(request, before, false)
    const data = await readBody(request, MAX_BLOB_BYTES)
    const release = this.#folder.reserve(data.length)
    try {
      const whole = this.#folder.unfinishedFile()
      writeFileSync(whole, data)
      // Asked to be new: of several at the same time exactly one wins.
      this.#folder.adopt(whole, container, path, { overwrite: request.headers['if-none-match'] !== '*' })
    } finally {
      release()
    }
    this.#answer(call, 201, { ...entryHeaders(statSync(place)), 'x-ms-request-server-encrypted': 'false' })
  }

  async #putBlock(call: LakeCall): Promise<void> {
    const data = await readBody(call.request, MAX_BLOB_BYTES)
    await this.#uploads.putBlock(call.container, call.path, call.query.get('blockid') ?? '', data)
    this.#answer(call, 201)
  }

  async #putBlockList(call: LakeCall): Promise<void> {
    const { container, path, request } = call
    const place = this.#folder.resolve(container, path)
    checkConditions(request, entryAt(place), false)
    const text = (await readBody(request, 8 * 1024 * 1024)).toString('utf8')
    const ids = [...text.matchAll(/<(?:Latest|Committed|Uncommitted)>([^<]*)</g)].map(
      (match) => match[1] ?? '',
    )
    await this.#uploads.putBlockList(container, path, ids)
    this.#answer(call, 201, entryHeaders(statSync(place)))
  }

  #delete(call: LakeCall): void {
    const stats = this.#stats(call)
    checkConditions(call.request, stats, false)
    if (stats.isDirectory())
      throw new HttpError(
        409,
        'OperationNotSupportedOnDirectory',
        'This operation is not permitted on a non-empty directory.',
      )
    this.#folder.remove(call.container, call.path)
    this.#answer(call, 202)
  }
}

/** @throws HttpError 416 when the range begins behind the end. */
function rangeOf(header: string, size: number): { start: number; end: number } | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header)
  if (!match) return undefined
  const [, first, last] = match
  if (first === '' && last === '') return undefined
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  const end = first === '' || last === '' ? size - 1 : Math.min(size - 1, Number(last))
  if (start >= size && size > 0)
    throw new HttpError(
      416,
      'InvalidRange',
      'The range specified is invalid for the current size of the resource.',
    )
  return size === 0 ? undefined : { start, end }
}
