/** What the Stream Analytics job's metrics, and the bronze that it writes, mean for the screen. */
import type { BronzeSnapshot } from '../ports/lake.ts'
import type { JobMetrics, JobProperties } from '../ports/stages.ts'
import { pushBounded, RateMeter } from '../runtime/rates.ts'
import { type JobGauges, NO_GAUGES } from '../state/known.ts'
import type { JobSlice, LayerSlice } from '../state/state.ts'

const HISTORY_POINTS = 60

/** Keeps what rates are made of from one look to the next. */
export class JobView {
  readonly #input: RateMeter
  readonly #output: RateMeter
  readonly #bronzeInput = new RateMeter()
  /** The names of bronze's files tell how many events came in and went out: sooner than the metrics do. */
  #bronzeTells = false
  /** What the metrics were true of when the job was last seen at rest (epoch ms): of the run before. */
  #restingAt: number | undefined

  /** @param spanMs of the rates by metrics: a few times the interval at which those move on. */
  constructor(spanMs: number) {
    this.#input = new RateMeter(spanMs)
    this.#output = new RateMeter(spanMs)
  }

  /**
   * @param metrics undefined: the service has no numbers; the last ones stay, with their age.
   * @param at monotonic milliseconds. @param trueAt epoch milliseconds at which the numbers were true.
   * @param isAtWork whether the job works: the gauges of one that does not, or of its run before, are not told.
   */
  slice(
    before: JobSlice,
    metrics: JobMetrics | undefined,
    at: number,
    trueAt: number | undefined,
    isAtWork: boolean,
  ): JobSlice {
    if (!metrics)
      return this.#bronzeTells ? before : { ...before, inputRate: undefined, outputRate: undefined }
    this.#input.observe(metrics.inputEvents, at)
    this.#output.observe(metrics.outputEvents, at)
    const gauges = this.#gauges(metrics, isAtWork)
    return {
      streamingUnits: before.streamingUnits,
      ...gauges,
      inputRate: this.#bronzeTells ? before.inputRate : this.#input.known,
      outputRate: this.#bronzeTells ? before.outputRate : this.#output.known,
      deserializationErrors: metrics.deserializationErrors,
      errors: metrics.errors,
      watermarkHistory: withPoint(before.watermarkHistory, gauges.watermarkDelaySeconds),
      utilizationHistory: withPoint(before.utilizationHistory, gauges.resourceUtilization),
      metricsAt: trueAt,
    }
  }

  #gauges(metrics: JobMetrics, isAtWork: boolean): JobGauges {
    const metricsAt = metrics.at.getTime()
    if (!isAtWork) this.#restingAt = metricsAt
    if (metricsAt === this.#restingAt) return NO_GAUGES
    this.#restingAt = undefined
    return {
      watermarkDelaySeconds: metrics.watermarkDelaySeconds,
      backlogged: metrics.backloggedInputEvents,
      resourceUtilization: metrics.resourceUtilization,
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
