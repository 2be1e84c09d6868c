/**
 * Finds the rows of a batch that repeat an earlier one (docs/data-contract.md, "Duplicates"). The ids of recent rows are
 * kept in DuckDB as 128-bit hashes, by generation, and spill to disk beyond its memory limit. When each came is not kept: a
 * generation lies within the window as a whole, or the rows are looked up in the tables, as those are that are older than what
 * is in memory. So how late a repetition comes changes its cost, never the verdict.
 */
import { DEDUPLICATION_WINDOW_MS as WINDOW_MS } from '../../../contract/reading.ts'
import type { AddFile } from '../../../delta/actions.ts'
import type { EngineContext } from '../api/options.ts'
import type { DeltaTable } from '../delta/delta-writer.ts'
import { enqueuedIn } from '../delta/enqueued-in.ts'
import { parseDataFileName, rowsIn } from '../delta/parquet-file.ts'
import type { Connection } from '../duckdb/database.ts'
import { idOf, validated } from './silver-rules.ts'

/** Ids stay in memory for the window and some more, for partitions that lag. */
const KEPT_MS = 11 * 60_000
/** Ids are dropped by the generation: its length (ms) is how much longer than needed an id may stay. */
const GENERATION_MS = 60_000
const MOST_GENERATIONS = 32
const WINDOW = `INTERVAL ${WINDOW_MS} MILLISECONDS`

interface Generation {
  name: string
  rows: number
  /** Where its span of enqueued time began (epoch ms). */
  startedAt: number
  /** Least enqueued time in it (epoch ms), or less. */
  oldest: number
  /** Greatest enqueued time in it (epoch ms). */
  newest: number
}

