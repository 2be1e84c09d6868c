/** Lets DuckDB write one data file of a Delta table, and tells the log what is in it. */
import { rm } from 'node:fs/promises'
import { FROM_FILES_ALONE, quotedPaths } from '../../../contract/duckdb-paths.ts'
import type { DeltaType, TableContract } from '../../../contract/tables.ts'
import type { AddFile, FileStatistics } from '../../../delta/actions.ts'
import type { EngineContext } from '../api/options.ts'
import { type Connection, quoted, type SqlParameter } from '../duckdb/database.ts'
import { adoptWritten } from './lake-files.ts'
import { textAbove, textBelow } from './text-bounds.ts'

/** How each column type is stored, so that every reader sees the type that the schema names. */
export const STORED: Record<DeltaType, string> = {
  string: 'VARCHAR',
  integer: 'INTEGER',
  long: 'BIGINT',
  double: 'DOUBLE',
  /** INT64 microseconds, adjusted to UTC. */
  timestamp: 'TIMESTAMPTZ',
  date: 'DATE',
  'array<string>': 'VARCHAR[]',
}

/**
 * Spark asks a file who wrote it before it reads old times (SPARK-31404): without a version it takes them to be of a calendar
 * of which it cannot be sure, and refuses them. Ours are of the calendar that Spark has had since version 3.
 */
export const FOOTER = { 'org.apache.spark.version': '3.5.0' }
const FOOTER_SQL = Object.entries(FOOTER).map(([key, value]) => `"${key}": ${quoted(value)}`)

/**
 * Writes the rows of a SELECT, in its order, to `<table>/<name>`; a file of that name that no log refers to is replaced.
 * @param options.select must name every column of the contract.
 * @param options.foreign columns of other writers, in quotes, as the SELECT has them: they are kept in the type that they have.
 * @param options.planKept for a SELECT that comes again: planning costs as much as writing few rows. Its `unfinished` is where the file
 * stands until it is whole, as {@link EngineLake.unfinishedFile} gave it once; nobody else may write there.
 * @returns undefined when there are no rows, and then no file either.
 */
