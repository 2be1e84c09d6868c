/** bronze → silver/weather and silver/weather_quarantine. */
import { existsSync, statSync } from 'node:fs'
import { appendFile, readFile } from 'node:fs/promises'
import { BRONZE, parseBronzeFileName } from '../../../contract/bronze-layout.ts'
import { quotedPaths } from '../../../contract/duckdb-paths.ts'
import { type BatchCounts, TABLES } from '../../../contract/tables.ts'
import type { EngineContext } from '../api/options.ts'
import { compactAppended } from '../delta/compaction.ts'
import { DeltaTable } from '../delta/delta-writer.ts'
import { writeLakeFile } from '../delta/lake-files.ts'
import { dataFileName, writeParquet } from '../delta/parquet-file.ts'
import { TableMaintenance } from '../delta/table-maintenance.ts'
import type { Connection, Database } from '../duckdb/database.ts'
import { type BronzePosition, BronzeSource } from '../query/bronze-source.ts'
import { type BronzePiece, readPieces } from '../query/bronze-text.ts'
import { asTheyAre, refuseCutFiles } from '../query/cut-files.ts'
import type { Batch, BatchJob, BatchPlan, OnInput, Output } from '../query/query.ts'
import type { QueryCheckpoint } from '../query/query-checkpoint.ts'
import { type BatchSpan, Duplicates } from './deduplication.ts'
import { linesOf, REASONS, RULE_MACROS, shortWay, validated } from './silver-rules.ts'
import { insertHalves, insertMany, makeWorkTables } from './work-table.ts'

/** What a batch takes, as its checkpoint keeps it. */
export interface SilverInput {
  pieces: BronzePiece[]
  /** Files with foreign names that end in this batch. */
  foreign: string[]
}

interface LoadedRow extends Record<string, unknown> {
  /** Epoch ms; null when no row has a time. */
  earliest: number | null
  latest: number | null
  has_intra_batch_duplicates: boolean
  rows: number
  kept: number
  /** Rows with their raw line: the rules have refused them, or the short way could not do them. */
  raw: number
}

interface Loaded {
  span: BatchSpan
  /** Right as long as no row repeats an earlier one. */
  counts: Required<BatchCounts>
  raw: number
}

/** Paths of foreign files that have been read, one per line. */
const FOREIGN_LIST = 'foreign-files.txt'

/** After this many rows the space of deleted ones, which DuckDB keeps, is given back. */
const ROWS_PER_WORK_TABLE = 10_000

/** Plans are kept behind batches of so many rows at most. */
const ROWS_OF_PLANS = 20_000

const INSERT_BATCH = `INSERT INTO batch ${validated(linesOf('decode($1)'))}`
const INSERT_CANONICAL = `INSERT INTO batch ${shortWay(linesOf('decode($1)'))}`

/** After lines in another form than the product's, so many small batches take the rules at once. */
const BATCHES_BY_RULES = 10

/** From this size (bytes) DuckDB reads files itself: planning each statement costs less than copies. */
const READ_BY_DUCKDB_BYTES = 1_000_000

/** From this size (bytes) they are loaded in two halves at once: a batch of a backlog, not of 50,000 events a second that are followed. */
const HALVED_BYTES = 16_000_000

const bytesOf = (pieces: readonly BronzePiece[]) => pieces.reduce((sum, { from, to }) => sum + to - from, 0)

/** In their order; the second one is empty when it is not worth it. */
function halvesOf(pieces: readonly BronzePiece[]): [first: BronzePiece[], second: BronzePiece[]] {
  const bytes = bytesOf(pieces)
  const first: BronzePiece[] = []
  let taken = 0
  for (const piece of pieces) {
    if (bytes >= HALVED_BYTES && taken * 2 >= bytes) break
    first.push(piece)
    taken += piece.to - piece.from
  }
  return [first, pieces.slice(first.length)]
}

/** SQL of the lines in whole files. */
const linesIn = (pieces: readonly BronzePiece[], resolve: (path: string) => string) =>
  linesOf('without_mark(content)', `read_text(${quotedPaths(pieces.map(({ path }) => resolve(path)))})`)

