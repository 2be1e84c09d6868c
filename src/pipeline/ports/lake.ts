/** What the pipeline asks of the data lake: snapshots while it runs, and an audit of the whole tables at the end. */
import type { CommitMetadata } from '../../contract/tables.ts'
import type { ServiceError } from './errors.ts'

/** A commit of a Delta table, as its log tells it. */
export interface TableCommit {
  version: number
  /** `STREAMING UPDATE`, `MERGE`, `OPTIMIZE`, …; empty: the writer did not say. */
  operation: string
  /** In the files that it added; undefined: their statistics do not tell. */
  rows: number | undefined
  addedFiles: number
  removedFiles: number
  /** Of the files that it added. */
  bytes: number
  /** Epoch ms; undefined: the commit does not say. */
  at: number | undefined
  /** Of the micro-batch that made it, as far as its writer tells. */
  batchId: number | undefined
  /** Likewise. */
  durationMs: number | undefined
  /** The program that wrote it. */
  engine: string | undefined
}

/** A file of bronze. */
export interface BronzeFile {
  /** Inside the container. */
  path: string
  bytes: number
  /** Epoch ms. */
  at: number
}

/** Counts over bronze's whole life, files that retention has deleted included. */
export interface BronzeSnapshot {
  files: number
  bytes: number
  /** Undefined when the writer's file names do not tell (files not of the local job). */
  rows: number | undefined
  /** Events inside the files' sequence ranges that did not become rows: deserialization errors. Undefined as above. */
  rejected: number | undefined
  /** Rows beyond the first of each event: an array gives as many rows as it has elements. Undefined likewise. */
  extraRows: number | undefined
  /** Sequence numbers that no file covers, below the newest one: expired before they were read. Undefined likewise. */
  skipped: number | undefined
  /** Newest hub sequence number in bronze, by partition id. Empty when names do not tell. */
  positions: ReadonlyMap<string, number>
  newestAt: Date | undefined
  /** The newest few, oldest first. */
  newestFiles?: readonly BronzeFile[] | undefined
}

/** A table as of its newest version. */
export interface TableSnapshot {
  /** −1 while the table does not exist. */
  version: number
  /** Active ones. */
  files: number
  /** Of the active files. */
  bytes: number
  /** Rows of the active files, without deleted ones; undefined while a file is not known to hold how many. */
  rows: number | undefined
  /** Largest `enqueuedAt` (or `minute`) in the statistics of the active files; undefined for tables without one. */
  newestAt: Date | undefined
  committedAt: Date | undefined
  commitMetadata: CommitMetadata | undefined
  /** The newest ones, as many as are kept, oldest first. */
  commits?: readonly TableCommit[] | undefined
}

/**
 * One row that became readable since the last poll; times are epoch milliseconds, null: the row has none. Of rows that are known
 * ({@link IsKnown}) all may be null but what says which it is, and silver's `enqueuedAt` and gold's `createdAt`.
 */
export interface ArrivedRow {
  eventId: string | null
  deviceId: string | null
  deviceSequenceNumber: number | null
  city: string | null
  temperature: number | null
  humidity: number | null
  timestamp: number | null
  createdAt: number | null
  enqueuedAt: number | null
  /** When the commit that brought the row was made. */
  committedAt: number
}

/** Whether the asker knows all that a row says when it is told which reading it is. */
export type IsKnown = (deviceId: string | null, deviceSequenceNumber: number | null) => boolean

/** A line that silver has refused, and by which rules. */
export interface QuarantinedRow {
  raw: string
  reasons: readonly string[]
  /** Epoch ms. */
  enqueuedAt: number | null
}

/** Weighted by readings. Whole °C and percent went in; the means have fractions. */
export interface CityMean {
  city: string
  temperature: number
  humidity: number
  readings: number
}

/** Every layer after one poll, and the rows that are new since the one before. */
export interface LakeSnapshot {
  bronze: BronzeSnapshot
  silver: TableSnapshot
  quarantine: TableSnapshot
  gold: TableSnapshot
  byMinute: TableSnapshot
  aggregated: TableSnapshot
  /** Rows of new silver commits, in table order, at most `maxRows`; `silverSkipped` counts those left out. */
  silverArrived: readonly ArrivedRow[]
  silverSkipped: number
  goldArrived: readonly ArrivedRow[]
  goldSkipped: number
  quarantineArrived: readonly QuarantinedRow[]
  /** All cities of the aggregate, over all dates and hours; undefined: unchanged since the last poll. */
  cities: readonly CityMean[] | undefined
}

/** Where the hub stood at some moment: last enqueued sequence number per partition. */
export interface HubState {
  /** Epoch ms, taken before the numbers were asked for. */
  at: number
  lastSequenceNumbers: ReadonlyMap<string, number>
}

/** One for a session: each poll goes on where the last one ended. */
export interface LakeReader {
  /**
   * What has changed since the last call. Costs follow the number of new files and commits, never the lake's size.
   * @param hub what the hub held when it was looked at last, by which bronze knows where a new file can still appear;
   *   undefined: unknown, and bronze is listed from further back.
   * @param isKnown spares reading more of rows than it needs. Default: none are known.
   * Layers fail one by one: a layer that cannot be read keeps its last numbers and is named in `errors`.
   */
  poll(
    hub: HubState | undefined,
    signal?: AbortSignal,
    isKnown?: IsKnown,
  ): Promise<{ snapshot: LakeSnapshot; errors: ReadonlyMap<string, ServiceError> }>
}

/** What the tables themselves say at the end of a run: read whole, assumed nothing. */
export interface TableAudit {
  silverRows: number
  quarantinedRows: number
  goldRows: number
  /** Readings that `weather_by_minute` counts: all of gold's. */
  byMinuteReadings: number
  aggregatedReadings: number
  /**
   * Rows of silver that a person would call copies of another: the same device and number, the same eventId, or, of rows without
   * device and number, the same content enqueued within the window in which silver drops copies.
   */
  duplicates: number
  /** Readings of a station that stand in bronze order behind a later one. */
  outOfSequence: number
  /** Numbers missing between the lowest and highest deviceSequenceNumber of each station, in silver or quarantine. */
  sequenceGaps: number
  /** 95th percentile of created → committed in gold, for rows that arrived since `since`; undefined without rows. */
  latencyP95Ms: number | undefined
}

/** Reads whole tables, so it is asked once, at the end. */
export interface TableAuditor {
  /** @param options.since the beginning of the run: what was committed before is not looked at. @throws ServiceError */
  audit(options: { since: Date; signal?: AbortSignal }): Promise<TableAudit>
}
