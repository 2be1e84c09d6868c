/** The state of a session before anything is connected: what the very first frame shows. */

import { STAGE_IDS, type StageId } from '../ports/stages.ts'
import { DEFAULT_INTERVAL_MS, DEFAULT_STATIONS } from './actions.ts'
import {
  type AppState,
  type Assertion,
  type AssertionsSlice,
  type AudienceSlice,
  CORRUPTION_KINDS,
  type CorruptionKind,
  type GeneratorSlice,
  type JobSlice,
  LAYERS,
  type LayerName,
  type LayerSlice,
  type LedgerSlice,
  type SessionSlice,
  type StageSlice,
} from './state.ts'

/** Readings that may wait for the hub's acknowledgement before the generator slows down. */
export const DEFAULT_BUFFER_LIMIT = 20_000

/** What is known before anything runs. */
export interface InitialStateOptions {
  session?: Partial<SessionSlice>
  generator?: Partial<Pick<GeneratorSlice, 'stations' | 'intervalMs' | 'dirty' | 'bufferLimit'>>
  /** Epoch milliseconds. */
  now?: number
}

/** What is given stands in it; everything else is unknown or empty. */
export function initialState(options: InitialStateOptions = {}): AppState {
  const now = options.now ?? 0
  return {
    session: {
      target: 'local',
      startedAt: now,
      version: '0.0.0',
      engine: 'duckdb',
      dataDir: undefined,
      ephemeral: false,
      readOnly: false,
      logFile: undefined,
      connected: false,
      ...options.session,
    },
    generator: {
      stations: DEFAULT_STATIONS,
      intervalMs: DEFAULT_INTERVAL_MS,
      dirty: 0,
      burstUntil: undefined,
      sent: 0,
      acknowledged: 0,
      buffered: 0,
      bufferLimit: DEFAULT_BUFFER_LIMIT,
      backPressure: false,
      corrupted: noneCorrupted(),
      sentPerSecond: [],
      acknowledgedPerSecond: [],
      ...options.generator,
    },
    stages: Object.fromEntries(STAGE_IDS.map((id) => [id, unknownStage(id)])) as Record<StageId, StageSlice>,
    hub: { partitions: [], enqueued: 0, rate: 0, ratePerSecond: [], updatedAt: undefined, error: undefined },
    job: unmeasuredJob(),
    lake: {
      layers: Object.fromEntries(LAYERS.map((name) => [name, emptyLayer(name)])) as Record<
        LayerName,
        LayerSlice
      >,
      bytes: 0,
    },
    ledger: emptyLedger(),
    assertions: unmeasuredAssertions(),
    aggregate: { cities: [], readings: 0, updatedAt: undefined },
    events: [],
    log: [],
    cost: { perHour: 0, spent: 0, billed: [] },
    faults: [],
    trace: undefined,
    audience: undefined,
    replay: undefined,
    lessons: [],
    lesson: undefined,
    endpoints: [],
    now,
  }
}

const unmeasuredJob = (): JobSlice => ({
  streamingUnits: undefined,
  watermarkDelaySeconds: undefined,
  backlogged: undefined,
  inputRate: undefined,
  outputRate: undefined,
  deserializationErrors: undefined,
  errors: undefined,
  resourceUtilization: undefined,
  watermarkHistory: [],
  utilizationHistory: [],
  metricsAt: undefined,
})

const emptyLedger = (): LedgerSlice => ({
  acknowledged: 0,
  enqueued: 0,
  bronze: 0,
  rejected: 0,
  silver: 0,
  quarantined: 0,
  duplicates: 0,
  gold: 0,
  aggregated: 0,
  skipped: 0,
  extraRows: 0,
  enqueuedTwice: undefined,
  lost: 0,
  inFlight: { hub: 0, bronze: 0, silver: 0, gold: 0, aggregate: 0 },
  verdict: 'empty',
  explanation: undefined,
  isUnread: true,
})

const unmeasuredAssertions = (): AssertionsSlice => ({
  rate: unmeasured('≥ 90 % of the planned rate'),
  latencyP95: unmeasured('≤ 15 s, last 60 s'),
  duplicates: unmeasured('none in silver'),
  outOfSequence: unmeasured('none per station'),
  missing: unmeasured('none'),
})

function unknownStage(id: StageId): StageSlice {
  return {
    id,
    state: 'unknown',
    providerStatus: '',
    detail: undefined,
    since: undefined,
    runId: undefined,
    history: [],
    command: undefined,
    rate: undefined,
    backlog: undefined,
    updatedAt: undefined,
    batch: undefined,
  }
}

function emptyLayer(name: LayerName): LayerSlice {
  return {
    name,
    files: 0,
    bytes: 0,
    rows: undefined,
    rowsPerSecond: undefined,
    bytesPerSecond: 0,
    newestAt: undefined,
    growth: [],
    updatedAt: undefined,
    error: undefined,
  }
}

/** A new record, to be counted up. */
export function noneCorrupted(): Record<CorruptionKind, number> {
  return Object.fromEntries(CORRUPTION_KINDS.map((kind) => [kind, 0])) as Record<CorruptionKind, number>
}

const unmeasured = (expectation: string): Assertion => ({ value: undefined, expectation, holds: undefined })

/** Of a room that nobody is in yet. */
export const EMPTY_AUDIENCE: Omit<AudienceSlice, 'rules'> = {
  phase: 'opening',
  addresses: [],
  url: undefined,
  code: undefined,
  qr: [],
  phones: 0,
  connected: 0,
  names: [],
  acknowledged: 0,
  rate: 0,
  senders: [],
}
