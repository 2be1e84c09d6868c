/** What became of an event in silver: a row, a quarantined line, or nothing because it was a duplicate. */
import { DEDUPLICATION_WINDOW_MS } from '../../contract/reading.ts'
import { TABLES } from '../../contract/tables.ts'
import type { DuplicateOf, SilverStep } from '../../pipeline/ports/trace.ts'
import type { LakeClient } from '../lake/data-lake.ts'
import { DeltaTable } from '../lake/delta-table.ts'
import { type Commit, CommitLog, type CommittedFile, mayHold } from './commit-search.ts'
import type { HubEvent, HubSearch } from './hub-search.ts'
import { type ParquetRow, rowsOf, timeOf, traceRow } from './table-rows.ts'

/** What the steps before have found out. */
export interface SilverQuery {
  event: HubEvent
  /** The id in silver: the event's own, or a derived one. */
  eventIds: readonly string[]
  /** The line in bronze; undefined when bronze has deleted it. */
  line: string | undefined
  neighbours: ReadonlySet<string>
  /** When the job wrote it, or when the hub took it (epoch ms): a lower bound for silver. */
  from: number
}

/** The trace's step, and what the search in gold needs of it. */
export interface SilverPlace {
  step: SilverStep
  /** The commit that added the row to silver/weather. */
  commit: Commit | undefined
  row: ParquetRow | undefined
}

/** How many commits are searched after the first one that can hold the event. */
const MOST_COMMITS = 200
/** Allowed difference between the clocks of the services (ms). */
const CLOCKS_MS = 2000
/** How many files of the deduplication window are read, nearest in time first. */
const MOST_FILES = 200
/** How many events of the same moment are searched for the one that was kept. */
const MOST_OF_A_MOMENT = 2000

/**
 * Looks for the row, then in the quarantine, then for the event that was kept in its place. `waiting`: silver has
 * not come so far.
 */
export async function searchSilver(
  client: LakeClient,
  hub: HubSearch,
  query: SilverQuery,
  signal?: AbortSignal,
): Promise<SilverPlace> {
  const silver = new CommitLog(client, TABLES.silver, signal)
  const walk = await walkSilver(client, silver, query, signal)
  if (walk.found) return walk.found
  const quarantined = await walkQuarantine(client, query, signal)
  if (quarantined) return { step: quarantined, commit: undefined, row: undefined }
  if (!walk.hasPassed) return nothing({ step: 'silver', state: 'waiting' })
  const of = await keptBefore(client, hub, query, signal)
  if (of)
    return nothing({ step: 'silver', state: 'done', at: walk.passedAt, facts: { outcome: 'duplicate', of } })
  return nothing({
    step: 'silver',
    state: 'gone',
    note: 'silver has read past this event, and what it wrote is no longer kept',
  })
}

const nothing = (step: SilverStep): SilverPlace => ({ step, commit: undefined, row: undefined })

interface Walk {
  found: SilverPlace | undefined
  /** Silver has rows that reached bronze after this event. */
  hasPassed: boolean
  /** When the batch that held it was committed, epoch ms. */
  passedAt: number | undefined
}

async function walkSilver(
  client: LakeClient,
  log: CommitLog,
  query: SilverQuery,
  signal: AbortSignal | undefined,
): Promise<Walk> {
  const walk: Walk = { found: undefined, hasPassed: false, passedAt: undefined }
  for await (const commit of commitsFrom(log, query.from)) {
    // A batch with only duplicates and rejected rows adds no file.
    if (commit.metadata && commit.metadata.batch.output === 0 && (commit.metadata.batch.duplicates ?? 0) > 0)
      walk.passedAt ??= commit.at
    for (const file of commit.added) {
      const rows = await rowsOf(client, TABLES.silver, file, signal)
      if (!rows) continue
      const row = rows.find((one) => isOf(one, query))
      if (row) {
        walk.found = {
          step: {
            step: 'silver',
            state: 'done',
            at: commit.at,
            facts: { outcome: 'row', row: traceRow(row), ...fileFacts(commit, file) },
          },
          commit,
          row,
        }
        return walk
      }
      if (rows.some((one) => isBehind(one, query))) {
        walk.hasPassed = true
        walk.passedAt ??= commit.at
        return walk
      }
    }
  }
  walk.hasPassed = walk.passedAt !== undefined
  return walk
}

/** The first commits made at that time or later. */
async function* commitsFrom(log: CommitLog, time: number): AsyncGenerator<Commit> {
  const first = await log.first(({ at }) => at === undefined || at >= time - CLOCKS_MS)
  const newest = await log.newest()
  if (!first) return
  const last = Math.min(newest, first.version + MOST_COMMITS)
  for (let version = first.version; version <= last; version++) {
    const commit = await log.commit(version)
    if (commit) yield commit
  }
}

