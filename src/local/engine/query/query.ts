/**
 * One continuous query: plans micro-batches, runs each exactly once, keeps its checkpoint. What a batch reads and writes is
 * the {@link BatchJob}'s.
 */
import type { BatchCounts, CommitMetadata } from '../../../contract/tables.ts'
import type { BatchProgress, NotebookName } from '../api/engine.ts'
import type { EngineContext } from '../api/options.ts'
import { RECOVERY } from '../api/recovery.ts'
import type { DeltaTable } from '../delta/delta-writer.ts'
import { removeOrphans } from '../delta/table-maintenance.ts'
import type { Connection } from '../duckdb/database.ts'
import type { QueryCheckpoint } from './query-checkpoint.ts'

/** @param rows that came, where that is known. */
export type OnInput = (rows?: number) => void

/** What the next batch would take; it becomes the checkpoint's entry. */
export interface BatchPlan<Input, Position> {
  input: Input
  position: Position
  /** A batch on this input would hold no row: the position moves on without one. */
  empty: boolean
  /** More is waiting: the next batch starts at once. */
  more: boolean
  /** So many rows that several statements may run at once for it. */
  large?: boolean
}

/** The batch under way. */
export interface Batch {
  id: number
  /** What the commit of a table says of the batch. */
  commitMetadata(counts: BatchCounts): CommitMetadata
}

/** An output table, and the `txn` application id of the batches in it. */
export interface Output {
  table: DeltaTable
  appId: string
  /** Whether every batch commits to it, so that the table cannot lie behind the checkpoint. */
  everyBatch: boolean
}

/** What is particular to silver, gold, or the aggregate. */
export interface BatchJob<Input, Position> {
  readonly name: NotebookName
  readonly outputs: readonly Output[]
  /**
   * Opens the source and rebuilds what is kept in memory. The output tables are open.
   * @param firstUnfinished rows of this batch and later ones do not count as being in the tables.
   * @param onInput to be called when new input may be there.
   */
  open(position: Position | undefined, firstUnfinished: number, onInput: OnInput): Promise<void>
  /** Undefined: nothing new. */
  plan(): Promise<BatchPlan<Input, Position> | undefined>
  /** Runs a batch; a table whose `txn` is as far already is left as it is. The same input must give the same rows. */
  execute(batch: Batch, input: Input): Promise<BatchCounts>
  /** Keeps the tables small; called behind a batch. */
  maintain(): Promise<void>
  /** It hears of no more input. */
  close(): void
}

/** At most one batch at a time. */
export class ContinuousQuery<Input = unknown, Position = unknown> {
  readonly #context: EngineContext
  readonly #job: BatchJob<Input, Position>
  readonly #checkpoint: QueryCheckpoint<Input, Position>
  /** Reported as input comes, also of batches without rows. */
  readonly #onPosition: (position: Position) => void
  /** Reported before each batch: whether there is much to do, in it or behind it. */
  readonly #onPlanned: (isBehind: boolean) => void

  constructor(
    context: EngineContext,
    job: BatchJob<Input, Position>,
    checkpoint: QueryCheckpoint<Input, Position>,
    onPosition: (position: Position) => void,
    onPlanned: (isBehind: boolean) => void = () => {},
  ) {
    this.#context = context
    this.#job = job
    this.#checkpoint = checkpoint
    this.#onPosition = onPosition
    this.#onPlanned = onPlanned
  }

