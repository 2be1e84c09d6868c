/** The content of a report as plain data, from a recording or from the states of a session. */
import { isDeepStrictEqual } from 'node:util'
import type { CityMean } from '../pipeline/ports/lake.ts'
import { STAGE_IDS } from '../pipeline/ports/stages.ts'
import type { Trace } from '../pipeline/ports/trace.ts'
import { type VerdictKind, verdictOf } from '../pipeline/reconciliation/verdict.ts'
import { grouped } from '../pipeline/state/count-of.ts'
import { counted, type LedgerCount, ofHub, spentSoFar, waitingAt } from '../pipeline/state/known.ts'
import {
  type AppState,
  type Assertion,
  LAYERS,
  type LayerName,
  type LedgerSlice,
  type LogEntry,
  type TailEvent,
} from '../pipeline/state/state.ts'
import type { TableSample, TablesPart } from './tables.ts'

/** Increased when older readers of the JSON form can no longer read it. */
const REPORT_VERSION = 1

/** Everything that a report says. Its JSON form is this, so a changed member is a new {@link REPORT_VERSION}. */
export interface ReportModel {
  version: typeof REPORT_VERSION
  /** `session`: what the screen showed. `folder`: what the tables say, no matter who filled them. */
  source: 'session' | 'folder'
  program: string
  target: 'local' | 'azure'
  engine: string
  /** The data folder went with the session. */
  isEphemeral: boolean
  /** Epoch milliseconds. */
  startedAt: number
  endedAt: number
  verdict: VerdictKind
  /** Why it does not balance, or what could not be read. */
  explanation: string | undefined
  ledger: ReportedLedger
  assertions: readonly (Assertion & { name: string; unit: string })[]
  samples: readonly Sample[]
  marks: readonly Mark[]
  faults: readonly FaultSpan[]
  /** False: of the refused rows, those that were shown. */
  isQuarantineWhole: boolean
  /** Refused rows by reason. */
  quarantine: readonly { reason: string; events: number }[]
  traces: readonly Trace[]
  /** Undefined: no room was open. */
  audience: AudiencePart | undefined
  cities: readonly CityMean[]
  /** Each number undefined: nobody has read it. */
  layers: readonly {
    name: LayerName
    files: number | undefined
    bytes: number | undefined
    rows: number | undefined
  }[]
  /** Newest rows. */
  tables: readonly TableSample[]
  settings: readonly (readonly [name: string, value: string])[]
  /** US dollars, estimated from list prices; undefined: no service was heard of, and nobody knows what runs. */
  cost: number | undefined
}

type Backlog = Readonly<Record<keyof LedgerSlice['inFlight'], number | undefined>>

/** The ledger's counts as far as somebody has read them; undefined: nobody has. */
export type ReportedLedger = Readonly<
  Record<LedgerCount | 'audience' | 'typed' | 'enqueuedTwice', number | undefined> & { inFlight: Backlog }
>

/** The session at one moment. */
export interface Sample {
  /** Epoch milliseconds. */
  at: number
  /** Per second, into the hub; undefined: the hub could not be read. */
  rate: number | undefined
  /** Rows in flight in front of each hop; undefined: nobody could tell. */
  backlog: Backlog | undefined
  /** From a reading to gold; in a report of a folder, to the hub (ms). */
  latency: { p50: number; p95: number; p99: number } | undefined
  /** Rows; undefined when unknown. */
  rows: Readonly<Record<LayerName, number | undefined>>
  /** Spent so far, estimated from list prices; undefined likewise. */
  spent: number | undefined
}

/** What a person did. */
export interface Mark {
  at: number
  text: string
}

/** Phones of the room, in this session. */
export interface AudiencePart {
  /** Most that were connected at a time. */
  most: number
  /** Their events that the hub acknowledged; undefined: not counted. */
  acknowledged: number | undefined
}

/** One fault, from its injection to its end (epoch ms). */
export interface FaultSpan {
  name: string
  title: string
  happens: string
  from: number
  /** Undefined when still broken at the end. */
  to: number | undefined
}

/** Most points of a chart: more cannot be seen on a page. */
const MOST_SAMPLES = 600
const MOST_MARKS = 200
const MOST_TRACES = 20
const MOST_CITIES = 40
const EVENT_SAMPLE = 10

const ASSERTIONS = [
  ['rate', 'rate of the generator', '/s'],
  ['latencyP95', 'created → gold, p95', 'ms'],
  ['duplicates', 'duplicates in silver', ''],
  ['outOfSequence', 'out of sequence', ''],
  ['missing', 'missing', ''],
] as const

