/** A session: the store, the stages, and everything that watches the services, from the first frame to the last. */
import {
  type ActionResult,
  type Actions,
  accepted,
  DEFAULT_BURST,
  DEFAULT_DIRTY,
  MAX_STATIONS,
  refused,
} from './actions.ts'
import { LiveAssertions } from './assertions.ts'
import { type Clock, pause } from './clock.ts'
import { advanceCost, type CostMeter, newCostMeter } from './cost.ts'
import { GeneratorStage } from './generator-stage.ts'
import type { GeneratorStorage } from './generator-state.ts'
import { initialState } from './initial-state.ts'
import { arrivals, LakeView, lastBatch } from './lake-view.ts'
import { closeBooks } from './ledger.ts'
import { Log, type Logger } from './log.ts'
import { Poller } from './poller.ts'
import {
  type LakeSnapshot,
  type PartitionProperties,
  type ServiceError,
  STAGE_IDS,
  type StageId,
  type Target,
} from './ports.ts'
import type { DrainOptions, DrainResult, Session } from './session-types.ts'
import { StageController, type StageTimes } from './stage.ts'
import type { AppState, SessionSlice, StageSlice, TailEvent } from './state.ts'
import { StateStore } from './store.ts'
import { pushBounded, RateMeter } from './telemetry.ts'

export interface SessionOptions {
  session: Partial<SessionSlice>
  stations: number
  intervalMs: number
  dirty: number
  seed: string
  /** Prices need it; Azure only. */
  nodeType: string
  updatesPerSecond?: number
}

export interface SessionEnvironment {
  clock: Clock
  logger: Logger
  storage: GeneratorStorage
  newRunId: () => string
}

const SERVICE_STAGES = ['streamAnalytics', 'silver', 'gold', 'aggregate'] as const
type ServiceStage = (typeof SERVICE_STAGES)[number]

const MINUTE = 60_000

const LOCAL_TIMES: StageTimes = {
  changingMs: 300,
  steadyMs: 2000,
  usualStartMs: 1000,
  usualStopMs: 1000,
  commandTimeoutMs: MINUTE,
  retryAuthorizationMs: 0,
}
/** Usual times as seen on Azure: a job needs one to two minutes, a single-node cluster four to five, a Spark pool three. */
const AZURE_TIMES: Record<ServiceStage, StageTimes> = {
  streamAnalytics: azureTimes(90_000),
  silver: azureTimes(5 * MINUTE),
  gold: azureTimes(5 * MINUTE),
  aggregate: azureTimes(3 * MINUTE),
}
function azureTimes(usualStartMs: number): StageTimes {
  return {
    changingMs: 3000,
    steadyMs: 10_000,
    usualStartMs,
    usualStopMs: MINUTE,
    commandTimeoutMs: 20 * MINUTE,
    retryAuthorizationMs: 10 * MINUTE,
  }
}

/** How often to look (ms): while something runs, and while all is at rest. */
const CADENCE = {
  local: { hub: 1000, lake: 1000, metrics: 4000, idle: 5000 },
  azure: { hub: 2000, lake: 5000, metrics: 30_000, idle: 30_000 },
}
/** As the template deploys the namespace. */
const THROUGHPUT_UNITS = 1
const EVENTS_KEPT = 500
const HISTORY_POINTS = 60
const SERIES_POINTS = 600
/** Looks at the lake without any change after which the books count as settled. */
const SETTLED_LOOKS = 4

export function createSession(options: SessionOptions, environment: SessionEnvironment): Session {
  return new PipelineSession(options, environment)
}

class PipelineSession implements Session {
  readonly actions: Actions
  readonly #options: SessionOptions
  readonly #clock: Clock
  readonly #store: StateStore
  readonly #log: Log
  readonly #generator: GeneratorStage
  readonly #controllers = new Map<ServiceStage, StageController>()
  readonly #pollers: Poller[] = []
  readonly #lakeView = new LakeView()
  readonly #live = new LiveAssertions()
  readonly #hubRate = new RateMeter()
  readonly #partitionRates = new Map<string, RateMeter>()
  readonly #outputs = new Map<ServiceStage, RateMeter>()
  readonly #job = { input: new RateMeter(15_000), output: new RateMeter(15_000) }
  #target: Target | undefined
  #partitions: readonly PartitionProperties[] = []
  #lake: LakeSnapshot | undefined
  #rejectedByMetrics = 0
  #opening: number | undefined
  #quietLooks = 0
  #lastTotal = -1
  #cost: CostMeter
  #lastDirty = DEFAULT_DIRTY
  #cancelSecond: (() => void) | undefined
  #sequence: Promise<void> = Promise.resolve()
  #closed: Promise<void> | undefined