  /**
   * Opens everything, and finishes the batch that a crash cut off.
   * @returns that batch.
   */
  async open(connection: Connection, onInput: OnInput): Promise<BatchProgress | undefined> {
    for (const { table } of this.#job.outputs) await this.#openTable(table, connection)
    await this.#checkTables()
    for (const { table } of this.#job.outputs) await removeOrphans(this.#context, table)
    const { committed, unfinished } = this.#checkpoint
    const position = committed?.position
    await this.#job.open(unfinished?.position ?? position, (committed?.batchId ?? -1) + 1, onInput)
    if (position !== undefined) this.#onPosition(position)
    return unfinished && this.#run(unfinished.input)
  }

  /** Runs the next batch. @returns `undefined` when there is no input; no `progress` when it held no row. */
  async next(): Promise<{ progress: BatchProgress | undefined; more: boolean } | undefined> {
    // What other writers have done since, an optimize or a new column, is part of what the batch is planned on.
    for (const { table } of this.#job.outputs) await table.refresh()
    const plan = await this.#job.plan()
    if (!plan) return undefined
    this.#onPlanned(plan.more || (plan.large ?? false))
    if (plan.empty) {
      this.#onPosition(plan.position)
      return { progress: undefined, more: plan.more }
    }
    await this.#checkpoint.plan({
      batchId: (this.#checkpoint.committed?.batchId ?? -1) + 1,
      plannedAt: this.#context.clock.now(),
      input: plan.input,
      position: plan.position,
    })
    await this.#context.tuning.failpoint(`${this.#job.name}: planned`)
    return { progress: await this.#run(plan.input), more: plan.more }
  }

  close(): void {
    this.#job.close()
  }

  async #run(input: Input): Promise<BatchProgress> {
    const startedAt = performance.now()
    const batchId = (this.#checkpoint.committed?.batchId ?? -1) + 1
    const before = this.#checkpoint.committed?.totals
    const duration = () => Math.round(performance.now() - startedAt)
    const counts = await this.#job.execute(
      {
        id: batchId,
        commitMetadata: (batch) => ({ batchId, durationMs: duration(), batch, totals: sum(before, batch) }),
      },
      input,
    )
    await this.#context.tuning.failpoint(`${this.#job.name}: executed`)
    await this.#checkpoint.commit(sum(before, counts))
    await this.#context.tuning.failpoint(`${this.#job.name}: committed`)
    const { committed } = this.#checkpoint
    if (committed) this.#onPosition(committed.position)
    const progress = {
      batchId,
      inputRows: counts.input,
      durationMs: duration(),
      at: this.#context.clock.now(),
    }
    await this.#job.maintain()
    return progress
  }

  async #openTable(table: DeltaTable, connection: Connection): Promise<void> {
    const expected = this.#checkpoint.tables?.[table.title]
    if (expected === undefined) return table.open(connection)
    await table.load(connection)
    if (table.state.metaData?.id === expected) return
    throw new Error(
      `${table.title} was deleted or replaced since ${this.#job.name} last wrote it. ${RECOVERY}`,
    )
  }

  /** Checkpoint and tables must be of one life: rows would be lost or repeated otherwise. */
  async #checkTables(): Promise<void> {
    const { offset, committed, tables } = this.#checkpoint
    for (const { table, appId, everyBatch } of this.#job.outputs) {
      const written = table.transaction(appId)
      if (written > (offset?.batchId ?? -1)) {
        throw new Error(
          `${table.title} holds batch ${written}, but checkpoints/${this.#job.name} knows ` +
            `${offset ? `none after ${offset.batchId}` : 'no batch'}: the checkpoint was lost or is older. ${RECOVERY}`,
        )
      }
      if (everyBatch && committed && written < committed.batchId) {
        throw new Error(
          `${table.title} ends with batch ${written}, but checkpoints/${this.#job.name} has finished ` +
            `${committed.batchId}: the table was put back to an older version. ${RECOVERY}`,
        )
      }
    }
    if (tables) return
    const ids = this.#job.outputs.map(({ table }) => [table.title, table.state.metaData?.id ?? ''])
    await this.#checkpoint.writeTables(Object.fromEntries(ids))
  }
}

function sum(totals: BatchCounts | undefined, batch: BatchCounts): BatchCounts {
  const names = Object.keys(batch) as (keyof BatchCounts)[]
  return Object.fromEntries(names.map((name) => [name, (totals?.[name] ?? 0) + (batch[name] ?? 0)])) as never
}
