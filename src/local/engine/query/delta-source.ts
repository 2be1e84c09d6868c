/** Follows a Delta table: its rows at the first look, file by file, then the files of each new commit, in order. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { TableContract } from '../../../contract/tables.ts'
import type { AddFile, Metadata, Protocol } from '../../../delta/actions.ts'
import { commitName, LOG_FOLDER } from '../../../delta/log-names.ts'
import { beyondOldest } from '../../../delta/protocol.ts'
import { statisticsOf } from '../../../delta/statistics.ts'
import type { EngineContext } from '../api/options.ts'
import { RECOVERY } from '../api/recovery.ts'
import { checkpointReader } from '../delta/delta-checkpoint.ts'
import { commitMark, dataFileIn, loadTable, readCommit, removalOf } from '../delta/delta-log.ts'
import { inRowOrder } from '../delta/parquet-file.ts'
import { assertFits } from '../delta/table-fit.ts'
import type { Connection } from '../duckdb/database.ts'

/** How far a table has been read: what the reader's checkpoint keeps. */
export interface DeltaPosition {
  /** Identity of the table that was read. */
  tableId: string
  /** Newest version read. */
  version: number
  /** Files of `version` that were read, while the first look is under way; those of later versions come after it. */
  filesRead?: number
}

/** What the next batch would take. `more`: there are further files. */
export interface DeltaPlan {
  /** In the order of the rows. */
  files: AddFile[]
  rows: number
  position: DeltaPosition
  more: boolean
}

/** Commits that only move rows to other files are passed over. */
export class DeltaSource {
  readonly #context: EngineContext
  readonly #connection: Connection
  readonly #title: string
  readonly #folder: string
  readonly #columns: TableContract['columns']
  readonly #rowsPerBatch: number
  #position: DeltaPosition | undefined
  /** Files of the initial snapshot that have not been read. */
  #snapshot: AddFile[] = []
  readonly #rebuilt: readonly string[]
  /** Of the commit of `#position`. */
  #mark: string | undefined

  /** @param options.rebuilt what follows from this table alone, in the lake: its tables and checkpoints. */
  constructor(
    context: EngineContext,
    connection: Connection,
    contract: TableContract,
    options: { position: DeltaPosition | undefined; rowsPerBatch: number; rebuilt: readonly string[] },
  ) {
    this.#context = context
    this.#connection = connection
    this.#title = `${contract.container}/${contract.path}`
    this.#folder = context.lake.resolve(contract.container, contract.path)
    this.#columns = contract.columns
    this.#position = options.position
    this.#rowsPerBatch = options.rowsPerBatch
    this.#rebuilt = options.rebuilt
  }

