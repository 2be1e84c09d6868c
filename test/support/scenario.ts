/** Realistic states of the control room, for tests of the screen: each a plain AppState, made without any service. */

import { bronzeFileName, bronzeFolder } from '../../src/contract/bronze-layout.ts'
import type { CityMean, TableCommit } from '../../src/pipeline/ports/lake.ts'
import type { RunOutcome, StageId } from '../../src/pipeline/ports/stages.ts'
import { initialState } from '../../src/pipeline/state/initial-state.ts'
import type {
  AppState,
  LayerName,
  LayerSlice,
  LogEntry,
  PartitionSlice,
  StageSlice,
  TailEvent,
} from '../../src/pipeline/state/state.ts'

/** 24 November 2026, 12:31:11 UTC: all scenarios play at this moment. */
export const SCENARIO_NOW = Date.UTC(2026, 10, 24, 12, 31, 11)
const UPTIME_MS = 751_000
const ago = (seconds: number) => SCENARIO_NOW - seconds * 1000

const USUAL_MS: Record<StageId, number> = {
  generator: 200,
  streamAnalytics: 3000,
  silver: 2500,
  gold: 2500,
  aggregate: 3000,
}

/** A gently waving series, newest last. */
export const wave = (length: number, middle: number, height: number): number[] =>
  Array.from({ length }, (_, index) =>
    Math.max(0, Math.round(middle + height * Math.sin(index / 7) * Math.cos(index / 17))),
  )

function stage(id: StageId, changes: Partial<StageSlice>): StageSlice {
  return {
    id,
    state: 'stopped',
    providerStatus: '',
    detail: undefined,
    since: undefined,
    runId: undefined,
    history: [],
    command: undefined,
    rate: undefined,
    backlog: undefined,
    updatedAt: ago(0.4),
    batch: undefined,
    ...changes,
  }
}

const outcome = (
  runId: string,
  providerStatus: string,
  minutesAgo: number,
  error?: string,
  output?: string,
): RunOutcome => ({
  runId,
  state: error
    ? 'failed'
    : providerStatus === 'RUNNING' || providerStatus === 'InProgress'
      ? 'running'
      : 'stopped',
  providerStatus,
  startedAt: new Date(ago(minutesAgo * 60)),
  endedAt:
    providerStatus === 'RUNNING' || providerStatus === 'InProgress'
      ? undefined
      : new Date(ago(minutesAgo * 60 - 45)),
  ...(error === undefined ? {} : { error }),
  ...(output === undefined ? {} : { output }),
})

function layer(name: LayerName, changes: Partial<LayerSlice>): LayerSlice {
  return {
    name,
    files: 0,
    bytes: 0,
    rows: 0,
    rowsPerSecond: 0,
    bytesPerSecond: 0,
    newestAt: undefined,
    growth: [],
    updatedAt: ago(0.4),
    error: undefined,
    ...changes,
  }
}

/** Commits of a table, oldest first: a batch a second, and an OPTIMIZE now and then. */
function commits(
  version: number,
  rows: number,
  durationMs: number,
  operation = 'STREAMING UPDATE',
): TableCommit[] {
  return Array.from({ length: 24 }, (_, index): TableCommit => {
    const isMaintenance = index % 9 === 5
    return {
      version: version - index,
      operation: isMaintenance ? 'OPTIMIZE' : operation,
      rows: isMaintenance ? rows * 9 : rows + (index % 4),
      addedFiles: 1,
      removedFiles: isMaintenance ? 9 : 0,
      bytes: rows * 90,
      at: ago(1.1 + index),
      batchId: isMaintenance ? undefined : 689 - index,
      durationMs: isMaintenance ? undefined : durationMs + 40 * (index % 5),
      engine: 'rtstream-tui',
    }
  }).reverse()
}

const growing = (rows: number, perSecond: number) =>
  Array.from({ length: 60 }, (_, index) => Math.max(0, rows - (59 - index) * perSecond))

