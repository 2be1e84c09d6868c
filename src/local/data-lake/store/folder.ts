import { randomUUID } from 'node:crypto'
import {
  closeSync,
  constants,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  type Stats,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import type { Clock } from '../../runtime/clock.ts'
import { SMALL_FILE } from '../../storage/sync-io.ts'
import { bytesOf, writePieces } from './file-pieces.ts'
import { moveNew, moveOver } from './moving.ts'
import { checkContainer, entryAt, pathSegments, resolveInside } from './names.ts'
import {
  AlreadyExistsError,
  BelowFileError,
  diskError,
  LakeFullError,
  NoContainerError,
  OtherKindError,
} from './storage-errors.ts'
import { Usage } from './usage.ts'

export interface LakeFolderOptions {
  /** Refuse to grow above this size (bytes). */
  limitBytes: number
  clock: Clock
}

/** Called once a file is there whole. It must not throw, and must not wait. */
export type PlacedListener = (container: string, path: string) => void

/** Unfinished files stand here, beside the containers; no container can have this name. */
const UNFINISHED = '.unfinished'
/** The same for what snapshots hold. */
const SNAPSHOTS = '.snapshots'

/** A full lake is counted afresh this often (ms), to notice files that a person has deleted. */
const RECOUNT_MS = 10_000

/**
 * The lake's containers as folders: `<root>/bronze/…`. One process owns a lake; within it the HTTP server, the Stream
 * Analytics job and the DuckDB engine share one instance, which keeps the size and wakes those who wait for files.
 *
 * A file is visible whole or not at all, whatever kills the process. It is not flushed to the disk: against a power
 * cut the lake has what the file system gives.
 */
export class LakeFolder {
  /** Absolute. */
  readonly root: string
  /** May change while the lake is open. */
  limitBytes: number
  /** Settles when what stood in the folder at the start has been counted. */
  readonly counted: Promise<void>
  readonly clock: Clock
  readonly #usage: Usage
  readonly #listeners = new Set<PlacedListener>()
  #recountedAt: number
  /** Bytes of writes under way: concurrent writers must not pass the limit together. */
  #reserved = 0

  constructor(root: string, options: LakeFolderOptions) {
    this.root = root
    this.limitBytes = options.limitBytes
    this.clock = options.clock
    this.#recountedAt = options.clock.now()
    const unfinished = join(root, UNFINISHED)
    rmSync(unfinished, { recursive: true, force: true })
    mkdirSync(unfinished, { recursive: true })
    this.#usage = new Usage(root, SNAPSHOTS)
    this.counted = this.#usage.recount()
  }

  /**
   * Absolute path of a file or folder; it need not exist.
   * @param path relative to the container; `''` is the container itself.
   * @throws InvalidNameError for names that would leave the folder, and for what lies behind a symbolic link.
   */
  resolve(container: string, path: string): string {
    return resolveInside(this.root, container, path)
  }

  /**
   * Places a whole file where none stands: atomic, and of several at the same time exactly one wins.
   * @param options.makesContainer default true; false: the container must be there. @throws AlreadyExistsError, LakeFullError,
   * InvalidNameError, NoContainerError
   */
  async place(
    container: string,
    path: string,
    data: Uint8Array | string,
    { makesContainer = true } = {},
  ): Promise<void> {
    const bytes = typeof data === 'string' ? Buffer.byteLength(data) : data.byteLength
    const target = this.resolve(container, path)
    if (entryAt(target)) throw new AlreadyExistsError(container, path)
    const release = this.reserve(bytes)
    const unfinished = this.unfinishedFile()
    try {
      if (bytes <= SMALL_FILE) writeFileSync(unfinished, data, { flag: 'wx' })
      else await writeFile(unfinished, data, { flag: 'wx' })
      this.adopt(unfinished, container, path, { overwrite: false, makesContainer })
    } catch (error) {
      await rm(unfinished, { force: true })
      throw diskError(error, target)
    } finally {
      release()
    }
  }

  /** A new name for a file that is still being written; {@link adopt} it when it is whole, or delete it. */
  unfinishedFile(): string {
    return join(this.root, UNFINISHED, randomUUID())
  }

  /**
   * Moves an unfinished file to its place, and tells the listeners.
   * @throws AlreadyExistsError when something stands there and `overwrite` is false; the unfinished file is kept.
   */
  adopt(
    unfinished: string,
    container: string,
    path: string,
    options: { overwrite: boolean; makesContainer?: boolean },
  ): void {
    const target = this.resolve(container, path)
    const { size } = lstatSync(unfinished)
    const before = entryAt(target)
    if (before && !options.overwrite) throw new AlreadyExistsError(container, path)
    if (before && !before.isFile()) throw new OtherKindError(container, path)
    if (before) makeYounger(unfinished, before)
    const move = () => (options.overwrite ? moveOver(unfinished, target) : moveNew(unfinished, target))
    try {
      try {
        move()
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
        if (options.makesContainer === false && !entryAt(this.resolve(container, '')))
          throw new NoContainerError(container)
        mkdirSync(dirname(target), { recursive: true })
        move()
      }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      // EEXIST, ENOTDIR: a file stands where this path needs a folder.
      if (code === 'EEXIST' || code === 'ENOTDIR') throw new BelowFileError(container, path)
      throw diskError(error, target)
    }
    this.#usage.note(target, size - (before?.size ?? 0), before ? 0 : 1)
    this.#tell(container, path)
  }

  /** The same, and when it fails the unfinished file is deleted. */
  adoptOrDrop(unfinished: string, container: string, path: string, options: { overwrite: boolean }): void {
    try {
      this.adopt(unfinished, container, path, options)
    } catch (error) {
      rmSync(unfinished, { force: true })
      throw error
    }
  }

  /**
   * Moves a file, replacing a file at the target, or a folder with all that is in it; in one step, and all in this turn.
   * @throws AlreadyExistsError when a folder, or for a folder a file, stands at the target. What was moved stays then.
   */
  move(from: { container: string; path: string }, to: { container: string; path: string }): void {
    const source = this.resolve(from.container, from.path)
    const target = this.resolve(to.container, to.path)
    const found = lstatSync(source)
    const before = source === target ? undefined : entryAt(target)
    if (before && before.isDirectory() !== found.isDirectory())
      throw new OtherKindError(to.container, to.path)
    if (before && found.isFile()) makeYounger(source, before)
    moveOver(source, target)
    if (found.isDirectory()) {
      // Whoever waits for files gets those that came with their folder too.
      for (const path of filesBelow(target)) this.#tell(to.container, `${to.path}/${path}`)
      return
    }
    this.#usage.note(source, -found.size, -1)
    this.#usage.note(target, found.size - (before?.size ?? 0), before ? 0 : 1)
    this.#tell(to.container, to.path)
  }

  /**
   * Writes behind a file's end, where it stands, all in this turn.
   * @returns what stands there then. @throws LakeFullError; the file is as it was.
   */
  append(container: string, path: string, data: readonly Buffer[]): Stats {
    const target = this.resolve(container, path)
    const before = lstatSync(target)
    const bytes = bytesOf(data)
    const release = this.reserve(bytes)
    const file = openSync(target, constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0))
    try {
      writePieces(file, data, before.size)
    } catch (error) {
      ftruncateSync(file, before.size)
      throw diskError(error, target)
    } finally {
      closeSync(file)
      release()
    }
    makeYounger(target, before)
    this.#usage.note(target, bytes, 0)
    this.#tell(container, path)
    return lstatSync(target)
  }

  /**
   * Removes one file; one that is gone already is no error.
   * @returns whether it was there.
   */
  remove(container: string, path: string): boolean {
    const target = this.resolve(container, path)
    const found = entryAt(target)
    if (!found?.isFile()) return false
    unlinkSync(target)
    this.#usage.note(target, -found.size, -1)
    return true
  }

  /** Makes a file or folder a new version of itself, with a later time, when something about it has changed. */
  touch(container: string, path: string): Stats {
    const target = this.resolve(container, path)
    const { atime, mtimeMs } = lstatSync(target)
    utimesSync(target, atime, Math.max(this.clock.now(), mtimeMs + 0.01) / 1000)
    return lstatSync(target)
  }

  #tell(container: string, path: string): void {
    for (const listener of this.#listeners) listener(container, pathSegments(path).join('/'))
  }

  /** Calls back for every file placed through this instance. @returns how to stop that. */
  onPlaced(listener: PlacedListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** What the lake holds; complete once {@link counted} has settled. */
  usage(): { bytes: number; files: number } {
    return { bytes: this.#usage.bytes, files: this.#usage.files }
  }

  /**
   * For the engine that writes and deletes Parquet by itself: a positive number is a new file of that size, a negative
   * one a file that was deleted. Nobody is told: a Delta file counts only with its commit.
   */
  note(container: string, path: string, deltaBytes: number): void {
    checkContainer(container)
    this.#usage.note(join(this.root, container, path), deltaBytes, Math.sign(deltaBytes))
  }

  /** Absolute. @param name of a file that a snapshot has for its content; '' is the folder of all. */
  snapshotFile(name: string): string {
    return join(this.root, SNAPSHOTS, name)
  }

  /** A snapshot takes room as a file does. */
  noteSnapshot(name: string, deltaBytes: number, deltaFiles: number): void {
    this.#usage.note(this.snapshotFile(name), deltaBytes, deltaFiles)
  }

  /** Counts everything afresh, for when another process writes into the folder. */
  recount(): Promise<void> {
    this.#recountedAt = this.clock.now()
    return this.#usage.recount()
  }

  /**
   * Keeps room for a write under way. @returns how to give it back, once the bytes are counted or given up.
   * @throws LakeFullError when there is none.
   */
  reserve(bytes: number): () => void {
    if (this.#usage.bytes + this.#reserved + bytes > this.limitBytes) {
      // The clock may have been set back.
      if (Math.abs(this.clock.now() - this.#recountedAt) >= RECOUNT_MS) void this.recount()
      throw new LakeFullError(
        `The lake has reached its limit of ${this.limitBytes} bytes.`,
        'Raise --lake-limit, shorten --lake-retention, or choose another data folder; then start the stage again.',
      )
    }
    this.#reserved += bytes
    let held = true
    return () => {
      if (held) this.#reserved -= bytes
      held = false
    }
  }
}

/**
 * Clocks of file systems tick every few milliseconds, and can be set back: what replaces a file gets a later time than it,
 * or a reader that knows the old file by time and size would take the new one for it.
 */
function makeYounger(file: string, before: Stats): void {
  const { atime, mtimeMs } = lstatSync(file)
  if (mtimeMs <= before.mtimeMs) utimesSync(file, atime, (before.mtimeMs + 0.01) / 1000)
}

/** Files anywhere below a folder, relative to it, in the order of their paths. */
const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
    .sort()
