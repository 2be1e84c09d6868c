/**
 * A Delta table seen through its log, and only through what is new in it: each look asks for the next commits by name, so
 * its cost follows the number of commits since the last one. Delta protocol, reader version 1, and checkpoints (classic and
 * multi-part), https://github.com/delta-io/delta/blob/master/PROTOCOL.md
 */
import type { CommitMetadata } from '../../contract/tables.ts'
import {
  checkpointIn,
  checkpointNames,
  commitName,
  LAST_CHECKPOINT,
  LOG_FOLDER,
  versionIn,
} from '../../delta/log-names.ts'
import { ServiceError } from '../../pipeline/ports/errors.ts'
import type { TableSnapshot } from '../../pipeline/ports/lake.ts'
import type { LakeClient } from './data-lake.ts'
import {
  type Action,
  commitMetadataIn,
  committedAtIn,
  digestOf,
  parseCommit,
  pointerIn,
  statsOf,
} from './delta-log.ts'
import { readParquet } from './parquet.ts'

export interface DataFile {
  /** Relative to the container. */
  path: string
  bytes: number
  /** Without those that a deletion vector has taken out. */
  rows: number
  /** Rows that stand in the file and are deleted. */
  deletedRows: number
  /** Largest `enqueuedAt` (or `minute`) in the file, epoch ms. */
  newestAt: number | undefined
  /** When the commit that added it was made, epoch ms. */
  committedAt: number
  version: number
}

/** Looks without a new commit after which the log is listed once: it may have been cleaned up or begun anew. */
const QUIET_LOOKS = 60
/** Reader versions up to 3 are understood as far as files and their statistics go. */
const READER_VERSION = 3