function partitions(total: number, rate: number, backlog: number): PartitionSlice[] {
  const shares = [0.2501, 0.2511, 0.2489, 0.2499]
  return shares.map((share, index) => ({
    id: String(index),
    beginningSequenceNumber: 0,
    lastSequenceNumber: Math.round(total * share) - 1,
    rate: Math.round(rate * share),
    share,
    backlog: Math.round(backlog / 4),
    lastEnqueuedAt: ago(0.1 + index * 0.03),
    history: wave(120, rate * share, rate / 20),
  }))
}

/** The cities of a small fleet, warmest first. */
export const CITIES: readonly CityMean[] = [
  { city: 'Aswan', temperature: 34.1, humidity: 14, readings: 611 },
  { city: 'Dubai', temperature: 31.7, humidity: 49, readings: 590 },
  { city: 'Singapore', temperature: 28.3, humidity: 81, readings: 602 },
  { city: 'São Paulo', temperature: 22.4, humidity: 72, readings: 587 },
  { city: 'Cairo', temperature: 21.0, humidity: 48, readings: 604 },
  { city: 'Lima', temperature: 19.2, humidity: 83, readings: 596 },
  { city: 'Tokyo', temperature: 12.6, humidity: 58, readings: 577 },
  { city: 'London', temperature: 8.9, humidity: 84, readings: 569 },
  { city: 'Berlin', temperature: 4.3, humidity: 86, readings: 563 },
  { city: 'Oslo', temperature: 2.8, humidity: 71, readings: 558 },
  { city: 'Helsinki', temperature: -0.4, humidity: 90, readings: 567 },
  { city: 'Tromsø', temperature: -6.2, humidity: 79, readings: 588 },
]

const event = (
  secondsAgo: number,
  station: number,
  city: string,
  temperature: number | undefined,
  humidity: number | undefined,
  reasons: readonly string[] = [],
): TailEvent => ({
  at: ago(secondsAgo),
  deviceId: `station-${String(station).padStart(5, '0')}`,
  city,
  temperature,
  humidity,
  reasons,
})

const EVENTS: readonly TailEvent[] = [
  event(0.9, 63, 'Tokyo', 13, 57),
  event(0.7, 77, 'Aswan', 34, 12),
  event(0.6, 8, '', 11, 64, ['city is missing']),
  event(0.5, 41, 'Lima', 19, 83),
  event(0.3, 93, 'Oslo', 3, 71),
  event(0.1, 17, 'Cairo', 21, 48),
]

const line = (
  secondsAgo: number,
  source: string,
  message: string,
  level: LogEntry['level'] = 'info',
): LogEntry => ({ at: ago(secondsAgo), level, source, message })

const LOG: readonly LogEntry[] = [
  line(73, 'silver', 'runs'),
  line(69, 'gold', 'runs'),
  line(31, 'you', 'Dirty data is on: 5 % of the readings are corrupted.'),
  line(30, 'silver', 'quarantined: city is missing (first)', 'warn'),
  line(1, 'hub', 'ServerBusy once, retried in 250 ms', 'warn'),
]

/** Nothing connected yet: the first frame. */
export const beforeConnect = (): AppState =>
  initialState({
    now: SCENARIO_NOW,
    session: { version: '0.1.0', dataDir: '/home/ada/.local/share/rtstream' },
  })

