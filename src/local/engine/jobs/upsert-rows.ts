/** The SQL of an upsert table's rows: readings and stored means as rows of sums, merged, and as means again. */
import type { TableContract } from '../../../contract/tables.ts'
import type { AddFile, FileStatistics } from '../../../delta/actions.ts'
import { columnsOf } from '../../../delta/schema.ts'
import type { DeltaTable } from '../delta/delta-writer.ts'
import { rowsIn } from '../delta/parquet-file.ts'
import type { Connection } from '../duckdb/database.ts'
import type { BucketRange } from './time-bucket-range.ts'

/** Rows of a file, at least, before the next bucket begins a new one. */
export const ROWS_PER_FILE = 4096
export const MOST_ROWS_PER_FILE = 131_072
/** A batch that rewrites a large part of a large table writes about so many files, larger ones. */
export const FILES_PER_BATCH = 8
/** A table with one row for each bucket of time and city. */
export interface UpsertTable {
  contract: TableContract
  /** SQL of the bucket, from the columns of the layer before. */
  slotOfReading: string
  /** The buckets of all readings in a file of that layer; undefined when its statistics do not tell. */
  bucketsIn: (statistics: FileStatistics) => BucketRange | undefined
  /** SQL of the bucket, from the table's own columns. */
  slotOfRow: string
  /** SQL of the table's key columns, from `bucket` and `city`. */
  keyColumns: string
  /** The same of a row as it is read: times in microseconds, days since 1970. */
  bucketOfRow: (row: Readonly<Record<string, unknown>>) => number
  /** The key columns of a bucket, likewise. */
  keysOf: (bucket: number) => Readonly<Record<string, number>>
  /** Whether the table keeps the least and the greatest temperature too. */
  extremes: boolean
}

/**
 * Columns that other writers have added, as far as the files have them: their values stay with their rows.
 * @returns their names in quotes.
 */
export async function foreignColumns(
  connection: Connection,
  contract: TableContract,
  table: DeltaTable,
  files: readonly AddFile[],
): Promise<string[]> {
  const own = new Set(contract.columns.map(([name]) => name))
  const added = columnsOf(table.state.metaData).filter(({ name }) => !own.has(name))
  if (added.length === 0 || files.length === 0) return []
  const paths = files.map((file) => table.pathOf(file))
  const found = await connection.rows<{ column_name: string }>(
    `DESCRIBE SELECT * FROM ${rowsIn(paths, true)}`,
  )
  const names = new Set(found.map(({ column_name: name }) => name))
  return added.filter(({ name }) => names.has(name)).map(({ name }) => quotedName(name))
}

/**
 * The same as `writeParquet` takes them. Other writers' files may have times as INT96, which DuckDB reads as times of no zone: written
 * like that they would not be of the type that the schema names.
 */
export function foreignAsStored(table: DeltaTable, foreign: readonly string[]): string[] {
  const zoned = new Set(
    columnsOf(table.state.metaData).flatMap(({ name, type }) =>
      type === 'timestamp' ? quotedName(name) : [],
    ),
  )
  return foreign.map((name) => (zoned.has(name) ? `${name}::TIMESTAMPTZ AS ${name}` : name))
}

const quotedName = (name: string) => `"${name.replaceAll('"', '""')}"`

const listed = (names: readonly string[], put: (name: string) => string) =>
  names.map((name) => `, ${put(name)}`).join('')

/** A reading of another writer may lack what a mean is made of: it is in no bucket then, like one without a time. */
const bucketOf = ({ slotOfReading }: UpsertTable) =>
  `CASE WHEN temperature IS NOT NULL AND humidity IS NOT NULL THEN ${slotOfReading} END`

/** Readings as rows of sums, one of each. */
export const freshRows = (keyed: UpsertTable, readings: string) => `
  SELECT ${bucketOf(keyed)} AS bucket, city, 1::BIGINT AS readings, temperature AS temperatures,
    humidity AS humidities, temperature AS lowest, temperature AS highest
  FROM (${readings})`

/** The same, with a row for each bucket and city: as {@link mergedRows} makes of them, in fewer steps to plan. */
export const groupedRows = (keyed: UpsertTable, readings: string) => `
  SELECT ${bucketOf(keyed)} AS bucket, city, count(*) AS readings, sum(temperature)::BIGINT AS temperatures,
    sum(humidity)::BIGINT AS humidities, min(temperature) AS lowest, max(temperature) AS highest
  FROM (${readings}) GROUP BY ALL`

/** Stored means as sums: exact, since a mean times its count is the whole number that it came from, within half of one. */
export function stored(
  keyed: UpsertTable,
  table: DeltaTable,
  files: readonly AddFile[],
  foreign: readonly string[],
): string[] {
  if (files.length === 0) return []
  const paths = files.map((file) => table.pathOf(file))
  return [
    `SELECT ${keyed.slotOfRow} AS bucket, city, readings, round(avg_temperature * readings)::BIGINT AS temperatures,
      round(avg_humidity * readings)::BIGINT AS humidities,
      ${keyed.extremes ? 'min_temperature' : 'NULL::INTEGER'} AS lowest,
      ${keyed.extremes ? 'max_temperature' : 'NULL::INTEGER'} AS highest${listed(foreign, (name) => name)}
    FROM ${rowsIn(paths, foreign.length > 0)}`,
  ]
}

/** A row for each bucket and city, of rows of sums. @param before rows of the table, which alone have foreign columns. */
export function mergedRows(
  fresh: readonly string[],
  before: readonly string[] = [],
  foreign: readonly string[] = [],
): string {
  const sources = [
    ...fresh.map((sql) =>
      foreign.length === 0 ? sql : `SELECT *${listed(foreign, (name) => `NULL AS ${name}`)} FROM (${sql})`,
    ),
    ...before,
  ]
  return `
  SELECT bucket, city, sum(readings)::BIGINT AS readings, sum(temperatures)::BIGINT AS temperatures,
    sum(humidities)::BIGINT AS humidities, min(lowest) AS lowest, max(highest) AS highest
    ${listed(foreign, (name) => `any_value(${name}) AS ${name}`)}
  FROM (${sources.join(' UNION ALL ')}) GROUP BY bucket, city`
}

/** @param source SQL of a table of merged rows. @param range only these buckets; undefined: all. */
export const finalRows = (
  keyed: UpsertTable,
  source: string,
  range: BucketRange | undefined,
  foreign: readonly string[],
) => `
  SELECT ${keyed.keyColumns}, city, readings, lowest AS min_temperature, highest AS max_temperature,
    temperatures / readings AS avg_temperature, humidities / readings AS avg_humidity${listed(foreign, (name) => name)}
  FROM ${source} ${range ? `WHERE bucket BETWEEN ${range.from} AND ${range.to}` : ''} ORDER BY bucket, city`
