/** The Stream Analytics job: its documented states, its output start modes, and what it remembers. */
import type { Logger } from 'pino'
import type { HubLog } from '../event-hubs/log/log.ts'
import type { Clock } from '../runtime/clock.ts'
import { BusyShare } from './busy-share.ts'
import { JobConditions } from './conditions.ts'
import { JobMeter } from './job-meter.ts'
import { type JobRecord, loadJobRecord, type OutputStart, saveJobRecord } from './job-record.ts'
import type { LandedBatch, OutputBatchBounds, Placer } from './output-batch.ts'
import { findProgress, type Progress, toCheckpoint } from './progress.ts'
import { BronzePump } from './pump.ts'

/** `jobState` as ARM reports it. */
export type JobState = 'Created' | 'Starting' | 'Running' | 'Degraded' | 'Stopping' | 'Stopped' | 'Failed'

export interface JobOptions {
  log: HubLog
  lake: Placer
  /** `<data>/lake/bronze` */
  bronzeRoot: string
  /** `<data>/state/stream-analytics.json` */
  stateFile: string
  clock: Clock
  logger: Pick<Logger, 'info' | 'warn' | 'error'>
  /** The job's state has changed. */
  onChange?: (() => void) | undefined
  tuning?: Partial<JobTuning> | undefined
}

/** Tests make it faster; what is left out has the service's behaviour. */
export interface JobTuning {
  /** How long a batch stays open (ms). */
  rollIntervalMs: number
  /** The same while few events come; default: twice as long. */
  calmRollIntervalMs: number | undefined
  bounds: OutputBatchBounds | undefined
  /** How long the states Starting and Stopping last (ms); the real service needs a minute or so. */
  transitionMs: number
  /** Waits between tries while the output does not take the file (ms). */
  retryDelaysMs: readonly number[]
  /** Called between a file of bronze and the note that it was written; a KilledError ends the job there, as a crash would. */
  failpoint: () => void
}

const TUNING: JobTuning = {
  rollIntervalMs: 1000,
  calmRollIntervalMs: undefined,
  bounds: undefined,
  transitionMs: 400,
  retryDelaysMs: [250, 500, 1000, 2000, 4000],
  failpoint: () => {},
}

/** The command is not allowed in the job's present state. */
export class JobConflictError extends Error {
  override readonly name = 'JobConflictError'
}

/** At most one checkpoint in this time (ms): the files are the truth, it only shortens the search. */
const CHECKPOINT_EVERY_MS = 10_000
/** There is one, and it is there from the first start of the program on. */
export class StreamAnalyticsJob {
  readonly meter: JobMeter
  readonly conditions: JobConditions
  readonly #options: JobOptions
  readonly #tuning: JobTuning
  readonly #record: JobRecord
  readonly #progress: Progress
  readonly #pump: BronzePump
  readonly #busy = new BusyShare()
  #state: JobState
  #transition: Promise<void> = Promise.resolve()
  #endPause: (() => void) | undefined
  #checkpointAt = 0
  /** The state in memory may be older than the files. */
  #wasKilled = false