/** Connected, every stage stopped, nothing in the hub or the lake. */
export function allStopped(): AppState {
  const before = beforeConnect()
  return {
    ...before,
    session: { ...before.session, connected: true, startedAt: ago(12), logFile: '/home/ada/rtstream.log' },
    stages: {
      generator: stage('generator', { providerStatus: 'stopped' }),
      streamAnalytics: stage('streamAnalytics', { providerStatus: 'Created' }),
      silver: stage('silver', { providerStatus: 'no runs' }),
      gold: stage('gold', { providerStatus: 'no runs' }),
      aggregate: stage('aggregate', { providerStatus: 'no runs' }),
    },
    hub: {
      ...before.hub,
      partitions: ['0', '1', '2', '3'].map((id) => ({
        id,
        lastSequenceNumber: -1,
        beginningSequenceNumber: 0,
        rate: 0,
        share: 0,
        backlog: 0,
        lastEnqueuedAt: undefined,
      })),
      updatedAt: ago(0.4),
    },
    lake: {
      ...before.lake,
      layers: Object.fromEntries(
        Object.entries(before.lake.layers).map(([name, one]) => [name, { ...one, updatedAt: ago(0.4) }]),
      ) as AppState['lake']['layers'],
    },
    ledger: { ...before.ledger, isUnread: undefined },
    log: [line(12, 'session', 'local Azure runs')],
    endpoints: [
      { name: 'Event Hubs', value: 'Endpoint=sb://localhost:5672;SharedAccessKey=••••' },
      { name: 'data lake', value: 'https://localhost:10000/rtstreamlocal' },
    ],
  }
}

