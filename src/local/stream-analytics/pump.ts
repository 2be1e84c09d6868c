/** Moves events from the hub to bronze in batches while the job runs. Without input it stays asleep. */

import type { HubLog } from '../event-hubs/log/log.ts'
import { livelyInterval } from '../runtime/cadence.ts'
import type { Clock } from '../runtime/clock.ts'
import {
  type LandedBatch,
  landBatch,
  OUTPUT_BATCH_BOUNDS,
  type OutputBatchBounds,
  type Placer,
} from './output-batch.ts'
import type { Progress } from './progress.ts'

export interface PumpOptions {
  log: HubLog
  lake: Placer
  clock: Clock
  /** Kept up to date, batch by batch. */
  progress: Progress
  /** How long a batch stays open after its first event (ms); less while hundreds of events come in that time. */
  rollIntervalMs: number
  /** The same while few events come, one after the other, see {@link CALM_RATE}. */
  calmRollIntervalMs: number
  bounds?: OutputBatchBounds | undefined
  /** Waits between tries after a write failed for a reason that may pass (ms); after the last the pump gives up. */
  retryDelaysMs: readonly number[]
  onLanded(partition: number, batch: LandedBatch): void
  /** Events were gone from the hub before they were read. */
  onExpired(partition: number, events: number): void
  /** Before and after the batches of one turn are written. */
  onTurn(moment: 'begin' | 'end'): void
  /** A write failed: `final` when the pump has given up, else it tries again. */
  onTrouble(error: Error, final: boolean): void
  /** Writing works again. */
  onRecovered(): void
  /** Between a file that was placed and the note that it was; what it throws ends the pump there. */
  failpoint?: (() => void) | undefined
}

/** Below this (events per second) a batch is small, and what each batch costs is most of the work. */
const CALM_RATE = 50

/** The job starts and stops it any number of times. */
export class BronzePump {
  readonly #options: PumpOptions
  #unsubscribe: (() => void) | undefined
  #timer: NodeJS.Timeout | undefined
  /** The timer does not wait any more. */
  #isDue = false
  #turn: Promise<void> | undefined
  #failures = 0
  /** Of the last turn: its events, how long they had been waited for (ms), and when it ended (monotonic ms). */
  #last = { events: 0, ms: 0, endedAt: Number.NEGATIVE_INFINITY }

  constructor(options: PumpOptions) {
    this.#options = options
  }

  /** From `progress` on; what waits is taken at once. */
  start(): void {
    this.#failures = 0
    this.#unsubscribe = this.#options.log.onAppend((partition) => this.#onAppend(partition))
    if (this.backlog() > 0) this.#schedule(0)
  }

  /** Writes the batch that is open, at most one per partition, and ends. */
  async stop(): Promise<void> {
    if (!this.#unsubscribe) return
    this.#unsubscribe()
    this.#unsubscribe = undefined
    const isOpen = this.#timer !== undefined && this.#failures === 0
    clearTimeout(this.#timer)
    this.#timer = undefined
    await this.#turn
    if (isOpen) await this.#write()
  }

  /** Events that the hub holds and bronze does not. */
  backlog(): number {
    return this.#partitions().reduce((sum, partition) => sum + this.#waiting(partition), 0)
  }

  #waiting(partition: number): number {
    const { beginSequenceNumber, lastEnqueuedSequenceNumber } = this.#options.log.properties(partition)
    return lastEnqueuedSequenceNumber + 1 - Math.max(this.#next(partition), beginSequenceNumber)
  }

  /** Age of the oldest event that waits (ms): how far the output's watermark is behind the clock. 0 when none waits. */
  watermarkDelayMs(): number {
    const { log, clock } = this.#options
    const now = clock.now()
    let oldest = now
    for (const partition of this.#partitions()) {
      const event = log.firstFrom(partition, this.#next(partition))
      if (event) oldest = Math.min(oldest, event.enqueuedAt)
    }
    return now - oldest
  }

  /** The first event after a quiet time opens the batch; one that fills it closes it. */
  #onAppend(partition: number): void {
    if (this.#turn !== undefined) return
    if (!this.#timer) this.#schedule(this.#rollMs())
    if (this.#failures === 0 && !this.#isDue && this.#isFull(partition)) this.#schedule(0)
  }

  #isFull(partition: number): boolean {
    const { bounds = OUTPUT_BATCH_BOUNDS } = this.#options
    return this.#waiting(partition) >= bounds.maxEvents
  }

  #schedule(ms: number): void {
    clearTimeout(this.#timer)
    this.#isDue = ms === 0
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#last = { ...this.#last, events: 0, ms }
      this.#turn = this.#write().finally(() => {
        this.#turn = undefined
        this.#last.endedAt = performance.now()
        this.#goOn()
      })
    }, ms)
  }

