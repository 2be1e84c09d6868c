/** Silver's batches by DuckDB: of any lines, as many as there are, with all the rules. */
import { statSync } from 'node:fs'
import { parseBronzeFileName } from '../../../contract/bronze-layout.ts'
import { quotedPaths } from '../../../contract/duckdb-paths.ts'
import type { BatchCounts, TableContract } from '../../../contract/tables.ts'
import type { EngineContext } from '../api/options.ts'
import type { DeltaTable } from '../delta/delta-writer.ts'
import { writeParquet } from '../delta/parquet-file.ts'
import type { Connection, Database } from '../duckdb/database.ts'
import type { LoadedBatch } from '../live/loaded-batch.ts'
import { type BronzePiece, bytesOf, readPieces } from '../query/bronze-text.ts'
import { refuseCutFiles } from '../query/cut-files.ts'
import { type BatchSpan, Duplicates } from './deduplication.ts'
import { LoadAhead } from './load-ahead.ts'
import { linesOf, REASONS, RULE_MACROS, shortWay, validated } from './silver-rules.ts'
import { insertHalves, insertMany, makeWorkTables } from './work-table.ts'

interface LoadedRow extends Record<string, unknown> {
  /** Epoch ms; null when no row has a time. */
  earliest: number | null
  latest: number | null
  has_intra_batch_duplicates: boolean
  rows: number
  kept: number
  /** Rows that the short way could not do. */
  irregular: number
}

interface Loaded {
  span: BatchSpan
  /** Right as long as no row repeats an earlier one. */
  counts: Required<BatchCounts>
  irregular: number
}

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

