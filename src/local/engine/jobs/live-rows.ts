/**
 * What few readings of the present are merged with, kept in memory: the rows of the newest file of an upsert table, which the batch before
 * has written. Reading a file of twenty rows, and planning the statement that does, costs more than all the rest of such a batch.
 */
import type { AddFile } from '../../../delta/actions.ts'
import { columnsOf } from '../../../delta/schema.ts'
import { statisticsOf } from '../../../delta/statistics.ts'
import type { EngineContext } from '../api/options.ts'
import type { DeltaTable } from '../delta/delta-writer.ts'
import { type WrittenFile, writeParquet } from '../delta/parquet-file.ts'
import type { Connection, SqlList, SqlRow } from '../duckdb/database.ts'
import type { BucketRange, LiveUpdate } from './time-bucket-range.ts'
import { finalRows, groupedRows, mergedRows, stored, type UpsertTable } from './upsert-rows.ts'

/** SQL of readings in a work table: of their statements the plans are kept. */
export const LOADED = 'SELECT * FROM readings'

/** Readings of a batch, and rows of the files that it touches: with more nothing is saved, and the work table takes memory. */
export const MOST_READINGS = 250
const MOST_ROWS = 1000

const SUMS = ['bucket', 'readings', 'temperatures', 'humidities'] as const
const EXTREMES = ['lowest', 'highest'] as const
type Numbers = (typeof SUMS)[number] | (typeof EXTREMES)[number]

/** As `mergedRows` has them; the extremes are undefined where the table does not keep them. */
export type SumRow = Readonly<Record<(typeof SUMS)[number], number>> & {
  readonly city: string
  readonly lowest: number | undefined
  readonly highest: number | undefined
}

/** Only a shortcut: without it the batch reads the file from disk, and the rows are the same. */
export class LiveRows {
  readonly #context: EngineContext
  readonly #connection: Connection
  readonly #keyed: UpsertTable
  readonly #unfinished: string
  /** The newest file as it was committed. */
  #kept: { path: string; rows: readonly SumRow[] } | undefined
  /** The same of a batch that is not committed yet. */
  #written: { path: string; rows: readonly SumRow[] } | undefined

  constructor(context: EngineContext, connection: Connection, keyed: UpsertTable) {
    this.#context = context
    this.#connection = connection
    this.#keyed = keyed
    this.#unfinished = context.lake.unfinishedFile()
  }

  /** A batch begins, or begins anew: what it has written until now under its names may be written differently. */
  begin(): void {
    this.#written = undefined
  }

  /** What was written since {@link begin} is the table's now. */
  committed(): void {
    this.#kept = this.#written
    this.#written = undefined
  }

