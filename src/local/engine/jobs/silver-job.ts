/** bronze → silver/weather and silver/weather_quarantine. */
import { existsSync } from 'node:fs'
import { appendFile, readFile } from 'node:fs/promises'
import { BRONZE } from '../../../contract/bronze-layout.ts'
import { type BatchCounts, TABLES } from '../../../contract/tables.ts'
import type { EngineContext } from '../api/options.ts'
import { compactAppended } from '../delta/compaction.ts'
import { DeltaTable } from '../delta/delta-writer.ts'
import { writeLakeFile } from '../delta/lake-files.ts'
import { dataFileName } from '../delta/parquet-file.ts'
import { TableMaintenance } from '../delta/table-maintenance.ts'
import type { Connection, Database } from '../duckdb/database.ts'
import { HandedReadings } from '../live/handed-readings.ts'
import { LiveSilver } from '../live/live-silver.ts'
import type { LoadedBatch } from '../live/loaded-batch.ts'
import { type BronzePlan, type BronzePosition, BronzeSource } from '../query/bronze-source.ts'
import { type BronzePiece, bytesOf } from '../query/bronze-text.ts'
import { asTheyAre } from '../query/cut-files.ts'
import type { Batch, BatchJob, BatchPlan, OnInput, Output } from '../query/query.ts'
import type { QueryCheckpoint } from '../query/query-checkpoint.ts'
import { SilverBySql } from './silver-by-sql.ts'

/** What a batch takes, as its checkpoint keeps it. */
export interface SilverInput {
  pieces: BronzePiece[]
  /** Files with foreign names that end in this batch. */
  foreign: string[]
}

/** Paths of foreign files that have been read, one per line. */
const FOREIGN_LIST = 'foreign-files.txt'

/** Batches whose lines are read at once: each keeps a core busy, whatever else waits for the disk. */
const LOADED_AT_ONCE = 2

/** Asks once for each path: finding a place looks at every folder that leads there. */
function remembering(resolve: (path: string) => string): (path: string) => string {
  const places = new Map<string, string>()
  return (path) => {
    const place = places.get(path) ?? resolve(path)
    places.set(path, place)
    return place
  }
}

/** Every line of bronze becomes a row, a quarantined line, or a counted duplicate. */
export class SilverJob implements BatchJob<SilverInput, BronzePosition> {
  readonly name = 'silver'
  readonly outputs: readonly Output[]
  readonly #context: EngineContext
  readonly #connection: Connection
  readonly #checkpoint: QueryCheckpoint<SilverInput, BronzePosition>
  readonly #silver: DeltaTable
  readonly #quarantine: DeltaTable
  readonly #retentions: TableMaintenance[]
  readonly #bySql: SilverBySql
  readonly #live: LiveSilver
  readonly #handed: HandedReadings
  readonly #readForeign = new Set<string>()
  #source: BronzeSource | undefined
  /** The batch that was planned last is one of a backlog, and not the last of it. */
  #isBehind = false
  /** What the next batches take, where that is known already. */
  readonly #ahead: Promise<BronzePlan | undefined>[] = []

