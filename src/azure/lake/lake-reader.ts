/** Watches the lake: lists bronze, reads the tables' logs, and reads new rows from the new files. */
import type { LakeChanges } from '../../contract/lake-changes.ts'
import { TABLES, type TableName } from '../../contract/tables.ts'
import { ServiceError } from '../../pipeline/ports/errors.ts'
import type {
  ArrivedRow,
  BronzeSnapshot,
  CityMean,
  IsKnown,
  LakeReader,
  LakeSnapshot,
  QuarantinedRow,
  TableSnapshot,
} from '../../pipeline/ports/lake.ts'
import { BronzeWatch } from './bronze-watch.ts'
import { ChangedParts } from './changed-parts.ts'
import { CityMeans } from './city-means.ts'
import type { DataFile, OpenFile } from './data-file.ts'
import type { LakeClient } from './data-lake.ts'
import { DeltaTable } from './delta-table.ts'
import { numberOf, textOf } from './parquet.ts'

export interface LakeReaderOptions {
  client: LakeClient
  clock: { now(): number }
  /** What came into the lake, where its server tells; undefined: every poll asks for everything. */
  changes?: Pick<LakeChanges, 'countOf'> | undefined
}

/** Most rows that one poll reads from a table's new files; the rest are counted as skipped. */
const MAX_ROWS = 5000
/** Largest file (bytes) that is read for its rows; of a larger one they are only counted. */
const MAX_BYTES = 64_000_000
const MAX_QUARANTINED = 50
/** Looks at a table without a new commit before its log is listed, where the server tells what comes: a minute of whole looks. */
const QUIET_LOOKS_WHERE_TOLD = 6
/** Shortest time between reads of the aggregate (ms). */
const CITIES_EVERY_MS = 4000

const EMPTY_BRONZE: BronzeSnapshot = {
  files: 0,
  bytes: 0,
  rows: 0,
  rejected: 0,
  extraRows: 0,
  skipped: 0,
  positions: new Map(),
  newestAt: undefined,
}
/** Of a row that the asker knows, this says which it is, and what is measured of it. */
const KNOWN_BY = {
  silver: ['deviceId', 'deviceSequenceNumber', 'enqueuedAt'],
  gold: ['deviceId', 'deviceSequenceNumber', 'createdAt'],
} as const
const ARRIVED_COLUMNS = [
  'eventId',
  'deviceId',
  'deviceSequenceNumber',
  'city',
  'temperature',
  'humidity',
  'timestamp',
  'createdAt',
  'enqueuedAt',
]

/** Each look reads only what has come since the one before. */
export function createLakeReader(options: LakeReaderOptions): LakeReader {
  const { client, clock } = options
  const parts = new ChangedParts(options.changes, clock)
  const bronze = new BronzeWatch(client, () => clock.now())
  const tables = tablesOf(client, options.changes && QUIET_LOOKS_WHERE_TOLD)
  const means = new CityMeans(tables.aggregated)
  let lastBronze = EMPTY_BRONZE
  let cities: { version: number; at: number } = { version: -1, at: Number.NEGATIVE_INFINITY }

  async function newCities(signal: AbortSignal | undefined): Promise<CityMean[] | undefined> {
    const { version } = tables.aggregated.snapshot()
    // The clock may have been set back.
    if (version === cities.version || Math.abs(clock.now() - cities.at) < CITIES_EVERY_MS) return undefined
    // A version that could not be read is retried as often as a new one is read.
    cities = { ...cities, at: clock.now() }
    const read = await means.read(signal)
    if (read) cities = { ...cities, version }
    return read
  }

  return {
    async poll(hub, signal, isKnown) {
      const errors = new Map<string, ServiceError>()
      /** A layer that cannot be read keeps its last numbers. */
      const guarded = async <T>(name: string, look: () => Promise<T>, otherwise: T): Promise<T> => {
        try {
          return await look()
        } catch (error) {
          signal?.throwIfAborted()
          const failure =
            error instanceof ServiceError
              ? error
              : new ServiceError('service', 'the data lake', (error as Error).message, { cause: error })
          errors.set(name, failure)
          return otherwise
        }
      }
      const look = (name: TableName) =>
        guarded(
          name,
          () =>
            parts.ask(
              name,
              (commits) => tables[name].look(signal, commits),
              [] as readonly DataFile[],
              () => tables[name].isKnown,
            ),
          [] as readonly DataFile[],
        )
      const [seenBronze, silver, quarantine, gold] = await Promise.all([
        guarded('bronze', () => parts.ask('bronze', () => bronze.look(hub, signal), lastBronze), lastBronze),
        look('silver'),
        look('quarantine'),
        look('gold'),
        look('byMinute'),
        look('aggregated'),
      ])
      lastBronze = seenBronze
      const rowsOf = (name: 'silver' | 'gold', files: readonly DataFile[]) =>
        guarded(name, () => arrivedRows(tables[name], KNOWN_BY[name], files, isKnown, signal), {
          rows: [] as ArrivedRow[],
          skipped: files.reduce((sum, file) => sum + (file.rows ?? 0), 0),
        })
      const silverRows = await rowsOf('silver', silver)
      const goldRows = await rowsOf('gold', gold)
      const snapshot: LakeSnapshot = {
        bronze: seenBronze,
        silver: tables.silver.snapshot(),
        quarantine: tables.quarantine.snapshot(),
        gold: tables.gold.snapshot(),
        byMinute: tables.byMinute.snapshot(),
        aggregated: tables.aggregated.snapshot(),
        silverArrived: silverRows.rows,
        silverSkipped: silverRows.skipped,
        goldArrived: goldRows.rows,
        goldSkipped: goldRows.skipped,
        quarantineArrived: await guarded(
          'quarantine',
          () => quarantinedRows(tables.quarantine, quarantine, signal),
          [] as QuarantinedRow[],
        ),
        cities: await guarded('aggregated', () => newCities(signal), undefined),
      }
      for (const name of Object.keys(tables) as TableName[]) snapshot[name] satisfies TableSnapshot
      return { snapshot, errors }
    },
  }
}

