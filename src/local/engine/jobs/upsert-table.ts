/**
 * Tables of means (by minute, by hour) that a batch brings up to date: only the files that hold the batch's buckets are
 * written again. Files lie side by side on the line of the buckets, each tagged with its first and last one, the newest bucket in
 * a file of its own: so live readings touch one small file, and readings of random times cost no more than the files that
 * they fall into.
 */
import type { AddFile } from '../../../delta/actions.ts'
import type { EngineContext } from '../api/options.ts'
import { commitCompaction } from '../delta/compaction.ts'
import { ConflictError, type DeltaTable } from '../delta/delta-writer.ts'
import {
  dataFileName,
  parseDataFileName,
  rowsIn,
  type WrittenFile,
  writeParquet,
} from '../delta/parquet-file.ts'
import type { Connection } from '../duckdb/database.ts'
import type { SumRow } from '../live/sums.ts'
import type { Batch, Output } from '../query/query.ts'
import type { LiveRows } from './live-rows.ts'
import { type BucketRange, type LiveUpdate, liveUpdate, rangeOf, type SlotSpan } from './time-bucket-range.ts'
import {
  FILES_PER_BATCH,
  finalRows,
  foreignAsStored,
  foreignColumns,
  freshRows,
  MOST_ROWS_PER_FILE,
  mergedRows,
  ROWS_PER_FILE,
  stored,
  type UpsertTable,
} from './upsert-rows.ts'

/** More distinct buckets than this are not looked at one by one. */
const SLOTS_LISTED = 2000

interface Writing {
  context: EngineContext
  connection: Connection
  keyed: UpsertTable
  table: DeltaTable
  nameOf: (index: number) => string
}

/**
 * Brings the table up to date with the readings of a batch.
 * @param readings SQL of them.
 * @param span theirs, where it is known: a batch of the present then takes one statement for each file that it writes.
 * @param liveRows of this table: where such a batch is small, they know what it is merged with.
 * @param known what the readings add up to, where that is known already.
 * @returns how many there were; undefined when the table had the batch already.
 */
export async function updateKeyed(
  context: EngineContext,
  connection: Connection,
  keyed: UpsertTable,
  { table, appId }: Pick<Output, 'table' | 'appId'>,
  batch: Batch,
  readings: string,
  span: SlotSpan | undefined,
  liveRows: LiveRows,
  known: readonly SumRow[] | undefined,
): Promise<number | undefined> {
  if (table.transaction(appId) >= batch.id) return undefined
  for (let tries = 1; ; tries++) {
    try {
      return await updateOnce(
        context,
        connection,
        keyed,
        { table, appId },
        batch,
        readings,
        span,
        liveRows,
        known,
      )
    } catch (error) {
      // Another writer has rewritten a file meanwhile: the table as it left it is what the batch goes into.
      if (!(error instanceof ConflictError) || tries === MOST_TRIES) throw error
      context.logger.info({ table: table.title, reason: error.message }, 'a batch gave way to another writer')
    }
  }
}

/** How often a batch retries when other writers rewrite the table under it. */
const MOST_TRIES = 5

async function updateOnce(
  context: EngineContext,
  connection: Connection,
  keyed: UpsertTable,
  { table, appId }: Pick<Output, 'table' | 'appId'>,
  batch: Batch,
  readings: string,
  span: SlotSpan | undefined,
  liveRows: LiveRows,
  known: readonly SumRow[] | undefined,
): Promise<number> {
  const nameOf = (index: number) => dataFileName(batch.id, batch.id, 'k', index)
  const writing = { context, connection, keyed, table, nameOf }
  liveRows.begin()
  const live = span && liveUpdate(table.state.files.values(), span, ROWS_PER_FILE)
  const { written, touched, count } = live
    ? {
        written:
          (await liveRows.write(table, live, readings, span.readings, nameOf, known)) ??
          (await writeLive(writing, live, readings)),
        touched: live.touched,
        count: span.readings,
      }
    : ((known && (await liveRows.writeAnyTime(table, known, nameOf))) ??
      (await writeAnyTime(writing, readings)))
  await table.commit({
    operation: 'MERGE',
    operationParameters: { predicate: '["bucket and city are equal"]' },
    operationMetrics: {
      numSourceRows: count,
      numTargetFilesAdded: written.length,
      numTargetFilesRemoved: touched.length,
    },
    txn: { appId, version: batch.id },
    add: written.map(({ add }) => add),
    remove: touched.map(({ path }) => path),
    dataChange: true,
    commitMetadata: batch.commitMetadata({ input: count, output: count }),
  })
  liveRows.committed()
  await context.tuning.failpoint(`${table.title}: committed`)
  return count
}

