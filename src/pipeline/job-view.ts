/** What the metrics of the Stream Analytics job mean for the screen. */
import type { JobMetrics, JobProperties } from './ports.ts'
import type { JobSlice } from './state.ts'
import { pushBounded, RateMeter } from './telemetry.ts'

const HISTORY_POINTS = 60

export class JobView {
  readonly #input: RateMeter
  readonly #output: RateMeter

  /** @param spanMs of the rates: a few times the interval at which the metrics move on. */
  constructor(spanMs: number) {
    this.#input = new RateMeter(spanMs)
    this.#output = new RateMeter(spanMs)
  }

  /**
   * @param metrics undefined: the service has no numbers; the last ones stay, with their age.
   * @param at monotonic milliseconds. @param trueAt epoch milliseconds at which the numbers were true.
   */
  slice(before: JobSlice, metrics: JobMetrics | undefined, at: number, trueAt: number | undefined): JobSlice {
    if (!metrics) return { ...before, inputRate: undefined, outputRate: undefined }
    this.#input.observe(metrics.inputEvents, at)
    this.#output.observe(metrics.outputEvents, at)
    return {
      streamingUnits: before.streamingUnits,
      watermarkDelaySeconds: metrics.watermarkDelaySeconds,
      backlogged: metrics.backloggedInputEvents,
      inputRate: this.#input.rate,
      outputRate: this.#output.rate,
      deserializationErrors: metrics.deserializationErrors,
      errors: metrics.errors,
      resourceUtilization: metrics.resourceUtilization,
      watermarkHistory: withPoint(before.watermarkHistory, metrics.watermarkDelaySeconds),
      utilizationHistory: withPoint(before.utilizationHistory, metrics.resourceUtilization),
      metricsAt: trueAt,
    }
  }
}

export const withProperties = (before: JobSlice, job: JobProperties | undefined): JobSlice =>
  job ? { ...before, streamingUnits: job.streamingUnits } : before

const withPoint = (history: readonly number[], value: number | undefined) =>
  value === undefined ? history : pushBounded(history, value, HISTORY_POINTS)
