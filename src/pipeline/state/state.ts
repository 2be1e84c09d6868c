/** The shape of what the screen shows: immutable slices, written by the pipeline, read by the screen. No behaviour. */
import type { BronzeFile, CityMean, TableCommit } from '../ports/lake.ts'
import type { RunOutcome, StageId, StageState } from '../ports/stages.ts'
import type { Trace, TraceQuery } from '../ports/trace.ts'

/** Times are epoch milliseconds; durations milliseconds; sizes bytes; rates events or rows per second. */
export interface AppState {
  session: SessionSlice
  generator: GeneratorSlice
  stages: Readonly<Record<StageId, StageSlice>>
  hub: HubSlice
  job: JobSlice
  lake: LakeSlice
  ledger: LedgerSlice
  assertions: AssertionsSlice
  aggregate: AggregateSlice
  /** Newest last, bounded. */
  events: readonly TailEvent[]
  /** Newest last, bounded. */
  log: readonly LogEntry[]
  cost: CostSlice
  /** What is broken on purpose. */
  faults: readonly ActiveFault[]
  /** The event that is followed; undefined: none. */
  trace: TraceSlice | undefined
  /** The room for phones; undefined: it is closed. */
  audience: AudienceSlice | undefined
  /** Undefined: not a recording. */
  replay: ReplaySlice | undefined
  /** Those that can be played. */
  lessons: readonly { name: string; title: string; minutes: number }[]
  /** Undefined: none is being played. */
  lesson: LessonSlice | undefined
  endpoints: readonly EndpointLine[]
  /** The clock as of this state: the screen never asks the time itself. */
  now: number
}

/** The room for phones. */
export interface AudienceSlice {
  /** `choosing`: a person chooses the address on which it opens. */
  phase: 'choosing' | 'opening' | 'open'
  /** Of this machine, to choose from. */
  addresses: readonly MachineAddress[]
  /** With the code; undefined until it is open. */
  url: string | undefined
  code: string | undefined
  /** The address as rows of half blocks. */
  qr: readonly string[]
  /** That have joined, and that are there now. */
  phones: number
  connected: number
  names: readonly string[]
  /** Events of the room that the hub has acknowledged, over the data folder's life. */
  acknowledged: number
  /** The same a second, at present. */
  rate: number
  /** The latest senders, newest first. */
  senders: readonly { name: string; at: number }[]
  rules: AudienceRules
}

export interface MachineAddress {
  /** Of the interface. */
  name: string
  address: string
}

/** What the presenter allows. */
export interface AudienceRules {
  isMischiefAllowed: boolean
  /** Readings a second that each phone may send. */
  readingsPerSecond: number
  isPaused: boolean
  /** Phones may type names of their own. */
  hasOwnNames: boolean
}

export interface SessionSlice {
  target: 'local' | 'azure'
  startedAt: number
  version: string
  engine: 'duckdb' | 'spark'
  dataDir: string | undefined
  ephemeral: boolean
  readOnly: boolean
  logFile: string | undefined
  /** False until the target answers for the first time. */
  connected: boolean
}

/** What `--dirty` does to a reading. */
export const CORRUPTION_KINDS = [
  'missing eventId',
  'duplicate',
  'temperature out of range',
  'humidity out of range',
  'blank city',
  'bad timestamp',
  'late',
  'not JSON',
] as const
/** Each is a way in which a reading is wrong; see `generator/corruption.ts`. */
export type CorruptionKind = (typeof CORRUPTION_KINDS)[number]

/** Counts of this session. */
export interface GeneratorSlice {
  stations: number
  intervalMs: number
  /** Share of readings corrupted on purpose, 0..1. */
  dirty: number
  /** Until when a burst runs; undefined: none. */
  burstUntil: number | undefined
  /** Handed to the hub's producer, in this session. */
  sent: number
  acknowledged: number
  /** Made, not yet acknowledged. */
  buffered: number
  bufferLimit: number
  /** True while the buffer is full and no reading is made. */
  backPressure: boolean
  corrupted: Readonly<Record<CorruptionKind, number>>
  /** One point per second, newest last, an hour at most. */
  sentPerSecond: readonly number[]
  acknowledgedPerSecond: readonly number[]
}

