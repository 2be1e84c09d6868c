/**
 * Finds the rows of a batch that repeat an earlier one (docs/data-contract.md, "Duplicates"). The ids of recent rows are
 * kept in DuckDB as 128-bit hashes, 24 bytes each, and spill to disk beyond its memory limit; rows older than those are
 * looked up in the tables, so how late a repetition comes changes its cost, never the verdict.
 */
import { DEDUPLICATION_WINDOW_MS as WINDOW_MS } from '../../../contract/reading.ts'
import type { AddFile } from '../../../delta/actions.ts'
import { statisticsOf } from '../../../delta/statistics.ts'
import type { EngineContext } from '../api/options.ts'
import type { DeltaTable } from '../delta/delta-writer.ts'
import { parseDataFileName, rowsIn } from '../delta/parquet-file.ts'
import type { Connection } from '../duckdb/database.ts'
import { idOf, validated } from './silver-rules.ts'

/** Ids stay in memory for the window and some more, for partitions that lag. */
const KEPT_MS = 12 * 60_000
/** Ids are dropped by the generation: its length (ms) is how much longer than needed an id may stay. */
const GENERATION_MS = 120_000
const MOST_GENERATIONS = 32
const WINDOW = `INTERVAL ${WINDOW_MS} MILLISECONDS`

interface Generation {
  name: string
  rows: number
  /** Where its span of enqueued time began (epoch ms). */
  startedAt: number
  /** Greatest enqueued time in it (epoch ms). */
  newest: number
}

/** What a batch says of itself; times are epoch milliseconds, undefined when no row has one. */
export interface BatchSpan {
  earliest: number | undefined
  latest: number | undefined
  /** Whether an id stands in more than one of its rows with a time. */
  hasIntraBatchDuplicates: boolean
}

/** Works on the table `batch` of the connection that silver has loaded. */
export class Duplicates {
  readonly #context: EngineContext
  readonly #connection: Connection
  readonly #silver: DeltaTable
  readonly #quarantine: DeltaTable
  #generations: Generation[] = []
  #nextGeneration = 0
  /** At least the number of rows in `repeated`. Mostly none: what would look at them is left out then. */
  #found = 0
  /** Every kept row with this enqueued time (epoch ms) or a later one is in memory. */
  #coveredFrom = Number.NEGATIVE_INFINITY
  /** Files whose rows were taken in, or that this engine wrote. */
  readonly #known = new WeakSet<AddFile>()

  constructor(
    context: EngineContext,
    connection: Connection,
    tables: { silver: DeltaTable; quarantine: DeltaTable },
  ) {
    this.#context = context
    this.#connection = connection
    this.#silver = tables.silver
    this.#quarantine = tables.quarantine
  }

  /** Reads the ids of recent rows from the tables. @param before rows of this batch and later ones are left out. */
  async open(before: number): Promise<void> {
    await this.#connection.run(`
      CREATE OR REPLACE TEMP TABLE repeated (row BIGINT, certain BOOLEAN)`)
    const files = this.#filesIn()
    for (const file of files) this.#known.add(file)
    const newest = Math.max(...files.map((file) => spanOf(file).latest).filter(Number.isFinite))
    const recent = Math.min(newest, this.#context.clock.now())
    await this.#startGeneration(recent)
    // Files of other writers may hold any time.
    if (files.some((file) => spanOf(file).latest === Number.POSITIVE_INFINITY))
      this.#coveredFrom = Number.POSITIVE_INFINITY
    if (!Number.isFinite(newest) || this.#coveredFrom === Number.POSITIVE_INFINITY) return
    this.#coveredFrom = Math.max(this.#coveredFrom, recent - KEPT_MS)
    const rows = await this.#readTables(
      this.#current.name,
      this.#coveredFrom,
      Number.POSITIVE_INFINITY,
      before,
    )
    Object.assign(this.#current, { rows, newest })
  }

  /**
   * Fills the table `repeated` with the rowids of those rows in the table `batch` that are duplicates.
   * @param before the batch's number; rows that it wrote before a crash do not make its own rows duplicates.
   * @returns whether there are any.
   */
  async find(span: BatchSpan, before: number): Promise<boolean> {
    if (this.#found > 0) await this.#connection.runPrepared('TRUNCATE repeated')
    this.#found = 0
    if (span.earliest === undefined || span.latest === undefined) return false
    await this.#takeInOthers(before)
    const old = span.earliest - WINDOW_MS < this.#coveredFrom
    if (old) {
      const latest = Math.min(span.latest + WINDOW_MS, this.#coveredFrom)
      await this.#connection.run('CREATE OR REPLACE TEMP TABLE older (id UHUGEINT, seen_at TIMESTAMP)')
      await this.#readTables('older', span.earliest - WINDOW_MS, latest, before)
    }
    const seen = [...this.#generations.map(({ name }) => name), ...(old ? ['older'] : [])]
    const [inserted] = await this.#connection.rowsPrepared<{ Count: number }>(`INSERT INTO repeated
      SELECT DISTINCT batch.rowid, true FROM batch
      JOIN (${seen.map((name) => `SELECT id, seen_at FROM ${name}`).join(' UNION ALL ')}) AS seen ON batch.id = seen.id
      WHERE seen.seen_at BETWEEN batch.enqueuedAt - ${WINDOW} AND batch.enqueuedAt + ${WINDOW}`)
    this.#found += inserted?.Count ?? 0
    if (old) await this.#connection.run('DROP TABLE older')
    if (span.hasIntraBatchDuplicates) await this.#findWithin()
    return this.#found > 0
  }

  /** Remembers the rows of the table `batch`, from which duplicates have been deleted. */
  async remember(span: BatchSpan): Promise<void> {
    if (span.latest === undefined) return
    if (
      span.latest - this.#current.startedAt >= GENERATION_MS ||
      this.#current.rows > this.#idsPerGeneration
    ) {
      await this.#startGeneration(span.latest)
    }
    const [inserted] = await this.#connection.rowsPrepared<{ Count: number }>(
      `INSERT INTO ${this.#current.name} SELECT id, enqueuedAt FROM batch WHERE enqueuedAt IS NOT NULL`,
    )
    this.#current.rows += inserted?.Count ?? 0
    this.#current.newest = Math.max(this.#current.newest, span.latest)
    await this.#forget()
  }

