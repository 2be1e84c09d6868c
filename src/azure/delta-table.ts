/**
 * A Delta table seen through its log, and only through what is new in it: each look asks for the next commits by name, so
 * its cost follows the number of commits since the last one. Delta protocol, reader version 1, and checkpoints (classic and
 * multi-part), https://github.com/delta-io/delta/blob/master/PROTOCOL.md
 */
import type { BatchBooks } from '../pipeline/contract/tables.ts'
import { ServiceError, type TableSnapshot } from '../pipeline/ports.ts'
import type { LakeClient } from './data-lake.ts'
import { readParquet } from './parquet.ts'

export interface DataFile {
  /** Relative to the container. */
  path: string
  bytes: number
  rows: number
  /** Largest `enqueuedAt` (or `minute`) in the file, epoch ms. */
  newestAt: number | undefined
  /** When the commit that added it was made, epoch ms. */
  committedAt: number
  version: number
}

interface Action {
  add?: {
    path: string
    size: number | bigint
    dataChange?: boolean
    modificationTime?: number | bigint
    stats?: string
    deletionVector?: { cardinality?: number | bigint } | null
  } | null
  remove?: { path: string; dataChange?: boolean } | null
  commitInfo?: { timestamp?: number; userMetadata?: string } | null
  protocol?: { minReaderVersion?: number } | null
}

/** Looks without a new commit after which the log is listed once: it may have been cleaned up or begun anew. */
const QUIET_LOOKS = 60
/** Reader versions up to 3 are understood as far as files and their statistics go. */
const READER_VERSION = 3

const pad = (version: number) => String(version).padStart(20, '0')

export class DeltaTable {
  readonly #client: LakeClient
  readonly #container: string
  readonly #folder: string
  #version = -1
  readonly #files = new Map<string, DataFile>()
  #books: BatchBooks | undefined
  #committedAt: Date | undefined
  #quietLooks = 0
  #isKnown = false

  constructor(client: LakeClient, container: string, folder: string) {
    this.#client = client
    this.#container = container
    this.#folder = folder
  }