export interface StageSlice {
  id: StageId
  state: StageState
  /** The service's own word. */
  providerStatus: string
  /** Reason or error, one line. */
  detail: string | undefined
  /** When the present run began. */
  since: number | undefined
  runId: string | undefined
  history: readonly RunOutcome[]
  /** A command under way, for elapsed against usual time. */
  command: { kind: 'start' | 'stop'; startedAt: number; usualMs: number } | undefined
  /** Rows or events per second that leave this stage; undefined: not known. */
  rate: number | undefined
  /** Rows waiting in front of this stage; undefined: not known. */
  backlog: number | undefined
  /** Last successful status poll; undefined: none yet. */
  updatedAt: number | undefined
  /** Last micro-batch of a table-writing stage. */
  batch: { id: number; rows: number; durationMs: number; committedAt: number } | undefined
}

export interface HubSlice {
  partitions: readonly PartitionSlice[]
  /** Undefined: not known (Azure does not tell). */
  groups?: readonly ConsumerGroupSlice[] | undefined
  /** Sum over partitions. */
  enqueued: number
  rate: number
  /** One point per second, newest last, an hour at most. */
  ratePerSecond: readonly number[]
  updatedAt: number | undefined
  error: string | undefined
}

/** A consumer group, of AMQP and of Kafka clients alike. */
export interface ConsumerGroupSlice {
  name: string
  protocol: 'AMQP' | 'Kafka'
  /** Readers that are there now. */
  members: number
  /** Events of the hub that it has not read, over the partitions where that is known; undefined: nowhere. */
  lag: number | undefined
  /** In the order of the hub's partitions. */
  lags: readonly (number | undefined)[]
}

export interface PartitionSlice {
  id: string
  /** −1: empty. */
  lastSequenceNumber: number
  beginningSequenceNumber: number
  rate: number
  /** 0..1 of the hub's rate (of all events when idle). */
  share: number
  /** Events that bronze does not hold yet; undefined: not known. */
  backlog: number | undefined
  lastEnqueuedAt: number | undefined
  /** Events per second at each look, newest last, at most 120. */
  history?: readonly number[] | undefined
}

/** Undefined: the service has not told. */
export interface JobSlice {
  streamingUnits: number | undefined
  watermarkDelaySeconds: number | undefined
  backlogged: number | undefined
  inputRate: number | undefined
  outputRate: number | undefined
  deserializationErrors: number | undefined
  errors: number | undefined
  /** Percent. */
  resourceUtilization: number | undefined
  watermarkHistory: readonly number[]
  utilizationHistory: readonly number[]
  /** When the numbers were true. */
  metricsAt: number | undefined
}

/** In the order of the data. */
export const LAYERS = ['bronze', 'silver', 'quarantine', 'gold', 'byMinute', 'aggregated'] as const
export type LayerName = (typeof LAYERS)[number]

/** Bronze's files, or one table. */
export interface LayerSlice {
  name: LayerName
  files: number
  bytes: number
  /** Undefined: not known. */
  rows: number | undefined
  rowsPerSecond: number | undefined
  bytesPerSecond: number
  /** Time of the newest row; its age is the layer's freshness. */
  newestAt: number | undefined
  /** Rows (or bytes where rows are unknown) at each poll, newest last, at most 120. */
  growth: readonly number[]
  updatedAt: number | undefined
  error: string | undefined
  /** The newest of a table, oldest first. */
  commits?: readonly TableCommit[] | undefined
  /** The newest of bronze, oldest first. */
  newestFiles?: readonly BronzeFile[] | undefined
}

export interface LakeSlice {
  layers: Readonly<Record<LayerName, LayerSlice>>
  bytes: number
}