  /** @throws Error when the table is not the one that was read before. */
  async open(): Promise<void> {
    const position = this.#position
    if (!position) return
    const filesRead = position.filesRead
    const state = await loadTable(this.#folder, checkpointReader(this.#connection), {
      ...(filesRead !== undefined && { upTo: position.version }),
    })
    this.#assertFits(state.protocol, state.metaData)
    if (state.metaData?.id !== position.tableId || state.version < position.version) throw this.#replaced()
    this.#assertFollows(position.version, state.version)
    if (filesRead !== undefined) this.#snapshot = inRowOrder([...state.files.values()]).slice(filesRead)
    this.#mark = commitMark(this.#folder, position.version)
  }

  /** The next files; undefined when nothing new has rows. */
  async plan(): Promise<DeltaPlan | undefined> {
    if (!this.#position) await this.#firstLook()
    const start = this.#position
    if (!start) return undefined
    await this.#assertSame(start)
    const files: AddFile[] = []
    let rows = 0
    let position = start
    while (rows < this.#rowsPerBatch && files.length < this.#context.tuning.filesPerBatch) {
      const file = this.#snapshot.shift()
      if (file) {
        files.push(file)
        rows += recordsOf(file)
        const { filesRead: read = 0, ...rest } = position
        position = this.#snapshot.length > 0 ? { ...rest, filesRead: read + 1 } : rest
        continue
      }
      const added = await this.#readVersion(position.version + 1)
      if (!added) break
      position = { tableId: position.tableId, version: position.version + 1 }
      files.push(...added)
      rows += added.reduce((sum, one) => sum + recordsOf(one), 0)
    }
    this.#position = position
    this.#mark = commitMark(this.#folder, position.version)
    if (files.length === 0) return undefined
    return {
      files,
      rows,
      position,
      more: this.#snapshot.length > 0 || existsSync(this.#commitFile(position.version + 1)),
    }
  }

  /**
   * What became of a file that a batch was to read.
   * @returns undefined when all are there.
   */
  async gone(files: readonly string[]): Promise<Error | undefined> {
    const file = files.find((one) => !existsSync(this.pathOf(one)))
    if (file === undefined) return undefined
    const removal = await removalOf(this.#folder, file)
    if (!removal)
      return new Error(`${this.#title} has lost the file ${file}, which its log still lists. ${RECOVERY}`)
    return new Error(
      `A vacuum of ${this.#title} deleted ${file} before it was read here; version ${removal.version} (${removal.operation}) had replaced it. ` +
        `The rows are still in ${this.#title}: stop the stages, move ${this.#rebuilt.join(', ')} out of the lake, ` +
        'and start again, so that they are built anew from it. Let a vacuum keep an hour or more.',
    )
  }

  /** Absolute path, as DuckDB opens it. */
  pathOf(file: string): string {
    return dataFileIn(this.#folder, this.#title, file)
  }

  /** A table that was made anew may have passed the version of the old one meanwhile. */
  async #assertSame({ tableId, version }: DeltaPosition): Promise<void> {
    const mark = commitMark(this.#folder, version)
    if (mark !== undefined && mark === this.#mark) return
    const { metaData, version: newest } = await loadTable(this.#folder, checkpointReader(this.#connection))
    if (metaData?.id !== tableId || newest < version) throw this.#replaced()
    this.#assertFollows(version, newest)
    this.#mark = mark
  }

  /** @throws Error when the commits behind a version are gone: another writer's cleanup does not know how far they are read. */
  #assertFollows(version: number, newest: number): void {
    if (newest <= version || existsSync(this.#commitFile(version + 1))) return
    throw new Error(
      `The log of ${this.#title} was cleaned up by another writer before it was read here: version ${version + 1} is gone, the table is at ` +
        `version ${newest}. The rows are still in ${this.#title}: stop the stages, move ${this.#rebuilt.join(', ')} out of the lake, ` +
        'and start again, so that they are built anew from it. Let others keep the log longer (delta.logRetentionDuration).',
    )
  }

  async #firstLook(): Promise<void> {
    const state = await loadTable(this.#folder, checkpointReader(this.#connection))
    if (!state.metaData) return
    this.#assertFits(state.protocol, state.metaData)
    this.#snapshot = inRowOrder([...state.files.values()])
    this.#mark = commitMark(this.#folder, state.version)
    this.#position = {
      tableId: state.metaData.id,
      version: state.version,
      ...(this.#snapshot.length > 0 && { filesRead: 0 }),
    }
  }

  /** Files with new rows of one version; undefined when it has not been committed. */
  async #readVersion(version: number): Promise<AddFile[] | undefined> {
    const actions = await readCommit(this.#folder, version)
    if (!actions) return undefined
    if (actions.some(({ metaData }) => metaData && metaData.id !== this.#position?.tableId))
      throw this.#replaced()
    if (actions.some(({ protocol, metaData }) => metaData || beyondOldest(protocol)))
      await this.#assertNewestFits()
    if (actions.some(({ remove }) => remove?.dataChange)) {
      const operation = actions.find(({ commitInfo }) => commitInfo)?.commitInfo?.operation ?? 'a rewrite'
      throw new Error(
        `Rows of ${this.#title} were changed (version ${version}, ${operation}), but what is built on it only follows added rows: ` +
          `stop the stages, move ${this.#rebuilt.join(', ')} out of the lake, and start again, so that they are built anew from it as it is now.`,
      )
    }
    return actions.flatMap(({ add }) => (add?.dataChange ? [add] : []))
  }

  /** What another writer added it may have dropped since, with all that was written by it. */
  async #assertNewestFits(): Promise<void> {
    const { protocol, metaData } = await loadTable(this.#folder, checkpointReader(this.#connection))
    this.#assertFits(protocol, metaData)
  }

  #assertFits(protocol: Protocol | undefined, metaData?: Metadata): void {
    assertFits(this.#title, this.#columns, protocol, metaData)
  }

  #commitFile(version: number): string {
    return join(this.#folder, LOG_FOLDER, commitName(version))
  }

  #replaced(): Error {
    return new Error(`${this.#title} was deleted or replaced since it was last read. ${RECOVERY}`)
  }
}

const recordsOf = (file: AddFile) => statisticsOf(file)?.numRecords ?? 0