  constructor(
    context: EngineContext,
    connection: Connection,
    checkpoint: QueryCheckpoint<SilverInput, BronzePosition>,
    goldConsumedUpTo: () => number,
    database: Pick<Database, 'connect' | 'disconnect'>,
    handed = new HandedReadings(),
  ) {
    this.#context = context
    this.#handed = handed
    this.#connection = connection
    this.#checkpoint = checkpoint
    this.#silver = new DeltaTable(context, TABLES.silver)
    this.#quarantine = new DeltaTable(context, TABLES.quarantine)
    this.outputs = [
      { table: this.#silver, appId: 'silver', everyBatch: true },
      { table: this.#quarantine, appId: 'silver-quarantine', everyBatch: false },
    ]
    this.#retentions = [
      new TableMaintenance(context, this.#silver, goldConsumedUpTo),
      new TableMaintenance(context, this.#quarantine),
    ]
    const tables = { silver: this.#silver, quarantine: this.#quarantine }
    this.#bySql = new SilverBySql(context, connection, database, tables)
    this.#live = new LiveSilver(context, tables, handed)
  }

  async open(
    position: BronzePosition | undefined,
    _firstUnfinished: number,
    onInput: OnInput,
  ): Promise<void> {
    this.#handed.clear()
    await this.#openForeignList()
    // The batch that is about to be finished has these.
    for (const path of this.#checkpoint.unfinished?.input.foreign ?? []) this.#readForeign.add(path)
    this.#source = new BronzeSource(this.#context, position ?? { partitions: {} }, this.#readForeign)
    await this.#source.open(onInput)
  }

  async plan(): Promise<BatchPlan<SilverInput, BronzePosition> | undefined> {
    const plan = await this.#planned()
    const large = plan !== undefined && this.#isLarge(plan)
    if (this.#ahead.length === 0) this.#isBehind = large && plan.more
    return plan && { ...plan, input: { pieces: plan.pieces, foreign: plan.foreign }, large }
  }

  #isLarge({ pieces }: BronzePlan): boolean {
    return bytesOf(pieces) >= this.#context.tuning.largeBytes
  }

  async #planned(): Promise<BronzePlan | undefined> {
    const { tuning } = this.#context
    // What was planned ahead may have been removed since it was seen, and other files have come.
    for (let next = this.#ahead.shift(); next; next = this.#ahead.shift()) {
      this.#live.isFor(Number.POSITIVE_INFINITY)
      const plan = await next
      if (plan) return plan
    }
    const bytes = this.#live.isFor(this.#source?.pendingRows ?? 0) ? tuning.liveBytes : tuning.bytesPerBatch
    return this.#source?.plan(bytes)
  }

  /** Behind a backlog the next batches' lines are loaded while this one is. @param most batches. */
  async #lookAhead(batchId: number, resolve: (path: string) => string, most: number): Promise<void> {
    while (this.#isBehind && this.#ahead.length < most && this.#source?.isKnownAhead) {
      const next = this.#source.plan()
      this.#ahead.push(next)
      // An error is told when it is that batch's turn, also one of a file that has just been removed.
      const plan = await next.catch(() => undefined)
      this.#isBehind = plan?.more === true && this.#isLarge(plan)
      if (plan && bytesOf(plan.pieces) > this.#context.tuning.liveBytes)
        await this.#bySql.loadAhead(batchId, plan.pieces, resolve).catch(() => {})
    }
  }

  async execute(batch: Batch, input: SilverInput): Promise<BatchCounts> {
    const resolve = remembering(this.#resolve)
    // Together with what is loaded already.
    if (!this.#bySql.isLoadingAhead) await this.#lookAhead(batch.id, resolve, LOADED_AT_ONCE - 1)
    const loaded = await this.#load(batch.id, asTheyAre(input.pieces, resolve), resolve)
    await this.#lookAhead(batch.id, resolve, LOADED_AT_ONCE)
    const { counts } = loaded
    const [silver, quarantine] = this.outputs as [Output, Output]
    await this.#append(batch, counts, silver, counts.output, loaded.writeSilver)
    if (counts.quarantined > 0)
      await this.#append(batch, counts, quarantine, counts.quarantined, loaded.writeQuarantine)
    await loaded.remember()
    await this.#rememberForeign(input.foreign)
    return counts
  }

  /** What is live is done here; the rest, and what takes more than one look, by DuckDB. */
  async #load(
    batchId: number,
    pieces: readonly BronzePiece[],
    resolve: (path: string) => string,
  ): Promise<LoadedBatch> {
    const live = await this.#live.load(batchId, pieces, resolve)
    if (live) {
      this.#bySql.forget()
      return live
    }
    return this.#bySql.load(batchId, pieces, resolve)
  }

  async maintain(): Promise<void> {
    for (const table of [this.#silver, this.#quarantine]) {
      await compactAppended(this.#context, this.#connection, table)
      await table.checkpointIfDue()
    }
    for (const retention of this.#retentions) await retention.clean()
  }

  close(): void {
    this.#source?.close()
    this.#bySql.close()
  }

  #resolve = (path: string): string => this.#context.lake.resolve(BRONZE.container, path)

  async #append(
    batch: Batch,
    counts: BatchCounts,
    { table, appId }: Output,
    rows: number,
    write: LoadedBatch['writeSilver'],
  ): Promise<void> {
    if (table.transaction(appId) >= batch.id) return
    const written = rows > 0 ? await write(dataFileName(batch.id, batch.id, 'b', 0)) : undefined
    await this.#context.tuning.failpoint(`${table.title}: file written`)
    await table.commit({
      operation: 'STREAMING UPDATE',
      operationParameters: { outputMode: 'Append', queryId: this.name, epochId: String(batch.id) },
      operationMetrics: {
        numAddedFiles: written ? 1 : 0,
        numOutputRows: rows,
        numOutputBytes: written?.add.size ?? 0,
      },
      txn: { appId, version: batch.id },
      add: written ? [written.add] : [],
      dataChange: true,
      commitMetadata: batch.commitMetadata(counts),
    })
    await this.#context.tuning.failpoint(`${table.title}: committed`)
  }

  async #openForeignList(): Promise<void> {
    const place = this.#checkpoint.path(FOREIGN_LIST)
    let text = ''
    try {
      text = await readFile(this.#context.lake.resolve(place.container, place.path), 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
    const exists = (path: string) => existsSync(this.#context.lake.resolve(BRONZE.container, path))
    const paths = text.split('\n').filter(Boolean)
    const long = paths.length > this.#context.tuning.foreignFiles / 2
    for (const path of long ? paths.filter(exists) : paths) this.#readForeign.add(path)
    if (this.#readForeign.size === paths.length) return
    await writeLakeFile(this.#context, place, `${[...this.#readForeign].join('\n')}\n`, { overwrite: true })
  }

  /** Before the checkpoint says that the batch is done: a crash in between only writes the same names twice. */
  async #rememberForeign(paths: readonly string[]): Promise<void> {
    if (paths.length === 0) return
    const { foreignFiles } = this.#context.tuning
    if (this.#readForeign.size + paths.length > foreignFiles) {
      throw new Error(
        `Bronze holds more than ${foreignFiles} files that the local Stream Analytics job did not write. ` +
          'Remove older ones, which silver has read, and start silver again.',
      )
    }
    const { container, path } = this.#checkpoint.path(FOREIGN_LIST)
    // The line end in front closes a line that a crash may have cut off.
    await appendFile(this.#context.lake.resolve(container, path), `\n${paths.join('\n')}\n`)
    for (const one of paths) this.#readForeign.add(one)
    await this.#context.tuning.failpoint('silver: foreign files noted')
  }
}
