/**
 * Writes Delta tables (made with reader version 1, writer version 2): protocol, metaData, add, remove, txn, each commit put where no
 * other stands. It knows nothing of what the tables hold; who writes Parquet hands over the `add` actions.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { CommitMetadata, DeltaType, TableContract } from '../../../contract/tables.ts'
import type { Action, AddFile, Metadata, Protocol } from '../../../delta/actions.ts'
import { commitName, LOG_FOLDER } from '../../../delta/log-names.ts'
import { applyActions, emptyState, type TableState } from '../../../delta/replay.ts'
import type { EngineContext } from '../api/options.ts'
import { RECOVERY } from '../api/recovery.ts'
import type { Connection } from '../duckdb/database.ts'
import { checkpointReader, writeCheckpoint } from './delta-checkpoint.ts'
import { commitMark, dataFileIn, hasVersion, heldBatch, listLog, loadTable, readCommit } from './delta-log.ts'
import { writeLakeFile } from './lake-files.ts'
import { assertFits } from './table-fit.ts'
import { brokenRule } from './writer-rules.ts'

/** Another writer has changed what this commit depends on. Nothing was committed. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError'
}

/** One commit, before it has a version. */
export interface Change {
  /** The field's names: `STREAMING UPDATE`, `OPTIMIZE`, … */
  operation: string
  operationParameters?: Record<string, string>
  operationMetrics?: Record<string, string | number>
  add: readonly AddFile[]
  /** Paths of active files. */
  remove?: readonly string[]
  /** False when the same rows only move to other files. */
  dataChange: boolean
  /** What makes a batch idempotent. */
  txn?: { appId: string; version: number }
  /** `undefined` carries the newest metadata forward. */
  commitMetadata?: CommitMetadata
}

/** A table that the engine writes. What happens when somebody else commits too, says {@link commit}. */
export class DeltaTable {
  readonly contract: TableContract
  /** Absolute. */
  readonly folder: string
  /** `silver/weather`, for messages. */
  readonly title: string
  readonly #context: EngineContext
  #state: TableState = emptyState()
  /** Where the count of commits until the next checkpoint begins. */
  #lastCheckpoint = 0
  #checkpointVersion: number | undefined
  #connection: Connection | undefined
  /** Of the commit of the state's version. */
  #mark: string | undefined
  /** Version of the RESTORE that is known to have left all batches in. */
  #heldSince: number | undefined

  constructor(context: EngineContext, contract: TableContract) {
    this.#context = context
    this.contract = contract
    this.folder = context.lake.resolve(contract.container, contract.path)
    this.title = `${contract.container}/${contract.path}`
  }

  /** The newest version that this instance has seen. */
  get state(): Readonly<TableState> {
    return this.#state
  }

