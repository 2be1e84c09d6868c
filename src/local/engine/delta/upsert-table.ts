/**
 * Tables of means (by minute, by hour) that a batch brings up to date: only the files that hold the batch's slots are
 * written again. Files lie side by side on the line of the slots, each tagged with its first and last one, the newest slot in
 * a file of its own: so live readings touch one small file, and readings of random times cost no more than the files that
 * they fall into.
 */
import type { TableContract } from '../../../contract/tables.ts'
import { type Connection, quotedList } from '../duckdb/database.ts'
import type { EngineContext } from '../options.ts'
import type { Batch, Output } from '../query/query.ts'
import { commitCompaction } from './compaction.ts'
import type { AddFile, FileStatistics } from './delta-log.ts'
import type { DeltaTable } from './delta-writer.ts'
import { dataFileName, type WrittenFile, writeParquet } from './parquet-file.ts'
import { type LiveUpdate, liveUpdate, rangeOf, type SlotRange, type SlotSpan } from './time-bucket-range.ts'

export interface KeyedTable {
  contract: TableContract
  /** SQL of the slot, from the columns of the layer before. */
  slotOfReading: string
  /** The slots of all readings in a file of that layer; undefined when its statistics do not tell. */
  slotsIn: (statistics: FileStatistics) => SlotRange | undefined
  /** SQL of the slot, from the table's own columns. */
  slotOfRow: string
  /** SQL of the table's key columns, from `slot` and `city`. */
  keyColumns: string
  /** Whether the table keeps the least and the greatest temperature too. */
  extremes: boolean
}

/** Rows of a file, at least, before the next slot begins a new one. */
const ROWS_PER_FILE = 4096
const MOST_ROWS_PER_FILE = 131_072
/** A batch that rewrites a large part of a large table writes about so many files, larger ones. */
const FILES_PER_BATCH = 8
/** More distinct slots than this are not looked at one by one. */
const SLOTS_LISTED = 2000

interface Writing {
  context: EngineContext
  connection: Connection
  keyed: KeyedTable
  table: DeltaTable
  nameOf: (index: number) => string
}

/**
 * Brings the table up to date with the readings of a batch.
 * @param readings SQL of them.
 * @param span theirs, where it is known: a batch of the present then takes one statement for each file that it writes.
 * @returns how many there were; undefined when the table had the batch already.
 */
export async function updateKeyed(
  context: EngineContext,
  connection: Connection,
  keyed: KeyedTable,
  { table, appId }: Output,
  batch: Batch,
  readings: string,
  span: SlotSpan | undefined,
): Promise<number | undefined> {
  if (table.transaction(appId) >= batch.id) return undefined
  const nameOf = (index: number) => dataFileName(batch.id, batch.id, 'k', index)
  const writing = { context, connection, keyed, table, nameOf }
  const live = span && liveUpdate(table.state.files.values(), span, ROWS_PER_FILE)
  const { written, touched, count } = live
    ? { written: await writeLive(writing, live, readings), touched: live.touched, count: span.readings }
    : await writeAnyTime(writing, readings)
  await table.commit({
    operation: 'MERGE',
    operationParameters: { predicate: '["slot and city are equal"]' },
    operationMetrics: {
      numSourceRows: count,
      numTargetFilesAdded: written.length,
      numTargetFilesRemoved: touched.length,
    },
    txn: { appId, version: batch.id },
    add: written.map(({ add }) => add),
    remove: touched.map(({ path }) => path),
    dataChange: true,
    books: batch.books({ input: count, output: count }),
  })
  await context.tuning.at(`${table.title}: committed`)
  return count
}

function writeLive(writing: Writing, { touched, pieces }: LiveUpdate, readings: string) {
  const { keyed, table } = writing
  return writePieces(
    writing,
    `(${mergedRows([freshRows(keyed, readings), ...stored(keyed, table, touched)])})`,
    pieces,
  )
}

/** Readings of whatever times: only the files that hold one of their slots are touched. */
async function writeAnyTime(writing: Writing, readings: string) {
  const { connection, keyed, table } = writing
  await connection.run(`CREATE OR REPLACE TEMP TABLE delta AS ${mergedRows([freshRows(keyed, readings)])}`)
  const slots = await slotsOf(connection)
  const touched = [...table.state.files.values()].filter((file) => touches(file, slots))
  const written = await rewrite(writing, touched, ['SELECT * FROM delta'])
  return { written, touched, count: slots.readings }
}

/** Makes neighbouring small files one when there are many; the newest slot's file stays alone. */
export async function compactKeyed(
  context: EngineContext,
  connection: Connection,
  keyed: KeyedTable,
  table: DeltaTable,
): Promise<void> {
  const { files, version } = table.state
  const { filesPerCompaction } = context.tuning
  if (files.size <= filesPerCompaction) return
  const small = longestRun([...files.values()].sort((a, b) => rangeOf(a).from - rangeOf(b).from).slice(0, -1))
  if (small.length < filesPerCompaction) return
  const nameOf = (index: number) => dataFileName(version + 1, version + 1, 'c', index)
  const written = await rewrite({ context, connection, keyed, table, nameOf }, small, [])
  await commitCompaction(context, table, small, written)
}

/** Bytes of a file that has room for more rows of its kind. */
const SMALL_BYTES = 32_000

/** Neighbours that are all small. */
function longestRun(files: readonly AddFile[]): AddFile[] {
  let longest: AddFile[] = []
  let run: AddFile[] = []
  for (const file of files) {
    run = file.size < SMALL_BYTES ? [...run, file] : []
    if (run.length > longest.length) longest = run
  }
  return longest
}

