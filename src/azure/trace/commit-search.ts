/**
 * Finds commits of a Delta log by their content, without reading the table. Versions have no gaps and the
 * value searched for only grows with them, so the number of commits read is the logarithm of the distance
 * from the newest.
 */
import { type CommitMetadata, commitMetadataIn, type TableContract } from '../../contract/tables.ts'
import { type AddFile, committedAtIn } from '../../delta/actions.ts'
import { pointerIn } from '../../delta/log-listing.ts'
import { commitName, LAST_CHECKPOINT, versionIn } from '../../delta/log-names.ts'
import { statisticsOf } from '../../delta/statistics.ts'
import { pathIn, vectorOf } from '../lake/data-file.ts'
import type { LakeClient } from '../lake/data-lake.ts'
import { LogFiles } from '../lake/delta-log.ts'
import type { FileInTable } from './table-rows.ts'

/** What the search looks at of a commit. */
export interface Commit {
  version: number
  /** Epoch milliseconds. */
  at: number | undefined
  metadata: CommitMetadata | undefined
  /** Files with new rows; files rewritten by compaction do not count. */
  added: readonly CommittedFile[]
  /** Files as they were before it. */
  removed: readonly FileInTable[]
}

/** A file with rows that are new with its commit. */
export interface CommittedFile extends FileInTable {
  bytes: number
  /** Undefined when its writer left no statistics. */
  rows: number | undefined
  /** Smallest value by column, from the statistics; a column that is missing has none. */
  min: Readonly<Record<string, unknown>>
  /** Largest value, in the same way. */
  max: Readonly<Record<string, unknown>>
}

/** For one trace: each commit is read once at most. */
export class CommitLog {
  readonly #log: LogFiles
  readonly #place: { container: string; folder: string }
  readonly #signal: AbortSignal | undefined
  readonly #read = new Map<number, Commit | undefined>()
  #newest: Promise<number> | undefined

  constructor(client: LakeClient, table: Pick<TableContract, 'container' | 'path'>, signal?: AbortSignal) {
    this.#log = new LogFiles(client, table.container, table.path)
    this.#place = { container: table.container, folder: table.path }
    this.#signal = signal
  }

  /** −1 while there is no commit. */
  newest(): Promise<number> {
    this.#newest ??= this.#findNewest()
    return this.#newest
  }

  /** Undefined when it does not exist, or was cleaned up. */
  async commit(version: number): Promise<Commit | undefined> {
    if (version < 0) return undefined
    if (!this.#read.has(version)) this.#read.set(version, await this.#readCommit(version))
    return this.#read.get(version)
  }

  /**
   * The first commit that passes the test. All commits after it must pass too; commits that were cleaned up
   * count as earlier ones.
   */
  async first(passes: (commit: Commit) => boolean): Promise<Commit | undefined> {
    const newest = await this.newest()
    const holds = async (version: number) => {
      const commit = await this.commit(version)
      return commit !== undefined && passes(commit)
    }
    if (newest < 0 || !(await holds(newest))) return undefined
    // From the newest backwards in growing steps: most searches are for recent events.
    let passing = newest
    let failing = -1
    for (let step = 1; passing > 0; step *= 2) {
      const version = Math.max(0, newest - step)
      if (!(await holds(version))) {
        failing = version
        break
      }
      passing = version
      if (version === 0) break
    }
    while (passing - failing > 1) {
      const middle = Math.floor((passing + failing) / 2)
      if (await holds(middle)) passing = middle
      else failing = middle
    }
    return this.commit(passing)
  }

  async #findNewest(): Promise<number> {
    const pointer = await this.#log.text(LAST_CHECKPOINT, this.#signal)
    const from = (pointer === undefined ? undefined : pointerIn(pointer)?.version) ?? 0
    let newest = -1
    for await (const { path } of this.#log.list(from > 0 ? commitName(from) : undefined, this.#signal))
      newest = Math.max(newest, versionIn(path) ?? -1)
    return newest
  }

  async #readCommit(version: number): Promise<Commit | undefined> {
    const actions = (await this.#log.commit(version, this.#signal))?.actions
    if (!actions) return undefined
    return {
      version,
      at: committedAtIn(actions),
      metadata: commitMetadataIn(actions.find(({ commitInfo }) => commitInfo)?.commitInfo?.userMetadata),
      added: actions.flatMap(({ add }) => (add && add.dataChange !== false ? [this.#fileOf(add)] : [])),
      removed: actions.flatMap(({ remove }) =>
        remove && remove.dataChange !== false
          ? [
              {
                path: pathIn(this.#place, remove.path),
                deletionVector: vectorOf(remove),
                partitionValues: remove.partitionValues,
              },
            ]
          : [],
      ),
    }
  }

  #fileOf(add: AddFile): CommittedFile {
    const statistics = statisticsOf(add)
    return {
      path: pathIn(this.#place, add.path),
      deletionVector: vectorOf(add),
      partitionValues: add.partitionValues,
      bytes: Number(add.size),
      rows: statistics?.numRecords,
      min: statistics?.minValues ?? {},
      max: statistics?.maxValues ?? {},
    }
  }
}

/**
 * Whether a file can hold a time (epoch ms), by its statistics, which may be cut to milliseconds; true
 * without statistics.
 */
export function mayHold(file: CommittedFile, column: string, time: number): boolean {
  const bound = (values: CommittedFile['min']) => Date.parse(String(values[column]))
  const [least, greatest] = [bound(file.min), bound(file.max)]
  return !(time < least - 1) && !(time > greatest + 1)
}
