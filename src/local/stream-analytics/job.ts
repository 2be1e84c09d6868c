/** The Stream Analytics job: its documented states, its output start modes, and the work of landing the hub in bronze. */
import { readFileSync } from 'node:fs'
import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import type { HubLog } from '../event-hubs/log.ts'
import { writeJsonAtomically } from '../state-file.ts'
import { JobMeter } from './job-meter.ts'
import { type Landed, landWindow, type Placer } from './landing.ts'
import { type Checkpoint, landedPositions, minuteOf, newestMinute } from './position.ts'

/** `jobState` as ARM reports it. */
export type JobState = 'Created' | 'Starting' | 'Running' | 'Stopping' | 'Stopped' | 'Failed'

export type OutputStart =
  | { mode: 'JobStartTime' }
  | { mode: 'CustomTime' /** Epoch ms. */; time: number }
  | { mode: 'LastOutputEventTime' }

export interface JobOptions {
  log: HubLog
  lake: Placer
  /** `<data>/lake/bronze` */
  bronzeRoot: string
  /** `<data>/state/stream-analytics.json` */
  stateFile: string
  clock: Clock
  logger: Logger
  /** Length of a window (ms). */
  windowMs?: number
  /** How long the states Starting and Stopping last (ms); the real service needs about a minute. */
  transitionMs?: number
}

interface DurableState {
  createdAt: number
  /** Enqueued time of the newest event that was written (epoch ms). */
  lastOutputEventTime: number | undefined
  checkpoint: Checkpoint | undefined
  outputStart: OutputStart
}

/** The command is not allowed in the job's present state. */
export class JobConflictError extends Error {
  override readonly name = 'JobConflictError'
}

const WINDOW_MS = 1000
const TRANSITION_MS = 400
/** At most one durable note of the position in this time (ms); the files are the truth, the note only shortens the search. */
const CHECKPOINT_EVERY_MS = 10_000
/** Rejected events that are written to the log per start of the job. */
const LOGGED_REJECTIONS = 5

export class StreamAnalyticsJob {
  readonly meter: JobMeter
  readonly #options: JobOptions
  readonly #durable: DurableState
  #state: JobState
  #failure: string | undefined
  #positions = new Map<number, number>()
  #unsubscribe: (() => void) | undefined
  #timer: NodeJS.Timeout | undefined
  #flushing: Promise<void> | undefined
  #transition: Promise<void> = Promise.resolve()
  #checkpointAt = 0
  #rejectionsLogged = 0