export async function writeParquet(
  context: EngineContext,
  connection: Connection,
  contract: TableContract,
  options: {
    select: string
    name: string
    tags?: Record<string, string>
    foreign?: readonly string[]
    planKept?: { unfinished: string; parameters?: readonly SqlParameter[] }
  },
): Promise<WrittenFile | undefined> {
  const { planKept } = options
  const unfinished = planKept?.unfinished ?? context.lake.unfinishedFile()
  const columns = contract.columns.map(([name, type]) => `"${name}"::${STORED[type]} AS "${name}"`)
  let written: CopyResult | undefined
  try {
    // Nobody looks for the file where it is written, so it needs no second name. A Bloom filter costs a tenth of a small file, helps with no column that is searched, and hides -0.0 from a search for 0.
    const copy = `COPY (SELECT ${[...columns, ...(options.foreign ?? [])].join(', ')} FROM (${options.select})) TO ${quoted(unfinished)}
        (FORMAT parquet, COMPRESSION snappy, WRITE_BLOOM_FILTER false, RETURN_STATS, USE_TMP_FILE false, KV_METADATA {${FOOTER_SQL}})`
    ;[written] = await (planKept
      ? connection.rowsPrepared<CopyResult>(copy, planKept.parameters)
      : connection.rows<CopyResult>(copy))
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
  if (!written || written.count === 0) {
    await rm(unfinished, { force: true })
    return undefined
  }
  const size = await adoptWritten(context, unfinished, {
    container: contract.container,
    path: `${contract.path}/${options.name}`,
  })
  const add: AddFile = {
    path: options.name,
    partitionValues: {},
    size,
    modificationTime: context.clock.now(),
    dataChange: true,
    stats: JSON.stringify(statistics(contract, written)),
    ...(options.tags && { tags: options.tags }),
  }
  return { add, rows: written.count }
}

/** A data file that stands in its place and is in no commit yet. */
export interface WrittenFile {
  /** The log's entry. */
  add: AddFile
  rows: number
}

/** What `RETURN_STATS` says of a file. */
interface CopyResult extends Record<string, unknown> {
  count: number
  column_statistics: readonly StatisticsEntry[]
}
interface StatisticsEntry {
  /** The column's name in double quotes; elements of lists have more parts. */
  key: string
  value: readonly { key: string; value: string }[]
}

function statistics(contract: TableContract, written: CopyResult): FileStatistics {
  const found = new Map(
    written.column_statistics.map(({ key, value }) => [
      key,
      new Map(value.map((one) => [one.key, one.value])),
    ]),
  )
  const result: Required<FileStatistics> = {
    numRecords: written.count,
    minValues: {},
    maxValues: {},
    nullCount: {},
  }
  for (const [name, type] of contract.columns) {
    const column = found.get(`"${name}"`)
    if (!column) continue
    result.nullCount[name] = Number(column.get('null_count') ?? 0)
    const low = lowerBound(type, column.get('min'))
    const high = upperBound(type, column.get('max'))
    if (low !== undefined) result.minValues[name] = low
    if (high !== undefined) result.maxValues[name] = high
  }
  return result
}

function lowerBound(type: DeltaType, value: string | undefined): string | number | undefined {
  if (value === undefined) return undefined
  if (type === 'string') return textBelow(value)
  return type === 'timestamp' ? milliseconds(value, false) : plain(type, value)
}

function upperBound(type: DeltaType, value: string | undefined): string | number | undefined {
  if (value === undefined) return undefined
  if (type === 'string') return textAbove(value)
  return type === 'timestamp' ? milliseconds(value, true) : plain(type, value)
}

function plain(type: DeltaType, value: string): string | number | undefined {
  if (type === 'date') return /^\d{4}-\d\d-\d\d$/.test(value) ? value : undefined
  const number = Number(value)
  // JSON's numbers are not exact beyond that, and a bound must not be within what it bounds.
  return type === 'double' || Number.isSafeInteger(number) ? number : undefined
}

/**
 * DuckDB's `2026-01-01 00:00:00.123456+00` as Delta's statistics have it: ISO-8601 with milliseconds, rounded outwards.
 * Undefined for what the format cannot express (years beyond 9999 or before Christ).
 */
function milliseconds(value: string, up: boolean): string | undefined {
  const match = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?\+00$/.exec(value)
  if (!match) return undefined
  const [, date, time, fraction = ''] = match
  const micros = Number(fraction.padEnd(6, '0'))
  const millis = up ? Math.ceil(micros / 1000) : Math.floor(micros / 1000)
  return new Date(Date.parse(`${date}T${time}Z`) + millis).toISOString()
}

const digits = (value: number) => String(value).padStart(12, '0')

/**
 * Names of the data files tell their place: sorted by name, an appended table stands in bronze order.
 * @param kind `b`: written by a batch; `l` + level: compacted; `k`, `c`: of an upsert table, by a batch or compacted.
 */
export const dataFileName = (
  firstBatch: number,
  lastBatch: number,
  kind: 'b' | 'l' | 'k' | 'c',
  number: number,
) => `part-${digits(firstBatch)}-${digits(lastBatch)}-${kind}${number}.parquet`

const DATA_FILE = /^part-(\d{12})-(\d{12})-([blkc])(\d+)\.parquet$/

/** The inverse of {@link dataFileName}; undefined for files of other writers. */
export function parseDataFileName(path: string) {
  const match = DATA_FILE.exec(path)
  if (!match) return undefined
  return {
    firstBatch: Number(match[1]),
    lastBatch: Number(match[2]),
    kind: match[3] as 'b' | 'l' | 'k' | 'c',
    number: Number(match[4]),
  }
}

/**
 * SQL of the rows of data files, in the files' order. Files of other writers may have columns that ours have not.
 * @param paths absolute. @param hasForeign whether ours may have columns of others too.
 */
export function rowsIn(paths: readonly string[], hasForeign = false): string {
  const isOwn = !hasForeign && paths.every((path) => parseDataFileName(path.slice(path.lastIndexOf('/') + 1)))
  const options = `${FROM_FILES_ALONE}${isOwn ? '' : ', union_by_name = true'}`
  return `read_parquet(${quotedPaths(paths)}, ${options})`
}

/** An appended table's files in the order of its rows; files of other writers keep the log's order, behind ours. */
export function inRowOrder(files: Iterable<AddFile>): AddFile[] {
  const own: AddFile[] = []
  const others: AddFile[] = []
  for (const file of files) (parseDataFileName(file.path) ? own : others).push(file)
  return [...own.sort((a, b) => (a.path < b.path ? -1 : 1)), ...others]
}
