/** Watches the services: hub, lake and metrics, each by itself, and writes what it sees into the store. */

import type { Hall } from '../audience/hall.ts'
import type { GeneratorService } from '../generator/generator-service.ts'
import { stationOf } from '../generator/stations.ts'
import type { ServiceError } from '../ports/errors.ts'
import type { PartitionProperties } from '../ports/hub.ts'
import type { HubState, IsKnown, LakeSnapshot } from '../ports/lake.ts'
import type { StageId } from '../ports/stages.ts'
import type { Target } from '../ports/target.ts'
import { Assertions } from '../reconciliation/assertions.ts'
import { Reconciler } from '../reconciliation/reconciler.ts'
import type { Clock } from '../runtime/clock.ts'
import { errorText } from '../runtime/error-text.ts'
import type { IdleTracker } from '../runtime/idle-tracker.ts'
import { Poller } from '../runtime/poller.ts'
import { RateMeter } from '../runtime/rates.ts'
import { CADENCE, CALM_RATE } from '../stages/timing.ts'
import { isAtWork } from '../state/known.ts'
import type { Log } from '../state/log.ts'
import { LAYERS, type LakeSlice, type LedgerSlice, type StageSlice } from '../state/state.ts'
import type { StateStore } from '../state/store.ts'
import { HubView, withBronze } from './hub-view.ts'
import { JobView } from './job-view.ts'
import { LakeView, lastBatch } from './lake-view.ts'
import { tailOfMade, tailOfQuarantined, tailOfRow, tailWith } from './tail.ts'

/** Rows of other clients, and quarantined rows, taken into the tail from one look. */
const TAIL_PER_LOOK = 40

/** What is watched, and where what is seen goes. */
export interface WatcherOptions {
  target: Target
  generator: GeneratorService
  store: StateStore
  /** Nothing runs and nothing moves: it can wait. */
  isQuiet: () => boolean
  clock: Clock
  log: Log
  idle: IdleTracker
  /** Readings typed on the screen that the hub has acknowledged, in this session. */
  typed: () => number
  /** Hears of every look, for the phones of the room. */
  hall: Pick<Hall, 'sawHub' | 'sawLake' | 'acknowledged' | 'buffered' | 'plannedDuplicates'>
}

type Source = 'hub' | 'lake' | 'metrics'

/** Three polls at paces of their own; one that fails leaves the others alone. */
export class Watcher {
  readonly #options: WatcherOptions
  readonly #pollers: Poller[]
  readonly #reconciler = new Reconciler()
  readonly #assertions = new Assertions()
  readonly #hubView = new HubView()
  readonly #lakeView = new LakeView()
  readonly #jobView: JobView
  readonly #acknowledged = new RateMeter()
  readonly #aggregated = new RateMeter()
  /** What the last look at the hub saw: bronze is listed from there. */
  #hubState: HubState | undefined

