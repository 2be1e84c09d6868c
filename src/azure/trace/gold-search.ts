/**
 * Where a silver row went: gold, and the means by minute and by hour. Each commit carries running totals, so
 * the commit that took a row in is the first one whose totals reach those of the layer before.
 */
import { TABLES, type TableName } from '../../contract/tables.ts'
import type { AggregateStep, GoldStep, MeansChange, MinuteStep } from '../../pipeline/ports/trace.ts'
import type { LakeClient } from '../lake/data-lake.ts'
import { type Commit, CommitLog } from './commit-search.ts'
import { type FileInTable, type ParquetRow, rowsOf, timeOf, traceRow } from './table-rows.ts'

const MINUTE_MS = 60_000

/** The trace's step, and what the search in the aggregate needs of it; undefined: not in gold yet, or no longer. */
export interface GoldPlace {
  step: GoldStep
  commit: Commit | undefined
  row: ParquetRow | undefined
}

/** @param from the silver commit that added the row, and the row itself. */
export async function searchGold(
  client: LakeClient,
  from: { commit: Commit; row: ParquetRow },
  signal?: AbortSignal,
): Promise<GoldPlace> {
  const log = new CommitLog(client, TABLES.gold, signal)
  const commit = await log.first((one) => reaches(one, from.commit))
  if (!commit) return { step: { step: 'gold', state: 'waiting' }, commit: undefined, row: undefined }
  for (const file of commit.added) {
    const rows = await rowsOf(client, TABLES.gold, file, signal)
    const row = rows?.find((one) => isSame(one, from.row))
    if (!row) continue
    const facts = {
      row: traceRow(row),
      version: commit.version,
      file: file.path,
      fileBytes: file.bytes,
      fileRows: file.rows,
    }
    return { step: { step: 'gold', state: 'done', at: commit.at, facts }, commit, row }
  }
  const step: GoldStep = {
    step: 'gold',
    state: 'gone',
    at: commit.at,
    note: `version ${commit.version} brought it; its file was compacted and deleted since`,
  }
  return { step, commit, row: undefined }
}

/** A commit by another writer has no totals, so only its time is used. */
function reaches(commit: Commit, before: Commit): boolean {
  const [read, written] = [commit.metadata?.totals.input, before.metadata?.totals.output]
  if (read !== undefined && written !== undefined) return read >= written
  return (commit.at ?? 0) >= (before.at ?? 0)
}

const isSame = (a: ParquetRow, b: ParquetRow) =>
  a.eventId === b.eventId &&
  timeOf(a.enqueuedAt) === timeOf(b.enqueuedAt) &&
  String(a.partitionId) === String(b.partitionId)

/** @param gold the commit that added the row: the means by minute are written in the same batch. */
export async function searchMinute(
  client: LakeClient,
  gold: Commit,
  silver: ParquetRow,
  signal?: AbortSignal,
): Promise<MinuteStep> {
  const minute = Math.floor((timeOf(silver.enqueuedAt) ?? 0) / MINUTE_MS) * MINUTE_MS
  const city = String(silver.city)
  const log = new CommitLog(client, TABLES.byMinute, signal)
  const commit = await log.first((one) =>
    gold.metadata && one.metadata
      ? one.metadata.batchId >= gold.metadata.batchId
      : (one.at ?? 0) >= (gold.at ?? 0),
  )
  if (!commit) return { step: 'minute', state: 'waiting' }
  const isRow = (row: ParquetRow) => row.city === city && timeOf(row.minute) === minute
  const change = await changeIn(client, 'byMinute', commit, isRow, signal)
  return {
    step: 'minute',
    state: change.after ? 'done' : 'gone',
    at: commit.at,
    facts: { minute: new Date(minute).toISOString(), city, ...change },
  }
}

/**
 * The mean of the row's city, day and hour, before and after the commit that counted it in. @param gold the
 * commit that added the row to gold. @param silver the row.
 */
export async function searchAggregate(
  client: LakeClient,
  gold: Commit,
  silver: ParquetRow,
  signal?: AbortSignal,
): Promise<AggregateStep> {
  const time = new Date(timeOf(silver.timestamp) ?? 0)
  const date = time.toISOString().slice(0, 10)
  const hour = time.getUTCHours()
  const city = String(silver.city)
  const log = new CommitLog(client, TABLES.aggregated, signal)
  const commit = await log.first((one) => reaches(one, gold))
  if (!commit) return { step: 'aggregate', state: 'waiting' }
  const isRow = (row: ParquetRow) =>
    row.city === city && Number(row.hour) === hour && dateOf(row.date) === date
  const change = await changeIn(client, 'aggregated', commit, isRow, signal)
  return {
    step: 'aggregate',
    state: change.after ? 'done' : 'gone',
    at: commit.at,
    facts: { city, date, hour, ...change },
  }
}

const dateOf = (value: unknown) => (value instanceof Date ? value.toISOString().slice(0, 10) : String(value))

/** The row that a commit replaced, and the row that it wrote. */
async function changeIn(
  client: LakeClient,
  table: TableName,
  commit: Commit,
  isRow: (row: ParquetRow) => boolean,
  signal: AbortSignal | undefined,
): Promise<MeansChange> {
  const find = async (files: readonly FileInTable[]) => {
    let isMissing = false
    for (const file of files) {
      const rows = await rowsOf(client, TABLES[table], file, signal)
      if (!rows) isMissing = true
      const row = rows?.find(isRow)
      if (row) return { row: traceRow(row), isMissing }
    }
    return { row: undefined, isMissing }
  }
  const after = await find(commit.added)
  const before = await find(commit.removed)
  return {
    version: commit.version,
    files: commit.added.map(({ path }) => path),
    before: before.row,
    isBeforeKnown: before.row !== undefined || !before.isMissing,
    after: after.row,
    readings: commit.metadata?.batch.output,
  }
}