  /** Repetitions inside the batch: for each id, the first row counts, and those within the window of it are duplicates. */
  async #findWithin(): Promise<void> {
    const found = await this.#connection.rowsPrepared<{ certain: boolean }>(`INSERT INTO repeated
      SELECT row, seen_at BETWEEN first - ${WINDOW} AND first + ${WINDOW} FROM (
        SELECT rowid AS row, enqueuedAt AS seen_at, first_value(enqueuedAt) OVER same AS first, row_number() OVER same AS n
        FROM batch
        WHERE enqueuedAt IS NOT NULL AND rowid NOT IN (SELECT row FROM repeated)
          AND id IN (SELECT id FROM batch GROUP BY id HAVING count(*) > 1)
        WINDOW same AS (PARTITION BY id ORDER BY rowid)
      ) WHERE n > 1 RETURNING certain`)
    this.#found += found.length
    if (found.some(({ certain }) => !certain)) await this.#decideUncertain()
  }

  /** Rows further than the window from their id's first: each may be the first of a window of its own. Rare, so done here. */
  async #decideUncertain(): Promise<void> {
    const rows = await this.#connection.rows<{ row: number; id: string; micros: string }>(`
      SELECT rowid AS row, id::VARCHAR AS id, epoch_us(enqueuedAt)::VARCHAR AS micros FROM batch
      WHERE enqueuedAt IS NOT NULL
        AND id IN (SELECT b.id FROM repeated JOIN batch AS b ON b.rowid = repeated.row WHERE NOT certain)
        AND (rowid NOT IN (SELECT row FROM repeated) OR rowid IN (SELECT row FROM repeated WHERE NOT certain))
      ORDER BY rowid`)
    const window = BigInt(WINDOW_MS) * 1000n
    // Kept times of an id, by the window-long stretch of time that they fall into: only neighbours can be near.
    const kept = new Map<string, bigint[]>()
    const dropped: number[] = []
    for (const { row, id, micros } of rows) {
      const at = BigInt(micros)
      const stretch = at / window
      const near = [stretch - 1n, stretch, stretch + 1n].flatMap((one) => kept.get(`${id}:${one}`) ?? [])
      if (near.some((other) => at - other <= window && other - at <= window)) dropped.push(row)
      else kept.set(`${id}:${stretch}`, [...(kept.get(`${id}:${stretch}`) ?? []), at])
    }
    await this.#connection.run('DELETE FROM repeated WHERE NOT certain')
    await this.#connection.run(
      `INSERT INTO repeated SELECT unnest(string_split(nullif($1, ''), ',')::BIGINT[]), true`,
      [dropped.join(',')],
    )
  }

  /** Rows that other writers have added since count as those of earlier batches do. */
  async #takeInOthers(before: number): Promise<void> {
    const fresh = this.#filesIn().filter((file) => !this.#known.has(file))
    for (const file of fresh) this.#known.add(file)
    // What only moves to other files is in memory already; without a bound in memory, all is looked up in the tables.
    const added = new Set(fresh.filter((file) => !parseDataFileName(file.path) && file.dataChange !== false))
    if (added.size === 0 || this.#coveredFrom === Number.POSITIVE_INFINITY) return
    const { name } = this.#current
    this.#current.rows += await this.#readTables(
      name,
      this.#coveredFrom,
      Number.POSITIVE_INFINITY,
      before,
      added,
    )
    const [row] = await this.#connection.rows<{ newest: number | null }>(
      `SELECT epoch_ms(max(seen_at)) AS newest FROM ${name}`,
    )
    this.#current.newest = Math.max(this.#current.newest, row?.newest ?? Number.NEGATIVE_INFINITY)
  }

  #filesIn(): AddFile[] {
    return [this.#silver, this.#quarantine].flatMap((table) => [...table.state.files.values()])
  }

  get #current(): Generation {
    return this.#generations.at(-1) as Generation
  }

  get #idsPerGeneration(): number {
    return this.#context.tuning.idsInMemory / 16
  }

  async #startGeneration(startedAt: number): Promise<void> {
    const name = `seen_${this.#nextGeneration++}`
    await this.#connection.run(`CREATE OR REPLACE TEMP TABLE ${name} (id UHUGEINT, seen_at TIMESTAMP)`)
    this.#generations.push({ name, rows: 0, startedAt, newest: Number.NEGATIVE_INFINITY })
  }