/** Everything runs at 120 readings a second, with some dirty data, twelve minutes in. */
export function allRunning(): AppState {
  const base = allStopped()
  const since = ago(733)
  return {
    ...base,
    session: { ...base.session, startedAt: SCENARIO_NOW - UPTIME_MS },
    generator: {
      ...base.generator,
      stations: 1200,
      dirty: 0.05,
      sent: 7214,
      acknowledged: 7212,
      buffered: 2,
      corrupted: {
        ...base.generator.corrupted,
        'blank city': 60,
        'temperature out of range': 58,
        'not JSON': 2,
      },
      sentPerSecond: wave(600, 120, 20),
      acknowledgedPerSecond: wave(600, 119, 20),
    },
    stages: {
      generator: stage('generator', {
        state: 'running',
        providerStatus: 'running',
        since,
        rate: 120,
        backlog: 2,
      }),
      streamAnalytics: stage('streamAnalytics', {
        state: 'running',
        providerStatus: 'Running',
        since: ago(723),
        rate: 119,
        backlog: 0,
      }),
      silver: stage('silver', {
        state: 'running',
        providerStatus: 'RUNNING',
        since: ago(700),
        runId: '41873',
        rate: 116,
        backlog: 22,
        batch: { id: 689, rows: 118, durationMs: 300, committedAt: ago(1.1) },
        history: [
          outcome('41873', 'RUNNING', 11.6),
          outcome('41871', 'TERMINATED SUCCESS', 40, undefined, '{"batchId":655,"rows":61204}'),
          outcome('41862', 'TERMINATED FAILED', 90, 'Batch 12: disk full'),
          outcome('41860', 'TERMINATED SUCCESS', 120),
        ],
      }),
      gold: stage('gold', {
        state: 'running',
        providerStatus: 'RUNNING',
        since: ago(691),
        runId: '41874',
        rate: 116,
        backlog: 0,
        batch: { id: 684, rows: 116, durationMs: 200, committedAt: ago(1.4) },
        history: [outcome('41874', 'RUNNING', 11.5)],
      }),
      aggregate: stage('aggregate', {
        state: 'running',
        providerStatus: 'InProgress',
        since: ago(658),
        runId: '7c1e2f0a-51d6-4c0e-8a32-8f2f3f6b9d10',
        rate: 115,
        backlog: 12,
        batch: { id: 331, rows: 230, durationMs: 240, committedAt: ago(2) },
        history: [outcome('7c1e2f0a', 'InProgress', 11)],
      }),
    },
    hub: {
      partitions: partitions(7214, 120, 0),
      enqueued: 7214,
      rate: 120,
      ratePerSecond: wave(600, 120, 20),
      updatedAt: ago(0.4),
      error: undefined,
      groups: [
        { name: '$Default', protocol: 'AMQP', members: 1, lag: 4, lags: [1, 1, 1, 1] },
        { name: 'dashboards', protocol: 'Kafka', members: 2, lag: 1204, lags: [0, 0, 4, 1200] },
      ],
    },
    job: {
      streamingUnits: 1,
      watermarkDelaySeconds: 1,
      backlogged: 0,
      inputRate: 120,
      outputRate: 119,
      deserializationErrors: 2,
      errors: 0,
      resourceUtilization: 18,
      watermarkHistory: wave(60, 1, 1),
      utilizationHistory: wave(60, 18, 6),
      metricsAt: ago(1),
    },
    lake: {
      layers: {
        bronze: layer('bronze', {
          files: 752,
          bytes: 2_202_009,
          rows: 7208,
          rowsPerSecond: 119,
          bytesPerSecond: 36_400,
          newestAt: ago(0.8),
          growth: growing(7208, 119),
          newestFiles: Array.from({ length: 12 }, (_, index) => ({
            path: `${bronzeFolder(new Date(SCENARIO_NOW))}/${bronzeFileName({
              partition: index % 4,
              firstSequenceNumber: 1_780 - Math.floor(index / 4) * 30,
              lastSequenceNumber: 1_809 - Math.floor(index / 4) * 30,
              rows: 30,
            })}`,
            bytes: 9_100 + index * 7,
            at: ago(0.8 + index),
          })).reverse(),
        }),
        silver: layer('silver', {
          files: 96,
          bytes: 655_360,
          rows: 7012,
          rowsPerSecond: 116,
          bytesPerSecond: 10_800,
          newestAt: ago(1.1),
          growth: growing(7012, 116),
          commits: commits(712, 116, 240),
        }),
        quarantine: layer('quarantine', {
          files: 61,
          bytes: 49_152,
          rows: 174,
          rowsPerSecond: 3,
          bytesPerSecond: 800,
          newestAt: ago(1.1),
          growth: growing(174, 3),
        }),
        gold: layer('gold', {
          files: 95,
          bytes: 729_088,
          rows: 7012,
          rowsPerSecond: 116,
          bytesPerSecond: 12_000,
          newestAt: ago(1.4),
          growth: growing(7012, 116),
          commits: commits(705, 116, 160),
        }),
        byMinute: layer('byMinute', {
          files: 12,
          bytes: 21_504,
          rows: 144,
          rowsPerSecond: 0.2,
          bytesPerSecond: 30,
          newestAt: ago(11),
          growth: growing(144, 0.2),
        }),
        aggregated: layer('aggregated', {
          files: 1,
          bytes: 6246,
          rows: 12,
          rowsPerSecond: 0,
          newestAt: ago(2),
          growth: Array.from({ length: 60 }, () => 12),
        }),
      },
      bytes: 3_663_359,
    },
    ledger: {
      acknowledged: 7212,
      enqueued: 7214,
      bronze: 7208,
      rejected: 2,
      silver: 7012,
      quarantined: 174,
      duplicates: 0,
      gold: 7012,
      aggregated: 7000,
      extraRows: 0,
      enqueuedTwice: 0,
      skipped: 0,
      lost: 0,
      inFlight: { hub: 0, bronze: 4, silver: 22, gold: 0, aggregate: 12 },
      verdict: 'flowing',
      explanation: undefined,
    },
    assertions: {
      rate: { value: 119.4, expectation: '≥ 90 % of 120/s', holds: true },
      latencyP95: { value: 1400, expectation: '≤ 15 s, last 60 s', holds: true },
      duplicates: { value: 0, expectation: 'none in silver', holds: true },
      outOfSequence: { value: 0, expectation: 'none per station', holds: true },
      missing: { value: 0, expectation: 'none', holds: true },
    },
    aggregate: { cities: CITIES, readings: 7012, updatedAt: ago(2) },
    events: EVENTS,
    log: LOG,
  }
}

/** The same after draining: every difference is zero. */
export function balanced(): AppState {
  const state = allRunning()
  return {
    ...state,
    stages: {
      ...state.stages,
      generator: stage('generator', { providerStatus: 'stopped', rate: 0, backlog: 0 }),
    },
    generator: { ...state.generator, buffered: 0, acknowledged: 7214 },
    ledger: {
      ...state.ledger,
      acknowledged: 7214,
      enqueued: 7214,
      bronze: 7212,
      rejected: 2,
      silver: 7035,
      quarantined: 174,
      duplicates: 3,
      gold: 7035,
      aggregated: 7035,
      inFlight: { hub: 0, bronze: 0, silver: 0, gold: 0, aggregate: 0 },
      verdict: 'balanced',
    },
  }
}

