/** A session: store, stages and watching of the services, wired together. The only thing that screens and scripts hold. */

import { Hall } from '../audience/hall.ts'
import { NO_VENUE, type Venue } from '../audience/venue.ts'
import { FaultControl } from '../faults/fault-control.ts'
import { type GeneratorFacts, GeneratorService } from '../generator/generator-service.ts'
import type { GeneratorStorage } from '../generator/generator-state.ts'
import type { Lesson } from '../lessons/lesson.ts'
import { LessonRunner } from '../lessons/runner.ts'
import { withProperties } from '../observation/job-view.ts'
import { Watcher } from '../observation/watcher.ts'
import { STAGE_IDS, type StageId, type StageService, type StageStatus } from '../ports/stages.ts'
import type { Target } from '../ports/target.ts'
import { type Clock, type Moment, momentOf, restated } from '../runtime/clock.ts'
import { errorText } from '../runtime/error-text.ts'
import { IdleTracker } from '../runtime/idle-tracker.ts'
import { SecondSeries } from '../runtime/rates.ts'
import type { StageView } from '../stages/stage.ts'
import { StageController } from '../stages/stage-controller.ts'
import { type Controllers, StageOrchestrator } from '../stages/stage-orchestrator.ts'
import { CALM_RATE, GENERATOR_TIMES, stageTimes } from '../stages/timing.ts'
import { WaitingStarts } from '../stages/waiting-starts.ts'
import { advanceCost, billedStages, type CostMeter, DEPLOYED, newCostMeter } from '../state/cost.ts'
import { initialState } from '../state/initial-state.ts'
import { Log, type Logger } from '../state/log.ts'
import type { AppState, EndpointLine, LogEntry, SessionSlice } from '../state/state.ts'
import { DEFAULT_UPDATES_PER_SECOND, StateStore } from '../state/store.ts'
import { Follower } from '../trace/follower.ts'
import { createControls } from './controls.ts'
import { type DrainContext, drain } from './drain.ts'
import type { DrainOptions, DrainResult, Session } from './session-types.ts'

/** What settings decide. `dirty` is a share, 0..1. */
export interface SessionOptions {
  session: Partial<SessionSlice>
  stations: number
  intervalMs: number
  dirty: number
  /** The same seed gives the same stations and weather. */
  seed: string
  /** VM size of the Databricks clusters, for their price; Azure only. */
  nodeType: string
  /** Readings that may wait for the hub before the generator slows down. */
  bufferLimit?: number
  /** Notifications of the store per second, at most. */
  updatesPerSecond?: number
}

/** What differs between the program and a test. */
export interface SessionEnvironment {
  clock: Clock
  logger: Logger
  /** Where the generator's numbers are kept. */
  storage: GeneratorStorage
  newRunId: () => string
  /** Of the room for phones. */
  venue?: Venue
  /** Lines of the session before, where it ended hard, and what to say of that. */
  log?: readonly LogEntry[]
  notice?: string
}

/** The store's clock moves once a second while anything runs, and this often while nothing does (ms). */
const TICK_MS = 1000
const QUIET_TICK_MS = 10_000

interface Connected extends DrainContext {
  target: Target
}

/** Connected to nothing yet, and its clock ticks: close it. */
export function createSession(options: SessionOptions, environment: SessionEnvironment): Session {
  return new PipelineSession(options, environment)
}

class PipelineSession implements Session {
  readonly actions: Session['actions']
  readonly #options: SessionOptions
  readonly #environment: SessionEnvironment
  readonly #clock: Clock
  readonly #store: StateStore
  readonly #log: Log
  readonly #idle = new IdleTracker()
  readonly #waiting = new WaitingStarts()
  readonly #faults: FaultControl
  readonly #follower: Follower
  readonly #lessons: LessonRunner
  readonly #hall: Hall
  readonly #sent = new SecondSeries()
  readonly #acknowledged = new SecondSeries()
  #connected: Connected | undefined
  #controllers: Controllers | undefined
  #cost: CostMeter
  readonly #begun: Moment
  #cancelTick: (() => void) | undefined
  /** Ticks, and polls, at the pace of a session in which nothing happens. */
  #isSlow = false
  #closing: Promise<void> | undefined