  /** Active files, in the order in which their rows came. */
  get files(): readonly DataFile[] {
    return [...this.#files.values()]
  }

  get container(): string {
    return this.#container
  }

  snapshot(): TableSnapshot {
    let bytes = 0
    let rows = 0
    let newestAt: number | undefined
    for (const file of this.#files.values()) {
      bytes += file.bytes
      rows += file.rows
      if (file.newestAt !== undefined) newestAt = Math.max(newestAt ?? 0, file.newestAt)
    }
    return {
      version: this.#version,
      files: this.#files.size,
      bytes,
      rows,
      newestAt: newestAt === undefined ? undefined : new Date(newestAt),
      committedAt: this.#committedAt,
      books: this.#books,
    }
  }

  /**
   * Takes in what was committed since the last look.
   * @returns files whose rows are new (rewrites by compaction are none), in the order of their commits; none at the first look.
   */
  async look(signal?: AbortSignal): Promise<readonly DataFile[]> {
    const isFirst = !this.#isKnown
    if (isFirst) await this.#loadCheckpoint(signal)
    const arrived: DataFile[] = []
    let commits = 0
    for (;;) {
      const text = await this.#client.read(
        this.#container,
        this.#logPath(`${pad(this.#version + 1)}.json`),
        signal,
      )
      if (!text) break
      arrived.push(...this.#apply(this.#version + 1, parseLines(text)))
      commits++
    }
    this.#isKnown = true
    this.#quietLooks = commits > 0 ? 0 : this.#quietLooks + 1
    if (this.#quietLooks >= QUIET_LOOKS) await this.#checkLog(signal)
    return isFirst ? [] : arrived
  }

  #logPath(name: string): string {
    return `${this.#folder}/_delta_log/${name}`
  }

  /** Without new commits for long: either nothing happens, or the log was cleaned up, or the table is another one now. */
  async #checkLog(signal: AbortSignal | undefined): Promise<void> {
    this.#quietLooks = 0
    let newest = -1
    for await (const { path } of this.#client.list(this.#container, `${this.#folder}/_delta_log`, {
      recursive: false,
      signal,
    })) {
      const version = /\/(\d{20})\.json$/.exec(path)?.[1]
      if (version !== undefined) newest = Math.max(newest, Number(version))
    }
    if (newest === this.#version) return
    this.#forget()
  }

  #forget(): void {
    this.#version = -1
    this.#files.clear()
    this.#books = undefined
    this.#committedAt = undefined
    this.#isKnown = false
  }

  async #loadCheckpoint(signal: AbortSignal | undefined): Promise<void> {
    const pointer = await this.#client.read(this.#container, this.#logPath('_last_checkpoint'), signal)
    if (!pointer) return
    const { version, parts, v2Checkpoint } = JSON.parse(pointer.toString('utf8')) as {
      version: number
      parts?: number
      v2Checkpoint?: unknown
    }
    if (v2Checkpoint !== undefined)
      throw new ServiceError(
        'service',
        'the data lake',
        `${this.#container}/${this.#folder} has a checkpoint of version 2, which this program cannot read.`,
        {
          hint: "Set the table property delta.checkpointPolicy to 'classic'.",
        },
      )
    const two = (part: number) => String(part).padStart(10, '0')
    const names = parts
      ? Array.from(
          { length: parts },
          (_, index) => `${pad(version)}.checkpoint.${two(index + 1)}.${two(parts)}.parquet`,
        )
      : [`${pad(version)}.checkpoint.parquet`]
    const actions: Action[] = []
    for (const name of names) {
      const file = await this.#client.read(this.#container, this.#logPath(name), signal)
      // Cleaned up between the two reads: the next look begins with the newer pointer.
      if (!file) return
      actions.push(...((await readParquet(file, ['add', 'protocol'])) as Action[]))
    }
    this.#apply(version, actions)
    const commit = await this.#client.read(this.#container, this.#logPath(`${pad(version)}.json`), signal)
    if (commit) this.#note(parseLines(commit))
  }

  #apply(version: number, actions: readonly Action[]): DataFile[] {
    const arrived: DataFile[] = []
    const committedAt = actions.find((action) => action.commitInfo)?.commitInfo?.timestamp
    for (const { add, remove, protocol } of actions) {
      if ((protocol?.minReaderVersion ?? 1) > READER_VERSION)
        throw new ServiceError(
          'service',
          'the data lake',
          `${this.#container}/${this.#folder} needs Delta reader version ${protocol?.minReaderVersion}.`,
        )
      if (remove) this.#files.delete(this.#pathOf(remove.path))
      if (!add) continue
      const file = this.#fileOf(add, version, committedAt)
      this.#files.set(file.path, file)
      if (add.dataChange !== false) arrived.push(file)
    }
    this.#version = version
    this.#note(actions)
    return arrived
  }

  #note(actions: readonly Action[]): void {
    const info = actions.find((action) => action.commitInfo)?.commitInfo
    if (info?.timestamp !== undefined) this.#committedAt = new Date(info.timestamp)
    this.#books = booksIn(info?.userMetadata) ?? this.#books
  }

  #fileOf(add: NonNullable<Action['add']>, version: number, committedAt: number | undefined): DataFile {
    const stats = statsOf(add.stats)
    const newest = stats.maxValues?.enqueuedAt ?? stats.maxValues?.minute
    const deleted = Number(add.deletionVector?.cardinality ?? 0)
    return {
      path: this.#pathOf(add.path),
      bytes: Number(add.size),
      rows: (stats.numRecords ?? 0) - deleted,
      newestAt: typeof newest === 'string' ? Date.parse(newest) || undefined : undefined,
      committedAt: committedAt ?? Number(add.modificationTime ?? 0),
      version,
    }
  }

  /** Paths in the log are URL-encoded, and relative to the table unless they are URLs. */
  #pathOf(path: string): string {
    const absolute = /^abfss?:\/\/[^/]+\/(.*)$/.exec(path)?.[1]
    return decodeURIComponent(absolute ?? `${this.#folder}/${path}`)
  }
}

function parseLines(text: Buffer): Action[] {
  return text
    .toString('utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as Action)
}

interface Statistics {
  numRecords?: number
  maxValues?: Record<string, unknown>
}

function statsOf(text: string | undefined): Statistics {
  if (!text) return {}
  try {
    return JSON.parse(text) as Statistics
  } catch {
    // Statistics are optional; without them the file counts as one of unknown rows.
    return {}
  }
}

/** Commits of other writers may carry any text there. */
function booksIn(text: string | undefined): BatchBooks | undefined {
  if (!text) return undefined
  try {
    const books = JSON.parse(text) as Partial<BatchBooks>
    return books.totals && books.batch ? (books as BatchBooks) : undefined
  } catch {
    return undefined
  }
}