/** Reads files, adds rows to them, and writes them anew in order, never across a file that stays. */
async function rewrite(
  writing: Writing,
  touched: readonly AddFile[],
  added: readonly string[],
): Promise<WrittenFile[]> {
  const { connection, keyed, table } = writing
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE merged AS ${mergedRows([...added, ...stored(keyed, table, touched)])}`,
  )
  const staying = [...table.state.files.values()].filter((file) => !touched.includes(file)).map(rangeOf)
  const written = await writePieces(writing, 'merged', await cut(connection, staying))
  await connection.run('DROP TABLE merged')
  return written
}

/** @param source SQL of a table of merged rows. */
async function writePieces(
  { context, connection, keyed, table, nameOf }: Writing,
  source: string,
  pieces: readonly SlotRange[],
): Promise<WrittenFile[]> {
  const written: WrittenFile[] = []
  for (const [index, { from, to }] of pieces.entries()) {
    const file = await writeParquet(context, connection, keyed.contract, {
      select: finalRows(keyed, source, from, to),
      name: nameOf(index),
      tags: { slotFrom: String(from), slotTo: String(to) },
    })
    if (file) written.push(file)
    await context.tuning.at(`${table.title}: file written`)
  }
  return written
}

/** Readings as rows of sums, one of each. */
const freshRows = (keyed: KeyedTable, readings: string) => `
  SELECT ${keyed.slotOfReading} AS slot, city, 1::BIGINT AS readings, temperature AS temperatures,
    humidity AS humidities, temperature AS lowest, temperature AS highest
  FROM (${readings})`

/** Stored means as sums: exact, since a mean times its count is the whole number that it came from, within half of one. */
function stored(keyed: KeyedTable, table: DeltaTable, files: readonly AddFile[]): string[] {
  if (files.length === 0) return []
  return [
    `SELECT ${keyed.slotOfRow} AS slot, city, readings, round(avg_temperature * readings)::BIGINT AS temperatures,
      round(avg_humidity * readings)::BIGINT AS humidities,
      ${keyed.extremes ? 'min_temperature' : 'NULL::INTEGER'} AS lowest,
      ${keyed.extremes ? 'max_temperature' : 'NULL::INTEGER'} AS highest
    FROM read_parquet(${quotedList(files.map((file) => table.pathOf(file)))})`,
  ]
}

/** A row for each slot and city, of rows of sums. */
const mergedRows = (sources: readonly string[]) => `
  SELECT slot, city, sum(readings)::BIGINT AS readings, sum(temperatures)::BIGINT AS temperatures,
    sum(humidities)::BIGINT AS humidities, min(lowest) AS lowest, max(highest) AS highest
  FROM (${sources.join(' UNION ALL ')}) GROUP BY slot, city`

const finalRows = (keyed: KeyedTable, source: string, from: number, to: number) => `
  SELECT ${keyed.keyColumns}, city, readings, lowest AS min_temperature, highest AS max_temperature,
    temperatures / readings AS avg_temperature, humidities / readings AS avg_humidity
  FROM ${source} WHERE slot BETWEEN ${from} AND ${to} ORDER BY slot, city`

/** Cuts the merged slots into files: at a size, before the newest slot of the table, and around files that stay. */
async function cut(connection: Connection, staying: readonly SlotRange[]): Promise<SlotRange[]> {
  const bounds = staying.map(({ from }) => from).filter(Number.isFinite)
  const newest = Math.max(...staying.map(({ to }) => to))
  return connection.rows<SlotRange & Record<string, unknown>>(`
    WITH slots AS (SELECT slot, count(*) AS rows FROM merged GROUP BY slot),
    placed AS (SELECT slot, rows,
      sum(rows) OVER (ORDER BY slot) - rows AS before,
      least(greatest(sum(rows) OVER () // ${FILES_PER_BATCH}, ${ROWS_PER_FILE}), ${MOST_ROWS_PER_FILE}) AS target,
      len(list_filter([${bounds.join(', ')}]::BIGINT[], lambda bound: bound <= slot)) AS gap,
      slot = max(slot) OVER () AND slot > ${Number.isFinite(newest) ? newest : 'slot - 1'} AS hot
    FROM slots)
    SELECT min(slot) AS "from", max(slot) AS "to" FROM placed GROUP BY gap, hot, before // target ORDER BY 1`)
}

interface BatchSlots {
  range: SlotRange
  /** Each of them; undefined when there are very many. */
  each: number[] | undefined
  /** Readings in all of them. */
  readings: number
}

async function slotsOf(connection: Connection): Promise<BatchSlots> {
  const rows = await connection.rows<{ slot: number; readings: number }>(
    `SELECT slot, sum(readings)::BIGINT AS readings FROM delta GROUP BY slot ORDER BY slot LIMIT ${SLOTS_LISTED + 1}`,
  )
  const each = rows.map(({ slot }) => slot)
  const from = each[0] ?? 0
  if (each.length <= SLOTS_LISTED) {
    const readings = rows.reduce((sum, row) => sum + row.readings, 0)
    return { range: { from, to: each.at(-1) ?? 0 }, each, readings }
  }
  const [all] = await connection.rows<{ last: number; readings: number }>(
    'SELECT max(slot) AS last, sum(readings)::BIGINT AS readings FROM delta',
  )
  return { range: { from, to: all?.last ?? from }, each: undefined, readings: all?.readings ?? 0 }
}

function touches(file: AddFile, slots: BatchSlots): boolean {
  const { from, to } = rangeOf(file)
  if (to < slots.range.from || from > slots.range.to) return false
  return slots.each?.some((slot) => slot >= from && slot <= to) ?? true
}