  /** Drops unneeded generations, and the oldest ones when room runs out. */
  async #forget(): Promise<void> {
    const newest = Math.max(...this.#generations.map((one) => one.newest))
    const needed = Math.min(newest, this.#context.clock.now()) - KEPT_MS
    let total = this.#generations.reduce((sum, one) => sum + one.rows, 0)
    let count = this.#generations.length
    for (const one of this.#generations.slice(0, -1)) {
      const room = total <= this.#context.tuning.idsInMemory && count <= MOST_GENERATIONS
      if (one.newest >= needed && room) continue
      await this.#connection.run(`DROP TABLE ${one.name}`)
      this.#generations.splice(this.#generations.indexOf(one), 1)
      this.#coveredFrom = Math.max(this.#coveredFrom, one.newest + 1)
      total -= one.rows
      count--
    }
  }

  /**
   * Copies ids of rows in the tables, enqueued from … to (epoch ms), into a table.
   * @param among only these files; undefined: all. @returns how many.
   */
  async #readTables(
    target: string,
    from: number,
    to: number,
    before: number,
    among?: ReadonlySet<AddFile>,
  ): Promise<number> {
    const inSpan = (table: DeltaTable) =>
      [...table.state.files.values()]
        .filter((file) => among?.has(file) ?? true)
        .filter((file) => (parseDataFileName(file.path)?.lastBatch ?? -1) < before)
        .filter((file) => spanOf(file).latest >= from && spanOf(file).earliest <= to)
        .map((file) => table.pathOf(file))
    const condition = [
      ...(Number.isFinite(from) ? [`epoch_ms(seen_at) >= ${Math.floor(from)}`] : ['true']),
      ...(Number.isFinite(to) ? [`epoch_ms(seen_at) <= ${Math.ceil(to)}`] : []),
    ].join(' AND ')
    const selects: string[] = []
    const silver = inSpan(this.#silver)
    const quarantine = inSpan(this.#quarantine)
    if (silver.length > 0) {
      selects.push(
        `SELECT ${idOf('eventId', 'true')} AS id, enqueuedAt::TIMESTAMP AS seen_at FROM ${rowsIn(silver)}`,
      )
    }
    if (quarantine.length > 0) {
      // The quarantine keeps raw lines: the rules tell their ids once more.
      const rows = validated(`SELECT raw FROM ${rowsIn(quarantine)}`)
      selects.push(`SELECT id, enqueuedAt AS seen_at FROM (${rows}) WHERE enqueuedAt IS NOT NULL`)
    }
    let count = 0
    for (const select of selects) {
      const [inserted] = await this.#connection.rows<{ Count: number }>(
        `INSERT INTO ${target} SELECT id, seen_at FROM (${select}) WHERE ${condition}`,
      )
      count += inserted?.Count ?? 0
    }
    return count
  }
}

/** Enqueued times in a file (epoch ms); everything may be in a file without statistics, nothing in one without times. */
function spanOf(file: AddFile): { earliest: number; latest: number } {
  const statistics = statisticsOf(file)
  const [earliest, latest] = [statistics?.minValues?.enqueuedAt, statistics?.maxValues?.enqueuedAt]
  if (!statistics) return { earliest: Number.NEGATIVE_INFINITY, latest: Number.POSITIVE_INFINITY }
  if (earliest === undefined || latest === undefined) {
    const none = (statistics.nullCount?.enqueuedAt ?? -1) === statistics.numRecords
    return none
      ? { earliest: Number.POSITIVE_INFINITY, latest: Number.NEGATIVE_INFINITY }
      : { earliest: Number.NEGATIVE_INFINITY, latest: Number.POSITIVE_INFINITY }
  }
  return { earliest: Date.parse(String(earliest)), latest: Date.parse(String(latest)) }
}