  /** Reads the table from disk, and makes it, empty, when it is not there. */
  async open(connection: Connection): Promise<void> {
    await this.load(connection)
    if (this.#state.version >= 0) return
    await mkdir(join(this.folder, LOG_FOLDER), { recursive: true })
    await this.#put(0, [
      { commitInfo: this.#commitInfo('CREATE TABLE', {}, undefined, true) },
      { protocol: { minReaderVersion: 1, minWriterVersion: 2 } },
      { metaData: this.#metadata() },
    ])
  }

  /** Reads the table from disk; its version is −1 when it is not there. */
  async load(connection: Connection): Promise<void> {
    this.#connection = connection
    this.#state = await loadTable(this.folder, checkpointReader(connection))
    this.#noteMark()
    this.#lastCheckpoint = (await listLog(this.folder)).checkpoints.at(-1) ?? 0
    if (this.#state.version >= 0) this.#assertFits(this.#state.protocol, this.#state.metaData)
  }

  /** Takes in what other writers have committed since, so that a batch is planned on the table as it is. */
  async refresh(): Promise<void> {
    await this.#assertStands()
    for (;;) {
      const actions = await readCommit(this.folder, this.#state.version + 1)
      if (!actions) return
      try {
        this.#takeIn(actions)
      } catch (error) {
        if (!(await this.#fitsAgain())) throw error
      }
    }
  }

  /** What another writer added it may have dropped since: then the table is read anew as it is now. @returns false when it has not. */
  async #fitsAgain(): Promise<boolean> {
    if (!this.#connection) return false
    const now = await loadTable(this.folder, checkpointReader(this.#connection))
    if (now.metaData?.id !== this.#state.metaData?.id) return false
    try {
      this.#assertFits(now.protocol, now.metaData)
    } catch {
      return false
    }
    this.#state = now
    this.#noteMark()
    return true
  }

  #noteMark(): void {
    this.#mark = commitMark(this.folder, this.#state.version)
  }

  /**
   * The commit that was read last may be another now: cleaned up behind a checkpoint, or written to its end. Then the table is read anew.
   * @throws Error when a table that was made anew has passed the version of the old one.
   */
  async #assertStands(): Promise<void> {
    const { version, metaData } = this.#state
    if (!this.#connection || commitMark(this.folder, version) === this.#mark) return
    const now = await loadTable(this.folder, checkpointReader(this.#connection))
    if (now.metaData?.id !== metaData?.id || now.version < version) throw this.#replaced(version)
    this.#assertFits(now.protocol, now.metaData)
    this.#state = now
    this.#noteMark()
  }

  #replaced(version: number): Error {
    return new Error(
      `${this.title} was deleted or replaced while it was written: its version ${version} is gone. ${RECOVERY}`,
    )
  }

  /** The newest checkpoint that this instance wrote. */
  get checkpointVersion(): number | undefined {
    return this.#checkpointVersion
  }

  /** Version of the last transaction of an application; −1: none. */
  transaction(appId: string): number {
    return this.#state.transactions.get(appId)?.version ?? -1
  }

  /** Absolute path of an active file, as DuckDB opens it. */
  pathOf(file: AddFile): string {
    return dataFileIn(this.folder, this.title, file.path)
  }

  /**
   * Commits a change at the next version, whole or not at all. When another writer took that version first, a change that
   * removes nothing goes to the one after; so does a rewrite (`dataChange` false) whose files are all still there.
   * A batch whose `txn` is in the table already is left out.
   * @throws ConflictError when the other writer's commit takes away what this change rests on; Error when the table forbids the change.
   */
  async commit(change: Change): Promise<void> {
    for (;;) {
      if (change.txn) {
        if (this.transaction(change.txn.appId) >= change.txn.version) return
        await this.#assertHolds(change.txn.appId)
      }
      const broken = brokenRule(this.#state.metaData, change)
      if (broken !== undefined) throw new Error(`Another writer has changed ${this.title}: ${broken}`)
      const version = this.#state.version + 1
      if (await this.#put(version, this.#actions(change))) return
      await this.#catchUp(change)
    }
  }

  /**
   * A RESTORE takes rows out and leaves the `txn` of the batches that brought them: nobody would bring them again.
   * @throws Error when it has done so.
   */
  async #assertHolds(appId: string): Promise<void> {
    const { restored, version } = this.#state
    if (!this.#connection || !restored || restored.version === this.#heldSince) return
    const held = await heldBatch(this.folder, version, appId, checkpointReader(this.#connection))
    if (held === undefined || held < this.transaction(appId))
      throw new Error(
        `${this.title} was put back to ${restored.to === undefined ? 'an earlier time' : `version ${restored.to}`} by another writer ` +
          `(RESTORE, version ${restored.version}), so that what was written to it since is not in it any more. ` +
          `RESTORE TABLE … TO VERSION AS OF ${restored.version - 1} takes that back; or use another data folder. Delete nothing.`,
      )
    this.#heldSince = restored.version
  }

  /** Writes a checkpoint when enough commits have passed; the wait grows with the table, so the cost per commit does not. */
  async checkpointIfDue(): Promise<void> {
    const { version, files, tombstones } = this.#state
    const wait = Math.max(this.#context.tuning.commitsPerCheckpoint, (files.size + tombstones.size) / 10)
    if (version - this.#lastCheckpoint < wait) return
    await writeCheckpoint(this.#context, this.contract, this.#state)
    this.#lastCheckpoint = version
    this.#checkpointVersion = version
    await this.#context.tuning.failpoint(`${this.title}: checkpoint done`)
  }

  /** Forgets tombstones whose files are gone for good; the next checkpoint leaves them out. */
  forget(paths: readonly string[]): void {
    for (const path of paths) this.#state.tombstones.delete(path)
  }

  /** @returns false when another writer has this version. @throws Error when the table was deleted under us. */
  async #put(version: number, actions: Action[]): Promise<boolean> {
    if (version > 0 && !(await hasVersion(this.folder, version - 1))) throw this.#replaced(version - 1)
    const place = {
      container: this.contract.container,
      path: `${this.contract.path}/${LOG_FOLDER}/${commitName(version)}`,
    }
    const text = `${actions.map((action) => JSON.stringify(action)).join('\n')}\n`
    try {
      await writeLakeFile(this.#context, place, text, { overwrite: false })
    } catch (error) {
      if ((error as Error).name === 'AlreadyExistsError') return false
      throw error
    }
    applyActions(this.#state, version, actions)
    this.#noteMark()
    return true
  }

  /** Takes in the other writer's commits. @throws ConflictError */
  async #catchUp(change: Change): Promise<void> {
    const rests = new Set(change.remove)
    for (;;) {
      const version = this.#state.version + 1
      const actions = await readCommit(this.folder, version)
      if (!actions) return
      const lost = actions.some(({ remove }) => remove && rests.has(remove.path))
      // A rewrite of keyed rows would count the other writer's new rows twice, or not at all.
      const added = change.dataChange && rests.size > 0 && actions.some(({ add }) => add)
      this.#takeIn(actions)
      if (lost || added) {
        throw new ConflictError(
          `Another writer changed ${this.title} (version ${version}) while this batch was rewriting it. Start it again.`,
        )
      }
    }
  }

  /** @throws Error when the table is another one now, or asks for more than is known here. */
  #takeIn(actions: readonly Action[]): void {
    for (const { protocol, metaData } of actions) {
      const known = this.#state.metaData?.id
      if (metaData && known !== undefined && metaData.id !== known)
        throw new Error(`${this.title} was replaced by another writer. ${RECOVERY}`)
      this.#assertFits(protocol, metaData)
    }
    applyActions(this.#state, this.#state.version + 1, actions)
    this.#noteMark()
  }

  #assertFits(protocol: Protocol | undefined, metaData: Metadata | undefined): void {
    assertFits(this.title, this.contract.columns, protocol, metaData)
  }

  #actions(change: Change): Action[] {
    const { files, version, userMetadata } = this.#state
    const now = this.#context.clock.now()
    const commitMetadata = change.commitMetadata ? JSON.stringify(change.commitMetadata) : userMetadata
    const info = this.#commitInfo(change.operation, change, commitMetadata, change.remove === undefined)
    const removed = (change.remove ?? []).map((path) => {
      const file = files.get(path)
      if (!file) throw new ConflictError(`${this.title} has no file ${path} any more.`)
      return {
        remove: {
          path,
          deletionTimestamp: now,
          dataChange: change.dataChange,
          extendedFileMetadata: true,
          partitionValues: {},
          size: file.size,
        },
      }
    })
    return [
      { commitInfo: { ...info, readVersion: version } },
      ...(change.txn ? [{ txn: { ...change.txn, lastUpdated: now } }] : []),
      ...removed,
      ...change.add.map((add) => ({ add: { ...add, dataChange: change.dataChange } })),
    ]
  }

  #commitInfo(
    operation: string,
    change: Pick<Change, 'operationParameters' | 'operationMetrics'>,
    userMetadata: string | undefined,
    isBlindAppend: boolean,
  ) {
    const metrics = Object.entries(change.operationMetrics ?? {})
    return {
      timestamp: this.#context.clock.now(),
      operation,
      operationParameters: change.operationParameters ?? {},
      ...(metrics.length > 0 && {
        operationMetrics: Object.fromEntries(metrics.map(([name, value]) => [name, String(value)])),
      }),
      isBlindAppend,
      engineInfo: 'rtstream-tui',
      ...(userMetadata !== undefined && { userMetadata }),
    }
  }

  #metadata() {
    const createdTime = this.#context.clock.now()
    return {
      // A table's identity: made anew, it is another table, even at the same place.
      id: this.#context.newId(),
      format: { provider: 'parquet', options: {} },
      schemaString: schemaString(this.contract),
      partitionColumns: [],
      configuration: {
        'delta.checkpointInterval': String(this.#context.tuning.commitsPerCheckpoint),
        'delta.logRetentionDuration': `interval ${this.#context.retentionMs} milliseconds`,
        'delta.deletedFileRetentionDuration': `interval ${this.#context.retentionMs} milliseconds`,
      },
      createdTime,
    }
  }
}

/** The schema as Spark's JSON; every column is nullable. */
function schemaString(contract: Pick<TableContract, 'columns'>): string {
  const sparkType = (type: DeltaType) =>
    type === 'array<string>' ? { type: 'array', elementType: 'string', containsNull: true } : type
  return JSON.stringify({
    type: 'struct',
    fields: contract.columns.map(([name, type]) => ({
      name,
      type: sparkType(type),
      nullable: true,
      metadata: {},
    })),
  })
}