/** Enqueued times, both included (epoch ms). */
interface Span {
  from: number
  to: number
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
    const newest = Math.max(...files.map((file) => enqueuedIn(file).latest).filter(Number.isFinite))
    const recent = Math.min(newest, this.#context.clock.now())
    // Files of other writers may hold any time.
    if (files.some((file) => enqueuedIn(file).latest === Number.POSITIVE_INFINITY))
      this.#coveredFrom = Number.POSITIVE_INFINITY
    if (!Number.isFinite(newest) || this.#coveredFrom === Number.POSITIVE_INFINITY)
      return this.#startGeneration(recent)
    this.#coveredFrom = Math.max(this.#coveredFrom, recent - KEPT_MS)
    await this.#readInto('older', { from: this.#coveredFrom, to: Number.POSITIVE_INFINITY }, before)
    // By generation, as they would have come: each is to lie within the window soon.
    for (let at = this.#coveredFrom; at <= recent; at += GENERATION_MS) {
      await this.#startGeneration(at)
      const isLast = at + GENERATION_MS > recent
      await this.#takeOlder(at, isLast ? Number.POSITIVE_INFINITY : at + GENERATION_MS)
    }
    await this.#connection.run('DROP TABLE older')
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
    const { earliest, latest } = span
    const isWithin = ({ oldest, newest }: Generation) =>
      latest - oldest <= WINDOW_MS && newest - earliest <= WINDOW_MS
    const isNear = ({ oldest, newest }: Generation) =>
      latest >= oldest - WINDOW_MS && earliest <= newest + WINDOW_MS
    const within = this.#generations.filter(isWithin)
    if (within.length > 0)
      await this.#insert(`INSERT INTO repeated
        SELECT rowid, true FROM batch WHERE enqueuedAt IS NOT NULL AND id IN (${idsIn(within)})`)
    const partly = this.#generations.filter((one) => !isWithin(one) && isNear(one))
    const from = earliest - WINDOW_MS
    if (await this.#hasIdOf(partly)) await this.#findInTables({ from, to: latest + WINDOW_MS }, before)
    else if (from < this.#coveredFrom)
      await this.#findInTables({ from, to: Math.min(latest + WINDOW_MS, this.#coveredFrom) }, before)
    if (span.hasIntraBatchDuplicates) await this.#findWithin()
    return this.#found > 0
  }

  /** Whether an id of the batch stands in one of them: mostly not, and when it came matters no more. */
  async #hasIdOf(generations: readonly Generation[]): Promise<boolean> {
    if (generations.length === 0) return false
    const [row] = await this.#connection.rowsPrepared<{ found: boolean }>(
      `SELECT EXISTS (SELECT 1 FROM batch WHERE enqueuedAt IS NOT NULL AND id IN (${idsIn(generations)})) AS found`,
    )
    return row?.found ?? false
  }

  /** Adds the rows that repeat one within the window, by what the tables say, to `repeated`. */
  async #findInTables(span: Span, before: number): Promise<void> {
    await this.#readInto('older', span, before)
    await this.#insert(`INSERT INTO repeated
      SELECT DISTINCT batch.rowid, true FROM batch JOIN older ON batch.id = older.id
      WHERE older.seen_at BETWEEN batch.enqueuedAt - ${WINDOW} AND batch.enqueuedAt + ${WINDOW}
        AND batch.rowid NOT IN (SELECT row FROM repeated)`)
    await this.#connection.run('DROP TABLE older')
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
      `INSERT INTO ${this.#current.name} SELECT id FROM batch WHERE enqueuedAt IS NOT NULL`,
    )
    this.#current.rows += inserted?.Count ?? 0
    this.#current.oldest = Math.min(this.#current.oldest, span.earliest ?? span.latest)
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

  /** Fills `repeated`. */
  async #insert(sql: string): Promise<void> {
    const [inserted] = await this.#connection.rowsPrepared<{ Count: number }>(sql)
    this.#found += inserted?.Count ?? 0
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
    await this.#readInto('older', { from: this.#coveredFrom, to: Number.POSITIVE_INFINITY }, before, added)
    await this.#takeOlder(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)
    await this.#connection.run('DROP TABLE older')
  }

  /** Takes what lies in the table `older`, from one time on until before another (epoch ms), into the current generation. */
  async #takeOlder(from: number, until: number): Promise<void> {
    const current = this.#current
    const rows = `FROM older WHERE ${timeCondition(from, '>=')} AND ${timeCondition(until, '<')}`
    await this.#connection.run(`INSERT INTO ${current.name} SELECT id ${rows}`)
    const [found] = await this.#connection.rows<{
      count: number
      oldest: number | null
      newest: number | null
    }>(
      `SELECT count(*) AS count, epoch_ms(min(seen_at)) AS oldest, epoch_ms(max(seen_at)) + 1 AS newest ${rows}`,
    )
    current.rows += found?.count ?? 0
    current.oldest = Math.min(current.oldest, found?.oldest ?? Number.POSITIVE_INFINITY)
    current.newest = Math.max(current.newest, found?.newest ?? Number.NEGATIVE_INFINITY)
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
    await this.#connection.run(`CREATE OR REPLACE TEMP TABLE ${name} (id UHUGEINT)`)
    const none = { oldest: Number.POSITIVE_INFINITY, newest: Number.NEGATIVE_INFINITY }
    this.#generations.push({ name, rows: 0, startedAt, ...none })
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
   * Makes a table of the ids of rows in the lake's tables, and of when they were enqueued.
   * @param among only these files; undefined: all.
   */
  async #readInto(
    target: string,
    { from, to }: Span,
    before: number,
    among?: ReadonlySet<AddFile>,
  ): Promise<void> {
    await this.#connection.run(`CREATE OR REPLACE TEMP TABLE ${target} (id UHUGEINT, seen_at TIMESTAMP)`)
    const inSpan = (table: DeltaTable) =>
      [...table.state.files.values()]
        .filter((file) => among?.has(file) ?? true)
        .filter((file) => (parseDataFileName(file.path)?.lastBatch ?? -1) < before)
        .filter((file) => enqueuedIn(file).latest >= from && enqueuedIn(file).earliest <= to)
        .map((file) => table.pathOf(file))
    const condition = `${timeCondition(from, '>=')} AND ${timeCondition(to, '<=')}`
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
    for (const select of selects)
      await this.#connection.run(
        `INSERT INTO ${target} SELECT id, seen_at FROM (${select}) WHERE ${condition}`,
      )
  }
}

/** SQL of the ids in generations. */
const idsIn = (generations: readonly Generation[]) =>
  generations.map(({ name }) => `SELECT id FROM ${name}`).join(' UNION ALL ')

/** @param bound epoch ms; endless: none. */
const timeCondition = (bound: number, operator: '>=' | '<=' | '<'): string =>
  Number.isFinite(bound)
    ? `epoch_ms(seen_at) ${operator} ${operator === '<=' ? Math.ceil(bound) : Math.floor(bound)}`
    : 'true'
