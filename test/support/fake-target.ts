/** A target in memory whose services do as the test says: a hub, four stages that take their time, a lake that follows. */
import type { CommitMetadata } from '../../src/contract/tables.ts'
import { ServiceError } from '../../src/pipeline/ports/errors.ts'
import type { ArrivedRow, HubState, LakeSnapshot, TableSnapshot } from '../../src/pipeline/ports/lake.ts'
import type { StageService, StageState, StageStatus } from '../../src/pipeline/ports/stages.ts'
import type { Target } from '../../src/pipeline/ports/target.ts'
import { FakeHub } from './fake-hub.ts'

export class FakeStage implements StageService {
  state: StageState = 'stopped'
  providerStatus = 'Stopped'
  runId: string | undefined
  detail: string | undefined
  /** Thrown by the next calls, by method. */
  failures: { status?: ServiceError[]; start?: ServiceError[]; stop?: ServiceError[] } = {}
  readonly calls: string[] = []
  polls = 0
  /** What a start leads to: at once running, or starting until the test says more. */
  startsAs: StageState = 'running'
  stopsAs: StageState = 'stopped'
  /** Waited for inside every call. */
  latency: () => Promise<void> = async () => {}
  #runs = 0

  async status(): Promise<StageStatus> {
    this.polls++
    const { state, providerStatus, detail, runId } = this
    await this.latency()
    this.#throw('status')
    return { state, providerStatus, detail, runId, since: undefined, history: [] }
  }

  async start(): Promise<void> {
    this.calls.push('start')
    await this.latency()
    this.#throw('start')
    this.runId = `run ${++this.#runs}`
    this.become(this.startsAs)
  }

  async stop(): Promise<void> {
    this.calls.push('stop')
    await this.latency()
    this.#throw('stop')
    this.become(this.stopsAs)
  }

  become(state: StageState, providerStatus: string = state): void {
    this.state = state
    this.providerStatus = providerStatus
  }

  #throw(call: 'status' | 'start' | 'stop'): void {
    const error = this.failures[call]?.shift()
    if (error) throw error
  }
}

export const refusal = () =>
  new ServiceError('authorization', 'Databricks', 'No permission to run the job.', {
    hint: 'Ask for CAN MANAGE RUN.',
  })
export const throttled = (retryAfterMs?: number) =>
  new ServiceError('throttled', 'Databricks', 'Too many requests.', { retryAfterMs })
export const unreachable = () => new ServiceError('unreachable', 'Databricks', 'Databricks does not answer.')

const emptyTable = (): TableSnapshot => ({
  version: -1,
  files: 0,
  bytes: 0,
  rows: 0,
  newestAt: undefined,
  committedAt: undefined,
  commitMetadata: undefined,
})

/** The lake takes what the hub holds, layer by layer, whenever it is looked at and the layer's stage runs. */
export class FakeLake {
  readonly snapshot: LakeSnapshot = {
    bronze: {
      files: 0,
      bytes: 0,
      rows: 0,
      rejected: 0,
      extraRows: 0,
      skipped: 0,
      positions: new Map(),
      newestAt: undefined,
    },
    silver: emptyTable(),
    quarantine: emptyTable(),
    gold: emptyTable(),
    byMinute: emptyTable(),
    aggregated: emptyTable(),
    silverArrived: [],
    silverSkipped: 0,
    goldArrived: [],
    goldSkipped: 0,
    quarantineArrived: [],
    cities: undefined,
  }
  polls = 0
  /** What the last poll was told of the hub. */
  lastHub: HubState | undefined
  failure: ServiceError | undefined
  errors = new Map<string, ServiceError>()
  readonly #hub: FakeHub
  /** Bronze, in the order of arrival. */
  readonly #lines: string[] = []
  readonly #stages: Record<'streamAnalytics' | 'silver' | 'gold' | 'aggregate', FakeStage>
  readonly #now: () => number
  #newest = 0

  constructor(hub: FakeHub, stages: FakeLake['stages'], now: () => number) {
    this.#hub = hub
    this.#stages = stages
    this.#now = now
  }

  get stages() {
    return this.#stages
  }

  async poll(hub?: HubState) {
    this.polls++
    this.lastHub = hub
    if (this.failure) throw this.failure
    // From the last layer to the first: a row moves on by one layer a look.
    this.#aggregate()
    this.#gold()
    this.#silver()
    this.#bronze()
    return { snapshot: { ...this.snapshot }, errors: this.errors }
  }

