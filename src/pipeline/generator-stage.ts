/** Stage 1, which runs in this process: the generator, its sender, and what both must remember across a crash. */
import type { Clock } from './clock.ts'
import { originOf } from './encode.ts'
import { Generator, type MadeEvent } from './generator.ts'
import type { GeneratorStorage } from './generator-state.ts'
import { noneSpoiled } from './initial-state.ts'
import type { Log } from './log.ts'
import type { HubReader, PartitionProperties, ServiceError, Target } from './ports.ts'
import { Sender } from './sender.ts'
import type { GeneratorSlice, StageSlice, TailEvent } from './state.ts'
import { drawStations } from './stations.ts'
import { pushBounded } from './telemetry.ts'

export interface GeneratorStageOptions {
  seed: string
  storage: GeneratorStorage
  newRunId: () => string
  clock: Clock
  log: Log
  getStage: () => StageSlice
  setStage: (slice: StageSlice) => void
  getSlice: () => GeneratorSlice
  setSlice: (slice: GeneratorSlice) => void
  /** Newest readings, for the screen. */
  show: (events: readonly TailEvent[]) => void
}

/** Short ticks keep a high rate even; long ones spare the processor when there is little to make (ms). */
const TICK_MS = 100
const SLOW_TICK_MS = 250
const SLOW_RATE = 100
const SAVE_EVERY_MS = 1000
const SERIES_POINTS = 600

export class GeneratorStage {
  readonly #options: GeneratorStageOptions
  #generator: Generator | undefined
  #sender: Sender | undefined
  #hub: HubReader | undefined
  #run = ''
  /** Next number per station as acknowledged; what is saved. */
  #acknowledged: Float64Array = new Float64Array(0)
  #positions: Readonly<Record<string, number>> = {}
  #ripening: { positions: Readonly<Record<string, number>>; when: number } | undefined
  #dirtySince = false
  #savedAt = 0
  #cancelTick: (() => void) | undefined
  #lastTick = 0
  #burst: { factor: number; until: number } | undefined
  #second = { at: 0, sent: 0, acknowledged: 0 }
  #starting: Promise<void> | undefined

  constructor(options: GeneratorStageOptions) {
    this.#options = options
  }

  connect(target: Pick<Target, 'producer' | 'hub'>): void {
    this.#hub = target.hub
    const { log } = this.#options
    this.#sender = new Sender({
      producer: target.producer,
      clock: this.#options.clock,
      limit: this.#options.getSlice().bufferLimit,
      onAcknowledged: (events) => this.#acknowledge(events),
      onCondition: (condition) => {
        if (condition.state === 'failed') this.#fail(condition.error)
        else if (condition.state === 'retrying') {
          if (this.#options.getStage().state === 'running')
            log.warn('hub', `${condition.reason} Readings wait and are sent again.`)
          this.#patchStage({ state: 'degraded', words: 'waiting for the hub', detail: condition.reason })
        } else {
          log.info('hub', 'answers again')
          if (this.#options.getStage().state === 'degraded')
            this.#patchStage({ state: 'running', words: 'running', detail: undefined })
        }
      },
    })
    this.#patchStage({ state: 'stopped', words: 'stopped', updatedAt: this.#options.clock.now() })
  }