  /** What came in while the last batches were written opens the next one. */
  #goOn(): void {
    if (!this.#unsubscribe || this.#timer) return
    const { retryDelaysMs, rollIntervalMs } = this.#options
    if (this.#failures > 0) this.#schedule(retryDelaysMs[this.#failures - 1] ?? rollIntervalMs)
    else if (this.#partitions().some((partition) => this.#isFull(partition))) this.#schedule(0)
    else if (this.backlog() > 0) this.#schedule(this.#rollMs())
  }

  /** An event after a quiet time is brought on soon; few that come one after the other share a batch. */
  #rollMs(): number {
    const { rollIntervalMs, calmRollIntervalMs } = this.#options
    const { events, ms, endedAt } = this.#last
    const isCalm = events * 1000 < CALM_RATE * ms
    const goesOn = performance.now() - endedAt < calmRollIntervalMs
    return isCalm && goesOn ? calmRollIntervalMs : livelyInterval(rollIntervalMs, events)
  }

  /** Catches up with what the hub held when the turn began, batch after batch, the partitions side by side. */
  async #write(): Promise<void> {
    const { log, onTurn } = this.#options
    const ends = this.#partitions().map((partition) => log.properties(partition).lastEnqueuedSequenceNumber)
    onTurn('begin')
    try {
      let isBehind = true
      while (isBehind) {
        isBehind = false
        for (const [partition, end] of ends.entries()) {
          if (this.#next(partition) > end) continue
          await this.#land(partition)
          isBehind ||= this.#next(partition) <= end
        }
        // Stopping: the rest waits in the hub.
        if (!this.#unsubscribe) break
      }
      if (this.#failures > 0) this.#options.onRecovered()
      this.#failures = 0
    } catch (error) {
      this.#onError(error as Error)
    } finally {
      onTurn('end')
    }
  }

  async #land(partition: number): Promise<void> {
    const { log, lake, clock, progress, bounds, onLanded, onExpired } = this.#options
    const from = this.#next(partition)
    const batch = await landBatch({ log, partition, from }, lake, clock.now(), bounds)
    if (!batch) {
      this.#skipExpired(partition)
      return
    }
    this.#options.failpoint?.()
    if (batch.first > from) onExpired(partition, batch.first - from)
    const next = batch.last + 1
    this.#last.events += next - from
    progress.partitions.set(partition, { next, held: next, file: batch.path })
    progress.rows += batch.rows
    progress.rejected += batch.rejected
    if (batch.rows > 0)
      progress.lastOutputEventTime = Math.max(progress.lastOutputEventTime ?? 0, batch.enqueuedAt)
    onLanded(partition, batch)
  }

  /** All that waited may have gone from the hub: the turn would look for it without end. */
  #skipExpired(partition: number): void {
    const { log, progress, onExpired } = this.#options
    const { next = 0, held = 0, file } = progress.partitions.get(partition) ?? {}
    const { beginSequenceNumber: begin } = log.properties(partition)
    if (begin <= next) return
    progress.partitions.set(partition, { next: begin, held, file })
    onExpired(partition, begin - next)
  }

  #onError(error: Error): void {
    this.#failures++
    // Retrying does not help when the lake is full.
    const final =
      error.name === 'LakeFullError' ||
      error.name === 'KilledError' ||
      this.#failures > this.#options.retryDelaysMs.length
    if (final) {
      this.#unsubscribe?.()
      this.#unsubscribe = undefined
    }
    this.#options.onTrouble(error, final)
  }

  #partitions(): number[] {
    return Array.from({ length: this.#options.log.partitionCount }, (_, partition) => partition)
  }

  #next(partition: number): number {
    return this.#options.progress.partitions.get(partition)?.next ?? 0
  }
}
