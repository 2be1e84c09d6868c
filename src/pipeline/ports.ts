/**
 * What the pipeline asks of the services it drives. `src/azure/` implements these over the Azure SDKs; the pipeline
 * itself knows no SDK. Every call may reject with a {@link ServiceError}; anything else is a defect.
 */
import type { BatchBooks } from './contract/tables.ts'

/** Stage identifiers, in the order in which data flows and in which the keys 1–5 stand. */
export const STAGE_IDS = ['generator', 'streamAnalytics', 'silver', 'gold', 'aggregate'] as const
export type StageId = (typeof STAGE_IDS)[number]

/** A stage's state, the same for every service. The service's own word for it stands beside it. */
export type StageState = 'stopped' | 'starting' | 'running' | 'stopping' | 'degraded' | 'failed' | 'unknown'

/** Why a call to a service failed, in the terms that decide what happens next. */
export type ServiceErrorKind =
  /** 401/403: never retried. */
  | 'authorization'
  /** 404: the resource is not there. */
  | 'not-found'
  /** 409: the resource is in a state that forbids the call. */
  | 'conflict'
  /** 429/503/ServerBusy: try again after `retryAfterMs`. */
  | 'throttled'
  /** No answer, or a cut connection. */
  | 'unreachable'
  /** The service took the call and failed, or answered what nobody understands. */
  | 'service'

export class ServiceError extends Error {
  override readonly name = 'ServiceError'
  readonly kind: ServiceErrorKind
  /** Which service, as a person calls it: `Event Hubs`, `Stream Analytics`, … */
  readonly service: string
  /** What to do now, one line; shown after the message. */
  readonly hint: string | undefined
  readonly retryAfterMs: number | undefined
  /** Nobody is signed in, or the token is not accepted: unlike a new role, that never comes by waiting. */
  readonly needsSignIn: boolean

  /** @param message what happened, to what; one line for a person, no stack, no secret. */
  constructor(
    kind: ServiceErrorKind,
    service: string,
    message: string,
    options: {
      hint?: string | undefined
      retryAfterMs?: number | undefined
      needsSignIn?: boolean
      cause?: unknown
    } = {},
  ) {
    super(message, { cause: options.cause })
    this.kind = kind
    this.service = service
    this.hint = options.hint
    this.retryAfterMs = options.retryAfterMs
    this.needsSignIn = options.needsSignIn ?? false
  }
}

// ── Event Hubs ──────────────────────────────────────────────────────────────────────────────────────────────────────

export interface OutgoingEvent {
  /** UTF-8 JSON, or any bytes when the reading was spoiled on purpose. */
  body: Uint8Array
  partitionKey: string
}

/** Part of a send was not acknowledged; the caller keeps these and sends them again. */
export class SendError extends Error {
  override readonly name = 'SendError'
  readonly unacknowledged: readonly OutgoingEvent[]
  constructor(unacknowledged: readonly OutgoingEvent[], cause: ServiceError) {
    super(cause.message, { cause })
    this.unacknowledged = unacknowledged
  }
}

export interface HubProducer {
  /**
   * Sends the events, keeping the order within each partition key. Resolves when the hub has acknowledged all of them.
   * @throws SendError with those that were not acknowledged, in order.
   */
  send(events: readonly OutgoingEvent[], signal?: AbortSignal): Promise<void>
  close(): Promise<void>
}

export interface PartitionProperties {
  id: string
  beginningSequenceNumber: number
  /** −1 while the partition has never held an event. */
  lastEnqueuedSequenceNumber: number
  lastEnqueuedAt: Date | undefined
  isEmpty: boolean
}

export interface ReceivedEvent {
  partitionId: string
  sequenceNumber: number
  enqueuedAt: Date
  body: Uint8Array
}

export interface HubReader {
  partitions(signal?: AbortSignal): Promise<PartitionProperties[]>
  /**
   * Reads every event after the given sequence number of each partition, up to what the partition held when the call
   * began. The generator finds out with it what the hub had taken before a crash.
   */
  readAfter(positions: ReadonlyMap<string, number>, signal?: AbortSignal): AsyncIterable<ReceivedEvent[]>
  close(): Promise<void>
}

// ── Stages run by a service: the Stream Analytics job, the Databricks jobs, the Synapse pipeline ─────────────────────

export interface StageStatus {
  state: StageState
  /** The service's own word, unchanged: `Running`, `TERMINATED SUCCESS`, `InProgress`, … */
  words: string
  /** The service's reason or error text, one line. */
  detail?: string | undefined
  /** When the present run started. */
  since?: Date | undefined
  /** Databricks run id, Synapse run id. */
  runId?: string | undefined
  /** Newest first, at most 10; the present run included. */
  history?: readonly RunOutcome[] | undefined
  job?: JobProperties | undefined
}

