/** A lake that the embedded engine grows, a batch of 20 readings at a time, each through silver, gold and the aggregate. */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import pino from 'pino'
import { cpuSeconds } from '../../scripts/bench/process-cost.ts'
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

/** Silver remembers the ids of eleven minutes: 66 of these batches. Until then each batch looks among more. */
export const WARM_UP = 80
export const COMPARED = 30
export const LAYERS = ['silver', 'gold', 'aggregate'] as const
const READINGS = 20
const clock = { now: () => Date.now() }

/** ms */
export interface Took {
  time: number
  cpu: number
}

/** A lake, and the queries on it. */
export class GrowingLake {
  /** Of each layer, the newest last. */
  readonly took: Took[][] = LAYERS.map(() => [])
  readonly #root: string
  readonly #folder: LakeFolder
  #queries: ContinuousQuery<never, never>[] = []
  #database: Database | undefined
  #batches = 0

  /** @param root an empty folder */
  constructor(root: string) {
    this.#root = root
    this.#folder = new LakeFolder(root, { limitBytes: 1e11, clock })
  }

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
    this.#database = new Database({ temporaryFolder, memoryLimit: DEFAULT_TUNING.memoryLimit })
    for (const layer of LAYERS) this.#queries.push(await opened(layer, context, this.#database))
    return this
  }

  async next(): Promise<void> {
    await place(this.#folder, this.#batches++)
    for (const [index, query] of this.#queries.entries()) {
      const [at, cpu] = [performance.now(), cpuSeconds(process.pid)]
      const result = await query.next()
      if (result?.progress?.inputRows !== READINGS) throw new Error(`${LAYERS[index]}: a batch is empty`)
      this.took[index]?.push({ time: performance.now() - at, cpu: (cpuSeconds(process.pid) - cpu) * 1000 })
    }
    // As the engine does now and then.
    if (this.#batches % 15 === 0) await this.#database?.returnMemory()
  }

  close(): void {
    for (const query of this.#queries) query.close()
    void this.#database?.close()
  }
}

async function opened(layer: NotebookName, context: EngineContext, database: Database) {
  const connection = await database.connect()
  const deaf = () => () => {}
  // Each follows at once, so what it has still to read keeps nothing from being deleted.
  const all = () => Number.POSITIVE_INFINITY
  const checkpoint = new QueryCheckpoint<never, never>(context, layer)
  const job = {
    silver: () => new SilverJob(context, connection, checkpoint, all, database),
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