/** Stages on their way up: minutes on Azure, with what is usual. */
export function starting(): AppState {
  const state = allStopped()
  const command = (id: StageId, seconds: number, usualMs = USUAL_MS[id]) =>
    stage(id, {
      state: 'starting',
      providerStatus: id === 'streamAnalytics' ? 'Starting' : id === 'aggregate' ? 'Queued' : 'PENDING',
      command: { kind: 'start', startedAt: ago(seconds), usualMs },
    })
  return {
    ...state,
    session: { ...state.session, target: 'azure' },
    stages: {
      ...state.stages,
      generator: stage('generator', { state: 'running', providerStatus: 'running', since: ago(4), rate: 10 }),
      streamAnalytics: command('streamAnalytics', 64, 90_000),
      silver: { ...command('silver', 250, 240_000), detail: 'Waiting for cluster: finding instances' },
      gold: command('gold', 30, 240_000),
      aggregate: command('aggregate', 5, 180_000),
    },
    cost: { perHour: 1.42, spent: 0.31, billed: [] },
  }
}

/** A failed notebook, an authorization error, a hub that is away, rows lost. */
export function failing(): AppState {
  const state = allRunning()
  return {
    ...state,
    generator: { ...state.generator, buffered: 20_000, backPressure: true },
    stages: {
      ...state.stages,
      generator: {
        ...state.stages.generator,
        state: 'degraded',
        detail: 'Event Hubs does not answer; 20,000 readings wait, no more are made',
        rate: 0,
      },
      streamAnalytics: {
        ...state.stages.streamAnalytics,
        state: 'unknown',
        providerStatus: 'Running',
        detail:
          'No permission to read the job. — az role assignment create --role "Stream Analytics Contributor" --scope …',
        updatedAt: ago(95),
      },
      silver: {
        ...state.stages.silver,
        state: 'failed',
        providerStatus: 'TERMINATED FAILED',
        detail: 'Batch 690: AnalysisException: cannot resolve column `humidty`',
        rate: 0,
      },
    },
    hub: { ...state.hub, rate: 0, error: 'Event Hubs does not answer', updatedAt: ago(31) },
    lake: {
      ...state.lake,
      layers: {
        ...state.lake.layers,
        silver: { ...state.lake.layers.silver, error: 'silver/weather: HTTP 503', updatedAt: ago(12) },
      },
    },
    ledger: {
      ...state.ledger,
      lost: 17,
      verdict: 'unbalanced',
      explanation: '17 acknowledged events are in no table and no counter',
    },
    assertions: {
      ...state.assertions,
      rate: { value: 41, expectation: '≥ 90 % of 120/s', holds: false },
      latencyP95: { value: 31_200, expectation: '≤ 15 s, last 60 s', holds: false },
      missing: { value: 17, expectation: 'none', holds: false },
    },
    log: [...state.log, line(0.5, 'silver', 'TERMINATED FAILED: Batch 690: AnalysisException', 'error')],
  }
}

/** Stream Analytics falls behind: a backlog, a late watermark, degraded. */
export function degraded(): AppState {
  const state = allRunning()
  return {
    ...state,
    stages: {
      ...state.stages,
      streamAnalytics: {
        ...state.stages.streamAnalytics,
        state: 'degraded',
        providerStatus: 'Degraded',
        detail: 'Input of partition 3 is retried: OperationTimeout',
        backlog: 48_210,
        rate: 31,
      },
    },
    hub: { ...state.hub, partitions: partitions(55_420, 120, 48_210), enqueued: 55_420 },
    job: { ...state.job, watermarkDelaySeconds: 412, backlogged: 48_210, outputRate: 31 },
  }
}