export interface RunOutcome {
  runId: string
  state: StageState
  words: string
  startedAt: Date | undefined
  endedAt: Date | undefined
  /** The run's error text, for a failed run. */
  error?: string | undefined
}

export interface JobProperties {
  streamingUnits: number | undefined
  /** Undefined: the job has never written output, so `LastOutputEventTime` is not allowed. */
  lastOutputEventTime: Date | undefined
}

export interface StageService {
  status(signal?: AbortSignal): Promise<StageStatus>
  /** Idempotent: a stage that runs or starts is left alone. Resolves when the service has accepted the command. */
  start(signal?: AbortSignal): Promise<void>
  /** Idempotent. Resolves when the service has accepted the command. */
  stop(signal?: AbortSignal): Promise<void>
}

export interface JobMetrics {
  /** End of the newest minute (or instant) that the numbers speak of. */
  at: Date
  /** Totals since the job was created (local) or over the queried span (Azure, see `totalsSince`). */
  inputEvents: number
  outputEvents: number
  deserializationErrors: number
  errors: number
  totalsSince: Date | undefined
  watermarkDelaySeconds: number | undefined
  backloggedInputEvents: number | undefined
  /** Percent of the streaming units. */
  resourceUtilization: number | undefined
}

export interface MetricsSource {
  /** Undefined: the service has no numbers yet (a stopped job has none). */
  jobMetrics(signal?: AbortSignal): Promise<JobMetrics | undefined>
}

// ── The lake ────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface BronzeSnapshot {
  files: number
  bytes: number
  /** Undefined when the writer's file names do not tell (files not of the local job). */
  rows: number | undefined
  /** Events inside the files' sequence ranges that are no rows: deserialization errors. Undefined likewise. */
  rejected: number | undefined
  /** Sequence numbers that no file covers, below the newest one: expired before they were read. Undefined likewise. */
  skipped: number | undefined
  /** Newest hub sequence number in bronze, by partition id. Empty when names do not tell. */
  positions: ReadonlyMap<string, number>
  newestAt: Date | undefined
}

export interface TableSnapshot {
  /** −1 while the table does not exist. */
  version: number
  files: number
  bytes: number
  /** Sum of `numRecords` of the active files. */
  rows: number
  /** Largest `enqueuedAt` (or `minute`) in the statistics of the active files; undefined for tables without one. */
  newestAt: Date | undefined
  committedAt: Date | undefined
  books: BatchBooks | undefined
}

/** One row that became readable since the last poll; numbers are epoch milliseconds. */
export interface ArrivedRow {
  eventId: string | null
  deviceId: string | null
  deviceSequenceNumber: number | null
  city: string | null
  temperature: number | null
  humidity: number | null
  createdAt: number | null
  enqueuedAt: number | null
  /** When the commit that brought the row was made. */
  committedAt: number
}

export interface QuarantinedRow {
  raw: string
  reasons: readonly string[]
  enqueuedAt: number | null
}

export interface CityMean {
  city: string
  temperature: number
  humidity: number
  readings: number
}

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

export interface LakeReader {
  /**
   * What has changed since the last call. Costs follow the number of new files and commits, never the lake's size.
   * Layers fail one by one: a layer that cannot be read keeps its last numbers and is named in `errors`.
   */
  poll(signal?: AbortSignal): Promise<{ snapshot: LakeSnapshot; errors: ReadonlyMap<string, ServiceError> }>
}

/** What the tables themselves say at the end of a run: read whole, assumed nothing. */
export interface TableAudit {
  silverRows: number
  quarantinedRows: number
  goldRows: number
  aggregatedReadings: number
  /** eventIds that stand more than once in silver. */
  duplicateEventIds: number
  /** Readings of a station that stand in bronze order behind a later one. */
  outOfSequence: number
  /** Numbers missing between the lowest and highest deviceSequenceNumber of each station, in silver or quarantine. */
  sequenceGaps: number
  /** 95th percentile of created → committed in gold, for rows that arrived since `since`; undefined without rows. */
  latencyP95Ms: number | undefined
}

export interface TableAuditor {
  audit(options: { since: Date; signal?: AbortSignal }): Promise<TableAudit>
}

/** Everything that a target offers. */
export interface Target {
  name: 'local' | 'azure'
  producer: HubProducer
  hub: HubReader
  stages: Record<Exclude<StageId, 'generator'>, StageService>
  metrics: MetricsSource
  lake: LakeReader
  auditor: TableAuditor
  close(): Promise<void>
}
