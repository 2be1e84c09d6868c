/**
 * Snapshots of blobs, https://learn.microsoft.com/azure/storage/blobs/snapshots-overview: what a file was at one time, kept in a file of its
 * own beside the containers. An account with a hierarchical namespace has them by the Blob interface alone.
 */
import { constants, existsSync, lstatSync, mkdirSync, renameSync, rmSync, type Stats } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { HttpError } from '../../http/errors.ts'
import { namesIfThere } from '../../storage/if-there.ts'
import { BELOW, openDatabase, readable } from './database.ts'
import type { LakeFolder } from './folder.ts'
import { entryAt } from './names.ts'
import type { Properties } from './properties.ts'
import { diskError } from './storage-errors.ts'

/** One that was taken. */
export interface Snapshot {
  /** By which it is asked for, in tenths of a microsecond: `2026-01-31T12:00:00.0000000Z`. */
  time: string
  /** Absolute, of its content. */
  place: string
  /** Of the blob as it was, with the ETag and the times of then. */
  stats: Stats
  properties: Properties
}

/** A path of a container. */
interface Target {
  container: string
  path: string
}

interface Row {
  container: string
  path: string
  time: string
  file: string
  changed: number
  made: number
  properties: string
}

/** No container can have this name. */
const INDEX = '.snapshots.db'

const SETUP = `
  CREATE TABLE IF NOT EXISTS snapshots (container TEXT, path TEXT, time TEXT, file TEXT NOT NULL, changed REAL NOT NULL,
    made REAL NOT NULL, properties TEXT NOT NULL, PRIMARY KEY (container, path, time)) WITHOUT ROWID;
`

/** A file that changes while it is copied is copied again, so often. */
const TRIES = 5

const OF = 'container = ? AND path = ?'

/** Of all paths of a lake. Where none was ever taken, nothing is opened and every answer is at hand. */
export class Snapshots {
  readonly #folder: LakeFolder
  readonly #index: string
  #database: DatabaseSync | undefined
  #latest = ''