/** Numbers with as many digits as a long run at the highest rate can bring. */
export function huge(): AppState {
  const state = allRunning()
  const rows = 8_640_123_456
  const scaled = (one: LayerSlice): LayerSlice => ({
    ...one,
    files: 1_048_576,
    bytes: 412_316_860_416,
    rows,
    rowsPerSecond: 99_871,
    bytesPerSecond: 31_457_280,
    growth: growing(rows, 99_871),
  })
  const layers = Object.fromEntries(
    Object.entries(state.lake.layers).map(([name, one]) => [name, scaled(one)]),
  ) as Record<LayerName, LayerSlice>
  return {
    ...state,
    session: { ...state.session, startedAt: ago(86_400 * 12) },
    generator: {
      ...state.generator,
      stations: 1_000_000,
      sent: rows,
      acknowledged: rows - 19_998,
      buffered: 19_998,
      burstUntil: SCENARIO_NOW + 4000,
      sentPerSecond: wave(600, 100_000, 18_000),
      acknowledgedPerSecond: wave(600, 99_000, 18_000),
    },
    hub: {
      ...state.hub,
      partitions: Array.from({ length: 32 }, (_, index) => ({
        ...(state.hub.partitions[index % 4] as PartitionSlice),
        id: String(index),
        lastSequenceNumber: 270_003_858 + index,
        rate: 3125,
        share: 1 / 32,
        backlog: 123_456,
      })),
      enqueued: rows,
      rate: 100_000,
      ratePerSecond: wave(600, 100_000, 18_000),
    },
    lake: { layers, bytes: 2_473_901_162_496 },
    cost: { perHour: 148.2, spent: 12_345.67, billed: [] },
  }
}

/** City names and messages with wide characters, joined emoji and right-to-left script. */
export function wideCharacters(): AppState {
  const state = allRunning()
  return {
    ...state,
    aggregate: {
      ...state.aggregate,
      cities: [
        { city: '東京都千代田区霞が関', temperature: 12.6, humidity: 58, readings: 577 },
        { city: '서울특별시', temperature: 6.1, humidity: 61, readings: 544 },
        { city: 'القاهرة', temperature: 21, humidity: 48, readings: 604 },
        {
          city: 'Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch',
          temperature: 9,
          humidity: 88,
          readings: 3,
        },
        { city: '👩‍🚀 base', temperature: -63.4, humidity: 1, readings: 1 },
      ],
    },
    events: [
      event(0.3, 93, '東京都千代田区霞が関', 12, 58),
      event(0.2, 94, '👩‍🚀 base', -63, 1),
      event(0.1, 17, 'القاهرة', 21, 48),
    ],
    log: [...state.log, line(0.2, 'silver', '隔離: 都市名が空です — row of 東京都千代田区霞が関')],
  }
}

/** Everything was last heard of a minute and a half ago. */
export function stale(): AppState {
  const state = allRunning()
  const old = ago(95)
  return {
    ...state,
    stages: Object.fromEntries(
      Object.entries(state.stages).map(([id, one]) => [id, { ...one, updatedAt: old }]),
    ) as Record<StageId, StageSlice>,
    hub: { ...state.hub, updatedAt: old },
    job: { ...state.job, metricsAt: old },
    lake: {
      ...state.lake,
      layers: Object.fromEntries(
        Object.entries(state.lake.layers).map(([name, one]) => [
          name,
          { ...one, updatedAt: old, newestAt: old },
        ]),
      ) as Record<LayerName, LayerSlice>,
    },
    aggregate: { ...state.aggregate, updatedAt: old },
  }
}

/** Every control refused. */
export function readOnly(): AppState {
  const state = allRunning()
  return { ...state, session: { ...state.session, readOnly: true, target: 'azure' } }
}

/** By name, for tests that go through all of them. */
export const scenarios = {
  beforeConnect,
  allStopped,
  allRunning,
  balanced,
  starting,
  failing,
  degraded,
  huge,
  wideCharacters,
  stale,
  readOnly,
} as const
