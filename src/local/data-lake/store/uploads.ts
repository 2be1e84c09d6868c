/** Data that was appended and not yet flushed: invisible until it is. Staged blocks are in a file of their own. */
import { copyFileSync, rmSync, truncateSync } from 'node:fs'
import { HttpError } from '../../http/errors.ts'
import { bytesOf, writeFilePieces } from './file-pieces.ts'
import type { LakeFolder } from './folder.ts'
import { entryAt } from './names.ts'
import { keyOf, StagedBlocks } from './staged-blocks.ts'
import { diskError } from './storage-errors.ts'

interface Append {
  file: string
  /** Bytes that were visible when the first append came. */
  base: number
  /** Where each append begins → where it ends; in any order, since clients send several at once. */
  segments: Map<number, number>
  release: (() => void)[]
  /** Data was sent for a part that is already visible; the flush rejects it. */
  overlaps: boolean
}

/** Files with appends over all clients. The oldest is given up for a new one beyond it. */
const MAX_UPLOADS = 1000
/** Appends of one file. */
const MAX_PARTS = 50_000

/** Of files. What was not flushed when the process ends is gone; no reader has ever seen it. */
export class Uploads {
  readonly #folder: LakeFolder
  readonly #appends = new Map<string, Append>()

  /** Of the Blob interface. */
  readonly blocks: StagedBlocks

  constructor(folder: LakeFolder) {
    this.#folder = folder
    this.blocks = new StagedBlocks(folder)
  }

  /**
   * Takes data for a position behind what is visible; gaps are a matter of the flush. The same append again changes nothing.
   * Written within one turn, so that no flush can come in between.
   * @throws HttpError 400 for a position that no file can have, 404 when there is no such file.
   */
  append(container: string, path: string, position: number, data: readonly Buffer[]): void {
    const end = position + bytesOf(data)
    const upload = this.#appends.get(keyOf(container, path)) ?? this.#begin(container, path)
    if (end > this.#folder.limitBytes || upload.segments.size >= MAX_PARTS)
      throw new HttpError(
        400,
        'OutOfRangeQueryParameterValue',
        `Position ${position} is beyond what a file of this lake can have.`,
      )
    // Python's SDK sends before it asks: a flush that must be new tells it that the file exists.
    if (position < upload.base) upload.overlaps = true
    if (upload.overlaps) return
    if (end === position || upload.segments.get(position) === end) return
    const release = this.#folder.reserve(end - position)
    try {
      writeFilePieces(upload.file, data, { flags: 'r+', position })
    } catch (error) {
      release()
      throw diskError(error)
    }
    upload.release.push(release)
    upload.segments.set(position, end)
  }

  /**
   * Makes everything up to the position visible, at once; what was appended behind it is dropped, or with `isRetaining` kept.
   * @throws HttpError 400 when something is missing before the position, or was sent for what is visible already.
   */
  flush(container: string, path: string, position: number, { isRetaining = false } = {}): void {
    const key = keyOf(container, path)
    const upload = this.#appends.get(key)
    if (upload?.overlaps) {
      this.#dropAppend(key)
      // The service takes this for the same flush again.
      if (position === upload.base) return
      throw flushPosition(`Data was appended before the end of the file, which has ${upload.base} bytes.`)
    }
    const size = upload?.base ?? entryAt(this.#folder.resolve(container, path))?.size ?? 0
    let end = size
    for (let next = upload?.segments.get(end); next !== undefined; next = upload?.segments.get(end))
      end = next
    if (position < size || position > end)
      throw flushPosition(`The flush position is ${position}; the data is without a gap up to ${end}.`)
    if (!upload) return
    if (isRetaining && [...upload.segments.keys()].some((from) => from >= position)) {
      this.#flushFirst(upload, container, path, position)
      return
    }
    truncateSync(upload.file, position)
    this.#appends.delete(key)
    for (const release of upload.release) release()
    this.#folder.adoptOrDrop(upload.file, container, path, { overwrite: true })
  }

  /** What lies behind the position waits for another flush. */
  #flushFirst(upload: Append, container: string, path: string, position: number): void {
    const first = this.#folder.unfinishedFile()
    copyFileSync(upload.file, first)
    truncateSync(first, position)
    this.#folder.adoptOrDrop(first, container, path, { overwrite: true })
    for (const from of [...upload.segments.keys()]) if (from < position) upload.segments.delete(from)
    upload.base = position
  }

  /** Gives up what was appended to a path, or put for it, and is not visible yet. */
  forget(container: string, path: string): void {
    const key = keyOf(container, path)
    this.#dropAppend(key)
    this.blocks.forget(key)
  }

  /** The same for everything below a folder; `''` is the container. */
  forgetBelow(container: string, folder: string): void {
    const prefix = folder === '' ? keyOf(container, '') : `${keyOf(container, folder)}/`
    for (const key of [...this.#appends.keys()]) if (key.startsWith(prefix)) this.#dropAppend(key)
    this.blocks.forgetBelow(prefix)
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
}

const firstKey = (map: ReadonlyMap<string, unknown>) => map.keys().next().value as string
/** The service's sentence, which people look for, and which of its two cases it is. */
const flushPosition = (why: string) =>
  new HttpError(
    400,
    'InvalidFlushPosition',
    `The uploaded data is not contiguous or the position query parameter value is not equal to the length of the file after appending the uploaded data. ${why}`,
  )