export class DeltaTable {
  readonly #client: LakeClient
  readonly #container: string
  readonly #folder: string
  #version = -1
  readonly #files = new Map<string, DataFile>()
  #commitMetadata: CommitMetadata | undefined
  #committedAt: Date | undefined
  /** Of the commit that was read last; another one of the same version is that of another table. */
  #digest: string | undefined
  /** Read by a look that failed later; told by the next. */
  #arrived: DataFile[] = []
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
      commitMetadata: this.#commitMetadata,
    }
  }

  /**
   * Takes in what was committed since the last look.
   * @returns files whose rows are new (rewrites by compaction are none), in the order of their commits; none at the first look.
   */
  async look(signal?: AbortSignal): Promise<readonly DataFile[]> {
    const isFirst = !this.#isKnown
    if (isFirst) {
      // One that failed half-way has left the state of some version or other.
      this.#forget()
      await this.#readPointedCheckpoint(signal)
    }
    let commits = await this.#readCommits(isFirst, signal)
    // The pointer is a hint that writers may leave out; without it, and without the first commit, the listing tells.
    if (isFirst && this.#version < 0 && (await this.#readListedCheckpoint(signal)))
      commits += await this.#readCommits(isFirst, signal)
    this.#isKnown = true
    this.#quietLooks = commits > 0 ? 0 : this.#quietLooks + 1
    if (this.#quietLooks >= QUIET_LOOKS) await this.#checkLog(signal)
    const arrived = this.#arrived
    this.#arrived = []
    return arrived
  }

  /**
   * Files that brought new rows since a moment, also those that a compaction has replaced since, as far back as the log goes.
   * Lists the whole log.
   */
  async *history(since: Date, signal?: AbortSignal): AsyncIterable<DataFile> {
    for await (const { path, modifiedAt } of this.#listLog(undefined, signal)) {
      const version = versionIn(path)
      // The listing's times are whole seconds.
      if (version === undefined || modifiedAt.getTime() + 1000 < since.getTime()) continue
      const text = await this.#client.read(this.#container, path, signal)
      if (!text) continue
      const actions = this.#parse(version, text)
      for (const { add } of actions) {
        if (!add || add.dataChange === false) continue
        const file = this.#fileOf(add, version, committedAtIn(actions))
        if (file.committedAt >= since.getTime()) yield file
      }
    }
  }

  /** @returns how many there were. */
  async #readCommits(isFirst: boolean, signal: AbortSignal | undefined): Promise<number> {
    for (let commits = 0; ; commits++) {
      const version = this.#version + 1
      const text = await this.#client.read(this.#container, this.#logPath(commitName(version)), signal)
      if (!text) return commits
      const arrived = this.#apply(version, this.#parse(version, text))
      this.#digest = digestOf(text)
      if (!isFirst) for (const file of arrived) this.#arrived.push(file)
    }
  }

  #logPath(name: string): string {
    return `${this.#folder}/${LOG_FOLDER}/${name}`
  }

  #listLog(startFrom: string | undefined, signal: AbortSignal | undefined) {
    return this.#client.list(this.#container, this.#logPath('').slice(0, -1), {
      recursive: false,
      startFrom,
      signal,
    })
  }

  /** Without new commits for long: either nothing happens, or the log was cleaned up, or the table is another one now. */
  async #checkLog(signal: AbortSignal | undefined): Promise<void> {
    this.#quietLooks = 0
    let newest = -1
    for await (const { path } of this.#listLog(commitName(Math.max(0, this.#version)), signal))
      newest = Math.max(newest, versionIn(path) ?? -1)
    if (newest === this.#version) {
      if (newest < 0 || this.#digest === undefined) return
      const name = this.#logPath(commitName(newest))
      const text = await this.#client.read(this.#container, name, signal)
      if (text && digestOf(text) === this.#digest) return
    }
    this.#forget()
  }

  #forget(): void {
    this.#version = -1
    this.#files.clear()
    this.#commitMetadata = undefined
    this.#committedAt = undefined
    this.#digest = undefined
    this.#isKnown = false
  }

  async #readPointedCheckpoint(signal: AbortSignal | undefined): Promise<void> {
    const text = await this.#client.read(this.#container, this.#logPath(LAST_CHECKPOINT), signal)
    const pointer = text && pointerIn(text)
    if (!pointer) return
    if (pointer.v2Checkpoint !== undefined)
      throw new ServiceError(
        'service',
        'the data lake',
        `${this.#container}/${this.#folder} has a checkpoint of version 2, which this program cannot read.`,
        {
          hint: "Set the table property delta.checkpointPolicy to 'classic'.",
        },
      )
    await this.#readCheckpoint(pointer.version, pointer.parts, signal)
  }

  /** The newest one that is whole. @returns whether there was one. */
  async #readListedCheckpoint(signal: AbortSignal | undefined): Promise<boolean> {
    const found: { version: number; parts: number | undefined; files: number }[] = []
    for await (const { path } of this.#listLog(undefined, signal)) {
      const one = checkpointIn(path)
      if (!one) continue
      const known = found.find(({ version, parts }) => version === one.version && parts === one.parts)
      if (known) known.files++
      else found.push({ ...one, files: 1 })
    }
    const whole = found.filter(({ parts, files }) => files >= (parts ?? 1))
    for (const { version, parts } of whole.sort((a, b) => b.version - a.version))
      if (await this.#readCheckpoint(version, parts, signal)) return true
    return false
  }

  /** @returns whether it is there, with all its parts. */
  async #readCheckpoint(
    version: number,
    parts: number | undefined,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const actions: Action[] = []
    for (const name of checkpointNames(version, parts)) {
      const file = await this.#client.read(this.#container, this.#logPath(name), signal)
      if (!file) return false
      for (const action of await readParquet(file, ['add', 'protocol'])) actions.push(action as Action)
    }
    this.#apply(version, actions)
    const commit = await this.#client.read(this.#container, this.#logPath(commitName(version)), signal)
    if (commit) {
      this.#note(this.#parse(version, commit))
      this.#digest = digestOf(commit)
    }
    return true
  }

  #apply(version: number, actions: readonly Action[]): DataFile[] {
    const arrived: DataFile[] = []
    const committedAt = committedAtIn(actions)
    const known = new Set<string>()
    for (const { remove, protocol } of actions) {
      if ((protocol?.minReaderVersion ?? 1) > READER_VERSION)
        throw new ServiceError(
          'service',
          'the data lake',
          `${this.#container}/${this.#folder} needs Delta reader version ${protocol?.minReaderVersion}.`,
        )
      if (!remove) continue
      const path = this.#pathOf(remove.path)
      if (this.#files.delete(path)) known.add(path)
    }
    // A file whose deleted rows become more is removed and added in one commit, in any order.
    for (const { add } of actions) {
      if (!add) continue
      const file = this.#fileOf(add, version, committedAt)
      if (add.dataChange !== false && !known.has(file.path) && !this.#files.has(file.path)) arrived.push(file)
      this.#files.set(file.path, file)
    }
    this.#version = version
    this.#note(actions)
    return arrived
  }

  #parse(version: number, text: Buffer): Action[] {
    return parseCommit(`${this.#container}/${this.#logPath(commitName(version))}`, text)
  }

  #note(actions: readonly Action[]): void {
    const info = actions.find((action) => action.commitInfo)?.commitInfo
    if (info?.timestamp !== undefined) this.#committedAt = new Date(info.timestamp)
    this.#commitMetadata = commitMetadataIn(info?.userMetadata) ?? this.#commitMetadata
  }

  #fileOf(add: NonNullable<Action['add']>, version: number, committedAt: number | undefined): DataFile {
    const stats = statsOf(add.stats)
    const newest = stats.maxValues?.enqueuedAt ?? stats.maxValues?.minute
    const deleted = Number(add.deletionVector?.cardinality ?? 0)
    return {
      path: this.#pathOf(add.path),
      bytes: Number(add.size),
      rows: (stats.numRecords ?? 0) - deleted,
      deletedRows: deleted,
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