/** Takes states one by one, in bounded memory, and makes a report from them. */
export class ReportCollector {
  #samples: Sample[] = []
  /** Time between two samples (ms); doubles when there are too many. */
  #everyMs = 1000
  #marks: Mark[] = []
  #lastLine: LogEntry | undefined
  #lastEvent: TailEvent | undefined
  readonly #faults: FaultSpan[] = []
  readonly #reasons = new Map<string, number>()
  readonly #traces = new Map<string, Trace>()
  /** Undefined: no room was open. */
  #mostPhones: number | undefined
  #last: AppState | undefined

  /** The states of a session, in their order. What is kept of them is bounded. */
  add(state: AppState): void {
    if (state === this.#last) return
    this.#last = state
    // The clock may have been set back.
    if (Math.abs(state.now - (this.#samples.at(-1)?.at ?? Number.NEGATIVE_INFINITY)) >= this.#everyMs)
      this.#sample(state)
    for (const { at, source, message } of behind(state.log, this.#lastLine))
      if (source === 'you' && this.#marks.length < MOST_MARKS) this.#marks.push({ at, text: message })
    this.#lastLine = state.log.at(-1)
    for (const { reasons } of behind(state.events, this.#lastEvent))
      for (const reason of reasons) this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1)
    this.#lastEvent = state.events.at(-1)
    this.#followFaults(state)
    if (state.audience?.phase === 'open')
      this.#mostPhones = Math.max(this.#mostPhones ?? 0, state.audience.connected)
    const trace = state.trace?.trace
    if (trace && (this.#traces.size < MOST_TRACES || this.#traces.has(keyOf(trace))))
      this.#traces.set(keyOf(trace), trace)
  }

  /**
   * @param more what the tables say. @param versions of what the program runs on.
   * @throws Error when no state was added.
   */
  report(more?: TablesPart, versions: readonly (readonly [name: string, value: string])[] = []): ReportModel {
    const state = this.#last
    if (!state) throw new Error('There is nothing to report: no state was recorded.')
    this.#sample(state)
    const { session, generator, hub, ledger, assertions, lake } = state
    const { kind: verdict, text } = verdictOf(state)
    return {
      version: REPORT_VERSION,
      source: 'session',
      program: session.version,
      target: session.target,
      engine: session.engine,
      isEphemeral: session.ephemeral,
      startedAt: session.startedAt,
      endedAt: state.now,
      verdict,
      explanation: verdict === 'unknown' ? text.replace(/^unknown: /, '') : ledger.explanation,
      ledger: ledgerOf(state),
      assertions: ASSERTIONS.map(([key, name, unit]) => ({ name, unit, ...assertions[key] })),
      samples: this.#samples,
      marks: this.#marks,
      faults: this.#faults,
      isQuarantineWhole: more?.quarantine !== undefined,
      quarantine:
        more?.quarantine ??
        [...this.#reasons]
          .map(([reason, events]) => ({ reason, events }))
          .sort((a, b) => b.events - a.events),
      traces: [...this.#traces.values()],
      audience:
        this.#mostPhones === undefined
          ? undefined
          : { most: this.#mostPhones, acknowledged: ledger.audience },
      cities: state.aggregate.cities.slice(0, MOST_CITIES),
      layers: LAYERS.map((name) => {
        const { files, bytes, rows, updatedAt } = lake.layers[name]
        return updatedAt === undefined
          ? { name, files: undefined, bytes: undefined, rows: undefined }
          : { name, files, bytes, rows }
      }),
      tables: more && more.samples.length > 0 ? more.samples : eventSample(state.events),
      settings: [
        ['rtstream-tui', session.version],
        ...versions,
        ['target', session.target],
        ['engine', session.engine],
        ['stations', grouped(generator.stations)],
        ['interval', `${generator.intervalMs / 1000} s`],
        ['dirty data', `${Math.round(generator.dirty * 1000) / 10} %`],
        ['partitions', String(ofHub(state, hub.partitions.length) ?? 'not known')],
        ...STAGE_IDS.map((id) => [id, state.stages[id].state] as const),
      ],
      cost: spentSoFar(state),
    }
  }

  #sample(state: AppState): void {
    const { hub, assertions, lake, now } = state
    this.#samples.push({
      at: now,
      // While the hub cannot be read, the last numbers stay on the screen: they do not count as a measurement.
      rate: hub.error === undefined ? ofHub(state, hub.rate) : undefined,
      backlog: hub.error === undefined ? backlogOf(state) : undefined,
      latency: assertions.percentiles,
      rows: Object.fromEntries(LAYERS.map((name) => [name, lake.layers[name].rows])) as Sample['rows'],
      spent: spentSoFar(state),
    })
    if (this.#samples.length <= MOST_SAMPLES) return
    this.#samples = this.#samples.filter((_, index) => index % 2 === 0)
    this.#everyMs *= 2
  }

  #followFaults({ faults, now }: AppState): void {
    for (const { name, title, happens, since, state } of faults) {
      const span = this.#faults.find((one) => one.name === name && one.from === since)
      if (!span) this.#faults.push({ name, title, happens, from: since, to: undefined })
      else if (state === 'healing') span.to ??= now
    }
    for (const span of this.#faults)
      if (!faults.some(({ name, since }) => name === span.name && since === span.from)) span.to ??= now
  }
}

const COUNTS = [
  'acknowledged',
  'enqueued',
  'bronze',
  'rejected',
  'silver',
  'quarantined',
  'duplicates',
  'gold',
  'aggregated',
  'skipped',
  'extraRows',
  'lost',
] as const satisfies readonly LedgerCount[]

function ledgerOf(state: AppState): ReportedLedger {
  const { audience, typed, enqueuedTwice } = state.ledger
  const counts = Object.fromEntries(COUNTS.map((name) => [name, counted(state, name)])) as Record<
    LedgerCount,
    number | undefined
  >
  // The hub tells it before the lake is read.
  const enqueued = counts.enqueued ?? ofHub(state, state.hub.enqueued)
  return { ...counts, enqueued, audience, typed, enqueuedTwice, inFlight: backlogOf(state) }
}

const backlogOf = (state: AppState): Backlog => ({
  hub: waitingAt(state, 'hub'),
  bronze: waitingAt(state, 'bronze'),
  silver: waitingAt(state, 'silver'),
  gold: waitingAt(state, 'gold'),
  aggregate: waitingAt(state, 'aggregate'),
})

/** A recording has no tables, but the events that were shown. */
function eventSample(events: readonly TailEvent[]): TableSample[] {
  const rows = events
    .slice(-EVENT_SAMPLE)
    .reverse()
    .map(({ at, deviceId, city, temperature, humidity, reasons }) => [
      new Date(at).toISOString(),
      deviceId,
      city,
      String(temperature ?? ''),
      String(humidity ?? ''),
      reasons.join(', '),
    ])
  const columns = ['time', 'device', 'city', 'temperature', 'humidity', 'refused by silver']
  return rows.length === 0 ? [] : [{ name: 'events, as they were shown', columns, rows }]
}

/**
 * What stands behind the item that was the last one before. By its place, as rows that silver refused are older than the readings
 * around them; by its content where a recording has made it anew.
 */
function behind<T>(items: readonly T[], last: T | undefined): readonly T[] {
  if (last === undefined) return items
  const at = items.lastIndexOf(last)
  return items.slice((at < 0 ? items.findLastIndex((one) => isDeepStrictEqual(one, last)) : at) + 1)
}

const keyOf = ({ position }: Trace) => `${position.partition}:${position.sequenceNumber}`

/** Settings that no table keeps. */
const OF_A_SESSION: ReadonlySet<string> = new Set(['stations', 'interval', 'dirty data'])

/** A report of a data folder: the same, with charts over the tables' own times. */
export function folderReport(
  model: ReportModel,
  { minutes }: TablesPart,
  marks: readonly Mark[] = [],
): ReportModel {
  // On Azure the session behind this model has only looked: what those who wrote the tables spent, nobody knows.
  const cost = model.target === 'local' ? 0 : undefined
  const [first, last] = [minutes[0]?.at ?? model.endedAt, minutes.at(-1)?.at ?? model.endedAt]
  const endedAt = Math.max(first, Math.min(model.endedAt, last + MINUTE_MS))
  const rows = {
    bronze: undefined,
    silver: 0,
    quarantine: 0,
    gold: 0,
    byMinute: undefined,
    aggregated: undefined,
  }
  const samples = minutes.map((minute): Sample => {
    rows.silver += minute.silver
    rows.quarantine += minute.quarantined
    rows.gold += minute.gold
    return {
      at: minute.at,
      rate: (minute.silver + minute.quarantined) / (MINUTE_MS / 1000),
      backlog: undefined,
      latency: minute.latency,
      rows: { ...rows },
      spent: cost,
    }
  })
  // Those of this command, not of the sessions that wrote the tables.
  const settings = model.settings.map(
    ([name, value]) => [name, OF_A_SESSION.has(name) ? 'not known' : value] as const,
  )
  return {
    ...model,
    source: 'folder',
    startedAt: first,
    endedAt,
    samples,
    cost,
    settings,
    marks: marks.slice(-MOST_MARKS),
  }
}

const MINUTE_MS = 60_000