  /** Readings per second that are asked for at present; undefined while stopped. */
  get plannedRate(): number | undefined {
    const { state } = this.#options.getStage()
    if (!this.#generator || (state !== 'running' && state !== 'degraded')) return undefined
    return this.#generator.rate
  }

  start(): void {
    const { state } = this.#options.getStage()
    if (state === 'running' || state === 'starting' || state === 'degraded') return
    this.#patchStage({ state: 'starting', words: 'starting', detail: undefined })
    this.#starting = this.#begin().finally(() => {
      this.#starting = undefined
    })
  }

  /** Stops making; what is made is still sent. */
  stop(): void {
    this.#cancelTick?.()
    this.#cancelTick = undefined
    this.#burst = undefined
    this.#patch({ burstUntil: undefined, backPressure: false })
    this.#patchStage({
      state: 'stopped',
      words: 'stopped',
      detail: undefined,
      since: undefined,
      updatedAt: this.#options.clock.now(),
    })
    this.#save()
  }

  setStations(count: number): void {
    if (this.#generator) this.#generator.stations = count
    this.#patch({ stations: count })
  }

  setDirty(share: number): void {
    if (this.#generator) this.#generator.dirty = share
    this.#patch({ dirty: share })
  }

  burst(factor: number, durationMs: number): void {
    const until = this.#options.clock.now() + durationMs
    this.#burst = { factor, until }
    this.#patch({ burstUntil: until })
  }

  /** What the hub held at some moment: once all sends begun before it are over, the numbers are complete up to there. */
  sawPartitions(partitions: readonly PartitionProperties[]): void {
    const sender = this.#sender
    if (!sender || this.#run === '' || !this.#dirtySince) return
    this.#ripen()
    if (this.#ripening) return
    const positions = Object.fromEntries(partitions.map((one) => [one.id, one.lastEnqueuedSequenceNumber]))
    this.#ripening = { positions, when: sender.sent }
  }

  /** Once a second: the series of the screen, and what must not be forgotten. */
  everySecond(): void {
    const sender = this.#sender
    if (!sender) return
    const { sent, acknowledged } = sender
    const slice = this.#options.getSlice()
    const made = {
      sent: Math.max(0, sent - this.#second.sent),
      acknowledged: acknowledged - this.#second.acknowledged,
    }
    this.#second = { at: this.#options.clock.now(), sent, acknowledged }
    const wasQuiet = slice.acknowledgedPerSecond.slice(-SERIES_POINTS).every((value) => value === 0)
    if (
      wasQuiet &&
      made.sent === 0 &&
      made.acknowledged === 0 &&
      sender.buffered === slice.buffered &&
      this.plannedRate === undefined
    )
      return
    this.#patch({
      sent,
      acknowledged,
      buffered: sender.buffered,
      spoiled: this.#generator ? { ...this.#generator.spoiled } : noneSpoiled(),
      sentPerSecond: pushBounded(slice.sentPerSecond, made.sent, SERIES_POINTS),
      acknowledgedPerSecond: pushBounded(slice.acknowledgedPerSecond, made.acknowledged, SERIES_POINTS),
    })
  }

  /** Resolves when everything that was made is acknowledged, or the signal aborts. */
  async drained(signal?: AbortSignal): Promise<void> {
    await this.#starting
    await this.#sender?.flushed(signal)
  }

  async idle(): Promise<void> {
    await this.#starting
  }

  async close(): Promise<void> {
    this.#cancelTick?.()
    this.#cancelTick = undefined
    await this.#starting
    await this.#sender?.close()
    this.#save(this.#sender?.buffered === 0)
  }

  async #begin(): Promise<void> {
    const { clock, getSlice, log } = this.#options
    try {
      if (!this.#generator) this.#generator = await this.#restore()
    } catch (error) {
      this.#fail(error as ServiceError)
      return
    }
    if (this.#options.getStage().state !== 'starting') return
    const { stations, dirty } = getSlice()
    this.#generator.stations = stations
    this.#generator.dirty = dirty
    this.#lastTick = clock.monotonic()
    this.#patchStage({ state: 'running', words: 'running', since: clock.now(), updatedAt: clock.now() })
    log.info('generator', `running, ${stations} stations`)
    this.#sender?.resume()
    this.#tick()
  }

  /** Picks the numbers up where the last session left them; after a crash the hub tells what it had taken since. */
  async #restore(): Promise<Generator> {
    const { storage, newRunId, seed, getSlice, log } = this.#options
    const saved = storage.load()
    this.#run = saved?.run ?? newRunId()
    this.#acknowledged = saved?.numbers ?? new Float64Array(0)
    this.#positions = saved?.positions ?? {}
    if (saved && !saved.clean && this.#hub) {
      const found = await this.#readBack(this.#hub)
      if (found > 0) log.info('generator', `${found} readings had reached the hub before the last stop`)
    }
    const { stations, intervalMs, dirty } = getSlice()
    this.#dirtySince = true
    const numbers = Float64Array.from(this.#acknowledged)
    return new Generator(
      { seed, run: this.#run, stations, intervalMs, dirty, numbers },
      await drawStations(seed),
    )
  }

  async #readBack(hub: HubReader): Promise<number> {
    let found = 0
    const positions = new Map(Object.entries(this.#positions))
    for await (const page of hub.readAfter(positions))
      for (const { body } of page) {
        const origin = originOf(body)
        if (!origin) continue
        this.#grow(origin.station + 1)
        if (origin.sequenceNumber < (this.#acknowledged[origin.station] as number)) continue
        this.#acknowledged[origin.station] = origin.sequenceNumber + 1
        found++
      }
    return found
  }

  #tick(): void {
    const { clock } = this.#options
    const generator = this.#generator
    const sender = this.#sender
    if (!generator || !sender) return
    const now = clock.monotonic()
    generator.speed = this.#burstFactor()
    const { rate } = generator
    const { events, held } = generator.make(Math.min(now - this.#lastTick, 2000), clock.now(), sender.room)
    this.#lastTick = now
    if (held !== this.#options.getSlice().backPressure) this.#patch({ backPressure: held })
    if (events.length > 0) sender.offer(events)
    if (clock.now() - this.#savedAt >= SAVE_EVERY_MS) this.#save()
    this.#cancelTick = clock.after(rate < SLOW_RATE ? SLOW_TICK_MS : TICK_MS, () => this.#tick())
  }

  #burstFactor(): number {
    if (!this.#burst) return 1
    if (this.#options.clock.now() < this.#burst.until) return this.#burst.factor
    this.#burst = undefined
    this.#patch({ burstUntil: undefined })
    return 1
  }

  #acknowledge(events: readonly MadeEvent[]): void {
    for (const { station, sequenceNumber } of events) {
      if (sequenceNumber < 0) continue
      this.#grow(station + 1)
      if (sequenceNumber >= (this.#acknowledged[station] as number))
        this.#acknowledged[station] = sequenceNumber + 1
    }
    this.#dirtySince = true
    this.#ripen()
  }

  /** Sends end in order, so as many acknowledged as were begun means that each of those has ended. */
  #ripen(): void {
    if (!this.#ripening || !this.#sender || this.#sender.acknowledged < this.#ripening.when) return
    this.#positions = this.#ripening.positions
    this.#ripening = undefined
  }

  #grow(length: number): void {
    if (this.#acknowledged.length >= length) return
    const grown = new Float64Array(Math.max(length, this.#acknowledged.length * 2))
    grown.set(this.#acknowledged)
    this.#acknowledged = grown
  }

  #save(clean = false): void {
    const { storage, clock, log } = this.#options
    if (this.#run === '' || !this.#dirtySince) return
    this.#savedAt = clock.now()
    try {
      storage.save({ run: this.#run, clean, positions: this.#positions, numbers: this.#acknowledged })
      this.#dirtySince = !clean
    } catch (error) {
      log.warn('generator', `its state could not be saved: ${(error as Error).message}`)
    }
  }

  #fail(error: ServiceError): void {
    this.#cancelTick?.()
    this.#cancelTick = undefined
    const detail = error.hint ? `${error.message} ${error.hint}` : error.message
    this.#options.log.error('generator', `failed: ${detail}`, error)
    this.#patchStage({ state: 'failed', words: 'failed', detail, since: undefined })
  }

  #patch(changes: Partial<GeneratorSlice>): void {
    this.#options.setSlice({ ...this.#options.getSlice(), ...changes })
  }

  #patchStage(changes: Partial<StageSlice>): void {
    this.#options.setStage({ ...this.#options.getStage(), ...changes })
  }
}