  constructor(options: SessionOptions, environment: SessionEnvironment) {
    this.#options = options
    this.#clock = environment.clock
    const now = this.#clock.now()
    const { stations, intervalMs, dirty } = options
    const initial = initialState({
      session: { startedAt: now, ...options.session },
      generator: { stations, intervalMs, dirty },
      now,
    })
    this.#store = new StateStore(initial, this.#clock, options.updatesPerSecond)
    this.#log = new Log(this.#clock, environment.logger, (log) => this.#store.update({ log }))
    this.#cost = newCostMeter(now)
    if (dirty > 0) this.#lastDirty = dirty
    this.#generator = new GeneratorStage({
      seed: options.seed,
      storage: environment.storage,
      newRunId: environment.newRunId,
      clock: this.#clock,
      log: this.#log,
      getStage: () => this.#store.state.stages.generator,
      setStage: (slice) => this.#setStage(slice),
      getSlice: () => this.#store.state.generator,
      setSlice: (generator) => this.#store.update({ generator }),
      show: (events) => this.#show(events),
    })
    this.actions = this.#makeActions()
  }

  get store() {
    return this.#store.published
  }

  async connect(target: Target): Promise<void> {
    this.#target = target
    const times = (id: ServiceStage) => (target.name === 'local' ? LOCAL_TIMES : AZURE_TIMES[id])
    for (const id of SERVICE_STAGES) {
      this.#outputs.set(id, new RateMeter())
      this.#controllers.set(
        id,
        new StageController({
          id,
          service: target.stages[id],
          times: times(id),
          clock: this.#clock,
          log: this.#log,
          get: () => this.#store.state.stages[id],
          set: (slice) => this.#setStage(slice),
        }),
      )
    }
    this.#generator.connect(target)
    this.#store.update({ session: { ...this.#store.state.session, connected: true } })
    const cadence = CADENCE[target.name]
    const poller = (source: string, everyMs: number, ask: (signal: AbortSignal) => Promise<void>) => {
      this.#pollers.push(
        new Poller({
          ask,
          everyMs: () => (this.#isAtRest() ? cadence.idle : everyMs),
          failed: (error, isFirst) => this.#pollFailed(source, error, isFirst),
          recovered: () => this.#log.info(source, 'answers again'),
          clock: this.#clock,
        }),
      )
    }
    poller('hub', cadence.hub, (signal) => this.#lookAtHub(target, signal))
    poller('lake', cadence.lake, (signal) => this.#lookAtLake(target, signal))
    poller('metrics', cadence.metrics, (signal) => this.#lookAtMetrics(target, signal))
    await Promise.all([
      ...[...this.#controllers.values()].map((one) => one.open()),
      ...this.#pollers.map((one) => one.open()),
    ])
    this.#closeBooks()
    this.#everySecond()
    this.#store.flush()
  }

  connectFailed(error: unknown): void {
    const { message, hint } = error as { message?: string; hint?: string }
    const detail = [message ?? String(error), hint].filter(Boolean).join(' ')
    this.#log.error('session', detail, error)
    for (const id of STAGE_IDS) this.#setStage({ ...this.#store.state.stages[id], state: 'unknown', detail })
    this.#store.flush()
  }

  setEndpoints(endpoints: AppState['endpoints']): void {
    this.#store.update({ endpoints })
  }

  async drain({ patienceMs = 20_000, signal }: DrainOptions = {}): Promise<DrainResult> {
    this.#generator.stop()
    await this.#generator.drained(signal)
    let lastMove = this.#clock.monotonic()
    let total = -1
    while (!signal?.aborted) {
      for (const poller of this.#pollers) poller.hurry()
      await pause(this.#clock, 250, signal)
      const { ledger } = this.#store.state
      if (ledger.verdict === 'balanced' || ledger.verdict === 'empty') break
      const moved =
        ledger.enqueued + ledger.bronze + ledger.silver + ledger.gold + ledger.aggregated + ledger.quarantined
      if (moved !== total) lastMove = this.#clock.monotonic()
      total = moved
      if (this.#clock.monotonic() - lastMove > patienceMs) break
    }
    const { ledger } = this.#store.state
    const balanced = ledger.verdict === 'balanced' || ledger.verdict === 'empty'
    this.#stopStages()
    await this.#sequence
    await this.#untilStopped(signal)
    return {
      balanced,
      reason: balanced
        ? undefined
        : `The books do not balance: ${ledger.explanation ?? 'no row has moved for a while'}.`,
      ledger,
    }
  }

  async idle(): Promise<void> {
    await this.#sequence
    await Promise.all(
      [...this.#controllers.values(), ...this.#pollers, this.#generator].map((one) => one.idle()),
    )
  }

  close(): Promise<void> {
    this.#closed ??= this.#shutDown()
    return this.#closed
  }

  async #shutDown(): Promise<void> {
    this.#cancelSecond?.()
    await Promise.all([
      ...[...this.#controllers.values()].map((one) => one.close()),
      ...this.#pollers.map((one) => one.close()),
    ])
    await this.#generator.close()
    this.#store.close()
    await this.#target?.close()
  }

  // ── What the operator does ────────────────────────────────────────────────────────────────────────────────────────

  #makeActions(): Actions {
    /** Every action: not in read-only mode, not before there is a target, said in the log, seen at once. */
    const act = (perform: () => ActionResult): ActionResult => {
      const { readOnly, connected } = this.#store.state.session
      if (readOnly) return refused('Read-only: every control is disabled (started with --read-only).')
      if (!connected) return refused('Not connected yet.')
      const result = perform()
      if (result.ok) this.#log.info('operator', result.message)
      for (const poller of this.#pollers) poller.hurry()
      this.#store.flush()
      return result
    }
    const state = (id: StageId) => this.#store.state.stages[id].state
    const isUp = (id: StageId) => ['running', 'starting', 'degraded'].includes(state(id))
    const start = (id: StageId): ActionResult => {
      if (isUp(id)) return accepted(`${id} runs already`)
      this.#start(id)
      return accepted(`start ${id}`)
    }
    const stop = (id: StageId): ActionResult => {
      if (state(id) === 'stopped' || state(id) === 'stopping') return accepted(`${id} is stopped already`)
      this.#stop(id)
      return accepted(`stop ${id}`)
    }
    const setStations = (wanted: number): ActionResult => {
      if (!Number.isInteger(wanted) || wanted < 1)
        return refused('The number of stations is a whole number from 1 on.')
      if (wanted > MAX_STATIONS) return refused(`At most ${MAX_STATIONS.toLocaleString('en-US')} stations.`)
      this.#generator.setStations(wanted)
      return accepted(`${wanted.toLocaleString('en-US')} stations`)
    }
    const setDirty = (share: number): ActionResult => {
      if (!(share >= 0 && share <= 1)) return refused('The share of dirty data is a number from 0 to 1.')
      if (share > 0) this.#lastDirty = share
      this.#generator.setDirty(share)
      return accepted(share === 0 ? 'dirty data off' : `dirty data on, ${Math.round(share * 1000) / 10} %`)
    }
    return {
      start: (id) => act(() => start(id)),
      stop: (id) => act(() => stop(id)),
      toggle: (id) => act(() => (isUp(id) ? stop(id) : start(id))),
      startAll: () =>
        act(() => {
          this.#startStages()
          return accepted('start all stages')
        }),
      stopAll: () =>
        act(() => {
          this.#stopStages()
          return accepted('stop all stages')
        }),
      setStations: (count) => act(() => setStations(count)),
      scaleStations: (factor) =>
        act(() => {
          const { stations } = this.#store.state.generator
          const wanted = Math.min(MAX_STATIONS, Math.max(1, Math.round(stations * factor)))
          return wanted === stations
            ? refused(`${stations.toLocaleString('en-US')} stations is the limit.`)
            : setStations(wanted)
        }),
      burst: ({ factor = DEFAULT_BURST.factor, durationMs = DEFAULT_BURST.durationMs } = {}) =>
        act(() => {
          if (!isUp('generator')) return refused('A burst needs a running generator: start it with 1.')
          this.#generator.burst(factor, durationMs)
          return accepted(`burst ×${factor} for ${Math.round(durationMs / 1000)} s`)
        }),
      setDirty: (share) => act(() => setDirty(share)),
      toggleDirty: () => act(() => setDirty(this.#store.state.generator.dirty > 0 ? 0 : this.#lastDirty)),
    }
  }

  #start(id: StageId): void {
    if (id === 'generator') this.#generator.start()
    else this.#controllers.get(id)?.start()
  }

  #stop(id: StageId): void {
    if (id === 'generator') this.#generator.stop()
    else this.#controllers.get(id)?.stop()
  }

  /** In the order of the data; the next begins when the one before is accepted, not when it runs. */
  #startStages(): void {
    this.#inOrder(STAGE_IDS, (id) => this.#start(id), ['running', 'starting', 'degraded'])
  }

  /** From the last to the first. One that cannot be stopped does not hold up the others. */
  #stopStages(): void {
    this.#inOrder([...STAGE_IDS].reverse(), (id) => this.#stop(id), ['stopped', 'stopping'])
  }

  #inOrder(ids: readonly StageId[], command: (id: StageId) => void, there: readonly string[]): void {
    this.#sequence = this.#sequence.then(async () => {
      for (const id of ids) {
        if (this.#closed) return
        if (!there.includes(this.#store.state.stages[id].state)) command(id)
        if (id !== 'generator') await this.#controllers.get(id)?.accepted()
      }
    })
  }

  async #untilStopped(signal: AbortSignal | undefined): Promise<void> {
    const deadline = this.#clock.monotonic() + 15_000
    const isDown = (id: StageId) =>
      ['stopped', 'failed', 'unknown'].includes(this.#store.state.stages[id].state)
    while (!STAGE_IDS.every(isDown) && !signal?.aborted && this.#clock.monotonic() < deadline)
      await pause(this.#clock, 100, signal)
  }

  // ── What is seen ──────────────────────────────────────────────────────────────────────────────────────────────────

  async #lookAtHub(target: Target, signal: AbortSignal): Promise<void> {
    const partitions = await target.hub.partitions(signal)
    this.#partitions = partitions
    const enqueued = enqueuedIn(partitions)
    this.#opening ??= enqueued
    this.#generator.sawPartitions(partitions)
    const at = this.#clock.monotonic()
    const rate = this.#hubRate.add(enqueued, at)
    for (const { id, lastEnqueuedSequenceNumber } of partitions) {
      const meter = this.#partitionRates.get(id) ?? new RateMeter()
      this.#partitionRates.set(id, meter)
      meter.add(lastEnqueuedSequenceNumber + 1, at)
    }
    const { hub } = this.#store.state
    const isQuiet =
      rate === 0 && hub.rate === 0 && hub.enqueued === enqueued && hub.updatedAt !== undefined && !hub.error
    if (!isQuiet)
      this.#store.update({
        hub: {
          partitions: this.#partitionSlices(rate, enqueued),
          enqueued,
          rate,
          ratePerSecond: pushBounded(hub.ratePerSecond, rate, SERIES_POINTS),
          updatedAt: this.#clock.now(),
          error: undefined,
        },
      })
    this.#closeBooks()
  }

  #partitionSlices(rate: number, enqueued: number) {
    return this.#partitions.map((one) => {
      const own = this.#partitionRates.get(one.id)?.rate ?? 0
      const landed = this.#lake?.bronze.positions.get(one.id)
      return {
        id: one.id,
        lastSequenceNumber: one.lastEnqueuedSequenceNumber,
        beginningSequenceNumber: one.beginningSequenceNumber,
        rate: own,
        share: rate > 0 ? own / rate : enqueued > 0 ? (one.lastEnqueuedSequenceNumber + 1) / enqueued : 0,
        backlog:
          this.#lake?.bronze.rows === undefined
            ? undefined
            : Math.max(0, one.lastEnqueuedSequenceNumber - (landed ?? -1)),
        lastEnqueuedAt: one.lastEnqueuedAt?.getTime(),
      }
    })
  }

  async #lookAtLake(target: Target, signal: AbortSignal): Promise<void> {
    const { snapshot, errors } = await target.lake.poll(signal)
    this.#lake = snapshot
    const now = this.#clock.now()
    const { state } = this.#store
    const lake = this.#lakeView.slice(state.lake, snapshot, errors, this.#clock.monotonic(), now)
    this.#store.update({ lake })
    this.#live.addSilver(snapshot.silverArrived)
    this.#live.addGold(snapshot.goldArrived)
    const bad = arrivals(snapshot, now, 20)
    if (bad.length > 0) this.#show(bad)
    if (snapshot.cities)
      this.#store.update({
        aggregate: {
          cities: snapshot.cities,
          readings: snapshot.cities.reduce((sum, city) => sum + city.readings, 0),
          updatedAt: now,
        },
      })
    this.#batches(snapshot)
    this.#closeBooks()
  }

  #batches(snapshot: LakeSnapshot): void {
    const tables = { silver: snapshot.silver, gold: snapshot.gold, aggregate: snapshot.aggregated } as const
    for (const [id, table] of Object.entries(tables) as [keyof typeof tables, typeof snapshot.silver][]) {
      const batch = lastBatch(table)
      const stage = this.#store.state.stages[id]
      if (batch && batch.id !== stage.batch?.id) this.#setStage({ ...stage, batch })
    }
  }

  async #lookAtMetrics(target: Target, signal: AbortSignal): Promise<void> {
    const { stages, job: before } = this.#store.state
    const { state } = stages.streamAnalytics
    if (state === 'stopped' && before.metricsAt !== undefined) return
    const metrics = await target.metrics.jobMetrics(signal)
    const status = await target.stages.streamAnalytics.status(signal)
    if (!metrics) {
      this.#store.update({ job: { ...before, streamingUnits: status.job?.streamingUnits } })
      return
    }
    this.#rejectedByMetrics = metrics.deserializationErrors
    const at = this.#clock.monotonic()
    this.#store.update({
      job: {
        streamingUnits: status.job?.streamingUnits,
        watermarkDelaySeconds: metrics.watermarkDelaySeconds,
        backlogged: metrics.backloggedInputEvents,
        inputRate: this.#job.input.add(metrics.inputEvents, at),
        outputRate: this.#job.output.add(metrics.outputEvents, at),
        deserializationErrors: metrics.deserializationErrors,
        errors: metrics.errors,
        resourceUtilization: metrics.resourceUtilization,
        watermarkHistory: pushBounded(
          before.watermarkHistory,
          metrics.watermarkDelaySeconds ?? 0,
          HISTORY_POINTS,
        ),
        utilizationHistory: pushBounded(
          before.utilizationHistory,
          metrics.resourceUtilization ?? 0,
          HISTORY_POINTS,
        ),
        metricsAt: target.name === 'local' ? this.#clock.now() : metrics.at.getTime(),
      },
    })
  }

  /** Ledger, assertions, and the numbers on the arrows: all from the same counters. */
  #closeBooks(): void {
    const lake = this.#lake
    if (this.#opening === undefined || !lake) return
    const { generator } = this.#store.state
    const enqueued = enqueuedIn(this.#partitions)
    const counters = {
      acknowledged: this.#opening + generator.acknowledged,
      enqueued,
      bronze: lake.bronze.rows ?? lake.silver.books?.totals.input ?? 0,
      rejected: lake.bronze.rejected ?? this.#rejectedByMetrics,
      skipped: lake.bronze.skipped ?? 0,
      silver: lake.silver.rows,
      quarantined: lake.quarantine.rows,
      duplicates: lake.silver.books?.totals.duplicates ?? 0,
      gold: lake.gold.rows,
      aggregated: lake.aggregated.books?.totals.output ?? this.#store.state.aggregate.readings,
    }
    const total = Object.values(counters).reduce((sum, value) => sum + value, 0)
    this.#quietLooks = total === this.#lastTotal ? this.#quietLooks + 1 : 0
    this.#lastTotal = total
    const ledger = closeBooks({
      ...counters,
      isSettled: this.#quietLooks >= SETTLED_LOOKS && generator.buffered === 0,
    })
    if (!sameBooks(ledger, this.#store.state.ledger)) this.#store.update({ ledger })
    const assertions = this.#live.slice({
      plannedRate: this.#generator.plannedRate,
      measuredRate: this.#hubRate.rate,
      lost: ledger.lost,
      now: this.#clock.now(),
    })
    if (JSON.stringify(assertions) !== JSON.stringify(this.#store.state.assertions))
      this.#store.update({ assertions })
    this.#arrows(ledger)
  }

  /** Rates and backlogs of the arrows: what leaves a stage, what waits in front of it. */
  #arrows(ledger: AppState['ledger']): void {
    const at = this.#clock.monotonic()
    const out: Record<ServiceStage, [output: number, backlog: number]> = {
      streamAnalytics: [ledger.bronze + ledger.rejected, ledger.inFlight.hub],
      silver: [ledger.silver + ledger.quarantined + ledger.duplicates, ledger.inFlight.bronze],
      gold: [ledger.gold, ledger.inFlight.silver],
      aggregate: [ledger.aggregated, ledger.inFlight.gold],
    }
    for (const id of SERVICE_STAGES) {
      const [output, waiting] = out[id]
      const rate = this.#outputs.get(id)?.add(output, at) ?? 0
      const backlog = Math.max(0, waiting)
      const stage = this.#store.state.stages[id]
      if (stage.rate !== rate || stage.backlog !== backlog) this.#setStage({ ...stage, rate, backlog })
    }
    const { generator: stage } = this.#store.state.stages
    const { acknowledgedPerSecond, buffered } = this.#store.state.generator
    const recent = acknowledgedPerSecond.slice(-5)
    const rate = recent.length === 0 ? 0 : recent.reduce((sum, value) => sum + value, 0) / recent.length
    if (stage.rate !== rate || stage.backlog !== buffered)
      this.#setStage({ ...stage, rate, backlog: buffered })
  }

  #pollFailed(source: string, error: ServiceError, isFirst: boolean): void {
    if (isFirst) this.#log.warn(source, error.message)
    if (source === 'hub' && this.#store.state.hub.error !== error.message)
      this.#store.update({ hub: { ...this.#store.state.hub, error: error.message } })
  }

  #show(events: readonly TailEvent[]): void {
    const { events: before } = this.#store.state
    this.#store.update({ events: [...before, ...events].slice(-EVENTS_KEPT) })
  }

  #setStage(slice: StageSlice): void {
    const { stages } = this.#store.state
    this.#store.update({ stages: { ...stages, [slice.id]: slice } })
  }

  /** The one timer of the screen: series move on, ages grow, costs run. */
  #everySecond(): void {
    this.#generator.everySecond()
    if (this.#target?.name === 'azure') this.#meterCost()
    const atRest = this.#isAtRest()
    // `now` moves with the next notification; with something running that is every second, at rest seldom.
    this.#store.update({ now: this.#clock.now() })
    this.#cancelSecond = this.#clock.after(atRest ? 10_000 : 1000 - (this.#clock.now() % 1000) + 5, () =>
      this.#everySecond(),
    )
  }

  #meterCost(): void {
    const { stages, hub, job } = this.#store.state
    const input = {
      stages,
      streamingUnits: job.streamingUnits,
      nodeType: this.#options.nodeType,
      throughputUnits: THROUGHPUT_UNITS,
      eventRate: hub.rate,
    }
    this.#cost = advanceCost(this.#cost, input, this.#clock.now())
    const { perHour, spent } = this.#cost
    if (perHour !== this.#store.state.cost.perHour || spent !== this.#store.state.cost.spent)
      this.#store.update({ cost: { perHour, spent } })
  }

  /** Nothing runs and nothing is under way: there is little to look for. */
  #isAtRest(): boolean {
    const { stages, generator, hub } = this.#store.state
    return (
      STAGE_IDS.every((id) => ['stopped', 'failed', 'unknown'].includes(stages[id].state)) &&
      generator.buffered === 0 &&
      hub.rate === 0
    )
  }
}

const enqueuedIn = (partitions: readonly PartitionProperties[]) =>
  partitions.reduce((sum, partition) => sum + partition.lastEnqueuedSequenceNumber + 1, 0)

function sameBooks(left: AppState['ledger'], right: AppState['ledger']): boolean {
  return JSON.stringify(left) === JSON.stringify(right)
}
