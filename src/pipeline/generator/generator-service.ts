/** Stage 1, which runs in this process, behind the same interface as the stages that a service runs. */

import { ServiceError } from '../ports/errors.ts'
import type { HubProducer, HubReader, PartitionProperties } from '../ports/hub.ts'
import type { StageService, StageStatus } from '../ports/stages.ts'
import { type Clock, type Moment, momentOf, pause, restated } from '../runtime/clock.ts'
import { errorText } from '../runtime/error-text.ts'
import { CALM_RATE } from '../stages/timing.ts'
import { countOf } from '../state/count-of.ts'
import { DEFAULT_BUFFER_LIMIT, noneCorrupted } from '../state/initial-state.ts'
import type { Log } from '../state/log.ts'
import type { GeneratorSlice } from '../state/state.ts'
import { Generator, type MadeEvent } from './generator.ts'
import { GeneratorMemory } from './generator-memory.ts'
import type { GeneratorStorage } from './generator-state.ts'
import { describeGenerator, type GeneratorPhase, readingsWait } from './generator-status.ts'
import { BufferedProducer, type SenderCondition } from './producer.ts'
import { recoverSequences, type SequenceRecovery } from './sequence-recovery.ts'
import { drawStations } from './stations.ts'
import { storedOf } from './stored-events.ts'

/** How often due readings are made (ms): short enough for an even load, long enough for the processor to sleep. */
const TICK_MS = 100
/** The longest at low rates, where a batch for a reading or two would cost more than the readings. */
const CALM_TICK_MS = 1000
/** Longest time that one tick makes up for (ms): after a laptop's sleep the past is not made up for. */
const LONGEST_TICK_MS = 2000
/** A stop waits this long for the hub to take what was made; then it is stopped with readings waiting (ms). */
const FLUSH_PATIENCE_MS = 10_000
/** Closing the session waits less: what is left is made again next time (ms). */
const CLOSE_PATIENCE_MS = 2000
const RECOVERY_RETRY_MS = 500
/** Acknowledged readings kept for the screen between two looks. */
const NEWEST = 40

/** `dirty` is a share, 0..1; `bufferLimit` counts readings. */
export interface GeneratorServiceOptions {
  seed: string
  stations: number
  intervalMs: number
  dirty: number
  bufferLimit?: number
  producer: HubProducer
  hub: HubReader
  storage: GeneratorStorage
  newRunId: () => string
  clock: Clock
  log: Log
  /** The status changed: worth asking for it. */
  onChange: () => void
}

/** What the screen shows of the generator, without its series. */
export interface GeneratorFacts
  extends Omit<GeneratorSlice, 'burstUntil' | 'sentPerSecond' | 'acknowledgedPerSecond'> {
  /** Monotonic milliseconds; undefined: no burst. */
  burstUntil: number | undefined
  /** Readings per second asked for; 0 while none are made. */
  planned: number
}

/** Settings may change at any time, running or not. */
export class GeneratorService implements StageService {
  readonly #options: GeneratorServiceOptions
  readonly #clock: Clock
  readonly #bufferedProducer: BufferedProducer
  readonly #memory: GeneratorMemory
  readonly #settings: { stations: number; dirty: number }
  #phase: GeneratorPhase = 'stopped'
  #detail: string | undefined
  #since: Moment | undefined
  #backPressure = false
  #burst: { factor: number; until: number } | undefined
  #generator: Generator | undefined
  #intervalMs: number
  #lastTick = 0
  #cancelTick: (() => void) | undefined
  #isAway = false
  #isClosed = false
  /** Aborted by the command that comes after. */
  #command = new AbortController()
  #underWay: Promise<void> = Promise.resolve()
  #newest: MadeEvent[] = []