/** Whole files of the local job, which writes UTF-8 and never changes a file. */
const isReadByDuckDb = (pieces: readonly BronzePiece[], resolve: (path: string) => string) =>
  bytesOf(pieces) >= READ_BY_DUCKDB_BYTES &&
  pieces.every(
    ({ path, from, to }) => from === 0 && parseBronzeFileName(path) && statSync(resolve(path)).size === to,
  )

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
  readonly #database: Pick<Database, 'connect' | 'disconnect'>
  readonly #checkpoint: QueryCheckpoint<SilverInput, BronzePosition>
  readonly #silver: DeltaTable
  readonly #quarantine: DeltaTable
  readonly #retentions: TableMaintenance[]
  readonly #duplicates: Duplicates
  readonly #readForeign = new Set<string>()
  /** Where its files stand until they are whole, one at a time. */
  readonly #unfinished: string
  #source: BronzeSource | undefined
  #rowsInWorkTables = 0
  /** How many small batches still take the rules at once. */
  #batchesByRules = 0

  constructor(
    context: EngineContext,
    connection: Connection,
    checkpoint: QueryCheckpoint<SilverInput, BronzePosition>,
    goldConsumedUpTo: () => number,
    database: Pick<Database, 'connect' | 'disconnect'>,
  ) {
    this.#context = context
    this.#connection = connection
    this.#database = database
    this.#checkpoint = checkpoint
    this.#unfinished = context.lake.unfinishedFile()
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
    this.#duplicates = new Duplicates(context, connection, {
      silver: this.#silver,
      quarantine: this.#quarantine,
    })
  }

  async open(position: BronzePosition | undefined, firstUnfinished: number, onInput: OnInput): Promise<void> {
    await this.#connection.run(RULE_MACROS)
    await makeWorkTables(this.#connection)
    await this.#duplicates.open(firstUnfinished)
    await this.#openForeignList()
    // The batch that is about to be finished has these.
    for (const path of this.#checkpoint.unfinished?.input.foreign ?? []) this.#readForeign.add(path)
    this.#source = new BronzeSource(this.#context, position ?? { partitions: {} }, this.#readForeign)
    await this.#source.open(onInput)
  }

  async plan(): Promise<BatchPlan<SilverInput, BronzePosition> | undefined> {
    const plan = await this.#source?.plan()
    return (
      plan && {
        ...plan,
        input: { pieces: plan.pieces, foreign: plan.foreign },
        large: bytesOf(plan.pieces) >= HALVED_BYTES,
      }
    )
  }

  async execute(batch: Batch, input: SilverInput): Promise<BatchCounts> {
    const resolve = remembering(this.#resolve)
    const pieces = asTheyAre(input.pieces, resolve)
    const loaded = await this.#load(pieces, resolve)
    const { span } = loaded
    const keepPlans = loaded.counts.input <= ROWS_OF_PLANS
    if (!keepPlans) this.#connection.forgetPlans()
    refuseCutFiles(pieces, resolve, loaded.counts)
    const hasDuplicates = await this.#duplicates.find(span, batch.id)
    const counts = hasDuplicates ? await this.#leaveOut(loaded.counts) : loaded.counts
    const [silver, quarantine] = this.outputs as [Output, Output]
    await this.#append(batch, counts, silver, counts.output, 'SELECT * FROM batch WHERE reasons IS NULL')
    if (counts.quarantined > 0) {
      const refused = `SELECT raw, ${REASONS} AS reasons, enqueuedAt FROM batch WHERE reasons IS NOT NULL`
      await this.#append(batch, counts, quarantine, counts.quarantined, refused)
    }
    await this.#duplicates.remember(span)
    await this.#rememberForeign(input.foreign)
    this.#rowsInWorkTables += counts.input
    if (!keepPlans) this.#connection.forgetPlans()
    return counts
  }

  async maintain(): Promise<void> {
    for (const table of [this.#silver, this.#quarantine]) {
      await compactAppended(this.#context, this.#connection, table)
      await table.checkpointIfDue(this.#connection)
    }
    for (const retention of this.#retentions) await retention.clean()
  }

  close(): void {
    this.#source?.close()
  }

  #resolve = (path: string): string => this.#context.lake.resolve(BRONZE.container, path)

  /** Fills the table `batch` with the validated lines, in bronze order. */
  async #load(pieces: readonly BronzePiece[], resolve: (path: string) => string): Promise<Loaded> {
    await this.#connection.runPrepared('TRUNCATE batch')
    if (this.#rowsInWorkTables >= ROWS_PER_WORK_TABLE) {
      await this.#connection.reclaim()
      this.#rowsInWorkTables = 0
    }
    if (isReadByDuckDb(pieces, resolve)) {
      const [first, second] = halvesOf(pieces)
      const lines = (half: readonly BronzePiece[]) => linesIn(half, resolve)
      if (second.length === 0) await insertMany(this.#connection, lines(first))
      else await insertHalves(this.#connection, this.#database, lines(first), lines(second))
      return this.#look()
    }
    if (this.#batchesByRules > 0) this.#batchesByRules--
    else {
      await this.#insertEach(INSERT_CANONICAL, readPieces(pieces, resolve))
      const loaded = await this.#look()
      if (loaded.raw === 0) return loaded
      await this.#connection.runPrepared('TRUNCATE batch')
      this.#batchesByRules = BATCHES_BY_RULES
    }
    await this.#insertEach(INSERT_BATCH, readPieces(pieces, resolve))
    return this.#look()
  }

  /** @param insert takes a text. Its plan is kept: running the rules' costs five times as much as the short way's, for a line too. */
  async #insertEach(insert: string, texts: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const text of texts) await this.#connection.runPrepared(insert, [text])
  }

  /** All that is asked of a batch, in one look. */
  async #look(): Promise<Loaded> {
    const [row] = await this.#connection.rowsPrepared<LoadedRow>(`
      SELECT epoch_ms(min(enqueuedAt)) AS earliest, epoch_ms(max(enqueuedAt)) + 1 AS latest,
        count(id) FILTER (enqueuedAt IS NOT NULL) > count(DISTINCT id) FILTER (enqueuedAt IS NOT NULL) AS has_intra_batch_duplicates,
        count(*) AS rows, count(*) FILTER (reasons IS NULL) AS kept, count(raw) AS raw
      FROM batch`)
    const { rows = 0, kept = 0, raw = 0 } = row ?? {}
    return {
      span: {
        earliest: row?.earliest ?? undefined,
        latest: row?.latest ?? undefined,
        hasIntraBatchDuplicates: row?.has_intra_batch_duplicates ?? false,
      },
      counts: { input: rows, output: kept, quarantined: rows - kept, duplicates: 0 },
      raw,
    }
  }

  /** Deletes the duplicates from the work table, so that what reads it after that needs no join, and no order. */
  async #leaveOut(all: Required<BatchCounts>): Promise<Required<BatchCounts>> {
    const leave = async (verdict: string) => {
      const [row] = await this.#connection.rowsPrepared<{ Count: number }>(
        `DELETE FROM batch WHERE reasons ${verdict} AND rowid IN (SELECT row FROM repeated)`,
      )
      return row?.Count ?? 0
    }
    const valid = await leave('IS NULL')
    const refused = all.quarantined > 0 ? await leave('IS NOT NULL') : 0
    return {
      input: all.input,
      output: all.output - valid,
      quarantined: all.quarantined - refused,
      duplicates: valid + refused,
    }
  }

  async #append(
    batch: Batch,
    counts: BatchCounts,
    { table, appId }: Output,
    rows: number,
    select: string,
  ): Promise<void> {
    if (table.transaction(appId) >= batch.id) return
    const written =
      rows > 0
        ? await writeParquet(this.#context, this.#connection, table.contract, {
            select,
            name: dataFileName(batch.id, batch.id, 'b', 0),
            planKept: { unfinished: this.#unfinished },
          })
        : undefined
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
