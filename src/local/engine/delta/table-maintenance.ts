/** Deletes what no version needs any more: orphans of crashes, superseded data files, old log files. */
import { readdir } from 'node:fs/promises'
import { checkpointName, commitName, LOG_FOLDER } from '../../../delta/log-names.ts'
import { placeOfFile } from '../../../delta/paths.ts'
import type { EngineContext } from '../api/options.ts'
import { listLog, readCommit } from './delta-log.ts'
import type { DeltaTable } from './delta-writer.ts'
import { removeLakeFile } from './lake-files.ts'
import { parseDataFileName } from './parquet-file.ts'
import { keepingOf } from './table-properties.ts'

/** Removes our data files that no commit refers to: written just before a crash. Only while the table is not being written. */
export async function removeOrphans(context: EngineContext, table: DeltaTable): Promise<void> {
  const { files, tombstones } = table.state
  const removed = new Set(Array.from(tombstones, ({ path }) => path))
  for (const name of await readdir(table.folder)) {
    if (!parseDataFileName(name) || files.has(name) || removed.has(name)) continue
    context.logger.info({ table: table.title, file: name }, 'removed a file that a crash left behind')
    removeLakeFile(context, placeIn(table, name))
  }
}

/**
 * Keeps a table's past within the retention, or longer where another writer has set so. What the query behind has not read yet is
 * kept as well, however old. Of the log goes what stands before a checkpoint that is itself as old as the retention, as the protocol
 * has it: so every version within the retention can be built from what stays, and what a reader has listed stays there for it.
 */
export class TableMaintenance {
  readonly #context: EngineContext
  readonly #table: DeltaTable
  /** Newest version that the query behind has read; infinite when none is behind or it has not begun. */
  readonly #consumedUpTo: () => number
  /** Versions that have files in the log, ascending; read at the first look. */
  #commits: number[] | undefined
  #checkpoints: number[] = []
  /** When the versions of checkpoints were committed (epoch ms). */
  readonly #committedAt = new Map<number, number>()
  #seenVersion = -1

  constructor(
    context: EngineContext,
    table: DeltaTable,
    consumedUpTo: () => number = () => Number.POSITIVE_INFINITY,
  ) {
    this.#context = context
    this.#table = table
    this.#consumedUpTo = consumedUpTo
  }

  /** Costs follow what there is to delete. */
  async clean(): Promise<void> {
    const now = this.#context.clock.now()
    const { retentionMs } = this.#context
    const { filesMs = 0, logMs = 0 } = keepingOf(this.#table.state.metaData)
    await this.#cleanFiles(now - Math.max(retentionMs, filesMs))
    await this.#cleanLog(now - Math.max(retentionMs, logMs))
  }

  async #cleanFiles(before: number): Promise<void> {
    const gone: string[] = []
    // In the order of their removal, so the first that must stay ends the search.
    for (const { path, deletionTimestamp, removedAt } of this.#table.state.tombstones) {
      if (deletionTimestamp >= before || removedAt > this.#consumedUpTo()) break
      const { isInTable, path: decoded } = placeOfFile(path)
      // What a shallow clone refers to is another table's.
      if (isInTable) removeLakeFile(this.#context, placeIn(this.#table, decoded))
      gone.push(path)
    }
    this.#table.forget(gone)
  }

  /**
   * The protocol's metadata cleanup: what stands before a checkpoint goes once that checkpoint itself is as old as the
   * retention. So every version within the retention, and all that a reader holds of it, can be built from what stays.
   */
  async #cleanLog(before: number): Promise<void> {
    const commits = await this.#listed()
    const kept = await this.#newestCheckpoint(before)
    if (kept === undefined) return
    const inLog = (name: string) => placeIn(this.#table, `${LOG_FOLDER}/${name}`)
    for (; commits[0] !== undefined && commits[0] < kept; commits.shift())
      removeLakeFile(this.#context, inLog(commitName(commits[0])))
    for (; this.#checkpoints[0] !== undefined && this.#checkpoints[0] < kept; this.#checkpoints.shift()) {
      removeLakeFile(this.#context, inLog(checkpointName(this.#checkpoints[0])))
      this.#committedAt.delete(this.#checkpoints[0])
    }
  }

  /** Of a version that was committed before a time, and that the query behind has read. */
  async #newestCheckpoint(before: number): Promise<number | undefined> {
    let newest: number | undefined
    for (const version of this.#checkpoints) {
      const time = this.#committedAt.get(version) ?? (await this.#timeOf(version))
      // The commit of another writer's checkpoint may be gone.
      if (time === undefined) continue
      this.#committedAt.set(version, time)
      if (time >= before || version > this.#consumedUpTo()) break
      newest = version
    }
    return newest
  }

  /** The log's versions, kept up to date with what was committed since. */
  async #listed(): Promise<number[]> {
    const { version } = this.#table.state
    if (!this.#commits) {
      const listing = await listLog(this.#table.folder)
      this.#commits = listing.commits
      this.#checkpoints = listing.checkpoints
      this.#seenVersion = this.#commits.at(-1) ?? -1
    }
    while (this.#seenVersion < version) this.#commits.push(++this.#seenVersion)
    const { checkpointVersion } = this.#table
    if (checkpointVersion !== undefined && checkpointVersion > (this.#checkpoints.at(-1) ?? -1)) {
      this.#checkpoints.push(checkpointVersion)
    }
    return this.#commits
  }

  async #timeOf(version: number): Promise<number | undefined> {
    const actions = await readCommit(this.#table.folder, version)
    return actions?.find(({ commitInfo }) => commitInfo)?.commitInfo?.timestamp
  }
}

const placeIn = (table: DeltaTable, name: string) => ({
  container: table.contract.container,
  path: `${table.contract.path}/${name}`,
})