  constructor(options: GeneratorServiceOptions) {
    this.#options = options
    this.#clock = options.clock
    this.#intervalMs = options.intervalMs
    this.#settings = { stations: options.stations, dirty: options.dirty }
    this.#bufferedProducer = new BufferedProducer({
      producer: options.producer,
      clock: options.clock,
      limit: options.bufferLimit ?? DEFAULT_BUFFER_LIMIT,
      stored: (events, signal) => storedOf(events, options.hub, this.#memory.positions, signal),
      onAcknowledged: (events) => this.#acknowledged(events),
      onCondition: (condition) => this.#conditionChanged(condition),
    })
    this.#memory = new GeneratorMemory({
      storage: options.storage,
      clock: options.clock,
      log: options.log,
      acknowledged: () => this.#bufferedProducer.acknowledged,
      isSettled: () => this.#bufferedProducer.settled,
      isClean: () => this.#isClean(),
    })
  }

  // ── As a stage ────────────────────────────────────────────────────────────────────────────────────────────────────

  async status(): Promise<StageStatus> {
    const { condition } = this.#bufferedProducer
    const retryingMs = condition.state === 'retrying' ? this.#clock.monotonic() - condition.since : 0
    return describeGenerator({
      phase: this.#phase,
      detail: this.#detail,
      since: this.#since && restated(this.#since, momentOf(this.#clock)),
      hubProblem:
        condition.state === 'retrying' ? { reason: condition.reason, forMs: retryingMs } : undefined,
      waiting: this.#bufferedProducer.buffered,
      backPressure: this.#backPressure,
    })
  }

  /** Resolves at once: `starting` lasts until the numbers of the last session are recovered. */
  async start(): Promise<void> {
    if (this.#phase === 'starting' || this.#phase === 'running') return
    this.#become('starting')
    this.#underTake((signal) => this.#run(signal))
  }

  /** Makes no more readings at once; it is stopped when the hub has taken those that wait. */
  async stop(): Promise<void> {
    if (this.#phase === 'stopped' || this.#phase === 'stopping') return
    this.#cancelTick?.()
    this.#burst = undefined
    this.#backPressure = false
    this.#become('stopping')
    this.#underTake((signal) => this.#finish(signal, FLUSH_PATIENCE_MS))
  }

  /** Saves the numbers. Readings that the hub did not acknowledge in time are made again in the next session. */
  async close(): Promise<void> {
    this.#cancelTick?.()
    this.#command.abort()
    await this.#underWay
    await this.#flushed(CLOSE_PATIENCE_MS)
    await this.#bufferedProducer.close()
    this.#isClosed = true
    await this.#memory.save()
  }

  // ── Settings, live ────────────────────────────────────────────────────────────────────────────────────────────────

  /** Stations that are taken away keep their numbers for when they come back. */
  setStations(count: number): void {
    this.#settings.stations = count
    this.#repace((generator) => {
      generator.stations = count
    })
  }

  setInterval(ms: number): void {
    this.#intervalMs = ms
    this.#repace((generator) => {
      generator.intervalMs = ms
    })
  }

  setCorruption(share: number): void {
    this.#settings.dirty = share
    if (this.#generator) this.#generator.dirty = share
  }

  /** @param factor how many times as many readings. A second burst takes the place of the first. */
  burst(factor: number, durationMs: number): void {
    this.#burst = { factor, until: this.#clock.monotonic() + durationMs }
    this.#repace((generator) => {
      generator.speed = factor
    })
  }

  // ── What is known ─────────────────────────────────────────────────────────────────────────────────────────────────

  facts(): GeneratorFacts {
    return {
      stations: this.#settings.stations,
      intervalMs: this.#intervalMs,
      dirty: this.#settings.dirty,
      burstUntil: this.#burst?.until,
      planned: this.#phase === 'running' ? (this.#generator?.rate ?? 0) : 0,
      sent: this.#bufferedProducer.sent,
      acknowledged: this.#bufferedProducer.acknowledged,
      buffered: this.#bufferedProducer.buffered,
      bufferLimit: this.#bufferedProducer.limit,
      backPressure: this.#backPressure,
      corrupted: this.#generator ? { ...this.#generator.corrupted } : noneCorrupted(),
    }
  }

  /** Events acknowledged over the data folder's life; undefined until the hub was seen. */
  get acknowledgedInAll(): number | undefined {
    return this.#memory.acknowledgedInAll
  }

  /** Events acknowledged since the last call, a handful of the newest. */
  takeNewest(): readonly MadeEvent[] {
    const newest = this.#newest
    this.#newest = []
    return newest
  }

  /** True if this session's generator made the reading. */
  made(station: number, sequenceNumber: number): boolean {
    return this.#generator !== undefined && sequenceNumber < this.#generator.nextNumber(station)
  }

  /** What the hub holds at present, whenever it was asked: keeps the read-back after a crash short. */
  sawPartitions(partitions: readonly PartitionProperties[]): Promise<void> {
    return this.#memory.sawPartitions(partitions)
  }

  // ── Running ───────────────────────────────────────────────────────────────────────────────────────────────────────

  #underTake(work: (signal: AbortSignal) => Promise<void>): void {
    this.#command.abort()
    this.#command = new AbortController()
    const { signal } = this.#command
    this.#underWay = this.#underWay.then(() => (signal.aborted ? undefined : work(signal)))
  }

  async #run(signal: AbortSignal): Promise<void> {
    try {
      this.#generator ??= await this.#prepare(signal)
    } catch (error) {
      if (!signal.aborted) this.#fail(errorText(error), error)
      return
    }
    // From here on the hub may hold what the saved numbers do not count: say so before the first reading is sent.
    await this.#memory.save()
    if (signal.aborted) return
    this.#since = momentOf(this.#clock)
    this.#lastTick = this.#clock.monotonic()
    this.#become('running')
    this.#bufferedProducer.resume()
    this.#scheduleTick()
  }

  async #prepare(signal: AbortSignal): Promise<Generator> {
    const { seed, log } = this.#options
    const intervalMs = this.#intervalMs
    const [recovered, sites] = await Promise.all([
      this.#recover(signal),
      drawStations(seed),
      this.#openProducer(signal),
    ])
    signal.throwIfAborted()
    if (recovered.warning) log.warn('generator', recovered.warning)
    else if (recovered.found > 0)
      log.info(
        'generator',
        `${countOf(recovered.found, 'reading')} had reached the hub before the last stop; numbers go on from there`,
      )
    await this.#memory.begin(recovered)
    return new Generator(
      { seed, run: recovered.run, intervalMs, ...this.#settings, numbers: recovered.numbers.snapshot() },
      sites,
    )
  }

  /** Readings would wait for the links otherwise, at a high rate more of them than the buffer takes. The first send tells what is wrong. */
  async #openProducer(signal: AbortSignal): Promise<void> {
    try {
      await this.#options.producer.open?.(signal)
    } catch {}
  }

  /** A hub that is away is waited for; only a refusal ends it. */
  async #recover(signal: AbortSignal): Promise<SequenceRecovery> {
    const { hub, seed, newRunId } = this.#options
    const saved = await this.#memory.load()
    for (;;) {
      try {
        return await recoverSequences(saved, hub, { seed, newRunId, signal })
      } catch (error) {
        const mayComeBack =
          error instanceof ServiceError && (error.kind === 'unreachable' || error.kind === 'throttled')
        if (!mayComeBack || signal.aborted) throw error
        this.#become('starting', errorText(error))
        await pause(this.#clock, Math.max(RECOVERY_RETRY_MS, error.retryAfterMs ?? 0), signal)
      }
    }
  }

  /** What was due is made at the old pace, and what comes keeps to the new one from now on, not from the next tick. */
  #repace(change: (generator: Generator) => void): void {
    if (!this.#generator) return
    if (this.#phase === 'running') this.#make(this.#generator)
    change(this.#generator)
    if (this.#phase === 'running') this.#scheduleTick()
  }

  /** Ticks fall halfway between the looks of the screen, which come on full seconds: each look sees the same number of them. */
  #scheduleTick(): void {
    const every = this.#tickMs()
    const at = this.#clock.monotonic()
    const burstEnd = this.#burst ? Math.max(0, this.#burst.until - at) : Number.POSITIVE_INFINITY
    const wait = Math.min(every - ((at + every / 2) % every), burstEnd)
    this.#cancelTick?.()
    this.#cancelTick = this.#clock.after(wait, () => {
      this.#tick()
      if (this.#phase === 'running') this.#scheduleTick()
    })
  }

  /** Stations that report more often than the calm tick are not made to wait for it. */
  #tickMs(): number {
    if ((this.#generator?.rate ?? 0) >= CALM_RATE) return TICK_MS
    return Math.min(CALM_TICK_MS, Math.max(TICK_MS, this.#intervalMs))
  }

  #tick(): void {
    const generator = this.#generator
    if (!generator || this.#phase !== 'running') return
    const at = this.#clock.monotonic()
    if (this.#burst && at >= this.#burst.until) this.#burst = undefined
    this.#make(generator)
    generator.speed = this.#burst?.factor ?? 1
  }

  #make(generator: Generator): void {
    const at = this.#clock.monotonic()
    const elapsed = Math.min(at - this.#lastTick, LONGEST_TICK_MS)
    this.#lastTick = at
    const { events, held } = generator.make(elapsed, this.#clock.now(), this.#bufferedProducer.room)
    if (events.length > 0) this.#bufferedProducer.offer(events)
    if (held !== this.#backPressure) {
      this.#backPressure = held
      this.#options.onChange()
    }
  }

  async #finish(signal: AbortSignal, patienceMs: number): Promise<void> {
    await this.#flushed(patienceMs, signal)
    if (signal.aborted) return
    this.#since = undefined
    const { buffered: left, condition } = this.#bufferedProducer
    const when = condition.state === 'failed' ? 'at the next start' : 'as soon as it answers'
    const detail = left > 0 ? `${readingsWait(left)} for the hub, to be sent ${when}` : undefined
    await this.#memory.save()
    if (!signal.aborted) this.#become('stopped', detail)
  }

  async #flushed(patienceMs: number, signal?: AbortSignal): Promise<void> {
    const patience = new AbortController()
    const cancel = this.#clock.after(patienceMs, () => patience.abort())
    await this.#bufferedProducer.flushed(
      signal ? AbortSignal.any([signal, patience.signal]) : patience.signal,
    )
    cancel()
  }

  #acknowledged(events: readonly MadeEvent[]): void {
    this.#memory.take(events)
    this.#newest = [...this.#newest, ...events.slice(-NEWEST)].slice(-NEWEST)
  }

  #conditionChanged(condition: SenderCondition): void {
    const { log } = this.#options
    if (condition.state === 'failed') this.#fail(condition.reason, condition.error)
    if (condition.state === 'well') {
      log.info('hub', 'takes readings again')
      if (this.#phase === 'stopped') this.#detail = undefined
    }
    if (condition.state === 'retrying' && !this.#isAway)
      log.warn('hub', `${condition.reason} Readings wait and are sent again.`)
    this.#isAway = condition.state === 'retrying'
    this.#options.onChange()
  }

  #fail(reason: string, error: unknown): void {
    this.#cancelTick?.()
    this.#backPressure = false
    this.#since = undefined
    this.#options.log.error('generator', reason, error)
    this.#become('failed', reason)
  }

  #become(phase: GeneratorPhase, detail?: string): void {
    this.#phase = phase
    this.#detail = detail
    this.#options.onChange()
  }

  /** Nothing can reach the hub any more beyond what is counted. */
  #isClean(): boolean {
    if (this.#isClosed) return this.#bufferedProducer.settled
    return this.#phase !== 'starting' && this.#phase !== 'running' && this.#bufferedProducer.buffered === 0
  }
}
