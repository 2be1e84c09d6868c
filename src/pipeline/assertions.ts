/** The five assertions of Azure-Samples/streaming-at-scale, live: measured on rows that arrived, in bounded memory. */
import type { ArrivedRow } from './ports.ts'
import type { AssertionsSlice } from './state.ts'
import { percentile } from './telemetry.ts'

const LATENCY_WINDOW_MS = 60_000
const LATENCY_SAMPLES = 6000
/** Ids remembered for the search for duplicates; the audit at the end of a run looks at all of them. */
const REMEMBERED_IDS = 200_000
const STATIONS = 100_000
const RATE_SHARE = 0.9
const LATENCY_LIMIT_MS = 15_000

export interface Plan {
  /** Events per second that the generator is asked for; undefined: it does not run. */
  plannedRate: number | undefined
  measuredRate: number
  /** Events lost, from the ledger. */
  lost: number
  now: number
}

export class LiveAssertions {
  #latencies: { at: number; ms: number }[] = []
  #duplicates = 0
  #outOfSequence = 0
  #seen = 0
  readonly #ids = new Set<string>()
  readonly #numbers = new Map<string, number>()

  /** Rows of silver in table order. */
  addSilver(rows: readonly ArrivedRow[]): void {
    for (const row of rows) {
      this.#seen++
      if (row.eventId !== null) this.#addId(row.eventId)
      if (row.deviceId !== null && row.deviceSequenceNumber !== null)
        this.#addNumber(row.deviceId, row.deviceSequenceNumber)
    }
  }

  addGold(rows: readonly ArrivedRow[]): void {
    // A sample of a large batch tells its percentile as well as all of it.
    const step = Math.max(1, Math.floor(rows.length / 500))
    for (let index = 0; index < rows.length; index += step) {
      const { createdAt, committedAt } = rows[index] as ArrivedRow
      if (createdAt !== null) this.#latencies.push({ at: committedAt, ms: committedAt - createdAt })
    }
    if (this.#latencies.length > LATENCY_SAMPLES) this.#latencies = this.#latencies.slice(-LATENCY_SAMPLES)
  }

  slice({ plannedRate, measuredRate, lost, now }: Plan): AssertionsSlice {
    this.#latencies = this.#latencies.filter(({ at }) => at > now - LATENCY_WINDOW_MS)
    const latency = percentile(
      this.#latencies.map(({ ms }) => ms),
      0.95,
    )
    const any = this.#seen > 0
    const none = (value: number, expectation: string) => ({
      value: any ? value : undefined,
      expectation,
      holds: any ? value === 0 : undefined,
    })
    return {
      rate: {
        value: plannedRate === undefined ? undefined : measuredRate,
        expectation:
          plannedRate === undefined
            ? '≥ 90 % of the planned rate'
            : `≥ 90 % of ${Math.round(plannedRate * 10) / 10}/s`,
        holds: plannedRate === undefined ? undefined : measuredRate >= plannedRate * RATE_SHARE,
      },
      latencyP95: {
        value: latency,
        expectation: '≤ 15 s',
        holds: latency === undefined ? undefined : latency <= LATENCY_LIMIT_MS,
      },
      duplicates: none(this.#duplicates, 'none in silver'),
      outOfSequence: none(this.#outOfSequence, 'none per station'),
      missing: none(lost, 'none'),
    }
  }

  #addId(id: string): void {
    if (this.#ids.has(id)) {
      this.#duplicates++
      return
    }
    this.#ids.add(id)
    // A set keeps the order of insertion: the oldest goes first.
    if (this.#ids.size > REMEMBERED_IDS) this.#ids.delete(this.#ids.values().next().value as string)
  }

  #addNumber(deviceId: string, number: number): void {
    const last = this.#numbers.get(deviceId)
    if (last !== undefined && number < last) this.#outOfSequence++
    else if (last !== undefined || this.#numbers.size < STATIONS) this.#numbers.set(deviceId, number)
  }
}
