/**
 * A Delta table seen through the new entries of its log: each poll asks for the next commits by name, so its
 * cost depends on the number of commits since the last poll. What it can read, and what it refuses, is in
 * `src/delta/`; https://github.com/delta-io/delta/blob/master/PROTOCOL.md
 */
import { type CommitMetadata, commitMetadataIn } from '../../contract/tables.ts'
import { type Action, committedAtIn, type Protocol } from '../../delta/actions.ts'
import { type LogListing, listingOf, nextCompaction, pointerIn } from '../../delta/log-listing.ts'
import {
  checkpointIn,
  compactionIn,
  LAST_CHECKPOINT,
  versionIn,
  versionPrefix,
} from '../../delta/log-names.ts'
import { unreadable } from '../../delta/protocol.ts'
import { type Column, columnsOf } from '../../delta/schema.ts'
import { ServiceError } from '../../pipeline/ports/errors.ts'
import type { TableSnapshot } from '../../pipeline/ports/lake.ts'
import { CommitHistory } from './commit-history.ts'
import {
  type DataFile,
  dataFileOf,
  isOutside,
  isUnmeasured,
  measured,
  type OpenFile,
  openFile,
  outside,
  pathIn,
  readRows,
  type TablePlace,
} from './data-file.ts'
import type { LakeClient } from './data-lake.ts'
import { type Commit, LogFiles } from './delta-log.ts'
import type { ParquetRow } from './parquet.ts'
import { contradicts } from './same-table.ts'

/**
 * After this many polls without a new commit the log is listed once: it may have been cleaned up or
 * restarted.
 */
const QUIET_LOOKS = 60
/**
 * How many files without statistics one poll opens for their row count; until all are read, the table's rows
 * are unknown.
 */
const MEASURED_PER_LOOK = 100
/**
 * How many commits before a checkpoint are searched for the newest commit metadata: maintenance writes none.
 */
const LOOKED_BACK = 20
/** Up to this version a table that was made anew is thought to pass the old one between two polls, whatever the next commit says. */
const PASSED_AT_ONCE = 5
/** How many commits back the search for a moment begins. */
const FIRST_STEP_BACK = 16
/** Writers of one table whose clocks differ by more may miss some of each other's commits in the history. */
const CLOCKS_APART_MS = 60_000

/** One table, from the first look to the end of the session; also when it is made anew meanwhile. */
export class DeltaTable {
  readonly #client: LakeClient
  readonly #container: string
  readonly #folder: string
  readonly #log: LogFiles
  readonly #mostQuietLooks: number
  #version = -1
  readonly #files = new Map<string, DataFile>()
  #protocol: Protocol | undefined
  #id: string | undefined
  #columns: readonly Column[] = []
  #commitMetadata: CommitMetadata | undefined
  #committedAt: Date | undefined
  readonly #history = new CommitHistory()
  /** Hash of the last commit read; a different one at the same version means a different table. */
  #digest: string | undefined
  /** Read by a poll that failed later; reported by the next one. */
  #arrived: DataFile[] = []
  /** Paths of active files whose row count or newest time is not in the log. */
  readonly #unmeasured = new Set<string>()
  /** Paths of active files that are not in the table's container. */
  readonly #outside = new Set<string>()
  #quietLooks = 0
  #isKnown = false
  /** Why the table could not be read, until its log grows. */
  #refused: ServiceError | undefined

  /** @param mostQuietLooks how many without a new commit there are before the log is listed. */
  constructor(client: LakeClient, container: string, folder: string, mostQuietLooks = QUIET_LOOKS) {
    this.#mostQuietLooks = mostQuietLooks
    this.#client = client
    this.#container = container
    this.#folder = folder
    this.#log = new LogFiles(client, container, folder)
  }

  /** False until the first look, and when the table turned out to be another one: the next look reads all of it. */
  get isKnown(): boolean {
    return this.#isKnown
  }