/** In their order. @param largeBytes of less the second one is empty. */
function halvesOf(
  pieces: readonly BronzePiece[],
  largeBytes: number,
): [first: BronzePiece[], second: BronzePiece[]] {
  const bytes = bytesOf(pieces)
  const first: BronzePiece[] = []
  let taken = 0
  for (const piece of pieces) {
    if (bytes >= largeBytes && taken * 2 >= bytes) break
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

/** Works on tables of its connection, which it makes when it needs them. */
export class SilverBySql {
  readonly #context: EngineContext
  readonly #connection: Connection
  readonly #database: Pick<Database, 'connect' | 'disconnect'>
  readonly #tables: { silver: DeltaTable; quarantine: DeltaTable }
  /** Where its files stand until they are whole, one at a time. */
  readonly #unfinished: string
  readonly #ahead: LoadAhead
  #duplicates: Duplicates | undefined
  /** The table `batch` was loaded ahead. */
  #isAhead = false
  /** Which life of the connection has the tables. */
  #life: number | undefined
  #rowsInWorkTables = 0
  /** How many small batches still take the rules at once. */
  #batchesByRules = 0

  constructor(
    context: EngineContext,
    connection: Connection,
    database: Pick<Database, 'connect' | 'disconnect'>,
    tables: { silver: DeltaTable; quarantine: DeltaTable },
  ) {
    this.#context = context
    this.#connection = connection
    this.#database = database
    this.#tables = tables
    this.#unfinished = context.lake.unfinishedFile()
    this.#ahead = new LoadAhead(database, connection)
  }

  /** Begins to load what a batch behind the present one takes. @param batchId the present one's. */
  async loadAhead(
    batchId: number,
    pieces: readonly BronzePiece[],
    resolve: (path: string) => string,
  ): Promise<void> {
    if (!isReadByDuckDb(pieces, resolve)) return
    await this.#opened(batchId)
    this.#ahead.begin(pieces, linesIn(pieces, resolve))
  }

  /** Batches are being loaded ahead, or wait to be taken. */
  get isLoadingAhead(): boolean {
    return !this.#ahead.isEmpty
  }

  /** What was loaded ahead is not taken any more. */
  close(): void {
    this.#ahead.close()
  }

  /** Others have brought rows into the tables since: what is known of them is read anew at the next batch. */
  forget(): void {
    this.#duplicates = undefined
  }

  /** @param batchId rows of this batch and later ones do not count as being in the tables. */
  async load(
    batchId: number,
    pieces: readonly BronzePiece[],
    resolve: (path: string) => string,
  ): Promise<LoadedBatch> {
    const duplicates = await this.#opened(batchId)
    const isAhead = await this.#takeAhead(pieces)
    const loaded = isAhead ? await this.#look() : await this.#read(pieces, resolve)
    const { span } = loaded
    const keepPlans = loaded.counts.input <= ROWS_OF_PLANS
    if (!keepPlans) this.#connection.forgetPlans()
    refuseCutFiles(pieces, resolve, loaded.counts)
    const hasDuplicates = await duplicates.find(span, batchId)
    const counts = hasDuplicates ? await this.#leaveOut(loaded.counts) : loaded.counts
    const { silver, quarantine } = this.#tables
    const refused = `SELECT raw, ${REASONS} AS reasons, enqueuedAt FROM batch WHERE reasons IS NOT NULL`
    return {
      counts,
      writeSilver: (name) => this.#write(silver.contract, 'SELECT * FROM batch WHERE reasons IS NULL', name),
      writeQuarantine: (name) => this.#write(quarantine.contract, refused, name),
      remember: async () => {
        await duplicates.remember(span)
        this.#rowsInWorkTables += counts.input
        if (!keepPlans) this.#connection.forgetPlans()
      },
    }
  }

  /** DuckDB may have been closed since, and with it the tables. */
  async #opened(batchId: number): Promise<Duplicates> {
    await this.#connection.open()
    if (this.#life !== this.#connection.life) {
      this.#duplicates = undefined
      await this.#connection.run(RULE_MACROS)
      await makeWorkTables(this.#connection)
      this.#isAhead = false
      this.#life = this.#connection.life
      this.#rowsInWorkTables = 0
    }
    if (!this.#duplicates) {
      const made = new Duplicates(this.#context, this.#connection, this.#tables)
      await made.open(batchId)
      this.#duplicates = made
    }
    return this.#duplicates
  }

  #write(contract: TableContract, select: string, name: string) {
    return writeParquet(this.#context, this.#connection, contract, {
      select,
      name,
      planKept: { unfinished: this.#unfinished },
    })
  }

  async #takeAhead(pieces: readonly BronzePiece[]): Promise<boolean> {
    const isAhead = await this.#ahead.take(pieces)
    if (this.#isAhead && !isAhead) await makeWorkTables(this.#connection)
    this.#isAhead = isAhead
    return isAhead
  }

  /** Fills the table `batch` with the validated lines, in bronze order. */
  async #read(pieces: readonly BronzePiece[], resolve: (path: string) => string): Promise<Loaded> {
    await this.#connection.runPrepared('TRUNCATE batch')
    if (this.#rowsInWorkTables >= ROWS_PER_WORK_TABLE) {
      await this.#connection.reclaim()
      this.#rowsInWorkTables = 0
    }
    if (isReadByDuckDb(pieces, resolve)) {
      const [first, second] = halvesOf(
        pieces,
        this.isLoadingAhead ? Number.POSITIVE_INFINITY : this.#context.tuning.largeBytes,
      )
      const lines = (half: readonly BronzePiece[]) => linesIn(half, resolve)
      if (second.length === 0) await insertMany(this.#connection, lines(first))
      else await insertHalves(this.#connection, this.#database, lines(first), lines(second))
      return this.#look()
    }
    if (this.#batchesByRules > 0) this.#batchesByRules--
    else {
      await this.#insertEach(INSERT_CANONICAL, readPieces(pieces, resolve))
      const loaded = await this.#look()
      if (loaded.irregular === 0) return loaded
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
        count(*) AS rows, count(*) FILTER (reasons IS NULL) AS kept, count(raw) FILTER (reasons IS NULL) AS irregular
      FROM batch`)
    const { rows = 0, kept = 0, irregular = 0 } = row ?? {}
    return {
      span: {
        earliest: row?.earliest ?? undefined,
        latest: row?.latest ?? undefined,
        hasIntraBatchDuplicates: row?.has_intra_batch_duplicates ?? false,
      },
      counts: { input: rows, output: kept, quarantined: rows - kept, duplicates: 0 },
      irregular,
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
}
