/** The DFS operations: create, append, flush, list, delete, rename. */
import { existsSync, lstatSync, mkdirSync, rmdirSync, statSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { readBody } from '../http/body.ts'
import { HttpError } from '../http/errors.ts'
import { checkConditions, entryHeaders, etagOf, notFound } from './entry.ts'
import type { LakeFolder } from './folder.ts'
import { type Listed, listFolder } from './listing.ts'
import { entryAt } from './names.ts'
import type { LakeCall } from './server.ts'
import type { Uploads } from './uploads.ts'

const MAX_APPEND_BYTES = 100 * 1024 * 1024
const PAGE = 5000

export class DfsOperations {
  readonly #folder: LakeFolder
  readonly #uploads: Uploads

  constructor(folder: LakeFolder, uploads: Uploads) {
    this.#folder = folder
    this.#uploads = uploads
  }

  /** @returns false when the request is none of these. */
  async handle(call: LakeCall): Promise<boolean> {
    const { request, query, path } = call
    const { method } = request
    const resource = query.get('resource')
    const action = query.get('action')
    if (resource === 'filesystem') {
      if (method === 'GET') this.#list(call)
      else if (method === 'PUT') this.#createContainer(call)
      else if (method === 'HEAD')
        this.#answer(call, 200, entryHeaders(statSync(this.#folder.resolve(call.container, ''))))
      else return false
      return true
    }
    if (path === '') return false
    if (method === 'PUT' && request.headers['x-ms-rename-source'] !== undefined) await this.#rename(call)
    else if (method === 'PUT' && resource === 'file') await this.#createFile(call)
    else if (method === 'PUT' && resource === 'directory') this.#createDirectory(call)
    else if (method === 'PATCH' && action === 'append') await this.#append(call)
    else if (method === 'PATCH' && action === 'flush') this.#flush(call)
    else if (method === 'PATCH' && (action === 'setProperties' || action === 'setAccessControl'))
      this.#touch(call)
    else if (method === 'HEAD' && action === 'getAccessControl') this.#accessControl(call)
    else if (method === 'DELETE' && query.has('recursive')) await this.#delete(call)
    else return false
    return true
  }

  #answer(
    { response, headers }: LakeCall,
    status: number,
    more: Record<string, string> = {},
    body = '',
  ): void {
    response.writeHead(status, { ...headers, ...more, 'content-length': Buffer.byteLength(body) })
    response.end(body)
  }

  #createContainer(call: LakeCall): void {
    const place = this.#folder.resolve(call.container, '')
    if (existsSync(place))
      throw new HttpError(409, 'FilesystemAlreadyExists', 'The specified filesystem already exists.')
    mkdirSync(place, { recursive: true })
    this.#answer(call, 201, { etag: etagOf(statSync(place)) })
  }

  async #createFile(call: LakeCall): Promise<void> {
    const { container, path, request } = call
    const place = this.#folder.resolve(container, path)
    const before = entryAt(place)
    checkConditions(request, before, false)
    if (before?.isDirectory())
      throw new HttpError(409, 'PathAlreadyExists', 'A directory stands at this path.')
    await this.#uploads.forget(container, path)
    if (!before) await this.#folder.place(container, path, new Uint8Array())
    else {
      const empty = this.#folder.unfinishedFile()
      const { writeFileSync } = await import('node:fs')
      writeFileSync(empty, '')
      this.#folder.adopt(empty, container, path, { overwrite: true })
    }
    this.#answer(call, 201, entryHeaders(statSync(place)))
  }

  #createDirectory(call: LakeCall): void {
    const place = this.#folder.resolve(call.container, call.path)
    const before = entryAt(place)
    checkConditions(call.request, before, false)
    if (before?.isFile()) throw new HttpError(409, 'PathAlreadyExists', 'A file stands at this path.')
    mkdirSync(place, { recursive: true })
    this.#answer(call, 201, entryHeaders(statSync(place)))
  }

  async #append(call: LakeCall): Promise<void> {
    const data = await readBody(call.request, MAX_APPEND_BYTES)
    await this.#uploads.append(call.container, call.path, position(call), data)
    if (call.query.get('flush') === 'true')
      this.#uploads.flush(call.container, call.path, position(call) + data.length)
    this.#answer(call, 202, { 'x-ms-request-server-encrypted': 'false' })
  }

  #flush(call: LakeCall): void {
    const place = this.#folder.resolve(call.container, call.path)
    const before = entryAt(place)
    if (!before) throw notFound()
    checkConditions(call.request, before, false)
    this.#uploads.flush(call.container, call.path, position(call))
    this.#answer(call, 200, entryHeaders(statSync(place)))
  }

  /** Properties and access lists are taken and not kept: nothing here reads them. */
  #touch(call: LakeCall): void {
    const found = entryAt(this.#folder.resolve(call.container, call.path))
    if (!found) throw notFound()
    this.#answer(call, 200, entryHeaders(found))
  }

  #accessControl(call: LakeCall): void {
    const found = entryAt(this.#folder.resolve(call.container, call.path))
    if (!found) throw notFound()
    const access = {
      'x-ms-owner': '$superuser',
      'x-ms-group': '$superuser',
      'x-ms-permissions': 'rw-r-----',
      'x-ms-acl': 'user::rw-,group::r--,other::---',
    }
    this.#answer(call, 200, { ...entryHeaders(found), ...access })
  }

  async #delete(call: LakeCall): Promise<void> {
    const { container, path, request, query } = call
    const place = this.#folder.resolve(container, path)
    const found = entryAt(place)
    if (!found) throw notFound()
    checkConditions(request, found, false)
    await this.#uploads.forget(container, path)
    if (found.isFile()) this.#folder.remove(container, path)
    else if (query.get('recursive') === 'true') this.#removeTree(container, path)
    else rmdirSync(place)
    this.#answer(call, 200)
  }

  #removeTree(container: string, path: string): void {
    const root = this.#folder.resolve(container, '')
    const all = [...listFolder({ root, folder: path, recursive: true, from: undefined })]
    for (const { path: file, isDirectory } of all) if (!isDirectory) this.#folder.remove(container, file)
    for (const { path: folder, isDirectory } of all.reverse())
      if (isDirectory) rmdirSync(this.#folder.resolve(container, folder))
    rmdirSync(this.#folder.resolve(container, path))
  }

  /** `x-ms-rename-source`: `/container/path`, on path-style URLs also with the account before it. */
  async #rename(call: LakeCall): Promise<void> {
    const { container, path, request } = call
    const header = String(request.headers['x-ms-rename-source']).split('?')[0] as string
    const parts = decodeURIComponent(header).split('/').filter(Boolean)
    if (parts[0] !== undefined && parts.length > 2 && !existsSync(this.#folder.resolve(parts[0], '')))
      parts.shift()
    const [from = '', ...rest] = parts
    const source = this.#folder.resolve(from, rest.join('/'))
    const target = this.#folder.resolve(container, path)
    const found = entryAt(source)
    if (!found)
      throw new HttpError(404, 'SourcePathNotFound', 'The source path for a rename operation does not exist.')
    const before = entryAt(target)
    checkConditions(request, before, false)
    if (found.isFile()) {
      const size = found.size
      const staged = this.#folder.unfinishedFile()
      await rename(source, staged)
      try {
        this.#folder.adopt(staged, container, path, { overwrite: true })
      } catch (error) {
        // What could not be placed stays what it was.
        await rename(staged, source)
        throw error
      }
      this.#folder.note(from, rest.join('/'), -size)
    } else {
      mkdirSync(dirname(target), { recursive: true })
      await rename(source, target)
    }
    this.#answer(call, 201, entryHeaders(lstatSync(target)))
  }

  #list(call: LakeCall): void {
    const { container, query } = call
    const root = this.#folder.resolve(container, '')
    const folder = (query.get('directory') ?? '').replace(/^\/+|\/+$/g, '')
    this.#folder.resolve(container, folder)
    const isRoot = entryAt(root)
    if (!isRoot) throw new HttpError(404, 'FilesystemNotFound', 'The specified filesystem does not exist.')
    if (!entryAt(this.#folder.resolve(container, folder))?.isDirectory()) throw notFound()
    const most = Math.min(PAGE, Math.max(1, Number(query.get('maxResults')) || PAGE))
    const after = query.get('continuation')
    const from = after
      ? Buffer.from(after, 'base64url').toString('utf8')
      : (query.get('beginFrom') ?? undefined)
    const page: Listed[] = []
    let next: string | undefined
    for (const entry of listFolder({ root, folder, recursive: query.get('recursive') === 'true', from })) {
      if (page.length === most) {
        next = folder === '' ? entry.path : entry.path.slice(folder.length + 1)
        break
      }
      page.push(entry)
    }
    const paths = page.flatMap((entry) => this.#describe(container, entry))
    const more: Record<string, string> =
      next === undefined ? {} : { 'x-ms-continuation': Buffer.from(next, 'utf8').toString('base64url') }
    this.#answer(call, 200, { ...more, 'content-type': 'application/json' }, JSON.stringify({ paths }))
  }

  /** A file that went away since it was listed is left out. */
  #describe(container: string, { path, isDirectory }: Listed): object[] {
    const stats = entryAt(this.#folder.resolve(container, path))
    if (!stats) return []
    return [
      {
        name: path,
        ...(isDirectory ? { isDirectory: 'true' } : {}),
        contentLength: isDirectory ? '0' : String(stats.size),
        lastModified: stats.mtime.toUTCString(),
        etag: etagOf(stats),
        owner: '$superuser',
        group: '$superuser',
        permissions: isDirectory ? 'rwxr-x---' : 'rw-r-----',
      },
    ]
  }
}

function position({ query }: LakeCall): number {
  const value = Number(query.get('position') ?? Number.NaN)
  if (!Number.isSafeInteger(value) || value < 0)
    throw new HttpError(
      400,
      'InvalidQueryParameterValue',
      'position must be a whole number that is not negative.',
    )
  return value
}
