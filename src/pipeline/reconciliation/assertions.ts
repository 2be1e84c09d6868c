/** The five assertions of streaming-at-scale, live: measured on what really arrived, in bounded memory. */
import { isDerivedId } from '../../contract/derived-id.ts'
import { groupedRate } from '../../contract/grouped.ts'
import { DEDUPLICATION_WINDOW_MS } from '../../contract/reading.ts'
import type { ArrivedRow } from '../ports/lake.ts'
import type { Assertion, AssertionsSlice, Percentiles } from '../state/state.ts'
import { RecentIds } from './recent-ids.ts'

const WINDOW_MS = 60_000
/** Rate: it holds or not only once this much of the window has passed (ms). */
const LEAST_ELAPSED_MS = 10_000
const RATE_SHARE = 0.9
/** … and so many readings were due in it: of fewer it is chance whether one falls before its end. */
const LEAST_DUE = 2
/** From `createdAt` to the commit in gold: the 95th percentile must not be above it. */
export const LATENCY_LIMIT_MS = 15_000
/** What must hold, and over what. */
const LATENCY_EXPECTATION = '≤ 15 s, last 60 s'
const LATENCY_SAMPLES = 10_000
/** Stations whose last number is remembered. */
const STATIONS = 200_000

interface RateSample {
  at: number
  acknowledged: number
}

/** Of this session. */
export class Assertions {
  readonly #latencies = new LatencyWindow()
  readonly #ids = new RecentIds()
  /** By station, of its reading with the highest number: that number, and when the hub took it. */
  readonly #latest = new Map<string, { number: number; enqueuedAt: number }>()
  #duplicates = 0
  #outOfSequence = 0
  #hasRows = false
  #planned = 0
  #rates: RateSample[] = []
  #rate: Assertion = unmeasured('≥ 90 % of the planned rate')

