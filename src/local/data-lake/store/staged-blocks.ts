/** Blocks that were put and not yet listed: invisible until a block list makes a file of them, and of those that it was made of before. */
import { closeSync, constants, lstatSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs'
import { appendFile, copyFile } from 'node:fs/promises'
import { HttpError } from '../../http/errors.ts'
import { etagOf } from './entry.ts'
import { bytesOf, writeFilePieces } from './file-pieces.ts'
import type { LakeFolder } from './folder.ts'
import { entryAt } from './names.ts'
import type { CommittedBlock } from './properties.ts'
import { StagingFile } from './staging-file.ts'
import { diskError } from './storage-errors.ts'

/** A piece of a file. */
interface Piece {
  file: string
  at: number
  bytes: number
}

interface Block extends Piece {
  release: () => void
  /** SHA-256 of the key that came with it. */
  key: string | undefined
}

/** What waits for one path. */
interface Upload {
  /** Of its first block, epoch ms. */
  begunAt: number
  blocks: Map<string, Block>
  staging: StagingFile
}

/** One entry of a block list: where the block is looked for. */
export interface ListedBlock {
  from: 'committed' | 'uncommitted' | 'latest'
  id: string
}

/** What a commit asks and tells while it is done. */
export interface Committing<Placed> {
  /** Those that the file is made of. */
  committed(): readonly CommittedBlock[]
  /** Called in the turn in which the file becomes visible; throws when it must not. */
  check(): void
  /** Called in the same turn, with the blocks that it is made of then. */
  placed(made: CommittedBlock[]): Placed
}

/** What uploads are kept by. */
export const keyOf = (container: string, path: string) => `${container}/${path}`

/** Files with blocks, over all clients. The oldest is given up for a new one beyond it. */
const MAX_FILES = 1000
/** Of one file. */
export const MAX_BLOCKS = 50_000

/** Of blocks that stand elsewhere than in the upload's own file: more is not copied within one turn. */
const MAX_COPIED_AT_ONCE = 16 * 1024 * 1024

/** In memory and in unfinished files: after a restart a client puts its blocks again. */
export class StagedBlocks {
  readonly #folder: LakeFolder
  readonly #uploads = new Map<string, Upload>()
  #hasKeys = false
  /** The last commit of each path that is under way. */
  readonly #commits = new Map<string, Promise<unknown>>()

  constructor(folder: LakeFolder) {
    this.#folder = folder
  }

  /**
   * A block put again under its id replaces the first. Those that the file was made of before may have longer ids or shorter ones:
   * another client wrote it then, and azblob's recorded test of a blob that is written anew has it so.
   * @param key SHA-256 of the key that came with it. @throws HttpError 400 for an id of another length than those that wait.
   */
  put(container: string, path: string, id: string, data: readonly Buffer[], key?: string): void {
    const place = keyOf(container, path)
    const upload = this.#uploads.get(place) ?? {
      begunAt: this.#folder.clock.now(),
      blocks: new Map<string, Block>(),
      staging: new StagingFile(this.#folder.unfinishedFile()),
    }
    const { blocks } = upload
    const other = blocks.keys().next().value
    if (other !== undefined && decodedLength(other) !== decodedLength(id))
      throw new HttpError(
        400,
        'InvalidBlobOrBlock',
        'The specified blob or block content is invalid: the ids of a blob’s blocks must be of one length.',
      )
    if (blocks.size >= MAX_BLOCKS && !blocks.has(id))
      throw new HttpError(409, 'BlockCountExceedsLimit', 'Too many blocks wait to be committed.')
    this.#hasKeys ||= key !== undefined
    drop(upload, id)
    try {
      blocks.set(id, { ...this.#write(upload, id, data), key })
    } catch (error) {
      if (!this.#uploads.has(place)) rmSync(upload.staging.path, { force: true })
      throw error
    }
    if (!this.#uploads.has(place) && this.#uploads.size >= MAX_FILES)
      this.forget(this.#uploads.keys().next().value as string)
    this.#uploads.set(place, upload)
  }

  #write({ staging }: Upload, id: string, data: readonly Buffer[]): Omit<Block, 'key'> {
    const bytes = bytesOf(data)
    const release = this.#folder.reserve(bytes)
    const own = this.#folder.unfinishedFile()
    try {
      const at = staging.take(id, data, bytes)
      if (at !== undefined) return { file: staging.path, at, bytes, release }
      writeFilePieces(own, data)
      return { file: own, at: 0, bytes, release }
    } catch (error) {
      release()
      rmSync(own, { force: true })
      throw diskError(error)
    }
  }

  /** Whether any block ever came with a key: where none did, nobody needs to compare. */
  get hasKeys(): boolean {
    return this.#hasKeys
  }

  /** SHA-256s of the keys that came with waiting blocks, by the blocks' ids. */
  keysOf(container: string, path: string): Map<string, string | undefined> {
    const { blocks = [] } = this.#uploads.get(keyOf(container, path)) ?? {}
    return new Map([...blocks].map(([id, { key }]) => [id, key]))
  }

  /** Waiting blocks, in order of arrival. */
  of(container: string, path: string): CommittedBlock[] {
    const { blocks = [] } = this.#uploads.get(keyOf(container, path)) ?? {}
    return [...blocks].map(([id, { bytes }]) => ({ id, bytes }))
  }

  /** When the first of the waiting blocks came, epoch ms; undefined: none waits. */
  begunAt(container: string, path: string): number | undefined {
    return this.#uploads.get(keyOf(container, path))?.begunAt
  }

  /** Paths of a container with waiting blocks. */
  pathsIn(container: string): string[] {
    const prefix = keyOf(container, '')
    return [...this.#uploads.keys()]
      .filter((key) => key.startsWith(prefix))
      .map((key) => key.slice(prefix.length))
  }

  /**
   * Makes a file of blocks; those that it does not name are given up. Of one path one is made after the other: a client that sends its list
   * again finds in the file what it has put.
   * @returns what `placed` gives. @throws HttpError 400 for a block that is not there.
   */
  async commit<Placed>(
    container: string,
    path: string,
    list: readonly ListedBlock[],
    committing: Committing<Placed>,
  ): Promise<Placed> {
    const key = keyOf(container, path)
    const before = this.#commits.get(key)
    const make = () => this.#commit(container, path, list, committing)
    const commit = before === undefined ? make() : before.then(make, make)
    this.#commits.set(key, commit)
    try {
      return await commit
    } finally {
      if (this.#commits.get(key) === commit) this.#commits.delete(key)
    }
  }

  async #commit<Placed>(
    container: string,
    path: string,
    list: readonly ListedBlock[],
    { committed: read, check, placed }: Committing<Placed>,
  ): Promise<Placed> {
    const key = keyOf(container, path)
    const committed = read()
    const target = this.#folder.resolve(container, path)
    const before = entryAt(target)
    const upload = this.#uploads.get(key)
    const pieces = piecesOf(list, upload?.blocks, target, committed)
    const made = list.map(({ id }, index) => ({ id, bytes: (pieces[index] as Piece).bytes }))
    if (upload && standsInPlace(upload, pieces, target)) {
      check()
      placeStaged(upload, pieces)
      this.#folder.adopt(upload.staging.path, container, path, { overwrite: true })
      this.forget(key)
      return placed(made)
    }
    const isUnchanged = () => {
      const now = entryAt(target)
      return (now && etagOf(now)) === (before && etagOf(before))
    }
    const keepsOld = pieces.some(({ file }) => file === target)
    const release = keepsOld ? this.#folder.reserve(before?.size ?? 0) : () => {}
    const whole = this.#folder.unfinishedFile()
    try {
      await assemble(whole, target, pieces, committed)
      // They may have been committed, replaced or given up in the meantime.
      const now = this.#uploads.get(key)
      const areThere = list.every(({ id }, index) => {
        const piece = pieces[index] as Piece
        return piece.file === target || now?.blocks.get(id) === piece
      })
      if (!areThere || (keepsOld && !isUnchanged())) throw invalidList('they are no longer there')
      check()
      this.#folder.adopt(whole, container, path, { overwrite: true })
      this.forget(key)
      return placed(made)
    } catch (error) {
      rmSync(whole, { force: true })
      throw diskError(error, target)
    } finally {
      release()
    }
  }

  /** What was staged for the path is thrown away; nothing happens when nothing was. @param key of {@link keyOf}. */
  forget(key: string): void {
    const upload = this.#uploads.get(key)
    if (!upload) return
    this.#uploads.delete(key)
    for (const id of [...upload.blocks.keys()]) drop(upload, id)
    rmSync(upload.staging.path, { force: true })
  }

  /** The same for every key that begins so. */
  forgetBelow(prefix: string): void {
    for (const key of [...this.#uploads.keys()]) if (key.startsWith(prefix)) this.forget(key)
  }
}

/** @param target the file that the committed blocks are in. */
function piecesOf(
  list: readonly ListedBlock[],
  staged: ReadonlyMap<string, Block> | undefined,
  target: string,
  committed: readonly CommittedBlock[],
): Piece[] {
  const old = new Map<string, Piece>()
  let at = 0
  for (const { id, bytes } of committed) {
    old.set(id, { file: target, at, bytes })
    at += bytes
  }
  return list.map(({ from, id }) => {
    const piece =
      (from === 'committed' ? undefined : staged?.get(id)) ??
      (from === 'uncommitted' ? undefined : old.get(id))
    if (!piece)
      throw invalidList(`there is no ${from === 'latest' ? '' : `${from} `}block ${id.slice(0, 100)}`)
    return piece
  })
}

/** Does the upload's file have all that it has where the new file has it, and is little missing in it? */
function standsInPlace({ staging }: Upload, pieces: readonly Piece[], target: string): boolean {
  let [at, inPlace, elsewhere] = [0, 0, 0]
  for (const { file, at: found, bytes } of pieces) {
    if (file === target || (file === staging.path && found !== at)) return false
    if (file === staging.path) inPlace++
    else elsewhere += bytes
    at += bytes
  }
  return inPlace > 0 && inPlace === staging.count && elsewhere <= MAX_COPIED_AT_ONCE
}

/** All in this turn. The blocks are all there still when it fails. */
function placeStaged({ staging }: Upload, pieces: readonly Piece[]): void {
  let at = 0
  try {
    for (const piece of pieces) {
      if (piece.file !== staging.path)
        writeFilePieces(staging.path, [bytesIn(piece)], { flags: 'r+', position: at })
      at += piece.bytes
    }
    staging.finish(at)
  } catch (error) {
    throw diskError(error)
  }
}

async function assemble(
  whole: string,
  target: string,
  pieces: readonly Piece[],
  committed: readonly CommittedBlock[],
): Promise<void> {
  // A writer that flushes often names all that it has, and one more.
  let [start, at] = [0, 0]
  for (let piece = pieces[start]; start < committed.length && piece?.file === target && piece.at === at; ) {
    at += piece.bytes
    piece = pieces[++start]
  }
  if (start > 0 && start === committed.length && lstatSync(target).size === at)
    await copyFile(target, whole, constants.COPYFILE_FICLONE)
  else {
    start = 0
    writeFileSync(whole, '')
  }
  for (const piece of pieces.slice(start)) await appendFile(whole, bytesIn(piece))
}

/** Read in one turn: another block may come and take its place. */
function bytesIn({ file, at, bytes }: Piece): Buffer {
  const found = Buffer.allocUnsafe(bytes)
  const descriptor = opened(file)
  try {
    for (let done = 0; done < bytes; ) {
      const read = readSync(descriptor, found, done, bytes - done, at + done)
      if (read === 0) throw invalidList('the blob is shorter than its blocks')
      done += read
    }
  } finally {
    closeSync(descriptor)
  }
  return found
}

/** @throws HttpError 400 when it was committed, replaced or given up in the meantime. */
function opened(file: string): number {
  try {
    return openSync(file, 'r')
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ENOENT' ? invalidList('they are no longer there') : error
  }
}

const decodedLength = (id: string) => Buffer.from(id, 'base64').length

const invalidList = (why: string) =>
  new HttpError(400, 'InvalidBlockList', `The specified block list is invalid: ${why}.`)

function drop({ blocks, staging }: Upload, id: string): void {
  const block = blocks.get(id)
  if (!block) return
  blocks.delete(id)
  block.release()
  if (block.file === staging.path) staging.leave(block.at)
  else rmSync(block.file, { force: true })
}