  /** @throws Error when their index is damaged. */
  constructor(folder: LakeFolder) {
    this.#folder = folder
    this.#index = join(folder.root, INDEX)
    if (!existsSync(this.#index)) return
    this.#open()
    // What a kill left behind: a copy that no row tells of, and rows whose blob or copy has gone.
    const known = new Set<string>()
    for (const row of this.#rows('SELECT * FROM snapshots', [])) {
      const { container, path, file } = row
      const stands =
        entryAt(join(folder.root, container, path))?.isFile() && entryAt(folder.snapshotFile(file))
      if (stands) known.add(file)
      else this.#run(`DELETE FROM snapshots WHERE ${OF} AND time = ?`, [container, path, row.time])
    }
    // Somebody may have removed the folder to make room.
    for (const file of namesIfThere(folder.snapshotFile('')))
      if (!known.has(file)) rmSync(folder.snapshotFile(file))
  }

  /** Whether there is any. */
  get isEmpty(): boolean {
    return this.#database?.prepare('SELECT 1 FROM snapshots LIMIT 1').get() === undefined
  }

  close(): void {
    this.#database?.close()
  }

  /**
   * Copies a file as it is in one turn: one that is changed meanwhile is copied again.
   * @param check called before and after the copy: whether it may be taken; it returns what stands there.
   * @param propertiesOf called in the turn in which the snapshot is there. @param isChanged it has metadata of its own, and so another ETag.
   * @throws LakeFullError, what `check` throws, HttpError 503 for a file that is never at rest.
   */
  async take(
    { container, path }: Target,
    check: () => Stats,
    propertiesOf: (stats: Stats) => Properties,
    { isChanged }: { isChanged: boolean },
  ): Promise<Snapshot> {
    const place = this.#folder.resolve(container, path)
    for (let tries = 0; tries < TRIES; tries++) {
      const before = check()
      const release = this.#folder.reserve(before.size)
      const unfinished = this.#folder.unfinishedFile()
      try {
        await copyFile(place, unfinished, constants.COPYFILE_FICLONE)
        const after = check()
        if (isSame(before, after) && lstatSync(unfinished).size === after.size)
          return this.#keep({ container, path }, unfinished, after, propertiesOf(after), isChanged)
      } catch (error) {
        throw diskError(error, place)
      } finally {
        rmSync(unfinished, { force: true })
        release()
      }
    }
    throw new HttpError(503, 'ServerBusy', 'The blob changes faster than a snapshot of it can be taken.')
  }

  /** Of one blob, the oldest first. */
  of({ container, path }: Target): Snapshot[] {
    return this.#rows(`SELECT * FROM snapshots WHERE ${OF} ORDER BY time`, [container, path]).flatMap((row) =>
      this.#read(row),
    )
  }

  /** @returns undefined: none was taken at that time, or it is gone; none outlives its blob. */
  at({ container, path }: Target, time: string): Snapshot | undefined {
    const [row] = this.#rows(`SELECT * FROM snapshots WHERE ${OF} AND time = ?`, [container, path, time])
    if (row === undefined || !entryAt(this.#folder.resolve(container, path))?.isFile()) return undefined
    return this.#read(row)[0]
  }

  /** Of one that is there: its tier may change, nothing else. */
  set({ container, path }: Target, time: string, properties: Properties): void {
    const values = [JSON.stringify(properties), container, path, time]
    this.#run(`UPDATE snapshots SET properties = ? WHERE ${OF} AND time = ?`, values)
  }

  /** Deletes one. */
  remove({ container, path }: Target, time: string): void {
    this.#delete(`${OF} AND time = ?`, [container, path, time])
  }

  /** Deletes all of a blob. */
  forget({ container, path }: Target): void {
    this.#delete(OF, [container, path])
  }

  /** Those of everything below a folder; `''` is the container. */
  forgetBelow({ container, path }: Target): void {
    if (path === '') this.#delete('container = ?', [container])
    else this.#delete(BELOW, [container, path, path])
  }

  /** They follow a file that is renamed, and all below a folder: so a user found them (Storage Explorer's issue 3218). */
  move(from: Target, to: Target): void {
    if (this.#database === undefined || (from.container === to.container && from.path === to.path)) return
    this.forget(to)
    this.forgetBelow(to)
    const values = [to.container, to.path, [...from.path].length + 1, from.container, from.path]
    const set = 'UPDATE snapshots SET container = ?, path = ? || substr(path, ?) WHERE'
    this.#run(`${set} ${OF}`, values)
    this.#run(`${set} ${BELOW}`, [...values, from.path])
  }

  #keep(
    { container, path }: Target,
    unfinished: string,
    stats: Stats,
    properties: Properties,
    isChanged: boolean,
  ): Snapshot {
    const file = basename(unfinished)
    const now = this.#folder.clock.now()
    const time = this.#nextTime({ container, path }, now)
    const changed = isChanged ? Math.max(now, stats.mtimeMs + 0.01) : stats.mtimeMs
    mkdirSync(this.#folder.snapshotFile(''), { recursive: true })
    this.#open()
    renameSync(unfinished, this.#folder.snapshotFile(file))
    const row = { container, path, time, file, changed, made: stats.birthtimeMs }
    const kept = { ...row, properties: JSON.stringify(properties) }
    try {
      this.#run('INSERT INTO snapshots VALUES (?, ?, ?, ?, ?, ?, ?)', Object.values(kept))
    } catch (error) {
      rmSync(this.#folder.snapshotFile(file))
      throw error
    }
    this.#folder.noteSnapshot(file, stats.size, 1)
    return this.#read(kept)[0] as Snapshot
  }

  /** Later than any before it, also when the clock was set back. */
  #nextTime(target: Target, now: number): string {
    const newest = this.of(target).at(-1)?.time ?? ''
    const last = [newest, this.#latest].sort()[1] as string
    const time = timeOf(BigInt(Math.floor(now)) * 10_000n)
    this.#latest = time > last ? time : timeOf(ticksOf(last) + 1n)
    return this.#latest
  }

  #read({ time, file, changed, made, properties }: Row): Snapshot[] {
    const place = this.#folder.snapshotFile(file)
    const stats = entryAt(place)
    if (!stats) return []
    // The times are worked out from these when they are asked for.
    stats.mtimeMs = changed
    stats.birthtimeMs = made
    return [{ time, place, stats, properties: JSON.parse(properties) }]
  }

  #delete(which: string, values: string[]): void {
    const rows = this.#rows(`SELECT * FROM snapshots WHERE ${which}`, values)
    if (rows.length === 0) return
    this.#run(`DELETE FROM snapshots WHERE ${which}`, values)
    for (const { file } of rows) {
      const place = this.#folder.snapshotFile(file)
      const size = entryAt(place)?.size
      rmSync(place, { force: true })
      if (size !== undefined) this.#folder.noteSnapshot(file, -size, -1)
    }
  }

  #rows(sql: string, values: string[]): Row[] {
    return (this.#database?.prepare(sql).all(...values) ?? []) as unknown as Row[]
  }

  #run(sql: string, values: (string | number)[]): void {
    try {
      this.#database?.prepare(sql).run(...values)
    } catch (error) {
      throw readable(error)
    }
  }

  #open(): void {
    this.#database ??= openDatabase(this.#index, SETUP, 'what snapshots were taken')
  }
}

const isSame = (one: Stats, other: Stats) => one.mtimeMs === other.mtimeMs && one.size === other.size

/** @param ticks tenths of a microsecond since 1970. */
const timeOf = (ticks: bigint): string =>
  `${new Date(Number(ticks / 10_000n)).toISOString().slice(0, -1)}${String(ticks % 10_000n).padStart(4, '0')}Z`

const ticksOf = (time: string): bigint =>
  BigInt(Date.parse(`${time.slice(0, 23)}Z`)) * 10_000n + BigInt(time.slice(23, -1))