  /**
   * Writes the files of a batch of the present.
   * @param readings SQL of its `count` readings.
   * @param known what they add up to, where that is known already.
   * @returns undefined when DuckDB has to merge it; nothing is written then.
   */
  async write(
    table: DeltaTable,
    { touched, pieces }: LiveUpdate,
    readings: string,
    count: number,
    nameOf: (index: number) => string,
    known: readonly SumRow[] | undefined,
  ): Promise<WrittenFile[] | undefined> {
    if (count > MOST_READINGS || hasForeign(this.#keyed, table)) return undefined
    const before = await this.#before(table, touched)
    if (!before) return undefined
    const fresh = known ?? this.#read(await this.#connection.rows(marked(groupedRows(this.#keyed, readings))))
    const rows = fresh && mergeRows(before, fresh)
    return rows && this.#writePieces(table, rows, pieces, nameOf)
  }

  async #before(table: DeltaTable, touched: readonly AddFile[]): Promise<readonly SumRow[] | undefined> {
    const [first] = touched
    if (!first) return []
    if (touched.length === 1 && first.path === this.#kept?.path) return this.#kept.rows
    const rows = touched.reduce(
      (sum, file) => sum + (statisticsOf(file)?.numRecords ?? Number.POSITIVE_INFINITY),
      0,
    )
    if (rows > MOST_ROWS) return undefined
    const [select = ''] = stored(this.#keyed, table, touched, [])
    return this.#read(await this.#connection.rows(marked(mergedRows([], [select]))))
  }

  async #writePieces(
    table: DeltaTable,
    rows: readonly SumRow[],
    pieces: readonly BucketRange[],
    nameOf: (index: number) => string,
  ): Promise<WrittenFile[]> {
    const { extremes, contract } = this.#keyed
    const written: WrittenFile[] = []
    for (const [index, { from, to }] of pieces.entries()) {
      const within = rows.filter(({ bucket }) => bucket >= from && bucket <= to)
      const file =
        within.length > 0 &&
        (await writeParquet(this.#context, this.#connection, contract, {
          select: finalRows(this.#keyed, given(extremes), undefined, []),
          name: nameOf(index),
          tags: { slotFrom: String(from), slotTo: String(to) },
          planKept: { unfinished: this.#unfinished, parameters: listsOf(within, extremes) },
        }))
      if (file) {
        written.push(file)
        this.#written = { path: file.add.path, rows: within }
      }
      await this.#context.tuning.failpoint(`${table.title}: file written`)
    }
    return written
  }

  #read(rows: readonly SqlRow[]): SumRow[] | undefined {
    return exactRows(rows, this.#keyed.extremes ? [...SUMS, ...EXTREMES] : SUMS) as SumRow[] | undefined
  }
}

/** Rows with a marked city. @returns undefined for what is not exact here, or lacks something. */
function exactRows(rows: readonly SqlRow[], wanted: readonly string[]): SqlRow[] | undefined {
  for (const row of rows) {
    if (typeof row.city !== 'string' || row.city.includes('\0')) return undefined
    if (!wanted.every((name) => Number.isSafeInteger(row[name]))) return undefined
  }
  return rows.map((row) => ({ ...row, city: (row.city as string).slice(MARK.length) }))
}

/**
 * What the readings in the work table add up to, in the buckets of two upsert tables: few are added up here for less than
 * grouping them costs, and they are read once.
 * @param buckets SQL of the bucket in each of the tables.
 */
export async function addUp(
  connection: Connection,
  [one, other]: readonly [string, string],
): Promise<readonly [SumRow[], SumRow[]] | undefined> {
  const read = await connection.rowsPrepared(
    marked(`SELECT city, ${one} AS one, ${other} AS other, temperature, humidity FROM (${LOADED})`),
  )
  const rows = exactRows(read, ['one', 'other', 'temperature', 'humidity'])
  const sums = (name: 'one' | 'other') =>
    rows &&
    mergeRows(
      [],
      rows.map((row) => single(row, Number(row[name]))),
    )
  const [ones, others] = [sums('one'), sums('other')]
  return ones && others && [ones, others]
}

function single(row: SqlRow, bucket: number): SumRow {
  const temperature = Number(row.temperature)
  return {
    ...{ bucket, city: String(row.city), readings: 1, temperatures: temperature },
    ...{ humidities: Number(row.humidity), lowest: temperature, highest: temperature },
  }
}

/** DuckDB's client leaves out U+FEFF where a text begins with it (@duckdb/node-api 1.5.6-r.1): a city may. */
const MARK = '.'
const marked = (select: string) => `SELECT * REPLACE ('${MARK}' || city AS city) FROM (${select})`

/** Columns of other writers stay with their rows, which DuckDB sees to. */
function hasForeign({ contract }: UpsertTable, table: DeltaTable): boolean {
  return columnsOf(table.state.metaData).some(
    ({ name }) => !contract.columns.some(([column]) => column === name),
  )
}

/** A row for each bucket and city. @returns undefined when a sum would not be exact. */
export function mergeRows(before: readonly SumRow[], fresh: readonly SumRow[]): SumRow[] | undefined {
  const merged = new Map<string, SumRow>()
  for (const row of [...before, ...fresh]) {
    const key = `${row.bucket}:${row.city}`
    const other = merged.get(key)
    merged.set(key, other ? added(other, row) : row)
  }
  const rows = [...merged.values()]
  return rows.every((row) => SUMS.every((name) => Number.isSafeInteger(row[name]))) ? rows : undefined
}

const added = (one: SumRow, other: SumRow): SumRow => ({
  bucket: one.bucket,
  city: one.city,
  readings: one.readings + other.readings,
  temperatures: one.temperatures + other.temperatures,
  humidities: one.humidities + other.humidities,
  lowest: extreme(Math.min, one.lowest, other.lowest),
  highest: extreme(Math.max, one.highest, other.highest),
})

const extreme = (
  choose: (one: number, other: number) => number,
  one: number | undefined | null,
  other: number | undefined | null,
) => (typeof one === 'number' && typeof other === 'number' ? choose(one, other) : undefined)

/** SQL of the rows that {@link listsOf} hands over. */
const given = (extremes: boolean) => {
  const numbers = [...SUMS, ...(extremes ? EXTREMES : [])]
  const columns = numbers.map((name, index) => `unnest($${index + 2}::BIGINT[]) AS ${name}`)
  const none = extremes ? [] : EXTREMES.map((name) => `NULL AS ${name}`)
  return `(SELECT unnest($1::VARCHAR[]) AS city, ${[...columns, ...none].join(', ')})`
}

function listsOf(rows: readonly SumRow[], extremes: boolean): SqlList[] {
  const numbers = (name: Numbers): SqlList => ({
    of: 'whole numbers',
    values: rows.map((row) => row[name] ?? 0),
  })
  return [
    { of: 'texts', values: rows.map(({ city }) => city) },
    ...SUMS.map(numbers),
    ...(extremes ? EXTREMES.map(numbers) : []),
  ]
}