  #runs(stage: keyof FakeLake['stages']): boolean {
    return this.#stages[stage].state === 'running'
  }

  #bronze(): void {
    if (!this.#runs('streamAnalytics')) return
    const { bronze } = this.snapshot
    const positions = new Map(bronze.positions)
    for (const [index, partition] of this.#hub.log.entries()) {
      const from = (positions.get(String(index)) ?? -1) + 1
      for (const { body } of partition.slice(from)) this.#lines.push(Buffer.from(body).toString('utf8'))
      if (partition.length > from) positions.set(String(index), partition.length - 1)
    }
    const rejected = this.#lines.filter((line) => !line.startsWith('{')).length
    const rows = this.#lines.length - rejected
    this.snapshot.bronze = { ...bronze, positions, rows, rejected, bytes: rows * 300 }
  }

  #silver(): void {
    const { bronze, silver } = this.snapshot
    this.snapshot.silverArrived = []
    if (!this.#runs('silver')) return
    const rows = this.#lines.filter((line) => line.startsWith('{'))
    this.snapshot.silverArrived = rows.slice(silver.rows ?? 0).map((body) => this.#row(body))
    this.snapshot.silver = this.#table(silver, bronze.rows ?? 0)
  }

  #gold(): void {
    const { silver, gold, silverArrived } = this.snapshot
    this.snapshot.goldArrived = []
    if (!this.#runs('gold')) return
    this.snapshot.goldArrived = silverArrived
    this.snapshot.gold = this.#table(gold, silver.rows ?? 0)
  }

  #aggregate(): void {
    const { gold, aggregated } = this.snapshot
    const rows = gold.rows ?? 0
    this.snapshot.cities = undefined
    if (!this.#runs('aggregate') || aggregated.commitMetadata?.totals.output === rows) return
    this.snapshot.aggregated = { ...this.#table(aggregated, rows), rows: 1 }
    this.snapshot.cities = [{ city: 'Oslo', temperature: 3, humidity: 70, readings: rows }]
  }

  #table(before: TableSnapshot, rows: number): TableSnapshot {
    if (before.commitMetadata?.totals.output === rows) return before
    const moved = rows - (before.commitMetadata?.totals.output ?? 0)
    const counts = { input: moved, output: moved, quarantined: 0, duplicates: 0 }
    const totals = { input: rows, output: rows, quarantined: 0, duplicates: 0 }
    const commitMetadata: CommitMetadata = {
      batchId: before.version + 1,
      durationMs: 40,
      batch: counts,
      totals,
    }
    const at = new Date(this.#now())
    return {
      version: before.version + 1,
      files: 1,
      bytes: rows * 50,
      rows,
      newestAt: at,
      committedAt: at,
      commitMetadata,
    }
  }

  #row(body: string): ArrivedRow {
    const reading = JSON.parse(body)
    this.#newest = Math.max(this.#newest, this.#now())
    return {
      eventId: reading.eventId ?? null,
      deviceId: reading.deviceId ?? null,
      deviceSequenceNumber: reading.deviceSequenceNumber ?? null,
      city: reading.city,
      temperature: reading.temperature,
      humidity: reading.humidity,
      timestamp: null,
      createdAt: reading.createdAt ? Date.parse(reading.createdAt) : null,
      // As the hub has it: time never goes back there.
      enqueuedAt: this.#newest,
      committedAt: this.#now(),
    }
  }
}

export class FakeTarget implements Target {
  readonly name: Target['name']
  readonly fakeHub: FakeHub
  readonly stages = {
    streamAnalytics: new FakeStage(),
    silver: new FakeStage(),
    gold: new FakeStage(),
    aggregate: new FakeStage(),
  }
  readonly lake: FakeLake
  readonly producer: Target['producer']
  readonly hub: Target['hub']
  metricsPolls = 0
  readonly metrics = {
    jobMetrics: async () => {
      this.metricsPolls++
      return undefined
    },
  }
  readonly auditor = {
    audit: async () => {
      throw new Error('no tables to audit')
    },
  }
  isClosed = false

  constructor(now: () => number, name: Target['name'] = 'local') {
    this.name = name
    this.fakeHub = new FakeHub(4, now)
    this.producer = this.fakeHub.producer()
    this.hub = this.fakeHub.reader()
    this.lake = new FakeLake(this.fakeHub, this.stages, now)
  }

  async close(): Promise<void> {
    this.isClosed = true
  }
}