  constructor(options: WatcherOptions) {
    this.#options = options
    const isLocal = options.target.name === 'local'
    this.#jobView = new JobView(isLocal ? 10_000 : 180_000)
    this.#pollers = [
      this.#poller('hub', 'Event Hubs', (signal) => this.#lookAtHub(signal)),
      this.#poller('lake', 'the lake', (signal) => this.#lookAtLake(signal)),
      this.#poller('metrics', 'the metrics', (signal) => this.#lookAtMetrics(signal)),
    ]
  }

  /** Resolves when each service was asked once, answer or not. */
  async open(): Promise<void> {
    await Promise.all(this.#pollers.map((one) => one.open()))
  }

  /** Something has happened: look at the pace of a pipeline that runs. */
  resetInterval(): void {
    for (const one of this.#pollers) one.resetInterval()
  }

  /** A person is there: services that have refused are asked once more. */
  retryRefused(): void {
    for (const one of this.#pollers) one.retryRefused()
  }

  /** Looks now, everywhere. Resolves with the answers. */
  async refresh(): Promise<void> {
    await Promise.all(this.#pollers.map((one) => one.refresh()))
  }

  /** Nothing is asked any more; what is under way is given up. */
  async close(): Promise<void> {
    await Promise.all(this.#pollers.map((one) => one.close()))
  }

  /** What depends on the generator's counters too; called about once a second. */
  reconcile(): void {
    const { generator, hall, store, clock } = this.#options
    const typed = this.#options.typed()
    const facts = generator.facts()
    const at = clock.monotonic()
    this.#acknowledged.observe(facts.acknowledged, at)
    this.#assertions.observeRate(facts.planned, facts.acknowledged, at)
    const own = generator.acknowledgedInAll
    // Events in the hub when the session began count as acknowledged, no matter who sent them.
    const total = own === undefined ? undefined : own + hall.acknowledged.session + typed
    const isSending = facts.planned > 0 || facts.buffered + hall.buffered > 0
    const duplicates = facts.corrupted.duplicate + hall.plannedDuplicates
    const ledger = total === undefined ? undefined : this.#reconciler.ledger(total, isSending, duplicates)
    if (ledger)
      store.update({
        ledger: { ...ledger, audience: hall.acknowledged.inAll, ...(typed > 0 ? { typed } : {}) },
      })
    store.update({ assertions: this.#assertions.slice(ledger?.lost, clock.now()) })
    this.#arrows(ledger ?? store.state.ledger, facts.buffered)
  }

  #poller(source: Source, service: string, ask: (signal: AbortSignal) => Promise<void>): Poller {
    const { target, isQuiet, log, clock, idle } = this.#options
    const cadence = CADENCE[target.name]
    return new Poller({
      ask,
      everyMs: () => (isQuiet() ? cadence.quiet : this.#isCalm() ? cadence.calm : cadence)[source],
      longestMs: cadence.longestBackOffMs,
      onFailure: (error, times) => {
        if (times === 1) log.warn(source, errorText(error))
        this.#failed(source, error)
      },
      onRecovery: () => log.info(source, 'answers again'),
      service,
      clock,
      idle,
    })
  }

  /** A hub that does not answer is not idle: its return must be seen soon. */
  #isCalm(): boolean {
    const { rate, error } = this.#options.store.state.hub
    return rate < CALM_RATE && error === undefined
  }

  #failed(source: Source, error: ServiceError): void {
    const { store } = this.#options
    const { hub, lake } = store.state
    if (source === 'hub') store.update({ hub: { ...hub, error: errorText(error) } })
    if (source === 'lake') store.update({ lake: withError(lake, errorText(error)) })
  }

  async #lookAtHub(signal: AbortSignal): Promise<void> {
    const { target, generator, store, clock } = this.#options
    const at = clock.now()
    const [partitions, groups] = await Promise.all([
      target.hub.partitions(signal),
      // A look without them is better than none.
      target.consumerGroups?.().catch(() => undefined),
    ])
    if (signal.aborted) return
    this.#hubState = hubStateOf(partitions, at)
    this.#reconciler.sawHub(partitions)
    this.#options.hall.sawHub(partitions)
    await generator.sawPartitions(partitions)
    store.update({
      hub: this.#hubView.slice(
        partitions,
        this.#reconciler.bronzePositions,
        clock.monotonic(),
        clock.now(),
        groups,
      ),
    })
    this.reconcile()
  }

  async #lookAtLake(signal: AbortSignal): Promise<void> {
    const { target, store, clock, log } = this.#options
    const { snapshot, errors } = await target.lake.poll(this.#hubState, signal, this.#isOwn)
    if (signal.aborted) return
    const now = clock.now()
    const before = store.state.lake
    for (const [layer, error] of errors)
      if (!hadError(before, layer)) log.warn('lake', `${layer}: ${errorText(error)}`)
    this.#reconciler.sawLake(snapshot)
    this.#aggregated.observe(snapshot.aggregated.commitMetadata?.totals.output ?? 0, clock.monotonic())
    this.#assertions.addSilver(snapshot.silverArrived)
    this.#assertions.addGold(snapshot.goldArrived)
    const at = clock.monotonic()
    const lake = this.#lakeView.slice(before, snapshot, errors, at, now)
    store.update({ lake, hub: withBronze(store.state.hub, this.#reconciler.bronzePositions) })
    if (!errors.has('bronze'))
      store.update({
        job: this.#jobView.withBronze(store.state.job, snapshot.bronze, lake.layers.bronze, at),
      })
    this.#tail(snapshot, now)
    this.#batches(snapshot)
    if (snapshot.cities) {
      const readings = snapshot.cities.reduce((sum, city) => sum + city.readings, 0)
      store.update({ aggregate: { cities: snapshot.cities, readings, updatedAt: now } })
    }
    this.#options.hall.sawLake(snapshot)
    this.reconcile()
  }

  async #lookAtMetrics(signal: AbortSignal): Promise<void> {
    const { target, store, clock } = this.#options
    const metrics = await target.metrics.jobMetrics(signal)
    if (signal.aborted) return
    if (metrics) this.#reconciler.sawRejected(metrics.deserializationErrors)
    // Azure's metrics are minutes old; the local job's are true when they are asked for.
    const trueAt = target.name === 'local' ? clock.now() : metrics?.at.getTime()
    const { job, stages } = store.state
    const atWork = isAtWork(stages.streamAnalytics.state)
    store.update({ job: this.#jobView.slice(job, metrics, clock.monotonic(), trueAt, atWork) })
  }

  /** Our own readings are shown as the hub takes them; other clients' when they reach silver. */
  #tail(snapshot: LakeSnapshot, now: number): void {
    const { generator, store } = this.#options
    const own = generator.takeNewest().filter((event) => event.sequenceNumber >= 0)
    const readings = [
      ...own.map(tailOfMade).filter((event) => event !== undefined),
      ...snapshot.silverArrived
        .filter((row) => !this.#isOwn(row.deviceId, row.deviceSequenceNumber ?? 0))
        .slice(-TAIL_PER_LOOK)
        .map(tailOfRow),
    ]
    const refused = snapshot.quarantineArrived.slice(-TAIL_PER_LOOK).map((row) => tailOfQuarantined(row, now))
    store.update({ events: tailWith(store.state.events, readings, refused) })
  }

  readonly #isOwn: IsKnown = (deviceId, deviceSequenceNumber) => {
    if (deviceId === null || deviceSequenceNumber === null) return false
    const station = stationOf(deviceId)
    return station !== undefined && this.#options.generator.made(station, deviceSequenceNumber)
  }

  #batches({ silver, gold, aggregated }: LakeSnapshot): void {
    this.#updateStage('silver', { batch: lastBatch(silver) })
    this.#updateStage('gold', { batch: lastBatch(gold) })
    this.#updateStage('aggregate', { batch: lastBatch(aggregated) })
  }

  /** Rates and backlogs of the arrows: the very numbers of the panels, so that the two never disagree. */
  #arrows({ inFlight }: LedgerSlice, buffered: number): void {
    const { lake, job } = this.#options.store.state
    const { silver, gold } = lake.layers
    this.#updateStage('generator', { rate: this.#acknowledged.rate, backlog: buffered })
    this.#updateStage('streamAnalytics', {
      rate: job.outputRate,
      backlog: inFlight.bronze,
    })
    this.#updateStage('silver', { rate: silver.rowsPerSecond, backlog: inFlight.silver })
    this.#updateStage('gold', { rate: gold.rowsPerSecond, backlog: inFlight.gold })
    this.#updateStage('aggregate', { rate: this.#aggregated.rate, backlog: inFlight.aggregate })
  }

  #updateStage(id: StageId, changes: Partial<StageSlice>): void {
    const { store } = this.#options
    const { stages } = store.state
    store.update({ stages: { ...stages, [id]: { ...stages[id], ...changes } } })
  }
}

const hubStateOf = (partitions: readonly PartitionProperties[], at: number): HubState => ({
  at,
  lastSequenceNumbers: new Map(partitions.map((one) => [one.id, one.lastEnqueuedSequenceNumber])),
})

const withError = (lake: LakeSlice, error: string): LakeSlice => ({
  ...lake,
  layers: Object.fromEntries(
    LAYERS.map((name) => [name, { ...lake.layers[name], error }]),
  ) as LakeSlice['layers'],
})

const hadError = (lake: LakeSlice, layer: string) =>
  LAYERS.some((name) => name === layer && lake.layers[name].error !== undefined)
