/**
 * The clock is set, back and forward, while everything runs and between two runs: the hub's order, bronze and its counts stay
 * exact. The clocks are injected, so no case waits for a minute.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { BronzeWatch } from '../../src/azure/lake/bronze-watch.ts'
import { HubLog } from '../../src/local/event-hubs/log/log.ts'
import { StreamAnalyticsJob } from '../../src/local/stream-analytics/job.ts'
import type { HubState } from '../../src/pipeline/ports/lake.ts'
import { CLOCK_STEPS } from '../support/clock-steps.ts'
import { encodeEvent, readBronze, sequenceNumbers, upTo } from '../support/hub-events.ts'
import { lakeClient } from '../support/lake-client.ts'
import { type LakeServer, startLake } from '../support/lake-server.ts'
import { memoryLogger } from '../support/memory-logger.ts'

let server: LakeServer
beforeAll(async () => {
  server = await startLake()
})
afterAll(() => server.close())

/** Hub and job over one folder, and a watch of bronze, all by the clock of the test. */
class Chain {
  readonly #folder = mkdtempSync(join(server.folder, 'chain-'))
  readonly #partitions: number
  readonly #clock: { now: () => number }
  #log: HubLog
  #job: StreamAnalyticsJob
  #watch: BronzeWatch
  readonly #sent: number[]
  time: number

  constructor(partitions: number, time: number) {
    this.#partitions = partitions
    this.time = time
    this.#clock = { now: () => this.time }
    this.#sent = Array.from({ length: partitions }, () => 0)
    rmSync(join(server.root, 'bronze/weather'), { recursive: true, force: true })
    ;[this.#log, this.#job, this.#watch] = this.#open()
    this.#job.start({ mode: 'CustomTime', time: 0 })
  }

  #open(): [HubLog, StreamAnalyticsJob, BronzeWatch] {
    const retention = { ms: 7 * 86_400_000, bytes: 1e9 }
    const log = HubLog.open(join(this.#folder, 'hub'), {
      partitions: this.#partitions,
      retention,
      clock: this.#clock,
    })
    const job = new StreamAnalyticsJob({
      log,
      lake: server.lake,
      bronzeRoot: join(server.root, 'bronze'),
      stateFile: join(this.#folder, 'job.json'),
      clock: this.#clock,
      logger: memoryLogger().logger,
      tuning: { rollIntervalMs: 1, transitionMs: 0 },
    })
    return [log, job, new BronzeWatch(lakeClient(server), () => this.time)]
  }

  /** Another process goes on with the folder. */
  async restart(whileDown: () => void): Promise<void> {
    await this.close()
    whileDown()
    ;[this.#log, this.#job, this.#watch] = this.#open()
    this.#job.start({ mode: 'LastOutputEventTime' })
  }

  async close(): Promise<void> {
    await this.#job.close()
    this.#log.close()
  }

  /** Two events to each of those partitions; when they are in bronze, it is counted. */
  async send(partitions: readonly number[]): Promise<void> {
    for (const id of partitions) {
      this.#log.append(id, [encodeEvent({ n: this.#sent[id] }), encodeEvent({ n: 1 })])
      this.#sent[id] = (this.#sent[id] ?? 0) + 2
    }
    await vi.waitFor(() => expect(this.#rows).toBe(this.#total), { timeout: 20_000, interval: 2 })
    await this.expectExact(this.#watch)
  }

  /** What the job says it has written, over its life. */
  get #rows(): number {
    const [point] = this.#job.meter.points('OutputEvents', 0, this.time, Number.POSITIVE_INFINITY)
    return point?.total ?? 0
  }

  get #total(): number {
    return this.#sent.reduce((sum, sent) => sum + sent, 0)
  }

  async expectExact(watch = new BronzeWatch(lakeClient(server), () => this.time)): Promise<void> {
    const hub: HubState = {
      at: this.time,
      lastSequenceNumbers: new Map(this.#sent.map((sent, id) => [String(id), sent - 1])),
    }
    await watch.look(hub)
    // The second look begins where the first has ended.
    expect(await watch.look(hub)).toMatchObject({ rows: this.#total, skipped: 0, rejected: 0 })
  }

  /** Each event stands in bronze once, and no partition's time goes back. */
  expectInOrder(): void {
    const files = readBronze(join(server.root, 'bronze'))
    for (const [id, sent] of this.#sent.entries()) {
      expect(sequenceNumbers(files, id)).toEqual(upTo(sent))
      const times = this.#log.read(id, 0, sent).map(({ enqueuedAt }) => enqueuedAt)
      expect(times).toEqual([...times].sort((a, b) => a - b))
    }
  }
}

let chain: Chain | undefined
afterEach(async () => {
  await chain?.close()
  chain = undefined
})

describe.each([4, 32])('with %i partitions', (partitions) => {
  it.each(CLOCK_STEPS)('$name, while running', async ({ from, by }) => {
    chain = new Chain(partitions, from)
    await chain.send([0, 1, partitions - 1])
    chain.time += by
    // One partition that was quiet, one that was not; one stays quiet.
    await chain.send([1, 2])
    chain.time += 61_000
    await chain.send([0, 2])
    chain.time -= by
    await chain.send([1, partitions - 1])
    await chain.expectExact()
    chain.expectInOrder()
  })

  it.each(CLOCK_STEPS)('$name, between two runs', async ({ from, by }) => {
    const made = new Chain(partitions, from)
    chain = made
    await made.send([0, 1, partitions - 1])
    await made.restart(() => {
      made.time += by
    })
    await made.send([1, 2])
    made.time += 61_000
    await made.send([0, 2, partitions - 1])
    await made.expectExact()
    made.expectInOrder()
  })
})