const tablesOf = (client: LakeClient, mostQuietLooks: number | undefined) =>
  Object.fromEntries(
    Object.entries(TABLES).map(([name, { container, path }]) => [
      name,
      new DeltaTable(client, container, path, mostQuietLooks),
    ]),
  ) as Record<TableName, DeltaTable>

/** Rows of the new files, oldest first, up to the limit; rows of further files are only counted. */
async function arrivedRows(
  table: DeltaTable,
  knownBy: readonly string[],
  files: readonly DataFile[],
  isKnown: IsKnown | undefined,
  signal: AbortSignal | undefined,
) {
  const rows: ArrivedRow[] = []
  let skipped = 0
  for (const file of files) {
    if (file.bytes > MAX_BYTES || (rows.length + (file.rows ?? 0) > MAX_ROWS && rows.length > 0)) {
      skipped += file.rows ?? 0
      continue
    }
    const open = await table.open(file, signal)
    // Compacted and vacuumed since: its rows are in another file, and were counted from the log.
    if (!open) continue
    for (const row of await rowsFor(open, knownBy, isKnown)) rows.push(arrivedRow(row, file.committedAt))
    skipped += Math.max(0, open.rowCount - MAX_ROWS)
  }
  return { rows, skipped }
}

/** Ids and texts take most of the time that a file takes: they are read where the asker does not know each row by itself. */
async function rowsFor(open: OpenFile, knownBy: readonly string[], isKnown: IsKnown | undefined) {
  if (isKnown) {
    const rows = await open.rows(knownBy, MAX_ROWS)
    if (rows.every((row) => isKnown(textOf(row.deviceId), numberOf(row.deviceSequenceNumber)))) return rows
  }
  return open.rows(ARRIVED_COLUMNS, MAX_ROWS)
}

const arrivedRow = (row: Record<string, unknown>, committedAt: number): ArrivedRow => ({
  eventId: textOf(row.eventId),
  deviceId: textOf(row.deviceId),
  deviceSequenceNumber: numberOf(row.deviceSequenceNumber),
  city: textOf(row.city),
  temperature: numberOf(row.temperature),
  humidity: numberOf(row.humidity),
  timestamp: numberOf(row.timestamp),
  createdAt: numberOf(row.createdAt),
  enqueuedAt: numberOf(row.enqueuedAt),
  committedAt,
})

/**
 * Rows of the new files, oldest first, up to the limit; the oldest are left out. A look may be late: several batches may have
 * come since the last one.
 */
async function quarantinedRows(
  table: DeltaTable,
  files: readonly DataFile[],
  signal: AbortSignal | undefined,
): Promise<QuarantinedRow[]> {
  let rows: Record<string, unknown>[] = []
  for (const file of files.toReversed()) {
    if (rows.length >= MAX_QUARANTINED) break
    if (file.bytes > MAX_BYTES) continue
    const read = await table.rowsOf(file, ['raw', 'reasons', 'enqueuedAt'], signal)
    rows = [...(read ?? []).slice(rows.length - MAX_QUARANTINED), ...rows]
  }
  return rows.map((row) => ({
    raw: textOf(row.raw) ?? '',
    reasons: Array.isArray(row.reasons) ? row.reasons.map(String) : [],
    enqueuedAt: numberOf(row.enqueuedAt),
  }))
}
