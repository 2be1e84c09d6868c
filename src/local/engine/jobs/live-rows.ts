/**
 * What few readings of the present are merged with, kept in memory: the rows of the newest file of an upsert table, which the batch before
 * has written. Reading a file of twenty rows, and planning the statement that does, costs more than all the rest of such a batch.
 */
import type { AddFile } from '../../../delta/actions.ts'
import { columnsOf } from '../../../delta/schema.ts'
import { statisticsOf } from '../../../delta/statistics.ts'
import type { EngineContext } from '../api/options.ts'
import type { DeltaTable } from '../delta/delta-writer.ts'
import { writeOwnFile } from '../delta/own-file.ts'
import { parseDataFileName, type WrittenFile } from '../delta/parquet-file.ts'
import type { Connection, SqlRow } from '../duckdb/database.ts'
import type { SumRow } from '../live/sums.ts'
import { type ColumnKind, physicalOf } from '../parquet/file.ts'
import { compareTexts, type Leaf } from '../parquet/leaf.ts'
import { withParquet } from '../parquet/read.ts'
import { flatLeaf } from '../parquet/shred.ts'
import { type BucketRange, type LiveUpdate, rangeOf } from './time-bucket-range.ts'
import {
  FILES_PER_BATCH,
  groupedRows,
  MOST_ROWS_PER_FILE,
  ROWS_PER_FILE,
  type UpsertTable,
} from './upsert-rows.ts'

/** SQL of readings in a work table: of their statements the plans are kept. */
export const LOADED = 'SELECT * FROM readings'

/** Readings of a batch that are added up here; where it is known what they add up to, any number. */
export const MOST_READINGS = 250
/** Rows of the files that a batch touches. */
const MOST_ROWS = 5000

const SUMS = ['bucket', 'readings', 'temperatures', 'humidities'] as const
const EXTREMES = ['lowest', 'highest'] as const

/** Only a shortcut: without it the batch reads the file from disk, and the rows are the same. */
export class LiveRows {
  readonly #context: EngineContext
  readonly #connection: Connection
  readonly #keyed: UpsertTable
  /** The newest file as it was committed. */
  #kept: { path: string; rows: readonly SumRow[] } | undefined
  /** The same of a batch that is not committed yet. */
  #written: { path: string; rows: readonly SumRow[] } | undefined

