/** What the Stream Analytics job's metrics, and the bronze that it writes, mean for the screen. */
import type { BronzeSnapshot } from '../ports/lake.ts'
import type { JobMetrics, JobProperties } from '../ports/stages.ts'
import { pushBounded, RateMeter } from '../runtime/rates.ts'
import type { JobSlice, LayerSlice } from '../state/state.ts'

const HISTORY_POINTS = 60

/** Keeps what rates are made of from one look to the next. */
export class JobView {
  readonly #input: RateMeter
  readonly #output: RateMeter
  readonly #bronzeInput = new RateMeter()
  /** The names of bronze's files tell how many events came in and went out: sooner than the metrics do. */
  #bronzeTells = false

  /** @param spanMs of the rates by metrics: a few times the interval at which those move on. */
  constructor(spanMs: number) {
    this.#input = new RateMeter(spanMs)
    this.#output = new RateMeter(spanMs)
  }

  /**
   * @param metrics undefined: the service has no numbers; the last ones stay, with their age.
   * @param at monotonic milliseconds. @param trueAt epoch milliseconds at which the numbers were true.
   */
  slice(before: JobSlice, metrics: JobMetrics | undefined, at: number, trueAt: number | undefined): JobSlice {
    if (!metrics)
      return this.#bronzeTells ? before : { ...before, inputRate: undefined, outputRate: undefined }
    this.#input.observe(metrics.inputEvents, at)
    this.#output.observe(metrics.outputEvents, at)
    return {
      streamingUnits: before.streamingUnits,
      watermarkDelaySeconds: metrics.watermarkDelaySeconds,
      backlogged: metrics.backloggedInputEvents,
      inputRate: this.#bronzeTells ? before.inputRate : this.#input.known,
      outputRate: this.#bronzeTells ? before.outputRate : this.#output.known,
      deserializationErrors: metrics.deserializationErrors,
      errors: metrics.errors,
      resourceUtilization: metrics.resourceUtilization,
      watermarkHistory: withPoint(before.watermarkHistory, metrics.watermarkDelaySeconds),
      utilizationHistory: withPoint(before.utilizationHistory, metrics.resourceUtilization),
      metricsAt: trueAt,
    }
  }

  /**
   * The rates as bronze shows them, where its files' names tell; the metrics' else. The output's is bronze's own, so that
   * the job and its layer never disagree on the screen.
   * @param at monotonic milliseconds.
   */
  withBronze(before: JobSlice, bronze: BronzeSnapshot, layer: LayerSlice, at: number): JobSlice {
    const { rows, rejected } = bronze
    this.#bronzeTells = rows !== undefined && rejected !== undefined
    if (rows === undefined || rejected === undefined) return before
    this.#bronzeInput.observe(rows + rejected, at)
    const inputRate = this.#bronzeInput.known
    return { ...before, inputRate, outputRate: inputRate === undefined ? undefined : layer.rowsPerSecond }
  }
}

/** What the job's own description says, which comes with its status and not with the metrics. */
export const withProperties = (before: JobSlice, job: JobProperties | undefined): JobSlice =>
  job ? { ...before, streamingUnits: job.streamingUnits } : before

const withPoint = (history: readonly number[], value: number | undefined) =>
  value === undefined ? history : pushBounded(history, value, HISTORY_POINTS)
