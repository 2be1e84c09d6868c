/** The DFS operations: create, append, flush, list, delete, rename. */
import { existsSync, mkdirSync, rmdirSync, type Stats, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { HttpError } from '../../http/errors.ts'
import { type Access, accessOfNew, changedAccess, defaultAccess } from '../store/access-control.ts'
import { checkConditions, containerHeaders, entryHeaders, etagOf, notFound } from '../store/entry.ts'
import type { LakeFolder } from '../store/folder.ts'
import { type Listed, listFolder } from '../store/listing.ts'
import { entryAt } from '../store/names.ts'
import type { PathProperties, Properties } from '../store/properties.ts'
import { diskError } from '../store/storage-errors.ts'
import type { Uploads } from '../store/uploads.ts'
import { readChecked } from './checked-body.ts'
import type { LakeCall } from './lake-call.ts'
import { pageSize, readMarker, writeMarker } from './paging.ts'
import { contentIn, propertiesIn } from './property-headers.ts'
import { renamePath } from './rename.ts'

const MAX_APPEND_BYTES = 100 * 1024 * 1024

export class DfsOperations {
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
    const { request, query, path } = call
    const { method } = request
    const resource = query.get('resource')
    const action = query.get('action')
    if (resource === 'filesystem') {
      if (path !== '' || call.container === '') return false
      if (method === 'GET') this.#list(call)
      else if (method === 'PUT') this.#createContainer(call)
      else if (method === 'HEAD')
        this.#answer(call, 200, containerHeaders(statSync(this.#folder.resolve(call.container, ''))))
      else return false
      return true
    }
    if (call.container === '') return false
    // The container's root is a folder with an access list too; clients look at it to learn whether there are folders at all.
    if (method === 'HEAD' && action === 'getAccessControl') this.#accessControl(call)
    else if (method === 'PATCH' && action === 'setAccessControl') this.#setAccessControl(call)
    else if (path === '') return false
    else if (method === 'PUT' && request.headers['x-ms-rename-source'] !== undefined)
      this.#answer(call, 201, entryHeaders(renamePath(call, this.#folder, this.#uploads, this.#kept)))
    else if (method === 'PUT' && resource === 'file') this.#createFile(call)
    else if (method === 'PUT' && resource === 'directory') this.#createDirectory(call)
    else if (method === 'PATCH' && action === 'append') await this.#append(call)
    else if (method === 'PATCH' && action === 'flush') this.#flush(call)
    else if (method === 'PATCH' && action === 'setProperties') this.#setProperties(call)
    else if (method === 'DELETE' && query.has('recursive')) this.#delete(call)
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
    const { metadata } = propertiesIn(call.request)
    mkdirSync(place, { recursive: true })
    this.#kept.set(call.container, '', statSync(place), { metadata })
    this.#answer(call, 201, containerHeaders(statSync(place)))
  }

  #createFile(call: LakeCall): void {
    const { container, path, request } = call
    const place = this.#folder.resolve(container, path)
    const before = entryAt(place)
    checkConditions(request, before, { isRead: false })
    if (before?.isDirectory()) throw new HttpError(409, 'PathConflict', 'A directory stands at this path.')
    const properties = ofNew(call, false)
    const empty = this.#folder.unfinishedFile()
    try {
      writeFileSync(empty, '')
    } catch (error) {
      throw diskError(error)
    }
    this.#uploads.forget(container, path)
    this.#folder.adoptOrDrop(empty, container, path, { overwrite: true })
    this.#answer(call, 201, entryHeaders(this.#keep(call, properties)))
  }

  #createDirectory(call: LakeCall): void {
    const place = this.#folder.resolve(call.container, call.path)
    const before = entryAt(place)
    checkConditions(call.request, before, { isRead: false })
    if (before?.isFile()) throw new HttpError(409, 'PathConflict', 'A file stands at this path.')
    const properties = ofNew(call, true)
    try {
      mkdirSync(place, { recursive: true })
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOTDIR' || code === 'EEXIST')
        throw new HttpError(409, 'PathConflict', 'A file stands where this path needs a directory.')
      throw diskError(error)
    }
    this.#answer(call, 201, entryHeaders(this.#keep(call, properties)))
  }

  #keep({ container, path }: LakeCall, properties: Properties, stats?: Stats): Stats {
    const found = stats ?? statSync(this.#folder.resolve(container, path))
    this.#kept.set(container, path, found, properties)
    return found
  }

  async #append(call: LakeCall): Promise<void> {
    const data = await readChecked(call.request, MAX_APPEND_BYTES)
    this.#uploads.append(call.container, call.path, position(call), data)
    const flushed =
      call.query.get('flush') === 'true'
        ? entryHeaders(this.#makeVisible(call, position(call) + data.length))
        : {}
    this.#answer(call, 202, flushed)
  }

  #flush(call: LakeCall): void {
    const before = this.#found(call)
    checkConditions(call.request, before, { isRead: false })
    if (!before.isFile()) throw new HttpError(409, 'PathConflict', 'A directory takes no data.')
    this.#answer(call, 200, entryHeaders(this.#makeVisible(call, position(call))))
  }

  /** The file stays what it was, but for its content and what the request says of that. */
  #makeVisible(call: LakeCall, upTo: number): Stats {
    const { container, path, request } = call
    const kept = this.#kept.of(container, path, this.#found(call))
    this.#uploads.flush(container, path, upTo)
    return this.#keep(call, { ...kept, content: { ...kept.content, ...contentIn(request) } })
  }

  #found({ container, path }: LakeCall): Stats {
    const found = entryAt(this.#folder.resolve(container, path))
    if (!found) throw notFound()
    return found
  }

  #setProperties(call: LakeCall): void {
    const { container, path, request } = call
    const found = this.#found(call)
    checkConditions(request, found, { isRead: false })
    const kept = this.#kept.of(container, path, found)
    const { metadata, content } = propertiesIn(request)
    const changed = { ...kept, metadata, content: { ...kept.content, ...content } }
    this.#answer(call, 200, entryHeaders(this.#keep(call, changed, this.#folder.touch(container, path))))
  }

  #setAccessControl(call: LakeCall): void {
    const { container, path, request } = call
    const found = this.#found(call)
    checkConditions(request, found, { isRead: false })
    const kept = this.#kept.of(container, path, found)
    const access = changedAccess(kept.access ?? defaultAccess(found.isDirectory()), request)
    // The content's version is still the same.
    this.#answer(call, 200, entryHeaders(this.#keep(call, { ...kept, access }, found)))
  }

  #accessControl(call: LakeCall): void {
    const found = this.#found(call)
    const access = this.#accessOf(call, found)
    this.#answer(call, 200, {
      ...entryHeaders(found),
      'x-ms-owner': access.owner,
      'x-ms-group': access.group,
      'x-ms-permissions': access.permissions,
      'x-ms-acl': access.acl,
    })
  }

  #accessOf({ container, path }: Pick<LakeCall, 'container' | 'path'>, stats: Stats): Access {
    return this.#kept.of(container, path, stats).access ?? defaultAccess(stats.isDirectory())
  }

  #delete(call: LakeCall): void {
    const { container, path, request, query } = call
    const found = this.#found(call)
    checkConditions(request, found, { isRead: false })
    if (found.isFile()) this.#folder.remove(container, path)
    else if (query.get('recursive') === 'true') this.#removeTree(container, path)
    else rmdirSync(this.#folder.resolve(container, path))
    this.#uploads.forget(container, path)
    this.#uploads.forgetBelow(container, path)
    this.#kept.forget(container, path)
    this.#kept.forgetBelow(container, path)
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

  #list(call: LakeCall): void {
    const { container, query } = call
    const root = this.#folder.resolve(container, '')
    const folder = (query.get('directory') ?? '').replace(/^\/+|\/+$/g, '')
    if (!entryAt(this.#folder.resolve(container, folder))?.isDirectory()) throw notFound()
    const most = pageSize(query.get('maxResults'))
    const from = readMarker(query.get('continuation')) || (query.get('beginFrom') ?? undefined)
    const page: Listed[] = []
    let next: string | undefined
    for (const entry of listFolder({ root, folder, recursive: query.get('recursive') === 'true', from })) {
      if (page.length === most) {
        next = folder === '' ? entry.path : entry.path.slice(folder.length + 1)
        break
      }
      page.push(entry)
    }
    const paths = page.flatMap((entry) => this.#describe(container, root, entry))
    const more: Record<string, string> = next === undefined ? {} : { 'x-ms-continuation': writeMarker(next) }
    this.#answer(call, 200, { ...more, 'content-type': 'application/json' }, JSON.stringify({ paths }))
  }

  /** A file that went away since it was listed is left out. */
  #describe(container: string, root: string, { path, isDirectory }: Listed): object[] {
    const stats = entryAt(join(root, path))
    if (!stats) return []
    const { owner, group, permissions } = this.#accessOf({ container, path }, stats)
    return [
      {
        name: path,
        ...(isDirectory ? { isDirectory: 'true' } : {}),
        contentLength: isDirectory ? '0' : String(stats.size),
        lastModified: stats.mtime.toUTCString(),
        etag: etagOf(stats),
        owner,
        group,
        permissions,
      },
    ]
  }
}

/** What a request says of the path that it makes. */
function ofNew({ request }: LakeCall, isDirectory: boolean): Properties {
  const access = accessOfNew(request, isDirectory)
  return { ...propertiesIn(request), ...(access && { access }) }
}

function position({ query }: LakeCall): number {
  const value = Number(query.get('position') || Number.NaN)
  if (!Number.isSafeInteger(value) || value < 0)
    throw new HttpError(
      400,
      'InvalidQueryParameterValue',
      'position must be a whole number that is not negative.',
    )
  return value
}