const fileFacts = ({ version }: Commit, { path, bytes, rows }: CommittedFile) => ({
  version,
  file: path,
  fileBytes: bytes,
  fileRows: rows,
})

function isOf(row: ParquetRow, { event, eventIds }: SilverQuery): boolean {
  return (
    eventIds.includes(String(row.eventId)) &&
    timeOf(row.enqueuedAt) === event.enqueuedAt &&
    String(row.partitionId) === event.partition
  )
}

/**
 * Files are read in order, so within a partition silver follows the order in which the hub took the events.
 */
function isBehind(row: ParquetRow, { event, eventIds, neighbours }: SilverQuery): boolean {
  if (String(row.partitionId) !== event.partition) return false
  const at = timeOf(row.enqueuedAt) ?? 0
  const id = String(row.eventId)
  return at > event.enqueuedAt || (at === event.enqueuedAt && neighbours.has(id) && !eventIds.includes(id))
}

async function walkQuarantine(
  client: LakeClient,
  query: SilverQuery,
  signal: AbortSignal | undefined,
): Promise<SilverStep | undefined> {
  const { event, line } = query
  if (line === undefined) return undefined
  for await (const commit of commitsFrom(new CommitLog(client, TABLES.quarantine, signal), query.from)) {
    for (const file of commit.added.filter((one) => mayHold(one, 'enqueuedAt', event.enqueuedAt))) {
      const rows = await rowsOf(client, TABLES.quarantine, file, signal)
      const row = rows?.find(({ raw }) => raw === line)
      if (!row) continue
      const reasons = Array.isArray(row.reasons) ? row.reasons.map(String) : []
      const facts = { outcome: 'quarantine', reasons, raw: line, ...fileFacts(commit, file) } as const
      return { step: 'silver', state: 'done', at: commit.at, bytes: Buffer.byteLength(line), facts }
    }
  }
  return undefined
}

/** The row with the same id that silver kept within the window, and its event's place in the hub. */
async function keptBefore(
  client: LakeClient,
  hub: HubSearch,
  query: SilverQuery,
  signal: AbortSignal | undefined,
): Promise<DuplicateOf | undefined> {
  for (const name of ['silver', 'quarantine'] as const) {
    const { container, path } = TABLES[name]
    const table = new DeltaTable(client, container, path)
    await table.look(signal)
    const from = query.event.enqueuedAt - DEDUPLICATION_WINDOW_MS
    const near = table.files
      .filter(({ newestAt }) => newestAt === undefined || newestAt >= from - 1)
      .sort((a, b) => distance(a, query) - distance(b, query))
    for (const file of near.slice(0, MOST_FILES)) {
      const rows = await rowsOf(client, TABLES[name], file, signal)
      const row = rows?.find((one) => isTwin(one, name, query))
      if (!row) continue
      const enqueuedAt = timeOf(row.enqueuedAt) as number
      const eventId = query.eventIds[0] ?? ''
      const partition = name === 'silver' ? String(row.partitionId) : partitionIn(String(row.raw))
      const position =
        partition === undefined ? undefined : await positionOf(hub, partition, enqueuedAt, eventId, signal)
      return { eventId, position, enqueuedAt, keptIn: name }
    }
  }
  return undefined
}

const distance = ({ newestAt }: { newestAt: number | undefined }, { event }: SilverQuery) =>
  Math.abs((newestAt ?? 0) - event.enqueuedAt)

function isTwin(row: ParquetRow, table: 'silver' | 'quarantine', { event, eventIds }: SilverQuery): boolean {
  const at = timeOf(row.enqueuedAt)
  if (at === undefined || Math.abs(at - event.enqueuedAt) > DEDUPLICATION_WINDOW_MS) return false
  if (table === 'silver') return eventIds.includes(String(row.eventId))
  return eventIds.some((id) => String(row.raw).includes(`"${id}"`))
}

function partitionIn(line: string): string | undefined {
  try {
    return String((JSON.parse(line) as { PartitionId?: unknown }).PartitionId)
  } catch {
    return undefined
  }
}

async function positionOf(
  hub: HubSearch,
  partition: string,
  enqueuedAt: number,
  eventId: string,
  signal: AbortSignal | undefined,
) {
  const events = await hub.readAt(partition, enqueuedAt, MOST_OF_A_MOMENT, signal)
  const kept = events.find((one) => one.enqueuedAt === enqueuedAt && Buffer.from(one.body).includes(eventId))
  return kept && { partition, sequenceNumber: kept.sequenceNumber }
}