  constructor(options: JobOptions) {
    this.#options = options
    this.meter = new JobMeter(options.clock)
    this.#durable = readState(options.stateFile) ?? {
      createdAt: options.clock.now(),
      lastOutputEventTime: undefined,
      checkpoint: undefined,
      outputStart: { mode: 'JobStartTime' },
    }
    // A process that was killed left its files without a note; they are output all the same.
    this.#durable.lastOutputEventTime ??= newestMinute(options.bronzeRoot)
    // A process that ended took its job with it.
    this.#state = this.#durable.lastOutputEventTime === undefined ? 'Created' : 'Stopped'
  }

  get state(): JobState {
    return this.#state
  }
  /** Why the job failed, one line. */
  get failure(): string | undefined {
    return this.#failure
  }
  get createdAt(): number {
    return this.#durable.createdAt
  }
  get lastOutputEventTime(): number | undefined {
    return this.#durable.lastOutputEventTime
  }
  get outputStart(): OutputStart {
    return this.#durable.outputStart
  }

  /** Events that the hub holds and bronze does not. */
  backlog(): number {
    if (this.#positions.size === 0) return 0
    const { log } = this.#options
    let sum = 0
    for (const [partition, next] of this.#positions)
      sum += Math.max(0, log.properties(partition).lastEnqueuedSequenceNumber + 1 - next)
    return sum
  }

  /**
   * Begins the start; {@link settled} tells when it has ended.
   * @throws JobConflictError when the job runs or changes, or never had output to go on from.
   */
  start(output: OutputStart): void {
    if (!['Created', 'Stopped', 'Failed'].includes(this.#state))
      throw new JobConflictError(`The streaming job is ${this.#state} and cannot be started.`)
    if (output.mode === 'LastOutputEventTime' && this.#durable.lastOutputEventTime === undefined)
      throw new JobConflictError(
        'LastOutputEventTime is not available: the streaming job has never produced output.',
      )
    this.#state = 'Starting'
    this.#failure = undefined
    this.#durable.outputStart = output
    this.#transition = this.#pause().then(() => this.#begin(output))
  }

  /** Begins the stop: what was read is written first. Stopping a stopped job does nothing. */
  stop(): void {
    if (this.#state === 'Stopping' || this.#state === 'Stopped' || this.#state === 'Created') return
    const before = this.#transition
    this.#state = 'Stopping'
    this.#transition = before.then(async () => {
      await this.#halt()
      await this.#pause()
      this.#saveCheckpoint()
      this.#state = 'Stopped'
    })
  }

  /** Resolves when no start or stop is under way. */
  settled(): Promise<void> {
    return this.#transition
  }

  async close(): Promise<void> {
    this.stop()
    await this.#transition
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, this.#options.transitionMs ?? TRANSITION_MS))
  }

  #begin(output: OutputStart): void {
    if (this.#state !== 'Starting') return
    try {
      this.#positions = this.#startPositions(output)
    } catch (error) {
      this.#fail(error)
      return
    }
    this.#rejectionsLogged = 0
    this.#state = 'Running'
    this.#unsubscribe = this.#options.log.onAppend(() => this.#schedule())
    if (this.backlog() > 0) this.#schedule()
  }

  #startPositions(output: OutputStart): Map<number, number> {
    const { log, bronzeRoot } = this.#options
    const landed = landedPositions(bronzeRoot, this.#durable.checkpoint)
    const positions = new Map<number, number>()
    for (let partition = 0; partition < log.partitionCount; partition++) {
      const { lastEnqueuedSequenceNumber } = log.properties(partition)
      if (output.mode === 'LastOutputEventTime') positions.set(partition, landed.get(partition) ?? 0)
      else if (output.mode === 'CustomTime')
        positions.set(partition, log.sequenceNumberAt(partition, output.time))
      else positions.set(partition, lastEnqueuedSequenceNumber + 1)
    }
    return positions
  }

  /** One window for all partitions, opened by the first event after a quiet time: without events nothing wakes. */
  #schedule(): void {
    if (this.#timer || this.#state !== 'Running') return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#flushing = this.#flush().finally(() => {
        this.#flushing = undefined
      })
    }, this.#options.windowMs ?? WINDOW_MS)
  }

  async #flush(): Promise<void> {
    const { log, logger } = this.#options
    try {
      for (let partition = 0; partition < log.partitionCount; partition++) await this.#catchUp(partition)
      this.meter.gauge({ backlog: this.backlog(), delayMs: this.#delayMs() })
      if (this.#options.clock.now() - this.#checkpointAt > CHECKPOINT_EVERY_MS) this.#saveCheckpoint()
      if (this.backlog() > 0) this.#schedule()
    } catch (error) {
      logger.error({ reason: (error as Error).message }, 'stream analytics: the output failed')
      this.#fail(error)
    }
  }

  /** Writes windows until the partition's end as of now is reached; a stop waits for the one under way only. */
  async #catchUp(partition: number): Promise<void> {
    const { log, lake, clock, logger } = this.#options
    const end = log.properties(partition).lastEnqueuedSequenceNumber
    for (;;) {
      const from = this.#positions.get(partition) ?? 0
      if (from > end || (this.#state !== 'Running' && this.#state !== 'Stopping')) return
      const { beginSequenceNumber } = log.properties(partition)
      if (beginSequenceNumber > from)
        logger.warn(
          { partition, events: beginSequenceNumber - from },
          'stream analytics: events expired in the hub before they were read',
        )
      const landed = await landWindow(log, lake, partition, from, clock.now())
      if (!landed) return
      this.#positions.set(partition, landed.next)
      this.#account(partition, landed)
      if (this.#state === 'Stopping') return
    }
  }

  #account(partition: number, landed: Landed): void {
    this.#durable.lastOutputEventTime = Math.max(this.#durable.lastOutputEventTime ?? 0, landed.enqueuedAt)
    this.meter.count({ input: landed.rows + landed.rejected, output: landed.rows, rejected: landed.rejected })
    if (landed.firstRejected === undefined || this.#rejectionsLogged >= LOGGED_REJECTIONS) return
    this.#rejectionsLogged++
    this.#options.logger.warn(
      { partition, events: landed.rejected, body: landed.firstRejected },
      'stream analytics: deserialization error, the body is no JSON object',
    )
  }

  /** Age of the oldest event that still waits; 0 when none does. */
  #delayMs(): number {
    const { log, clock } = this.#options
    let oldest = clock.now()
    for (const [partition, next] of this.#positions) {
      const [event] = log.read(partition, next, 1)
      if (event) oldest = Math.min(oldest, event.enqueuedAt)
    }
    return clock.now() - oldest
  }

  async #halt(): Promise<void> {
    this.#unsubscribe?.()
    this.#unsubscribe = undefined
    clearTimeout(this.#timer)
    this.#timer = undefined
    await this.#flushing
  }

  #fail(error: unknown): void {
    this.#state = 'Failed'
    this.#failure = (error as Error).message
    this.#unsubscribe?.()
    this.#unsubscribe = undefined
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #saveCheckpoint(): void {
    const { log, clock, stateFile, logger } = this.#options
    const now = clock.now()
    this.#checkpointAt = now
    const partitions: Checkpoint['partitions'] = {}
    for (const [partition, next] of this.#positions) {
      // The next file's minute is that of the next event: the one that waits, or one that is yet to come.
      const [waiting] = log.read(partition, next, 1)
      const last = log.properties(partition).lastEnqueuedAt
      partitions[partition] = { next, minute: minuteOf(waiting?.enqueuedAt ?? Math.min(last ?? now, now)) }
    }
    if (this.#positions.size > 0) this.#durable.checkpoint = { partitions }
    try {
      writeJsonAtomically(stateFile, this.#durable)
    } catch (error) {
      // Only the note is lost; the next start looks a little longer.
      logger.warn({ reason: (error as Error).message }, 'stream analytics: the checkpoint was not written')
    }
  }
}

function readState(file: string): DurableState | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as DurableState
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