  /**
   * New rows of silver. A micro-batch may stand in the table in any order, and Spark may read a file a batch later than one
   * placed after it: what counts is the order in which the hub took the readings.
   */
  addSilver(rows: readonly ArrivedRow[]): void {
    const inOrder: ArrivedRow[] = []
    for (const row of rows) {
      this.#hasRows = true
      if (this.#ids.hasOrAdd(identityOf(row))) this.#duplicates++
      else if (row.deviceSequenceNumber !== null && row.enqueuedAt !== null) inOrder.push(row)
    }
    // Within one millisecond the order is unknown.
    inOrder.sort(
      (a, b) =>
        (a.enqueuedAt as number) - (b.enqueuedAt as number) ||
        (a.deviceSequenceNumber as number) - (b.deviceSequenceNumber as number),
    )
    for (const { deviceId, deviceSequenceNumber, enqueuedAt } of inOrder)
      if (deviceId !== null) this.#follow(deviceId, deviceSequenceNumber as number, enqueuedAt as number)
  }

  /** Only latency is measured there. */
  addGold(rows: readonly ArrivedRow[]): void {
    for (const { createdAt, committedAt } of rows)
      if (createdAt !== null) this.#latencies.add(committedAt, committedAt - createdAt)
  }

  /**
   * @param planned readings per second asked for; 0 while none are made: the last measurement then stays.
   * @param acknowledged counter of this session. @param at monotonic milliseconds.
   */
  observeRate(planned: number, acknowledged: number, at: number): void {
    // A change of plan begins a new measurement: an average over two plans says nothing of either.
    if (planned !== this.#planned) this.#rates = []
    this.#planned = planned
    if (planned === 0) return
    this.#rates.push({ at, acknowledged })
    while (this.#rates.length > 2 && (this.#rates[1] as RateSample).at <= at - WINDOW_MS) this.#rates.shift()
    const [first] = this.#rates
    const elapsed = at - (first?.at ?? at)
    const expectation = `≥ 90 % of ${groupedRate(planned)}/s`
    if (!first || elapsed <= 0) {
      this.#rate = unmeasured(expectation)
      return
    }
    const count = acknowledged - first.acknowledged
    const due = (planned * elapsed) / 1000
    const isLongEnough = elapsed >= LEAST_ELAPSED_MS && due >= LEAST_DUE
    // Only whole readings come.
    const holds = isLongEnough ? count >= Math.floor(due * RATE_SHARE) : undefined
    this.#rate = { value: (count * 1000) / elapsed, expectation, holds }
  }

  /** @param lost from the ledger; undefined: there is no ledger yet. @param now epoch milliseconds. */
  slice(lost: number | undefined, now: number): AssertionsSlice {
    const percentiles = this.#latencies.percentiles(now - WINDOW_MS)
    const p95 = percentiles?.p95
    const none = (value: number | undefined, expectation: string): Assertion => ({
      value,
      expectation,
      holds: value === undefined ? undefined : value === 0,
    })
    return {
      rate: this.#rate,
      percentiles,
      latencyP95: {
        value: p95,
        expectation: LATENCY_EXPECTATION,
        holds: p95 === undefined ? undefined : p95 <= LATENCY_LIMIT_MS,
      },
      duplicates: none(this.#hasRows ? this.#duplicates : undefined, 'none in silver'),
      outOfSequence: none(this.#hasRows ? this.#outOfSequence : undefined, 'none per station'),
      missing: none(lost, 'none'),
    }
  }

  /** Gaps do not count: readings in quarantine are rightly missing from silver. */
  #follow(deviceId: string, number: number, enqueuedAt: number): void {
    const latest = this.#latest.get(deviceId)
    if (latest && number < latest.number) {
      if (enqueuedAt > latest.enqueuedAt) this.#outOfSequence++
      return
    }
    if (latest && enqueuedAt < latest.enqueuedAt) this.#outOfSequence++
    this.#latest.set(deviceId, { number, enqueuedAt })
    if (this.#latest.size > STATIONS) this.#latest.delete(this.#latest.keys().next().value as string)
  }
}

/**
 * What a person would call one reading: a device and its number, else the id that its sender gave it, else one content within the
 * time in which silver drops copies. A derived id follows from the row's place, so those of copies differ.
 */
function identityOf(row: ArrivedRow): string {
  const {
    eventId,
    deviceId,
    deviceSequenceNumber,
    city,
    temperature,
    humidity,
    timestamp,
    createdAt,
    enqueuedAt,
  } = row
  if (deviceId !== null && deviceSequenceNumber !== null) return `${deviceId}:${deviceSequenceNumber}`
  if (eventId !== null && !isDerivedId(eventId)) return eventId
  const span = Math.floor((enqueuedAt ?? 0) / DEDUPLICATION_WINDOW_MS)
  return JSON.stringify([
    span,
    deviceId,
    deviceSequenceNumber,
    city,
    temperature,
    humidity,
    timestamp,
    createdAt,
  ])
}

const unmeasured = (expectation: string): Assertion => ({ value: undefined, expectation, holds: undefined })

/** A ring of the newest latencies with the time of each. */
class LatencyWindow {
  readonly #times = new Float64Array(LATENCY_SAMPLES)
  readonly #latencies = new Float64Array(LATENCY_SAMPLES)
  #added = 0
  #cached: { since: number; added: number; value: Percentiles | undefined } | undefined

  add(at: number, latency: number): void {
    this.#times[this.#added % LATENCY_SAMPLES] = at
    this.#latencies[this.#added % LATENCY_SAMPLES] = latency
    this.#added++
  }

  /** Nearest rank; undefined: nothing is that young. */
  percentiles(since: number): Percentiles | undefined {
    const isFresh = this.#cached?.added === this.#added && since - this.#cached.since < 1000
    if (this.#cached && isFresh) return this.#cached.value
    const filled = Math.min(this.#added, LATENCY_SAMPLES)
    const young = this.#latencies
      .subarray(0, filled)
      .filter((_, index) => (this.#times[index] as number) >= since)
    young.sort()
    const rank = (share: number) => young[Math.ceil(young.length * share) - 1] as number
    const value = young.length === 0 ? undefined : { p50: rank(0.5), p95: rank(0.95), p99: rank(0.99) }
    this.#cached = { since, added: this.#added, value }
    return value
  }
}
