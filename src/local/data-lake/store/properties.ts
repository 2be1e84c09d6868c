/** What clients keep beside a file: metadata, content headers, access list, blocks. In an SQLite file beside the containers. */
import { existsSync, lstatSync, type Stats, truncateSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Access } from './access-control.ts'
import { BELOW, openDatabase, readable } from './database.ts'
import type { LakeFolder } from './folder.ts'
import { entryAt } from './names.ts'
import type { Tier } from './tiers.ts'

/** Of a path, a container or the account; a member that is missing was never set. */
export interface Properties {
  /** Names as the client has them. */
  metadata?: Record<string, string>
  /** Response headers by their names: `content-type`, `cache-control`, … */
  content?: Record<string, string>
  /** base64, of the whole blob, where it was put with one: lists tell it. */
  crc64?: string
  access?: Access
  /** Of the copy that made the file. */
  copy?: Copy
  /** Where one was set. */
  tier?: Tier
  /** base64, of the key that its client provided; the key itself is kept nowhere. */
  keySha256?: string
  /** Blocks that a file was made of, in their order. */
  blocks?: CommittedBlock[]
  /** Its content came by the Blob interface: the Data Lake's appends nothing to it. */
  isOfBlobs?: true
  /** Made by the Data Lake's interface: the Blob one puts no blocks to it. Neither: by the pipeline's own stages, or by hand. */
  isOfLake?: true
  /** An append blob: appended blocks so far. `from` is the size before an append that is under way. */
  append?: { blocks: number; isSealed?: boolean; from?: number }
  /** Epoch ms at which the file goes. */
  expiresAt?: number
  /** Kept for a client that encrypts by itself. */
  encryptionContext?: string
  /** Of the request that created the path or renamed it to where it is, as the client called it. */
  transaction?: string
  /** Of a container: whether writes may name another scope of encryption; there is none but the default. */
  deniesScopes?: boolean
  /** Of a container: access policies that signatures can name. */
  policies?: StoredPolicy[]
  /** Of the account: its service properties, as the XML that was set. */
  service?: Record<string, string>
}

/** Clients ask until a copy is done, and it is from the start but of an archived blob. */
export interface Copy {
  id: string
  source: string
  completedAt: string
  bytes: number
  /** Epoch ms at which the archived source has been read, where it was one. */
  pendingUntil?: number
  isAborted?: true
}

/** A block that is part of a blob, or is to be. */
export interface CommittedBlock {
  /** base64 */
  id: string
  bytes: number
}

/** https://learn.microsoft.com/rest/api/storageservices/define-stored-access-policy */
export interface StoredPolicy {
  id: string
  start?: string
  expiry?: string
  permission?: string
}

interface Row {
  container: string
  path: string
  etag: string
  properties: string
}

/** No container can have this name. */
const FILE = '.properties.db'

const SETUP = `
  CREATE TABLE IF NOT EXISTS paths (container TEXT, path TEXT, etag TEXT NOT NULL, properties TEXT NOT NULL,
    PRIMARY KEY (container, path)) WITHOUT ROWID;
`

const EXPIRY = "json_extract(properties, '$.expiresAt')"

/**
 * A file's properties hold for one version of it, known by its ETag: what somebody else has written in its place has none.
 * Folders change with what is in them, so theirs hold as long as they stand.
 */
export class PathProperties {
  readonly #file: string
  /** Undefined until somebody keeps something. */
  #database: DatabaseSync | undefined
  #get: StatementSync | undefined
  #put: StatementSync | undefined
  #nextExpiry = Infinity
  #isGuarded = false

