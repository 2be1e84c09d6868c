/** Data that was appended and not yet flushed, and blocks that were put and not yet listed: invisible until they are whole. */
import {
  closeSync,
  copyFileSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { appendFile } from 'node:fs/promises'
import { HttpError } from '../../http/errors.ts'
import type { LakeFolder } from './folder.ts'
import { entryAt } from './names.ts'
import { diskError } from './storage-errors.ts'

interface Append {
  file: string
  /** Bytes that were visible when the first append came. */
  base: number
  /** Where each append begins → where it ends; in any order, since clients send several at once. */
  segments: Map<number, number>
  release: (() => void)[]
  /** Data was sent for what is visible already, which the flush refuses. */
  overlaps: boolean
}

interface Block {
  file: string
  release: () => void
}

/** Files with appends, and files with blocks, over all clients. The oldest is given up for a new one beyond it. */
const MAX_UPLOADS = 1000
/** Appends, or blocks, of one file. */
const MAX_PARTS = 50_000

export class Uploads {
  readonly #folder: LakeFolder
  readonly #appends = new Map<string, Append>()
  readonly #blocks = new Map<string, Map<string, Block>>()

  constructor(folder: LakeFolder) {
    this.#folder = folder
  }

  /**
   * Takes data for a position behind what is visible; gaps are a matter of the flush. The same append again changes nothing.
   * Written within one turn, so that no flush can come in between.
   * @throws HttpError 400 for a position that no file can have, 404 when there is no such file.
   */
  append(container: string, path: string, position: number, data: Buffer): void {
    const upload = this.#appends.get(keyOf(container, path)) ?? this.#begin(container, path)
    if (position + data.length > this.#folder.limitBytes || upload.segments.size >= MAX_PARTS)
      throw new HttpError(
        400,
        'OutOfRangeQueryParameterValue',
        `Position ${position} is beyond what a file of this lake can have.`,
      )
    // Python's SDK sends before it asks: a flush that must be new tells it that the file exists.
    if (position < upload.base) upload.overlaps = true
    if (upload.overlaps) return
    if (data.length === 0 || upload.segments.get(position) === position + data.length) return
    const release = this.#folder.reserve(data.length)
    try {
      writeAt(upload.file, position, data)
    } catch (error) {
      release()
      throw diskError(error)
    }
    upload.release.push(release)
    upload.segments.set(position, position + data.length)
  }

  /**
   * Makes everything up to the position visible, at once; what was appended behind it is dropped.
   * @throws HttpError 400 when something is missing before the position, or was sent for what is visible already.
   */
  flush(container: string, path: string, position: number): void {
    const key = keyOf(container, path)
    const upload = this.#appends.get(key)
    if (upload?.overlaps) {
      this.#dropAppend(key)
      throw flushPosition(`Data was appended before the end of the file, which has ${upload.base} bytes.`)
    }
    const size = upload?.base ?? entryAt(this.#folder.resolve(container, path))?.size ?? 0
    let end = size
    for (let next = upload?.segments.get(end); next !== undefined; next = upload?.segments.get(end))
      end = next
    if (position < size || position > end)
      throw flushPosition(`The flush position is ${position}; the data is without a gap up to ${end}.`)
    if (!upload) return
    truncateSync(upload.file, position)
    this.#appends.delete(key)
    for (const release of upload.release) release()
    this.#folder.adoptOrDrop(upload.file, container, path, { overwrite: true })
  }

  /** A block put again under its id replaces the first. */
  putBlock(container: string, path: string, id: string, data: Buffer): void {
    const key = keyOf(container, path)
    const blocks = this.#blocks.get(key) ?? new Map<string, Block>()
    if (blocks.size >= MAX_PARTS)
      throw new HttpError(409, 'BlockCountExceedsLimit', 'Too many blocks wait to be committed.')
    const before = blocks.get(id)
    if (before) dropBlock(before)
    blocks.delete(id)
    const release = this.#folder.reserve(data.length)
    const file = this.#folder.unfinishedFile()
    try {
      writeFileSync(file, data)
    } catch (error) {
      dropBlock({ file, release })
      throw diskError(error)
    }
    blocks.set(id, { file, release })
    if (!this.#blocks.has(key) && this.#blocks.size >= MAX_UPLOADS) this.#dropBlocks(firstKey(this.#blocks))
    this.#blocks.set(key, blocks)
  }

  /**
   * Makes a file of blocks.
   * @param check called in the turn in which the file becomes visible; throws when it must not. @returns may it replace?
   * @throws HttpError 400 for a block that was not put.
   */
  async putBlockList(
    container: string,
    path: string,
    ids: readonly string[],
    check: () => { overwrite: boolean },
  ): Promise<void> {
    const blocks = this.#blocks.get(keyOf(container, path))
    const whole = this.#folder.unfinishedFile()
    writeFileSync(whole, '')
    try {
      for (const id of ids) {
        const block = blocks?.get(id)
        if (!block) throw new HttpError(400, 'InvalidBlockList', 'The specified block list is invalid.')
        await appendFile(whole, readFileSync(block.file))
      }
      // They may have been committed, or given up, in the meantime.
      if (ids.length > 0 && this.#blocks.get(keyOf(container, path)) !== blocks)
        throw new HttpError(400, 'InvalidBlockList', 'The blocks of this list are no longer there.')
      const { overwrite } = check()
      this.#folder.adopt(whole, container, path, { overwrite })
      this.forget(container, path)
    } catch (error) {
      rmSync(whole, { force: true })
      throw diskError(error)
    }
  }

  /** Gives up what was appended to a path, or put for it, and is not visible yet. */
  forget(container: string, path: string): void {
    const key = keyOf(container, path)
    this.#dropAppend(key)
    this.#dropBlocks(key)
  }

  /** The same for everything below a folder; `''` is the container. */
  forgetBelow(container: string, folder: string): void {
    const prefix = folder === '' ? keyOf(container, '') : `${keyOf(container, folder)}/`
    for (const key of [...this.#appends.keys()]) if (key.startsWith(prefix)) this.#dropAppend(key)
    for (const key of [...this.#blocks.keys()]) if (key.startsWith(prefix)) this.#dropBlocks(key)
  }

  #begin(container: string, path: string): Append {
    const target = this.#folder.resolve(container, path)
    const found = entryAt(target)
    if (!found) throw new HttpError(404, 'PathNotFound', 'The specified path does not exist.')
    if (!found.isFile()) throw new HttpError(409, 'PathConflict', 'A directory takes no data.')
    if (this.#appends.size >= MAX_UPLOADS) this.#dropAppend(firstKey(this.#appends))
    const file = this.#folder.unfinishedFile()
    copyFileSync(target, file)
    const upload: Append = { file, base: found.size, segments: new Map(), release: [], overlaps: false }
    this.#appends.set(keyOf(container, path), upload)
    return upload
  }

  #dropAppend(key: string): void {
    const upload = this.#appends.get(key)
    if (!upload) return
    this.#appends.delete(key)
    for (const release of upload.release) release()
    rmSync(upload.file, { force: true })
  }

  #dropBlocks(key: string): void {
    const blocks = this.#blocks.get(key)
    if (!blocks) return
    this.#blocks.delete(key)
    for (const block of blocks.values()) dropBlock(block)
  }
}

const keyOf = (container: string, path: string) => `${container}/${path}`
const firstKey = (map: ReadonlyMap<string, unknown>) => map.keys().next().value as string
const flushPosition = (message: string) => new HttpError(400, 'InvalidFlushPosition', message)

function dropBlock({ file, release }: Block): void {
  release()
  rmSync(file, { force: true })
}

function writeAt(file: string, position: number, data: Buffer): void {
  const descriptor = openSync(file, 'r+')
  try {
    for (let done = 0; done < data.length; )
      done += writeSync(descriptor, data, done, data.length - done, position + done)
  } finally {
    closeSync(descriptor)
  }
}