  /** Active files, in the order in which their rows were added. */
  get files(): readonly DataFile[] {
    return [...this.#files.values()]
  }

  get container(): string {
    return this.#container
  }

  /** What reading one of its files takes. */
  get place(): TablePlace {
    return { container: this.#container, folder: this.#folder, columns: this.#columns }
  }

  /** What the table requires of its readers; undefined while there is no table. */
  get protocol(): Protocol | undefined {
    return this.#protocol
  }

  /** As of the last look. `rows` is undefined while a file without statistics was not measured. */
  snapshot(): TableSnapshot {
    let bytes = 0
    let rows: number | undefined = 0
    let newestAt: number | undefined
    for (const file of this.#files.values()) {
      bytes += file.bytes
      rows = rows === undefined || file.rows === undefined ? undefined : rows + file.rows
      if (file.newestAt !== undefined) newestAt = Math.max(newestAt ?? file.newestAt, file.newestAt)
    }
    return {
      version: this.#version,
      files: this.#files.size,
      bytes,
      rows,
      newestAt: newestAt === undefined ? undefined : new Date(newestAt),
      committedAt: this.#committedAt,
      commitMetadata: this.#commitMetadata,
      commits: this.#history.commits,
    }
  }

  /**
   * Reads what was committed since the last poll.
   * @param atMost commits that are known to be there: the next one is not asked for. Default: until there is none.
   * @returns files with new rows (not compacted ones), in commit order; none at the first poll.
   * @throws ServiceError also for a table that requires more of its readers than we support.
   */
  async look(signal?: AbortSignal, atMost = Number.POSITIVE_INFINITY): Promise<readonly DataFile[]> {
    if (this.#refused) await this.#lookAgain(this.#refused, signal)
    const isFirst = !this.#isKnown
    // A poll that failed half-way has left the state of an unknown version.
    if (isFirst) this.#forget()
    let commits = isFirst ? await this.#readWhole(signal) : await this.#readCommits(false, signal, atMost)
    if (commits === undefined) {
      this.#forget()
      commits = await this.#readWhole(signal)
    }
    this.#assertReadable()
    this.#isKnown = true
    await this.#measure(signal)
    this.#quietLooks = commits > 0 ? 0 : this.#quietLooks + 1
    if (this.#quietLooks >= this.#mostQuietLooks) await this.#checkLog(signal)
    const arrived = this.#arrived
    this.#arrived = []
    return arrived.map((file) => this.#files.get(file.path) ?? file)
  }

  /** The rows of one of its files, as the table has them; undefined when the file is gone. */
  rowsOf(
    file: DataFile,
    columns: readonly string[],
    signal?: AbortSignal,
  ): Promise<ParquetRow[] | undefined> {
    return readRows(this.#client, this.place, file, columns, signal)
  }

  /** One of its files, for who reads it by parts; undefined when it is gone. */
  open(file: DataFile, signal?: AbortSignal): Promise<OpenFile | undefined> {
    return openFile(this.#client, this.place, file, signal)
  }

  /**
   * Files that added rows since a moment, including those that a compaction has replaced, as far back as the
   * log goes. What it costs depends on how many commits came since, not on how many the log has.
   */
  async *history(since: Date, signal?: AbortSignal): AsyncIterable<DataFile> {
    const first = await this.#versionBefore(since.getTime() - CLOCKS_APART_MS, signal)
    for await (const { path, modifiedAt } of this.#log.list(versionPrefix(first), signal)) {
      const version = versionIn(path)
      // The listing's times are whole seconds.
      if (version === undefined || modifiedAt.getTime() + 1000 < since.getTime()) continue
      const commit = await this.#log.commit(version, signal)
      if (!commit) continue
      for (const { add } of commit.actions) {
        if (!add || add.dataChange === false) continue
        const file = dataFileOf(add, this.place, version, committedAtIn(commit.actions))
        if (file.committedAt >= since.getTime()) yield file
      }
    }
  }

  /** A version that was committed before a moment, not long before: steps back double. 0 when the log does not go back so far. */
  async #versionBefore(time: number, signal: AbortSignal | undefined): Promise<number> {
    for (let step = FIRST_STEP_BACK; step <= this.#version; step *= 2) {
      const version = this.#version - step
      const commit = await this.#log.commit(version, signal)
      // What was cleaned up is older than what is left.
      if (!commit) return version
      const committedAt = committedAtIn(commit.actions)
      if (committedAt !== undefined && committedAt < time) return version
    }
    return 0
  }

  /** Reads the newest whole checkpoint, and the commits after it. @returns how many commits. */
  async #readWhole(signal: AbortSignal | undefined): Promise<number> {
    const text = await this.#log.text(LAST_CHECKPOINT, signal)
    const pointer = text === undefined ? undefined : pointerIn(text)
    let listing = await this.#listing(pointer && versionPrefix(pointer.version), signal)
    let hasCheckpoint = await this.#readCheckpoint(listing, signal)
    // The pointer is a hint: its checkpoint may be gone.
    if (pointer && !hasCheckpoint) {
      listing = await this.#listing(undefined, signal)
      hasCheckpoint = await this.#readCheckpoint(listing, signal)
    }
    const [oldest] = listing.commits
    if (!hasCheckpoint && oldest !== undefined && oldest > 0)
      throw new ServiceError(
        'service',
        'the data lake',
        `The log of ${this.#container}/${this.#folder} begins with version ${oldest}, without a checkpoint of what was before.`,
        { hint: 'Make a checkpoint with the engine that wrote the table, or put the older log files back.' },
      )
    const behind = this.#version
    const compacted = await this.#readCompactions(listing, signal)
    const commits = await this.#readCommits(true, signal)
    await this.#lookBack(Math.max(behind, compacted), signal)
    return commits ?? 0
  }

  async #listing(startFrom: string | undefined, signal: AbortSignal | undefined): Promise<LogListing> {
    const names: string[] = []
    // Some writers leave a checkpoint, or compacted commits, of no bytes when they are stopped.
    for await (const { path, bytes } of this.#log.list(startFrom, signal))
      if (bytes > 0 || !(checkpointIn(path) || compactionIn(path))) names.push(path)
    return listingOf(names)
  }

  /** Reads the newest readable checkpoint. @returns whether there was one. */
  async #readCheckpoint({ checkpoints }: LogListing, signal: AbortSignal | undefined): Promise<boolean> {
    for (const checkpoint of checkpoints.toReversed()) {
      const actions = await this.#log.checkpoint(checkpoint, signal)
      if (!actions) continue
      this.#apply(checkpoint.version, actions)
      await this.#noteCommit(checkpoint.version, signal)
      return true
    }
    return false
  }

  /** @returns the last version read; −1 when there was none. */
  async #readCompactions(listing: LogListing, signal: AbortSignal | undefined): Promise<number> {
    const last = listing.commits.at(-1) ?? -1
    for (let reached = -1; ; reached = this.#version) {
      const next = nextCompaction(listing, this.#version, last)
      const actions = next && (await this.#log.json(next.name, signal))
      if (!actions) return reached
      this.#apply(next.to, actions)
      await this.#noteCommit(next.to, signal)
    }
  }

  /** @returns how many there were; undefined when they are of another table. */
  async #readCommits(
    isFirst: boolean,
    signal: AbortSignal | undefined,
    atMost = Number.POSITIVE_INFINITY,
  ): Promise<number | undefined> {
    for (let commits = 0; ; commits++) {
      if (commits >= atMost) return commits
      const commit = await this.#log.commit(this.#version + 1, signal)
      if (!commit || (await this.#isBeingMade(commit, signal))) return commits
      if (!isFirst && commits === 0 && (await this.#isOfAnother(commit.actions, signal))) return undefined
      const arrived = this.#apply(this.#version + 1, commit.actions)
      this.#note(this.#version, commit.actions)
      this.#digest = commit.digest
      if (!isFirst) for (const file of arrived) this.#arrived.push(file)
    }
  }

  /**
   * The data lake shows a file from when it is made, without bytes until it is flushed. One that another commit follows stays so: it is a
   * commit without actions, as Spark takes it.
   */
  async #isBeingMade({ isEmpty }: Commit, signal: AbortSignal | undefined): Promise<boolean> {
    return isEmpty && (await this.#log.commit(this.#version + 2, signal)) === undefined
  }

  /**
   * Has a table that was made anew passed the version of the old one? Asked where there was time for it, or where the commit itself
   * speaks for it: it costs a request.
   */
  async #isOfAnother(next: readonly Action[], signal: AbortSignal | undefined): Promise<boolean> {
    if (this.#digest === undefined) return false
    const known = {
      id: this.#id,
      commitMetadata: this.#commitMetadata,
      has: (path: string) => this.#files.has(pathIn(this.place, path)),
    }
    if (this.#quietLooks === 0 && this.#version > PASSED_AT_ONCE && !contradicts(known, next)) return false
    const commit = await this.#log.commit(this.#version, signal)
    return commit !== undefined && commit.digest !== this.#digest
  }

  /** A checkpoint does not hold commit metadata; the commit of its version does, while it exists. */
  async #noteCommit(version: number, signal: AbortSignal | undefined): Promise<void> {
    const commit = await this.#log.replacedCommit(version, signal)
    if (!commit) return
    this.#note(version, commit.actions)
    this.#digest = commit.digest
  }

  /** The newest commit metadata may be in a commit that was replaced by a checkpoint or a compaction. */
  async #lookBack(from: number, signal: AbortSignal | undefined): Promise<void> {
    for (let version = from - 1; version >= 0 && version >= from - LOOKED_BACK; version--) {
      if (this.#commitMetadata) return
      const commit = await this.#log.replacedCommit(version, signal)
      if (!commit) return
      const info = commit.actions.find(({ commitInfo }) => commitInfo)?.commitInfo
      this.#commitMetadata = commitMetadataIn(info?.userMetadata)
    }
  }

  /** No new commits for long: nothing happens, or the log was cleaned up, or the table was replaced. */
  async #checkLog(signal: AbortSignal | undefined): Promise<void> {
    this.#quietLooks = 0
    const { commits } = await this.#listing(versionPrefix(Math.max(0, this.#version)), signal)
    const newest = commits.at(-1) ?? -1
    if (newest === this.#version) {
      if (newest < 0 || this.#digest === undefined) return
      const commit = await this.#log.commit(newest, signal)
      if (commit && commit.digest === this.#digest) return
    }
    this.#forget()
  }

  /**
   * A table that could not be read is tried again when its log has grown: a feature may have been dropped.
   */
  async #lookAgain(refused: ServiceError, signal: AbortSignal | undefined): Promise<void> {
    this.#quietLooks++
    const isAnother = this.#quietLooks >= this.#mostQuietLooks
    if (!isAnother && !(await this.#log.commit(this.#version + 1, signal))) throw refused
    this.#forget()
  }

  #assertReadable(): void {
    const lacks = unreadable(this.#protocol)
    const [other] = this.#outside
    if (lacks)
      this.#refused = new ServiceError(
        'service',
        'the data lake',
        `${this.#container}/${this.#folder} ${lacks.problem}.`,
        { hint: lacks.remedy },
      )
    else if (other !== undefined) this.#refused = outside(this.place, other)
    if (this.#refused) throw this.#refused
  }

  #forget(): void {
    this.#version = -1
    this.#files.clear()
    this.#unmeasured.clear()
    this.#outside.clear()
    this.#protocol = undefined
    this.#id = undefined
    this.#columns = []
    this.#commitMetadata = undefined
    this.#history.clear()
    this.#committedAt = undefined
    this.#digest = undefined
    this.#isKnown = false
    this.#refused = undefined
    this.#quietLooks = 0
  }

  /** @returns files with new rows. */
  #apply(version: number, actions: readonly Action[]): DataFile[] {
    const arrived: DataFile[] = []
    const committedAt = committedAtIn(actions)
    const known = new Set<string>()
    for (const { protocol, metaData } of actions) {
      if (protocol) this.#protocol = protocol
      if (metaData) {
        this.#id = metaData.id
        this.#columns = columnsOf(metaData)
      }
    }
    const place = this.place
    for (const { remove } of actions) {
      if (!remove) continue
      const path = pathIn(place, remove.path)
      if (this.#files.delete(path)) known.add(path)
      this.#unmeasured.delete(path)
      this.#outside.delete(path)
    }
    // When more rows of a file are deleted, one commit removes and adds the file, in any order.
    for (const { add } of actions) {
      if (!add) continue
      const file = dataFileOf(add, place, version, committedAt)
      if (add.dataChange !== false && !known.has(file.path) && !this.#files.has(file.path)) arrived.push(file)
      this.#files.set(file.path, file)
      if (isOutside(file.path)) this.#outside.add(file.path)
      if (isUnmeasured(place, file)) this.#unmeasured.add(file.path)
    }
    this.#version = version
    return arrived
  }

  #note(version: number, actions: readonly Action[]): void {
    const committedAt = committedAtIn(actions)
    if (committedAt !== undefined) this.#committedAt = new Date(committedAt)
    const info = actions.find((action) => action.commitInfo)?.commitInfo
    const metadata = commitMetadataIn(info?.userMetadata)
    this.#history.add(version, actions, metadata)
    this.#commitMetadata = metadata ?? this.#commitMetadata
  }

  /** Reads from the files what the log does not say; the table's rows are unknown until all are read. */
  async #measure(signal: AbortSignal | undefined): Promise<void> {
    for (const path of [...this.#unmeasured].slice(0, MEASURED_PER_LOOK)) {
      const file = this.#files.get(path)
      try {
        const found = file && (await measured(this.#client, this.place, file, signal))
        if (found) this.#files.set(path, found)
      } catch (error) {
        signal?.throwIfAborted()
        if (!(error instanceof ServiceError) || error.kind !== 'service') throw error
      }
      // A missing or damaged file is not read again: its rows stay unknown.
      this.#unmeasured.delete(path)
    }
  }
}
