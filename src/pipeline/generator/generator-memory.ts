/** What the generator remembers across sessions: saved every few seconds while readings are acknowledged. */

import type { PartitionProperties } from '../ports/hub.ts'
import type { Clock } from '../runtime/clock.ts'
import { errorText } from '../runtime/error-text.ts'
import type { Log } from '../state/log.ts'
import type { MadeEvent } from './generator.ts'
import type { GeneratorState, GeneratorStorage } from './generator-state.ts'
import type { SequenceRecovery } from './sequence-recovery.ts'

/** Counted from the first reading that is not saved: what a crash leaves unsaved is read back from the hub. */
const SAVE_AFTER_MS = { few: 5000, many: 1000 }
const MANY_EVENTS = 50

type Positions = Readonly<Record<string, number>>

/** The last three say how the producer is, at the moment of asking. */
export interface GeneratorMemoryOptions {
  storage: GeneratorStorage
  clock: Clock
  log: Log
  /** Events acknowledged in this session. */
  acknowledged: () => number
  /** Everything that was handed to the hub is acknowledged. */
  isSettled: () => boolean
  /** Settled, and nothing more will be handed to it before the next save. */
  isClean: () => boolean
}

/** A save that fails is told once and tried again with the next. */
export class GeneratorMemory {
  readonly #options: GeneratorMemoryOptions
  #loaded: Promise<GeneratorState | undefined> | undefined
  #recovered: SequenceRecovery | undefined
  /** Hub positions seen while sends were under way: good once those are acknowledged. */
  #pendingOffsets: Positions | undefined
  /** Events that the hub must have held when the session began. */
  #baseline: number | undefined
  #cancelTimer: (() => void) | undefined
  #unsaved = 0
  #unsavedSince = 0
  #saving: Promise<void> = Promise.resolve()
  #hasFailed = false

  constructor(options: GeneratorMemoryOptions) {
    this.#options = options
  }

  /** What the last session left; undefined if there was none, or if it cannot be read (the log says so). */
  load(): Promise<GeneratorState | undefined> {
    const { storage, log } = this.#options
    this.#loaded ??= storage.load().catch((error) => {
      log.warn('generator', errorText(error))
      return undefined
    })
    return this.#loaded
  }

  /** Events acknowledged over the data folder's life; undefined until the hub was seen. */
  get acknowledgedInAll(): number | undefined {
    return this.#baseline === undefined ? undefined : this.#baseline + this.#options.acknowledged()
  }

  /** The hub's events up to here are not under way: each of ours is acknowledged. Undefined before the first reading. */
  get positions(): Positions | undefined {
    return this.#recovered?.positions
  }

  /** Must come before the first reading of the session is sent. */
  async begin(recovered: SequenceRecovery): Promise<void> {
    await this.#open(recovered.positions)
    this.#recovered = recovered
  }

  /** Readings were acknowledged, each station's in order. */
  take(events: readonly MadeEvent[]): void {
    for (const { station, sequenceNumber } of events)
      if (sequenceNumber >= 0) this.#recovered?.numbers.take(station, sequenceNumber)
    this.#settlePendingOffsets()
    this.#saveLater(events.length)
  }

  /**
   * Whatever the hub holds was handed to it before it was seen: once all of that is acknowledged, the numbers are complete
   * up to what was seen.
   */
  async sawPartitions(partitions: readonly PartitionProperties[]): Promise<void> {
    const positions = Object.fromEntries(partitions.map((one) => [one.id, one.lastEnqueuedSequenceNumber]))
    await this.#open(positions)
    this.#pendingOffsets = positions
    this.#settlePendingOffsets()
  }

  /** One save after the other. The timer's and a person's both end up here. */
  save(): Promise<void> {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#unsaved = 0
    this.#saving = this.#saving.then(() => this.#saveNow())
    return this.#saving
  }

  #saveLater(events: number): void {
    const { clock } = this.#options
    const wereMany = this.#unsaved >= MANY_EVENTS
    if (this.#unsaved === 0) this.#unsavedSince = clock.monotonic()
    this.#unsaved += events
    const areMany = this.#unsaved >= MANY_EVENTS
    if (this.#cancelTimer && areMany === wereMany) return
    this.#cancelTimer?.()
    const due = this.#unsavedSince + (areMany ? SAVE_AFTER_MS.many : SAVE_AFTER_MS.few)
    this.#cancelTimer = clock.after(Math.max(0, due - clock.monotonic()), () => void this.save())
  }

  async #open(positions: Positions): Promise<void> {
    if (this.#baseline !== undefined) return
    const saved = await this.load()
    this.#baseline ??= baselineOf(saved, positions, this.#options.log)
  }

  #settlePendingOffsets(): void {
    if (!this.#pendingOffsets || !this.#recovered || !this.#options.isSettled()) return
    this.#recovered.positions = this.#pendingOffsets
    this.#pendingOffsets = undefined
  }

  /** A failed save is told once: the older state stays good, it only means more to read back. */
  async #saveNow(): Promise<void> {
    if (!this.#recovered) return
    const { run, positions, numbers } = this.#recovered
    const { storage, log, isClean } = this.#options
    try {
      await storage.save({
        run,
        clean: isClean(),
        acknowledged: this.acknowledgedInAll ?? 0,
        positions,
        numbers: numbers.snapshot(),
      })
      if (this.#hasFailed) log.info('generator', 'Its numbers are saved again.')
      this.#hasFailed = false
    } catch (error) {
      if (!this.#hasFailed) log.warn('generator', `Its numbers could not be saved: ${errorText(error)}`)
      this.#hasFailed = true
    }
  }
}

/** What the hub holds, or more: what it had acknowledged before and has lost since. */
function baselineOf(saved: GeneratorState | undefined, positions: Positions, log: Log): number {
  const enqueued = Object.values(positions).reduce((sum, position) => sum + position + 1, 0)
  const acknowledged = saved?.acknowledged ?? 0
  if (enqueued === 0 && acknowledged > 0) {
    log.warn(
      'generator',
      'The hub is empty, though it had taken readings: taken for a new one, the ledger starts again.',
    )
    return 0
  }
  return Math.max(enqueued, acknowledged)
}