  constructor(options: SessionOptions, environment: SessionEnvironment) {
    this.#options = options
    this.#environment = environment
    this.#clock = environment.clock
    this.#begun = momentOf(this.#clock)
    const now = this.#begun.time
    const { stations, intervalMs, dirty, bufferLimit } = options
    const generator = { stations, intervalMs, dirty, ...(bufferLimit === undefined ? {} : { bufferLimit }) }
    const state = initialState({ session: { startedAt: now, ...options.session }, generator, now })
    this.#store = new StateStore(state, this.#clock, (now) =>
      now.hub.rate < CALM_RATE ? 1 : (options.updatesPerSecond ?? DEFAULT_UPDATES_PER_SECOND),
    )
    this.#log = new Log(
      this.#clock,
      environment.logger,
      (log) => this.#store.update({ log }),
      environment.log,
    )
    if (environment.log) this.#store.update({ log: environment.log })
    if (environment.notice) this.#log.warn('session', environment.notice)
    this.#cost = newCostMeter(this.#clock.sinceBoot())
    const common = { store: this.#store, clock: this.#clock, log: this.#log }
    this.#faults = new FaultControl({
      ...common,
      start: (id) => this.actions.start(id),
      retryRefused: () => this.#showNow(),
    })
    this.#follower = new Follower({ ...common, idle: this.#idle, newId: environment.newRunId })
    this.#lessons = new LessonRunner(this.#store)
    this.#hall = new Hall({ ...common, venue: environment.venue ?? NO_VENUE })
    this.actions = createControls({
      state: () => this.#store.state,
      services: () => this.#connected,
      faults: this.#faults,
      follower: this.#follower,
      lessons: this.#lessons.actions,
      hall: this.#hall,
      waiting: this.#waiting,
      log: this.#log,
      onDone: () => this.#showNow(),
    })
    this.#scheduleTick()
  }

  get store() {
    return this.#store.published
  }

  async connect(target: Target): Promise<void> {
    if (this.#closing !== undefined) return target.close()
    this.#follower.connect(target)
    const generator = this.#makeGenerator(target)
    const controllers = Object.fromEntries(
      STAGE_IDS.map((id) => [id, this.#makeController(id, target, generator)]),
    ) as Record<StageId, StageController>
    const pipeline = new StageOrchestrator(controllers, this.#log, this.#idle)
    const common = { store: this.#store, clock: this.#clock }
    const isQuiet = () => this.#isQuiet()
    const watcher = new Watcher({
      ...common,
      target,
      generator,
      isQuiet,
      log: this.#log,
      idle: this.#idle,
      hall: this.#hall,
      typed: () => this.#follower.acknowledged,
    })
    this.#connected = { ...common, target, generator, pipeline, watcher, hall: this.#hall }
    this.#hall.connect(target)
    this.#controllers = controllers
    // Stages can be acted on as soon as they are known; reading the hub and the lake may take a while.
    const opening = pipeline.open().then(() => {
      this.#store.update({ session: { ...this.#store.state.session, connected: true } })
      this.#startWaiting()
      this.#showNow()
    })
    await Promise.all([opening, watcher.open()])
    this.#showNow()
  }

  connectFailed(error: unknown): void {
    const detail = errorText(error)
    this.#log.error('session', detail, error)
    this.#waiting.take()
    const stages = Object.fromEntries(
      STAGE_IDS.map((id) => [id, { ...this.#store.state.stages[id], state: 'unknown', detail }]),
    ) as AppState['stages']
    this.#store.update({ stages })
    this.#store.flush()
  }

  warn(text: string): void {
    this.#log.warn('session', text)
  }

  setLessons(lessons: readonly Lesson[]): void {
    this.#lessons.setLessons(lessons)
  }

  setEndpoints(endpoints: readonly EndpointLine[]): void {
    this.#store.update({ endpoints })
  }

  async drain(options?: DrainOptions): Promise<DrainResult> {
    const connected = this.#connected
    const { ledger } = this.#store.state
    if (!connected) return { balanced: false, reason: 'Nothing was connected.', ledger }
    return this.#idle.track(drain(connected, options))
  }

  idle(): Promise<void> {
    return this.#idle.idle()
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#cancelTick?.()
    this.#faults.close()
    this.#lessons.close()
    await this.#follower.close()
    await this.#hall.close()
    const connected = this.#connected
    if (connected) {
      const { pipeline, watcher, generator, target } = connected
      await Promise.all([pipeline.close(), watcher.close()])
      await generator.close()
      this.#showGenerator(generator.facts())
      await target.close()
    }
    this.#store.close()
  }

  #startWaiting(): void {
    const ids = this.#waiting.take()
    if (ids.length === STAGE_IDS.length) this.actions.startAll()
    else for (const id of ids) this.actions.start(id)
  }

  #makeGenerator({ producer, hub, faults }: Target): GeneratorService {
    const { seed, stations, intervalMs, dirty, bufferLimit } = this.#options
    const { storage, newRunId } = this.#environment
    return new GeneratorService({
      seed,
      stations,
      intervalMs,
      dirty,
      ...(bufferLimit === undefined ? {} : { bufferLimit }),
      producer: this.#faults.connect(producer, faults),
      hub,
      storage,
      newRunId,
      clock: this.#clock,
      log: this.#log,
      onChange: () => this.#controllers?.generator.refresh(),
    })
  }

  #makeController(id: StageId, target: Target, generator: GeneratorService): StageController {
    const { engine } = this.#store.state.session
    return new StageController({
      id,
      service: id === 'generator' ? generator : this.#observed(target.stages[id]),
      times: id === 'generator' ? GENERATOR_TIMES : stageTimes(target.name, id, engine),
      isQuiet: () => this.#isQuiet(),
      onView: (view) => this.#showStage(id, view),
      clock: this.#clock,
      log: this.#log,
      idle: this.#idle,
    })
  }

  /** The job's properties come with its status. */
  #observed(service: StageService): StageService {
    const note = (status: StageStatus) => {
      this.#store.update({ job: withProperties(this.#store.state.job, status.job) })
      return status
    }
    return {
      status: async (signal) => note(await service.status(signal)),
      start: (signal) => service.start(signal),
      stop: (signal) => service.stop(signal),
    }
  }

  // ── Showing ───────────────────────────────────────────────────────────────────────────────────────────────────────

  #showStage(id: StageId, view: StageView): void {
    const { stages } = this.#store.state
    this.#store.update({ stages: { ...stages, [id]: { ...stages[id], ...view } } })
    // What a stage has become is the news that people wait for; that it can be acted on comes with being connected.
    if (view.state !== stages[id].state && this.#store.state.session.connected) this.#store.flush()
    if (this.#isSlow && !this.#isQuiet()) this.#resetIntervals()
  }

  /** A person has done something: it shows at once, and what follows from it is looked for at full pace. */
  #showNow(): void {
    this.#connected?.watcher.retryRefused()
    this.#connected?.pipeline.retryRefused()
    this.#resetIntervals()
    this.#store.tick()
    this.#store.flush()
  }

  #resetIntervals(): void {
    this.#connected?.watcher.resetInterval()
    this.#connected?.pipeline.resetInterval()
    this.#tick()
  }

  /** The one timer of the screen: series move on, ages grow, costs run. */
  #tick(): void {
    if (this.#closing !== undefined) return
    const connected = this.#connected
    this.#followClock()
    if (connected) {
      this.#showGenerator(connected.generator.facts())
      connected.watcher.reconcile()
      if (connected.target.name === 'azure') this.#meterCost()
    }
    this.#store.tick()
    this.#scheduleTick()
  }

  /** What has begun keeps its age when somebody sets the clock. */
  #followClock(): void {
    const { session } = this.#store.state
    const startedAt = restated(this.#begun, momentOf(this.#clock))
    if (startedAt !== session.startedAt) this.#store.update({ session: { ...session, startedAt } })
    this.#faults.followClock()
    this.#follower.followClock()
  }

  #scheduleTick(): void {
    this.#cancelTick?.()
    this.#isSlow = this.#isQuiet()
    const every = this.#isSlow ? QUIET_TICK_MS : TICK_MS
    // On full seconds, together with the polls.
    const wait = every - (this.#clock.monotonic() % every)
    this.#cancelTick = this.#clock.after(wait, () => this.#tick())
  }

  #showGenerator({ planned: _, burstUntil, ...facts }: GeneratorFacts): void {
    const at = this.#clock.monotonic()
    this.#sent.observe(facts.sent, at)
    this.#acknowledged.observe(facts.acknowledged, at)
    this.#store.update({
      generator: {
        ...facts,
        burstUntil: burstUntil === undefined ? undefined : Math.round(this.#clock.now() + burstUntil - at),
        sentPerSecond: this.#sent.values,
        acknowledgedPerSecond: this.#acknowledged.values,
      },
    })
  }

  #meterCost(): void {
    const { stages, hub, job } = this.#store.state
    const { nodeType } = this.#options
    // What is billed goes on while a laptop sleeps, and does not change when somebody sets its clock.
    const now = this.#clock.sinceBoot()
    const input = {
      stages: billedStages(stages, this.#clock.now() - now),
      nodeType,
      streamingUnits: job.streamingUnits,
      ...DEPLOYED,
      eventRate: hub.rate,
    }
    this.#cost = advanceCost(this.#cost, input, now)
    const { perHour, spent, counted } = this.#cost
    const billed = STAGE_IDS.filter((id) => id !== 'generator' && counted[id] !== undefined)
    this.#store.update({ cost: { perHour, spent, billed } })
  }

  /** Nothing runs and nothing moves: there is little to look for, and little to show. */
  #isQuiet(): boolean {
    const { hub, session } = this.#store.state
    const connected = this.#connected
    if (!connected || !session.connected) return false
    return connected.pipeline.isAtRest && connected.generator.facts().buffered === 0 && hub.rate === 0
  }
}
