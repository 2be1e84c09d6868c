/** What stands in the workspace, kept in a state file. */
import { HttpError } from '../http/errors.ts'
import type { Clock } from '../runtime/clock.ts'
import { StateMap, StateMapFullError } from '../storage/state-map.ts'
import { USER_NAME } from './discovery.ts'
import { invalid, missing } from './errors.ts'
import {
  type ImportRequest,
  imported,
  type Notebook,
  type WorkspaceFile,
  type WorkspaceObject,
} from './workspace-objects.ts'

const MAX_OBJECTS = 500
const MAX_BYTES = 20_000_000
/** Of one object that is imported, by the reference of `workspace/import` (bytes). */
const MAX_OBJECT_BYTES = 10_485_760
/** Folders of every workspace: each of its users has one, which is there before the user does anything. */
const FIRST_FOLDERS = ['/', '/Shared', '/Users', `/Users/${USER_NAME}`]

/** An import as a request brings it. */
export interface Import extends ImportRequest {
  overwrite: boolean
}

/** By path: folders, notebooks and files; their number and size are bounded. */
export class WorkspaceStore {
  readonly #objects: StateMap<WorkspaceObject>
  readonly #clock: Clock

  /** @throws StateFileError */
  constructor(file: string, clock: Clock) {
    this.#clock = clock
    this.#objects = new StateMap<WorkspaceObject>({
      file,
      initial: () => FIRST_FOLDERS.map((path) => [path, { kind: 'DIRECTORY' }] as const),
      keys: ['kind'],
      maxEntries: MAX_OBJECTS,
      maxBytes: MAX_BYTES,
    })
    this.#addFirstFolders()
  }

  /** A state of earlier versions lacks some; one that is full stays as it is. */
  #addFirstFolders(): void {
    try {
      for (const folder of FIRST_FOLDERS)
        if (!this.#objects.get(folder)) this.#objects.set(folder, { kind: 'DIRECTORY' })
    } catch (error) {
      if (!(error instanceof StateMapFullError)) throw error
    }
  }

  /** @throws HttpError 404 */
  find(path: string): WorkspaceObject {
    const object = this.#objects.get(path)
    if (!object) throw missing(`Path (${path}) doesn't exist.`)
    return object
  }

  /** What stands right in a folder. */
  inside(folder: string): [path: string, object: WorkspaceObject][] {
    return this.#objects.entries().filter(([name]) => name !== '/' && parentOf(name) === folder)
  }

  /** @param folders the highest first. @throws HttpError 400 where something else stands. */
  makeFolders(folders: readonly string[]): void {
    const taken = folders.find((folder) => (this.#objects.get(folder)?.kind ?? 'DIRECTORY') !== 'DIRECTORY')
    if (taken !== undefined)
      throw new HttpError(
        400,
        'RESOURCE_ALREADY_EXISTS',
        // dbx, issue 613.
        `${taken} already exists and it is not a folder`,
      )
    for (const folder of folders) if (!this.#objects.get(folder)) this.#put(folder, { kind: 'DIRECTORY' })
  }

  /**
   * An object is written over by one of its own kind only, in the words that the command line knows (its libs/filer).
   * @param isUpload by the command line of before: a file that stands there is a conflict.
   * @throws HttpError 400, 404 without its folder, 409.
   */
  take({ overwrite, ...wanted }: Import, isUpload = false): void {
    checkSize(wanted.content)
    const { path, object } = imported(wanted)
    if (this.#objects.get(parentOf(path))?.kind !== 'DIRECTORY')
      throw missing(`The parent folder (${parentOf(path)}) does not exist.`)
    const before = this.#objects.get(path)
    const isOther = before !== undefined && before.kind !== object.kind
    if (isOther && overwrite && !isUpload)
      throw invalid(
        `Cannot overwrite the asset at ${path} due to type mismatch (asked: ${object.kind}, actual: ${before.kind}).`,
      )
    if (before && (isOther || !overwrite))
      throw new HttpError(
        before.kind === 'FILE' && isUpload ? 409 : 400,
        'RESOURCE_ALREADY_EXISTS',
        `Path (${path}) already exists.`,
      )
    this.#put(path, dated(object, before, this.#clock.now()))
  }

  /** @throws HttpError 404, and 400 for a folder that is not empty, or of the workspace's own. */
  delete(path: string, isRecursive: boolean): void {
    this.find(path)
    if (FIRST_FOLDERS.includes(path))
      throw new HttpError(400, 'BAD_REQUEST', `Path (${path}) belongs to the workspace.`)
    const below = this.#objects
      .entries()
      .map(([name]) => name)
      .filter((name) => name.startsWith(`${path}/`))
    if (below.length > 0 && !isRecursive)
      throw new HttpError(400, 'DIRECTORY_NOT_EMPTY', `Folder (${path}) is not empty.`)
    this.#objects.delete(path, ...below)
  }

  #put(path: string, object: WorkspaceObject): void {
    try {
      this.#objects.set(path, object)
    } catch (error) {
      if (!(error instanceof StateMapFullError)) throw error
      throw new HttpError(400, 'QUOTA_EXCEEDED', `The workspace is full. ${error.message}`)
    }
  }
}

const dated = <T extends Notebook | WorkspaceFile>(
  object: T,
  before: WorkspaceObject | undefined,
  now: number,
): T => ({
  ...object,
  createdAt: (before && before.kind !== 'DIRECTORY' ? before.createdAt : undefined) ?? now,
  modifiedAt: now,
})

/** @param content base64. @throws HttpError 400, in the words that users quote (terraform-provider-databricks, issue 4077) */
function checkSize(content: string): void {
  const size = Buffer.byteLength(content, 'base64')
  if (size > MAX_OBJECT_BYTES)
    throw new HttpError(
      400,
      'MAX_NOTEBOOK_SIZE_EXCEEDED',
      `File size imported is (${size} bytes), exceeded max size (${MAX_OBJECT_BYTES} bytes)`,
    )
}

const parentOf = (path: string) => path.slice(0, path.lastIndexOf('/')) || '/'