/** Counts of the data folder's life, hop by hop. */
export interface LedgerSlice {
  acknowledged: number
  /** Those of them that phones of the room sent; undefined: not known. */
  audience?: number | undefined
  /** Those of them that were typed on the screen in this session; undefined: none. */
  typed?: number | undefined
  enqueued: number
  bronze: number
  rejected: number
  silver: number
  quarantined: number
  duplicates: number
  gold: number
  aggregated: number
  /** Expired in the hub before the job read them. */
  skipped: number
  /** Rows in bronze beyond the first of each event: an array gives as many rows as it has elements. */
  extraRows: number
  /**
   * Copies that silver dropped in this session, beyond those sent on purpose: a sender that gets no answer in time sends again.
   * Undefined: not known, since rows waited when the session began.
   */
  enqueuedTwice: number | undefined
  /** Acknowledged and nowhere, once everything has drained; 0 while rows are merely in flight. */
  lost: number
  /** Differences between neighbouring hops: what is in flight. */
  inFlight: Readonly<{ hub: number; bronze: number; silver: number; gold: number; aggregate: number }>
  /**
   * `balanced`: every difference is 0. `flowing`: rows in flight. `unbalanced`: more came out than went in, or
   * rows are lost.
   */
  verdict: 'empty' | 'balanced' | 'flowing' | 'unbalanced'
  explanation: string | undefined
  /** Nothing was counted yet: the zeros stand for nothing. */
  isUnread?: true | undefined
}

export interface AssertionsSlice {
  /** Each: what was measured and whether it holds; undefined value: no data yet. */
  rate: Assertion
  latencyP95: Assertion
  duplicates: Assertion
  outOfSequence: Assertion
  missing: Assertion
  /** Of created → gold, over the last minute; undefined: nothing has arrived in it. */
  percentiles?: Percentiles | undefined
}

/** Milliseconds. */
export interface Percentiles {
  p50: number
  p95: number
  p99: number
}

export interface Assertion {
  value: number | undefined
  /** What must hold, for a person: `≥ 90 % of 120/s`. */
  expectation: string
  holds: boolean | undefined
}

export interface AggregateSlice {
  cities: readonly CityMean[]
  readings: number
  updatedAt: number | undefined
}

export interface TailEvent {
  at: number
  deviceId: string
  city: string
  temperature: number | undefined
  humidity: number | undefined
  /** Empty for a good reading. */
  reasons: readonly string[]
  /** As it was sent, or as silver refused it, cut to a few thousand characters; undefined: not kept. */
  body?: string | undefined
  /** How the hub finds it again; undefined: by what its body says. */
  trace?: TraceQuery | undefined
}

export interface LogEntry {
  at: number
  level: 'info' | 'warn' | 'error'
  /** `generator`, `hub`, `silver`, `you`, … */
  source: string
  message: string
}

export interface CostSlice {
  /** Estimated from list prices; 0 on the local target. */
  perHour: number
  spent: number
  /** What costs as long as it runs, as far as anybody knows: a stage that cannot be seen any more too. */
  billed: readonly StageId[]
}

/** A fault from its injection until everything runs again. */
export interface ActiveFault {
  name: string
  title: string
  /** What happens, and what will be seen; a sentence each. */
  happens: string
  seen: string
  since: number
  /** When it ends by itself; undefined: a person ends it. */
  until: number | undefined
  /** `healing`: it has ended, and the stages that it made fail are being restarted. */
  state: 'active' | 'healing'
}

export interface LessonSlice {
  name: string
  title: string
  /** Of the step, from 0. */
  index: number
  count: number
  heading: string
  caption: string
  press: string | undefined
  question: string | undefined
  options: readonly string[]
  /** Index of what was bet on. */
  bet: number | undefined
  /** Index of the right one. */
  answer: number | undefined
  say: string | undefined
  /** The step's claim was visible. */
  isSeen: boolean
  isPaused: boolean
}

export interface ReplaySlice {
  /** Since the first state (ms). */
  position: number
  durationMs: number
  /** How many times as fast as it was. */
  speed: number
  isPaused: boolean
}

export interface TraceSlice {
  query: TraceQuery
  /** Undefined: still looking, or not found. */
  trace: Trace | undefined
  /** Why there is none, or why it is old; one line. */
  problem: string | undefined
  lookedAt: number | undefined
}

/** Stands in place of a key. */
export const MASKED_KEY = '••••'

export interface EndpointLine {
  name: string
  /** Secrets masked. */
  value: string
  /** The value is seen in a browser, and shows this. */
  opens?: 'hub' | 'lake' | Exclude<StageId, 'generator'> | undefined
}
