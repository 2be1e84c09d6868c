/**
 * Tables of means (by minute, by hour) that a batch brings up to date: only the files that hold the batch's slots are
 * written again. A slot is the whole number that a table is ordered by: a minute or an hour since 1970. Files lie side by
 * side on that line, each tagged with its first and last slot, the newest slot in a file of its own: so live readings
 * touch one small file, and readings of random times cost no more than the files that they fall into.
 */
import type { TableContract } from '../../pipeline/contract/tables.ts'
import { commitCompaction } from './compaction.ts'
import { type Connection, quotedList } from './database.ts'
import type { AddFile } from './delta-log.ts'
import type { DeltaTable } from './delta-writer.ts'
import type { EngineContext } from './options.ts'
import { dataFileName, type WrittenFile, writeParquet } from './parquet-file.ts'
import type { Batch, Output } from './query.ts'

export interface KeyedTable {
  contract: TableContract
  /** SQL of the slot, from the columns of the layer before. */
  slotOfReading: string
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

/**
 * Brings the table up to date with the readings of a batch.
 * @param select SQL of the readings.
 * @returns how many there were; undefined when the table had the batch already.
 */
export async function updateKeyed(
  context: EngineContext,
  connection: Connection,
  keyed: KeyedTable,
  output: Output,
  batch: Batch,
  select: string,
): Promise<number | undefined> {
  const { table, appId } = output
  if (table.transaction(appId) >= batch.id) return undefined
  await connection.run(`CREATE OR REPLACE TEMP TABLE delta AS
    SELECT ${keyed.slotOfReading} AS slot, city, count(*) AS readings, sum(temperature)::BIGINT AS temperatures,
      sum(humidity)::BIGINT AS humidities, min(temperature) AS lowest, max(temperature) AS highest
    FROM (${select}) GROUP BY ALL`)
  const slots = await slotsOf(connection)
  const touched = [...table.state.files.values()].filter((file) => touches(file, slots))
  const written = await rewrite(context, connection, keyed, {
    table,
    touched,
    added: 'SELECT * FROM delta',
    nameOf: (index) => dataFileName(batch.id, batch.id, 'k', index),
  })
  const counts = { input: slots.readings, output: slots.readings }
  await table.commit({
    operation: 'MERGE',
    operationParameters: { predicate: '["slot and city are equal"]' },
    operationMetrics: {
      numSourceRows: slots.readings,
      numTargetFilesAdded: written.length,
      numTargetFilesRemoved: touched.length,
    },
    txn: { appId, version: batch.id },
    add: written.map(({ add }) => add),
    remove: touched.map(({ path }) => path),
    dataChange: true,
    books: batch.books(counts),
  })
  await context.tuning.at(`${table.title}: committed`)
  return slots.readings
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
  const written = await rewrite(context, connection, keyed, {
    table,
    touched: small,
    added: undefined,
    nameOf: (index) => dataFileName(version + 1, version + 1, 'c', index),
  })
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
  context: EngineContext,
  connection: Connection,
  keyed: KeyedTable,
  work: {
    table: DeltaTable
    touched: AddFile[]
    added: string | undefined
    nameOf: (index: number) => string
  },
): Promise<WrittenFile[]> {
  const sources = work.added === undefined ? [] : [work.added]
  if (work.touched.length > 0)
    sources.push(
      storedRows(
        keyed,
        work.touched.map((file) => work.table.pathOf(file)),
      ),
    )
  await connection.run(`CREATE OR REPLACE TEMP TABLE merged AS
    SELECT slot, city, sum(readings)::BIGINT AS readings, sum(temperatures)::BIGINT AS temperatures,
      sum(humidities)::BIGINT AS humidities, min(lowest) AS lowest, max(highest) AS highest
    FROM (${sources.join(' UNION ALL ')}) GROUP BY slot, city`)
  const staying = [...work.table.state.files.values()]
    .filter((file) => !work.touched.includes(file))
    .map(rangeOf)
  const written: WrittenFile[] = []
  for (const [index, { from, to }] of (await cut(connection, staying)).entries()) {
    const file = await writeParquet(context, connection, keyed.contract, {
      select: finalRows(keyed, from, to),
      name: work.nameOf(index),
      tags: { slotFrom: String(from), slotTo: String(to) },
    })
    if (file) written.push(file)
    await context.tuning.at(`${work.table.title}: file written`)
  }
  await connection.run('DROP TABLE merged')
  return written
}

/** Stored means as sums: exact, since a mean times its count is the whole number that it came from, within half of one. */
const storedRows = (keyed: KeyedTable, paths: readonly string[]) => `
  SELECT ${keyed.slotOfRow} AS slot, city, readings, round(avg_temperature * readings)::BIGINT AS temperatures,
    round(avg_humidity * readings)::BIGINT AS humidities,
    ${keyed.extremes ? 'min_temperature' : 'NULL::INTEGER'} AS lowest,
    ${keyed.extremes ? 'max_temperature' : 'NULL::INTEGER'} AS highest
  FROM read_parquet(${quotedList(paths)})`

const finalRows = (keyed: KeyedTable, from: number, to: number) => `
  SELECT ${keyed.keyColumns}, city, readings, lowest AS min_temperature, highest AS max_temperature,
    temperatures / readings AS avg_temperature, humidities / readings AS avg_humidity
  FROM merged WHERE slot BETWEEN ${from} AND ${to} ORDER BY slot, city`

interface SlotRange {
  from: number
  to: number
}

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

/** A file without our tags (another writer compacted the table) may hold any slot. */
function rangeOf(file: AddFile): SlotRange {
  return {
    from: Number(file.tags?.slotFrom ?? Number.NEGATIVE_INFINITY),
    to: Number(file.tags?.slotTo ?? Number.POSITIVE_INFINITY),
  }
}