  /** @throws Error when the file is damaged. */
  constructor(folder: LakeFolder) {
    this.#file = join(folder.root, FILE)
    if (!existsSync(this.#file)) return
    const rows = this.#open().prepare('SELECT * FROM paths').all() as unknown as Row[]
    for (const row of rows) {
      const place = join(folder.root, row.container, row.path)
      const found = entryAt(place)
      if (!this.#undoAppend(row, place, found) && !holds(row, found)) this.forget(row.container, row.path)
    }
    this.#nextExpiry = this.#firstExpiry()
  }

  /** Whether any path has what may keep requests from it: where none has, nobody needs to look. */
  get isGuarded(): boolean {
    return this.#isGuarded
  }

  /** Undoes an append that a kill cut off. */
  #undoAppend(row: Row, place: string, found: Stats | undefined): boolean {
    const properties = JSON.parse(row.properties) as Properties
    this.#isGuarded ||= guards(properties)
    const from = properties.append?.from
    if (from === undefined || !found?.isFile() || found.size < from) return false
    truncateSync(place, from)
    const { from: _, ...append } = properties.append as Required<Properties>['append']
    this.set(row.container, row.path, lstatSync(place), { ...properties, append })
    return true
  }

  close(): void {
    this.#database?.close()
  }

  /** @param stats of what stands there. */
  of(container: string, path: string, stats: Stats | undefined): Properties {
    const row = this.#get?.get(container, path) as unknown as Row | undefined
    return row && holds(row, stats) ? JSON.parse(row.properties) : {}
  }

  /** Puts them in place of what was there. @throws LakeFullError */
  set(container: string, path: string, stats: Stats, properties: Properties): void {
    const isEmpty = Object.values(properties).every(
      (one) => one === undefined || (typeof one === 'object' && Object.keys(one).length === 0),
    )
    if (isEmpty) {
      this.forget(container, path)
      return
    }
    this.#isGuarded ||= guards(properties)
    this.#open()
    try {
      this.#put?.run(container, path, versionOf(stats), JSON.stringify(properties))
    } catch (error) {
      throw readable(error)
    }
    if (properties.expiresAt !== undefined)
      this.#nextExpiry = Math.min(this.#nextExpiry, properties.expiresAt)
  }

  /** Expired files; each is returned from its expiry until {@link forget}. */
  expired(now: number): { container: string; path: string }[] {
    if (now < this.#nextExpiry) return []
    const due = this.#database
      ?.prepare(`SELECT container, path, etag FROM paths WHERE ${EXPIRY} <= ?`)
      .all(now) as unknown as Row[]
    this.#nextExpiry = this.#firstExpiry(now)
    return due
  }

  #firstExpiry(after = 0): number {
    const row = this.#database
      ?.prepare(`SELECT min(${EXPIRY}) AS at FROM paths WHERE ${EXPIRY} > ?`)
      .get(after)
    return Number(row?.at ?? Infinity)
  }

  /** The path is gone. */
  forget(container: string, path: string): void {
    this.#run('DELETE FROM paths WHERE container = ? AND path = ?', [container, path])
  }

  /** Those of everything below a folder; `''` is the container, and then its own too. */
  forgetBelow(container: string, path: string): void {
    if (path === '') this.#run('DELETE FROM paths WHERE container = ?', [container])
    else this.#run(`DELETE FROM paths WHERE ${BELOW}`, [container, path, path])
  }

  /**
   * Follows a file or folder that was moved, with all below it.
   * @param stats of what stands at the target now. @param kept what it had before.
   */
  move(
    from: { container: string; path: string },
    to: { container: string; path: string },
    stats: Stats,
    kept: Properties,
  ): void {
    if (from.container === to.container && from.path === to.path) return
    this.set(to.container, to.path, stats, kept)
    this.forget(from.container, from.path)
    if (!stats.isDirectory()) return
    this.forgetBelow(to.container, to.path)
    this.#run(`UPDATE paths SET container = ?, path = ? || substr(path, ?) WHERE ${BELOW}`, [
      to.container,
      to.path,
      // SQLite counts from 1, and in characters.
      [...from.path].length + 1,
      from.container,
      from.path,
      from.path,
    ])
  }

  #run(sql: string, values: (string | number)[]): void {
    try {
      this.#database?.prepare(sql).run(...values)
    } catch (error) {
      throw readable(error)
    }
  }

  #open(): DatabaseSync {
    if (this.#database) return this.#database
    this.#database = openDatabase(this.#file, SETUP, 'what clients keep beside their files')
    this.#get = this.#database.prepare('SELECT * FROM paths WHERE container = ? AND path = ?')
    this.#put = this.#database.prepare('INSERT OR REPLACE INTO paths VALUES (?, ?, ?, ?)')
    return this.#database
  }
}

const guards = ({ tier, keySha256 }: Properties): boolean => tier !== undefined || keySha256 !== undefined

/** Stored in the data folder: another form would lose what was kept before. */
const versionOf = (stats: Stats) =>
  stats.isDirectory() ? '' : `"0x${hex(Math.round(stats.mtimeMs * 1000))}${hex(stats.size)}"`
const hex = (number: number) => number.toString(16).toUpperCase()
const holds = (row: Row, stats: Stats | undefined) => stats !== undefined && row.etag === versionOf(stats)