async function writeLive(writing: Writing, { touched, pieces }: LiveUpdate, readings: string) {
  const { connection, keyed, table } = writing
  const foreign = await foreignColumns(connection, keyed.contract, table, touched)
  const rows = mergedRows([freshRows(keyed, readings)], stored(keyed, table, touched, foreign), foreign)
  return writePieces(writing, `(${rows})`, pieces, foreign)
}

/** Readings of whatever times: only the files that hold one of their buckets are touched. */
async function writeAnyTime(writing: Writing, readings: string) {
  const { connection, keyed, table } = writing
  await connection.run(`CREATE OR REPLACE TEMP TABLE delta AS ${mergedRows([freshRows(keyed, readings)])}`)
  const buckets = await slotsOf(connection)
  const touched = [...table.state.files.values()].filter((file) => touches(file, buckets))
  const written = await rewrite(writing, touched, ['SELECT * FROM delta'])
  return { written, touched, count: buckets.readings }
}

/** Makes neighbouring small files one when there are many; the newest bucket's file stays alone. */
export async function compactKeyed(
  context: EngineContext,
  connection: Connection,
  keyed: UpsertTable,
  table: DeltaTable,
  liveRows: LiveRows,
): Promise<void> {
  const { files, version } = table.state
  const { filesPerCompaction } = context.tuning
  if (files.size <= filesPerCompaction) return
  const small = longestRun([...files.values()].sort((a, b) => rangeOf(a).from - rangeOf(b).from).slice(0, -1))
  if (small.length < filesPerCompaction) return
  const nameOf = (index: number) => dataFileName(version + 1, version + 1, 'c', index)
  const written =
    (connection.isInUse ? undefined : await liveRows.merge(table, small, nameOf)) ??
    (await rewrite({ context, connection, keyed, table, nameOf }, small, []))
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
  await assertWhole(writing, touched)
  const foreign = await foreignColumns(connection, keyed.contract, table, touched)
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE merged AS ${mergedRows(added, stored(keyed, table, touched, foreign), foreign)}`,
  )
  const staying = [...table.state.files.values()].filter((file) => !touched.includes(file)).map(rangeOf)
  const written = await writePieces(writing, 'merged', await cut(connection, staying), foreign)
  await connection.run('DROP TABLE merged')
  return written
}

/**
 * A row of another writer without a time has no place in any file, so it would be lost; one without a mean, or with NaN, would make the
 * others of its bucket wrong. @throws Error where there is one.
 */
async function assertWhole(
  { connection, keyed, table }: Writing,
  touched: readonly AddFile[],
): Promise<void> {
  const others = touched.filter(({ path }) => !parseDataFileName(path)).map((file) => table.pathOf(file))
  if (others.length === 0) return
  const means = ['avg_temperature', 'avg_humidity']
  const isNone = [`${keyed.slotOfRow} IS NULL`, 'readings IS NULL OR readings < 1', ...means.map(isNoNumber)]
  const [found] = await connection.rows<{ count: number }>(
    `SELECT count(*) AS count FROM ${rowsIn(others)} WHERE ${isNone.join(' OR ')}`,
  )
  if (!found || found.count === 0) return
  const keys = keyed.contract.columns.map(([name]) => name).filter((name) => TIME_COLUMNS.has(name))
  throw new Error(
    `Another writer has put rows into ${table.title} in which ${[...keys, 'readings', ...means].join(', ')} are not all there, or no ` +
      `numbers: ${found.count}. Correct or delete them, since what is added to them would be lost or wrong.`,
  )
}

const isNoNumber = (column: string) => `coalesce(NOT isfinite(${column}), true)`
const TIME_COLUMNS = new Set<string>(['minute', 'date', 'hour'])

/** @param source SQL of a table of merged rows. */
async function writePieces(
  { context, connection, keyed, table, nameOf }: Writing,
  source: string,
  pieces: readonly BucketRange[],
  foreign: readonly string[],
): Promise<WrittenFile[]> {
  const written: WrittenFile[] = []
  for (const [index, { from, to }] of pieces.entries()) {
    const file = await writeParquet(context, connection, keyed.contract, {
      select: finalRows(keyed, source, { from, to }, foreign),
      name: nameOf(index),
      foreign: foreignAsStored(table, foreign),
      tags: { slotFrom: String(from), slotTo: String(to) },
    })
    if (file) written.push(file)
    await context.tuning.failpoint(`${table.title}: file written`)
  }
  return written
}

/** Cuts the merged buckets into files: at a size, before the newest bucket of the table, and around files that stay. */
async function cut(connection: Connection, staying: readonly BucketRange[]): Promise<BucketRange[]> {
  const bounds = staying.map(({ from }) => from).filter(Number.isFinite)
  const newest = Math.max(...staying.map(({ to }) => to))
  return connection.rows<BucketRange & Record<string, unknown>>(`
    WITH buckets AS (SELECT bucket, count(*) AS rows FROM merged WHERE bucket IS NOT NULL GROUP BY bucket),
    placed AS (SELECT bucket, rows,
      sum(rows) OVER (ORDER BY bucket) - rows AS before,
      least(greatest(sum(rows) OVER () // ${FILES_PER_BATCH}, ${ROWS_PER_FILE}), ${MOST_ROWS_PER_FILE}) AS target,
      len(list_filter([${bounds.join(', ')}]::BIGINT[], lambda bound: bound <= bucket)) AS gap,
      bucket = max(bucket) OVER () AND bucket > ${Number.isFinite(newest) ? newest : 'bucket - 1'} AS hot
    FROM buckets)
    SELECT min(bucket) AS "from", max(bucket) AS "to" FROM placed GROUP BY gap, hot, before // target ORDER BY 1`)
}

/** Readings of other writers may lack a time or a measurement: they are in no bucket, and in no mean. */
interface BatchSlots {
  range: BucketRange
  /** Each of them; undefined when there are very many. */
  each: number[] | undefined
  /** Readings in all of them. */
  readings: number
}

async function slotsOf(connection: Connection): Promise<BatchSlots> {
  const rows = await connection.rows<{ bucket: number | null; readings: number }>(
    `SELECT bucket, sum(readings)::BIGINT AS readings FROM delta GROUP BY bucket ORDER BY bucket NULLS FIRST LIMIT ${SLOTS_LISTED + 1}`,
  )
  const each = rows.flatMap(({ bucket }) => bucket ?? [])
  const from = each[0] ?? 0
  if (rows.length <= SLOTS_LISTED) {
    const readings = rows.reduce((sum, row) => sum + row.readings, 0)
    return { range: { from, to: each.at(-1) ?? 0 }, each, readings }
  }
  const [all] = await connection.rows<{ last: number; readings: number }>(
    'SELECT max(bucket) AS last, sum(readings)::BIGINT AS readings FROM delta',
  )
  return { range: { from, to: all?.last ?? from }, each: undefined, readings: all?.readings ?? 0 }
}

function touches(file: AddFile, buckets: BatchSlots): boolean {
  const { from, to } = rangeOf(file)
  if (to < buckets.range.from || from > buckets.range.to) return false
  return buckets.each?.some((bucket) => bucket >= from && bucket <= to) ?? true
}
