/** The job's numbers, per minute as Azure Monitor keeps them; the newest minute is the present one, without a lag. */
import { performance } from 'node:perf_hooks'
import type { Clock } from '../clock.ts'

export interface Minute {
  /** Start of the minute, epoch ms. */
  start: number
  InputEvents: number
  OutputEvents: number
  DeserializationError: number
  Errors: number
  OutputWatermarkDelaySeconds: number
  InputEventsSourcesBacklogged: number
  ResourceUtilization: number
}

/** A day of minutes. */
const KEPT = 1440

export class JobMeter {
  readonly #clock: Clock
  readonly #minutes: Minute[] = []
  #utilization = performance.eventLoopUtilization()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  count(events: { input: number; output: number; rejected: number }): void {
    const minute = this.#present()
    minute.InputEvents += events.input
    minute.OutputEvents += events.output
    minute.DeserializationError += events.rejected
    minute.Errors += events.rejected
  }

  gauge(values: { backlog: number; delayMs: number }): void {
    const minute = this.#present()
    minute.InputEventsSourcesBacklogged = values.backlog
    minute.OutputWatermarkDelaySeconds = values.delayMs / 1000
    // How busy this thread's event loop was since the last window: what the stand-in for streaming units has to spend.
    const utilization = performance.eventLoopUtilization()
    minute.ResourceUtilization = Math.round(
      performance.eventLoopUtilization(utilization, this.#utilization).utilization * 100,
    )
    this.#utilization = utilization
  }

  /** Minutes that overlap the span (epoch ms), oldest first. */
  between(from: number, to: number): readonly Minute[] {
    return this.#minutes.filter(({ start }) => start + 60_000 > from && start <= to)
  }

  #present(): Minute {
    const start = Math.floor(this.#clock.now() / 60_000) * 60_000
    const last = this.#minutes.at(-1)
    if (last && last.start >= start) return last
    const fresh: Minute = {
      start,
      InputEvents: 0,
      OutputEvents: 0,
      DeserializationError: 0,
      Errors: 0,
      OutputWatermarkDelaySeconds: 0,
      InputEventsSourcesBacklogged: last?.InputEventsSourcesBacklogged ?? 0,
      ResourceUtilization: last?.ResourceUtilization ?? 0,
    }
    this.#minutes.push(fresh)
    if (this.#minutes.length > KEPT) this.#minutes.shift()
    return fresh
  }
}
