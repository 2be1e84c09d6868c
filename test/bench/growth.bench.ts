/**
 * Whether a batch of the embedded engine takes longer as its tables grow: batches of 20 readings, each through silver, gold and the
 * aggregate in turn, so that none waits for another. Two lakes stand side by side: an old one, grown to 270 batches, and a young one of
 * 80, which is the warm-up. Then 30 batches go into each of them, in turns, so that the machine does the same to both.
 * `node test/bench/growth.bench.ts [batches]` compares the medians, from the look for input to the end of the upkeep of the tables: time,
 * and CPU of the process. Ends with 1 when a layer of the old lake took more than 1.3 times as much CPU. For Spark: spark_growth.py.
 */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { median } from '../../scripts/bench/statistics.ts'
import { loadText } from '../../scripts/bench/tables.ts'
import { bronzeFileName, bronzeFolder } from '../../src/contract/bronze-layout.ts'
import { LakeFolder } from '../../src/local/data-lake/store/folder.ts'
import type { NotebookName } from '../../src/local/engine/api/engine.ts'
import { DEFAULT_TUNING, type EngineContext } from '../../src/local/engine/api/options.ts'
import { Database } from '../../src/local/engine/duckdb/database.ts'
import { AggregateJob } from '../../src/local/engine/jobs/aggregate-job.ts'
import { GoldJob } from '../../src/local/engine/jobs/gold-job.ts'
import { SilverJob } from '../../src/local/engine/jobs/silver-job.ts'
import { type BatchJob, ContinuousQuery } from '../../src/local/engine/query/query.ts'
import { QueryCheckpoint } from '../../src/local/engine/query/query-checkpoint.ts'

/** Silver remembers the ids of twelve minutes: 72 of these batches. Until then each batch looks among more. */
const WARM_UP = 80
const COMPARED = 30
const MOST = 1.3
const READINGS = 20
const LAYERS = ['silver', 'gold', 'aggregate'] as const
const clock = { now: () => Date.now() }

/** ms */
interface Took {
  time: number
  cpu: number
}

/** A lake, and the queries on it. */
class Room {
  /** Of each layer, the newest last. */
  readonly took: Took[][] = LAYERS.map(() => [])
  readonly #root = mkdtempSync(join(tmpdir(), 'rtstream-growth-'))
  readonly #folder = new LakeFolder(this.#root, { limitBytes: 1e11, clock })
  #queries: ContinuousQuery<never, never>[] = []
  #database: Database | undefined
  #batches = 0