  /** Reads what earlier processes have done. @throws StateFileError, or what the disk says. */
  constructor(options: JobOptions) {
    const { log, lake, clock, logger, bronzeRoot, stateFile } = options
    this.#options = options
    this.conditions = new JobConditions(clock, logger)
    this.#tuning = { ...TUNING, ...options.tuning }
    this.#record = loadJobRecord(stateFile, clock)
    this.#progress = findProgress(bronzeRoot, this.#record.checkpoint, log)
    const { rows, rejected } = this.#progress
    this.meter = new JobMeter(clock, this.#record.createdAt, {
      InputEvents: rows + rejected,
      OutputEvents: rows,
      DeserializationError: rejected,
    })
    // A process that ended took its job with it.
    this.#state = rows + rejected > 0 || this.#record.checkpoint ? 'Stopped' : 'Created'
    this.#pump = new BronzePump({
      log,
      lake,
      clock,
      progress: this.#progress,
      rollIntervalMs: this.#tuning.rollIntervalMs,
      calmRollIntervalMs: this.#tuning.calmRollIntervalMs ?? 2 * this.#tuning.rollIntervalMs,
      bounds: this.#tuning.bounds,
      retryDelaysMs: this.#tuning.retryDelaysMs,
      onLanded: (partition, batch) => this.#account(partition, batch),
      onExpired: (partition, events) => this.conditions.expired(partition, events),
      onTurn: (moment) => this.#onTurn(moment),
      onTrouble: (error, final) => this.#onTrouble(error, final),
      onRecovered: () => this.#onRecovered(),
      failpoint: this.#tuning.failpoint,
    })
  }

  /** As the service names it; `Degraded` while a write is being tried again. */
  get state(): JobState {
    return this.#state
  }
  #become(state: JobState): void {
    this.#state = state
    this.#options.onChange?.()
  }
  /** Epoch ms. */
  get createdAt(): number {
    return this.#record.createdAt
  }
  /** Enqueued time of the newest row of bronze (epoch ms); undefined: the job has never produced output. */
  get lastOutputEventTime(): number | undefined {
    return this.#progress.lastOutputEventTime
  }
  /** By partition, the first sequence number that the job has not read; empty before it has read any. */
  get positions(): Record<string, number> {
    return Object.fromEntries(
      [...this.#progress.partitions].map(([partition, { next }]) => [partition, next]),
    )
  }
  /** Of the last start. */
  get outputStart(): OutputStart {
    return this.#record.outputStart
  }
  /** Of the start that {@link outputStart} belongs to (epoch ms); undefined while it has not begun to run. */
  get startedAt(): number | undefined {
    return this.#record.startedAt
  }

  /**
   * Begins the start; {@link settled} tells when it has ended.
   * @throws JobConflictError when the job runs or changes, or never had output to go on from.
   */
  start(output: OutputStart): void {
    if (!['Created', 'Stopped', 'Failed'].includes(this.#state))
      // Programs look for the service's sentences, which users quote.
      throw new JobConflictError(
        `The Stream Analytics job is not in a valid state to perform this operation: it is ${this.#state}.`,
      )
    if (output.mode === 'LastOutputEventTime' && this.lastOutputEventTime === undefined)
      throw new JobConflictError(
        'LastOutputEventTime must be available when OutputStartMode is set to LastOutputEventTime. Please make sure at least one output event has been processed. Until then, use JobStartTime or CustomTime.',
      )
    this.#record.outputStart = output
    this.#record.startedAt = undefined
    this.conditions.clear()
    this.#become('Starting')
    this.#transition = this.#pause().then(() => this.#begin(output))
  }

  /** Begins the stop; the open batch is written first. Does nothing when the job is not running. */
  stop(): void {
    if (!['Starting', 'Running', 'Degraded'].includes(this.#state)) return
    this.#become('Stopping')
    this.#transition = this.#transition.then(async () => {
      await this.#pump.stop()
      this.#saveCheckpoint()
      await this.#pause()
      this.#become('Stopped')
    })
  }

  /** Resolves when no start or stop is under way. */
  settled(): Promise<void> {
    return this.#transition
  }

  /** Stops without the pauses of a service. */
  async close(): Promise<void> {
    this.#tuning.transitionMs = 0
    this.#endPause?.()
    this.stop()
    await this.#transition
  }

  /** Measures the gauges now, if the job runs. */
  sample(): void {
    if (this.#state !== 'Running' && this.#state !== 'Degraded') return
    this.meter.sample({
      OutputWatermarkDelaySeconds: this.#pump.watermarkDelayMs() / 1000,
      InputEventsSourcesBacklogged: this.#pump.backlog(),
      ...this.#busy.measure(),
    })
  }

  #pause(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, this.#tuning.transitionMs)
    this.#endPause = () => {
      clearTimeout(timer)
      resolve()
    }
    return promise
  }

  #begin(output: OutputStart): void {
    // Stopped before it had started.
    if (this.#state !== 'Starting') return
    try {
      if (this.#wasKilled) this.#recover()
      this.#place(output)
      this.#record.startedAt = this.#options.clock.now()
      this.#saveCheckpoint()
      this.#pump.start()
      this.#become('Running')
      this.#options.logger.info({ mode: output.mode }, 'stream analytics: the job runs')
    } catch (error) {
      this.conditions.inputFailed(error as Error)
      this.#become('Failed')
    }
  }

  /** As a new process would: the files say how far bronze has come. */
  #recover(): void {
    const { rows, rejected } = this.#progress
    const found = findProgress(this.#options.bronzeRoot, this.#record.checkpoint, this.#options.log)
    Object.assign(this.#progress, found)
    this.meter.count({
      InputEvents: found.rows + found.rejected - rows - rejected,
      OutputEvents: found.rows - rows,
      DeserializationError: found.rejected - rejected,
    })
    this.#wasKilled = false
  }

  /**
   * Where each partition begins. What bronze holds is never written again, whatever the start asks for: each event stands
   * in it once. What an earlier start left out can still be asked for, as long as nothing behind it was written.
   */
  #place(output: OutputStart): void {
    const { log } = this.#options
    for (let partition = 0; partition < log.partitionCount; partition++) {
      const { next = 0, held = 0, file } = this.#progress.partitions.get(partition) ?? {}
      const end = log.properties(partition).lastEnqueuedSequenceNumber + 1
      if (held > end)
        throw new Error(
          `Bronze holds partition ${partition} up to sequence number ${held - 1}, but the event hub has only come to ${end - 1}: its file hub/log.db in the data folder was removed, emptied or lost. Put it back from a copy, or start with another data folder (--data-dir); the tables of this one stay as they are.`,
        )
      let wanted = end
      if (output.mode === 'CustomTime') wanted = log.sequenceNumberAt(partition, output.time)
      if (output.mode === 'LastOutputEventTime')
        wanted = Math.min(next, log.sequenceNumberAt(partition, this.lastOutputEventTime ?? 0))
      this.#progress.partitions.set(partition, { next: Math.max(held, wanted), held, file })
    }
  }

  #account(partition: number, batch: LandedBatch): void {
    const { rows, rejected } = batch
    this.meter.count({ InputEvents: rows + rejected, OutputEvents: rows, DeserializationError: rejected })
    this.conditions.rejected(partition, batch)
  }

  #onTurn(moment: 'begin' | 'end'): void {
    if (moment === 'begin') {
      this.#busy.begin()
      // The delay is largest before the batches are written.
      this.sample()
      return
    }
    this.#busy.end()
    // The clock may have been set back.
    const since = Math.abs(this.#options.clock.now() - this.#checkpointAt)
    if (since >= CHECKPOINT_EVERY_MS) this.#saveCheckpoint()
  }

  #onTrouble(error: Error, final: boolean): void {
    if (!final) {
      this.conditions.outputTroubled(error)
      if (this.#state === 'Running') this.#become('Degraded')
      return
    }
    this.#wasKilled ||= error.name === 'KilledError'
    this.conditions.outputFailed(error)
    // A stop under way ends as one: what was not written waits in the hub.
    if (this.#state !== 'Stopping') this.#become('Failed')
  }

  #onRecovered(): void {
    this.conditions.outputRecovered()
    if (this.#state === 'Degraded') this.#become('Running')
  }

  #saveCheckpoint(): void {
    // A process that was killed notes nothing.
    if (this.#wasKilled) return
    this.#checkpointAt = this.#options.clock.now()
    this.#record.checkpoint = toCheckpoint(this.#progress)
    try {
      saveJobRecord(this.#options.stateFile, this.#record)
    } catch (error) {
      this.#options.logger.warn(
        { reason: (error as Error).message },
        'stream analytics: the checkpoint was not written; the next start reads more names',
      )
    }
  }
}