  constructor(context: EngineContext, connection: Connection, keyed: UpsertTable) {
    this.#context = context
    this.#connection = connection
    this.#keyed = keyed
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
    if ((!known && count > MOST_READINGS) || hasForeign(this.#keyed, table)) return undefined
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
    return this.#readFiles(table, touched)
  }

  /**
   * Writes the files of a batch of whatever times.
   * @param known what its readings add up to.
   * @returns undefined when DuckDB has to merge it; nothing is written then.
   */
  async writeAnyTime(
    table: DeltaTable,
    known: readonly SumRow[],
    nameOf: (index: number) => string,
  ): Promise<{ written: WrittenFile[]; touched: AddFile[]; count: number } | undefined> {
    if (hasForeign(this.#keyed, table)) return undefined
    const buckets = [...new Set(known.map(({ bucket }) => bucket))]
    const files = [...table.state.files.values()]
    const touched = files.filter((file) => {
      const { from, to } = rangeOf(file)
      return buckets.some((bucket) => bucket >= from && bucket <= to)
    })
    const before = await this.#before(table, touched)
    const rows = before && mergeRows(before, known)
    if (!rows) return undefined
    const pieces = piecesBetween(rows, rangesWithout(table, touched))
    const written = await this.#writePieces(table, rows, pieces, nameOf)
    return { written, touched, count: known.reduce((sum, { readings }) => sum + readings, 0) }
  }

  /**
   * Makes neighbouring small files one, or a few larger ones.
   * @returns undefined when DuckDB has to do it.
   */
  async merge(
    table: DeltaTable,
    files: readonly AddFile[],
    nameOf: (index: number) => string,
  ): Promise<WrittenFile[] | undefined> {
    const rows = hasForeign(this.#keyed, table) ? undefined : await this.#readFiles(table, files)
    return rows && this.#writePieces(table, rows, piecesBetween(rows, rangesWithout(table, files)), nameOf)
  }

  /** Rows of files that this engine has written; undefined for those of others. */
  async #readFiles(table: DeltaTable, files: readonly AddFile[]): Promise<SumRow[] | undefined> {
    if (files.some(({ path }) => !parseDataFileName(path))) return undefined
    const rows: SumRow[] = []
    for (const file of files) {
      const read = await withParquet(table.pathOf(file), (open) => open.rows())
      for (const one of read) {
        const row = sumRow(this.#keyed, one)
        if (!row) return undefined
        rows.push(row)
      }
    }
    return mergeRows([], rows)
  }

  async #writePieces(
    table: DeltaTable,
    rows: readonly SumRow[],
    pieces: readonly BucketRange[],
    nameOf: (index: number) => string,
  ): Promise<WrittenFile[]> {
    const { contract } = this.#keyed
    const written: WrittenFile[] = []
    for (const [index, { from, to }] of pieces.entries()) {
      const within = rows.filter(({ bucket }) => bucket >= from && bucket <= to).sort(byBucketAndCity)
      if (within.length > 0) {
        const file = await writeOwnFile(
          this.#context,
          contract,
          leavesOf(this.#keyed, within),
          within.length,
          { name: nameOf(index), tags: { slotFrom: String(from), slotTo: String(to) } },
        )
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

/** Cuts rows into files: at a size, before the newest bucket of the table, and around files that stay. */
function piecesBetween(rows: readonly SumRow[], staying: readonly BucketRange[]): BucketRange[] {
  const counts = new Map<number, number>()
  for (const { bucket } of rows) counts.set(bucket, (counts.get(bucket) ?? 0) + 1)
  const buckets = [...counts.keys()].sort((one, other) => one - other)
  const newest = Math.max(...staying.map(({ to }) => to).filter(Number.isFinite))
  const hot = buckets.at(-1)
  const share = Math.floor(rows.length / FILES_PER_BATCH)
  const target = Math.min(Math.max(share, ROWS_PER_FILE), MOST_ROWS_PER_FILE)
  const pieces: BucketRange[] = []
  let [place, before] = ['', 0]
  for (const bucket of buckets) {
    const gap = staying.filter(({ from }) => Number.isFinite(from) && from <= bucket).length
    const isHot = bucket === hot && bucket > newest
    const here = `${gap}:${isHot}:${Math.floor(before / target)}`
    const last = pieces.at(-1)
    if (last && here === place) pieces[pieces.length - 1] = { ...last, to: bucket }
    else pieces.push({ from: bucket, to: bucket })
    place = here
    before += counts.get(bucket) ?? 0
  }
  return pieces
}

/** Of the files that stay. */
const rangesWithout = (table: DeltaTable, files: readonly AddFile[]): BucketRange[] =>
  [...table.state.files.values()].filter((file) => !files.includes(file)).map(rangeOf)

const byBucketAndCity = (one: SumRow, other: SumRow) =>
  one.bucket - other.bucket || compareTexts(one.city, other.city)

/** Of a row as the table stores it; undefined where something is missing, or no whole number comes out. */
function sumRow({ bucketOfRow, extremes }: UpsertTable, row: Record<string, unknown>): SumRow | undefined {
  const [readings, bucket] = [Number(row.readings ?? Number.NaN), bucketOfRow(row)]
  // Adding 0 takes the sign of -0 away.
  const sum = (mean: string) => Math.round(Number(row[mean] ?? Number.NaN) * readings) + 0
  const [temperatures, humidities] = [sum('avg_temperature'), sum('avg_humidity')]
  const bound = (name: string) => (extremes ? Number(row[name] ?? Number.NaN) : undefined)
  const [lowest, highest] = [bound('min_temperature'), bound('max_temperature')]
  const numbers = [readings, bucket, temperatures, humidities, lowest ?? 0, highest ?? 0]
  if (typeof row.city !== 'string' || !numbers.every(Number.isSafeInteger)) return undefined
  return { bucket, city: row.city, readings, temperatures, humidities, lowest, highest }
}

/** The columns of the table. */
function leavesOf({ contract, keysOf }: UpsertTable, rows: readonly SumRow[]): Leaf[] {
  const mean = (sum: number, { readings }: SumRow) => sum / readings
  const stored = rows.map(
    (row): Record<string, string | number | undefined> => ({
      ...keysOf(row.bucket),
      city: row.city,
      readings: row.readings,
      min_temperature: row.lowest,
      max_temperature: row.highest,
      avg_temperature: mean(row.temperatures, row),
      avg_humidity: mean(row.humidities, row),
    }),
  )
  return contract.columns.map(([name, type]) =>
    flatLeaf(
      name,
      physicalOf(type as ColumnKind),
      stored.map((row) => row[name]),
    ),
  )
}