  async open(): Promise<this> {
    const context: EngineContext = {
      lake: this.#folder,
      clock,
      logger: pino({ level: 'silent' }),
      retentionMs: 3_600_000,
      newId: randomUUID,
      tuning: DEFAULT_TUNING,
    }
    const temporaryFolder = join(this.#root, 'spill')
    this.#database = await Database.open({ temporaryFolder, memoryLimit: DEFAULT_TUNING.memoryLimit })
    for (const layer of LAYERS) this.#queries.push(await opened(layer, context, this.#database))
    return this
  }

  async next(): Promise<void> {
    await place(this.#folder, this.#batches++)
    for (const [index, query] of this.#queries.entries()) {
      const [at, cpu] = [performance.now(), process.cpuUsage()]
      const result = await query.next()
      if (result?.progress?.inputRows !== READINGS) throw new Error(`${LAYERS[index]}: a batch is empty`)
      const { user, system } = process.cpuUsage(cpu)
      this.took[index]?.push({ time: performance.now() - at, cpu: (user + system) / 1000 })
    }
    // As the engine does now and then.
    if (this.#batches % 15 === 0) await this.#database?.returnMemory()
  }

  close(): void {
    for (const query of this.#queries) query.close()
    this.#database?.close()
    rmSync(this.#root, { recursive: true, force: true, maxRetries: 3 })
  }
}

async function growth(batches: number): Promise<boolean> {
  const [young, old] = await Promise.all([new Room().open(), new Room().open()])
  try {
    for (let batch = 0; batch < batches - COMPARED; batch++) {
      await old.next()
      if (batch < WARM_UP) await young.next()
    }
    console.log(loadText())
    for (let pair = 0; pair < COMPARED; pair++) {
      await young.next()
      await old.next()
    }
    console.log(loadText())
    return LAYERS.map((layer, index) => report(layer, young.took[index] ?? [], old.took[index] ?? [])).every(
      Boolean,
    )
  } finally {
    young.close()
    old.close()
  }
}

async function opened(layer: NotebookName, context: EngineContext, database: Database) {
  const connection = await database.connect()
  const deaf = () => () => {}
  // Each follows at once, so what it has still to read keeps nothing from being deleted.
  const all = () => Number.POSITIVE_INFINITY
  const checkpoint = new QueryCheckpoint<never, never>(context, layer)
  const job = {
    silver: () => new SilverJob(context, connection, checkpoint, all),
    gold: () => new GoldJob(context, connection, all, deaf),
    aggregate: () => new AggregateJob(context, connection, deaf),
  }[layer]()
  const query = new ContinuousQuery<never, never>(
    context,
    job as BatchJob<never, never>,
    checkpoint,
    () => {},
  )
  await query.open(connection, () => {})
  return query
}

/** A minute of the past each, as time goes on. */
async function place(folder: LakeFolder, batch: number): Promise<void> {
  const at = Date.parse('2026-03-01T12:00:00Z') + batch * 10_000
  const first = batch * READINGS
  const lines = Array.from({ length: READINGS }, (_, index) => {
    const enqueued = new Date(at + index).toISOString()
    return JSON.stringify({
      eventId: `00000000-0000-4000-8000-${String(first + index).padStart(12, '0')}`,
      deviceId: `station-${String(index).padStart(5, '0')}`,
      deviceSequenceNumber: batch,
      city: ['Oslo', 'Zürich', 'Lima'][index % 3],
      temperature: index,
      humidity: 50,
      timestamp: enqueued.slice(0, 19).replace('T', ' '),
      createdAt: enqueued,
      EventProcessedUtcTime: enqueued,
      PartitionId: 0,
      EventEnqueuedUtcTime: enqueued,
      SequenceNumber: first + index,
    })
  })
  const name = bronzeFileName({
    partition: 0,
    firstSequenceNumber: first,
    lastSequenceNumber: first + READINGS - 1,
    rows: READINGS,
  })
  await folder.place(
    'bronze',
    `${bronzeFolder(new Date(at))}/${name}`,
    lines.map((line) => `${line}\n`).join(''),
  )
}

function report(layer: string, young: readonly Took[], old: readonly Took[]): boolean {
  const ratio = (what: keyof Took) => {
    const of = (took: readonly Took[]) => median(took.map((one) => one[what]))
    const [first, last] = [of(young.slice(-COMPARED)), of(old.slice(-COMPARED))]
    // What the machine did meanwhile is in this one.
    const itsOwn = of(old.slice(WARM_UP, WARM_UP + COMPARED))
    console.log(
      `${layer}, ${what === 'cpu' ? 'CPU' : 'time'}: batches ${WARM_UP + 1} to ${WARM_UP + COMPARED} ${first.toFixed(2)} ms, ` +
        `${old.length - COMPARED + 1} to ${old.length} ${last.toFixed(2)} ms, ratio ${(last / first).toFixed(2)}; ` +
        `to the old lake's own batches ${WARM_UP + 1} to ${WARM_UP + COMPARED} (${itsOwn.toFixed(2)} ms) ${(last / itsOwn).toFixed(2)}`,
    )
    return last / first
  }
  ratio('time')
  return ratio('cpu') <= MOST
}

const isLevel = await growth(Number(process.argv[2] ?? 300))
process.exit(isLevel ? 0 : 1)
