/** The embedded engine: the three notebooks as DuckDB micro-batches that commit to true Delta tables. */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { livelyInterval } from '../runtime/cadence.ts'
import { releaseHeap } from '../runtime/heap-release.ts'
import type { NotebookEngine, NotebookName } from './api/engine.ts'
import { DEFAULT_TUNING, type EngineContext, type EngineOptions, type EngineTuning } from './api/options.ts'
import { type Connection, Database } from './duckdb/database.ts'
import { AggregateJob } from './jobs/aggregate-job.ts'
import type { DeltaInput } from './jobs/delta-input.ts'
import { GoldJob } from './jobs/gold-job.ts'
import { HandedRows } from './jobs/handed-rows.ts'
import { type SilverInput, SilverJob } from './jobs/silver-job.ts'
import { HandedReadings } from './live/handed-readings.ts'
import type { BronzePosition } from './query/bronze-source.ts'
import type { DeltaPosition } from './query/delta-source.ts'
import { ContinuousQuery } from './query/query.ts'
import { QueryCheckpoint } from './query/query-checkpoint.ts'
import { QueryRun, type RunnableQuery } from './query/query-run.ts'

/** The engine, and what bronze's retention must know of it. */
export interface DuckDbEngine {
  engine: NotebookEngine
  /**
   * Last hub sequence number that silver has durably processed, by partition: bronze files up to it may be deleted.
   * Known from the checkpoint while silver is not running.
   */
  silverPositions(): ReadonlyMap<number, number>
}

/**
 * Memory that was freed goes back to the system after so many rows, or so much time when there are few: small batches use the
 * same memory again and again, and getting it anew from the system would be a good part of their cost.
 */
const MEMORY_RETURN = { rows: 5000, leastMs: 2000, mostMs: 15_000 }

/** How often DuckDB is made to forget its buffers that are gone (ms): at 1,000 ev/s they become a megabyte a minute. */
const FORGET_MS = 120_000

/** DuckDB's process is ended after so long without a statement (ms), or up to twice that. */
const IDLE_MS = 10_000

/** After a batch of so many rows the next one may follow at once: its cost is the rows', not the batch's. */
const LARGE_BATCH = 100_000

/** Gold runs as often as silver commits, which has an interval already: it need not wait for the end of one of its own. */
const GOLD_SHARE = 0.25

/** Statements at once while there is a backlog; Node's pool has as many threads at least (src/bin.cjs). */
const PARALLEL_WHEN_BEHIND = 3

/** Nothing is opened, and DuckDB is not loaded, until the first run. */
export function createDuckDbEngine(options: EngineOptions): DuckDbEngine {
  const engine = new Engine(options)
  return { engine, silverPositions: () => engine.silverPositions }
}

class Engine implements NotebookEngine {
  readonly name = 'duckdb'
  silverPositions: ReadonlyMap<number, number> = new Map()
  readonly #context: EngineContext
  readonly #temporaryFolder: string
  readonly #runs = new Map<NotebookName, QueryRun>()
  /** Newest version that each reader has durably read of the layer before; undefined: it has not begun. */
  readonly #readVersions: { gold: number | undefined; aggregate: number | undefined }
  readonly #handed = new HandedRows()
  readonly #handedReadings = new HandedReadings()
  readonly #listeners = { silver: new Set<() => void>(), gold: new Set<() => void>() }
  /** Queries with a backlog. */
  readonly #behind = new Set<NotebookName>()
  #database: Database | undefined
  #users = 0
  #memoryReturnedAt = 0
  #rowsSinceReturn = 0
  #idleAskedAt = 0
  #forgotAt: number

  constructor(options: EngineOptions) {
    this.#context = {
      lake: options.folder,
      clock: options.clock,
      logger: options.logger.child({ part: 'engine' }),
      retentionMs: options.retentionMs,
      newId: options.newId ?? randomUUID,
      tuning: { ...DEFAULT_TUNING, ...options.tuning },
    }
    this.#forgotAt = options.clock.now()
    this.#temporaryFolder = join(options.lakeRoot, 'checkpoints', 'tmp')
    const silver = this.#peek<BronzePosition>('silver')
    if (silver) this.#setSilverPosition(silver)
    this.#readVersions = {
      gold: this.#peek<DeltaPosition>('gold')?.version,
      aggregate: this.#peek<DeltaPosition>('aggregate')?.version,
    }
  }

  run(notebook: NotebookName): QueryRun {
    const { tuning, logger } = this.#context
    const previous = this.#runs.get(notebook)
    const busy = previous?.state === 'starting' || previous?.state === 'running'
    const run = new QueryRun(
      {
        notebook,
        intervalMs: cadence(notebook, tuning),
        settleMs: notebook === 'gold' ? 0 : tuning.settleMs,
        plentyRows: tuning.plentyRows,
        logger,
        make: async () => {
          if (busy) throw new Error(`${notebook} is running already: cancel that run first.`)
          return this.#make(notebook)
        },
      },
      busy ? Promise.resolve() : (previous?.ended ?? Promise.resolve()),
    )
    if (!busy) this.#runs.set(notebook, run)
    return run
  }

  async close(): Promise<void> {
    await Promise.all([...this.#runs.values()].map((run) => run.cancel()))
  }

  #make(notebook: NotebookName): RunnableQuery {
    const { database, release } = this.#borrowDatabase()
    const connection = database.connect()
    const giveBack = () => {
      database.disconnect(connection)
      release()
    }
    try {
      return this.#runnable(
        this.#query(notebook, connection, database),
        notebook,
        connection,
        database,
        giveBack,
      )
    } catch (error) {
      // A checkpoint that cannot be read: the run ends before it has begun.
      giveBack()
      throw error
    }
  }

  #runnable(
    query: Pick<ContinuousQuery, 'open' | 'next' | 'close'>,
    notebook: NotebookName,
    connection: Connection,
    database: Database,
    giveBack: () => void,
  ): RunnableQuery {
    return {
      open: (onInput) => connection.inBatch(() => query.open(connection, onInput)),
      next: async () => {
        const result = await connection.inBatch(() => query.next())
        this.#setBehind(database, notebook, result?.more ?? false)
        if (result?.progress) await this.#returnMemory(database, result.progress.inputRows)
        return result
      },
      close: () => {
        this.#setBehind(database, notebook, false)
        query.close()
        giveBack()
      },
    }
  }

  /** While one of them has more before it than a batch takes, the queries do not wait for each other's statements. */
  #setBehind(database: Database, notebook: NotebookName, isBehind: boolean): void {
    const wasBehind = this.#behind.size > 0
    if (isBehind) this.#behind.add(notebook)
    else this.#behind.delete(notebook)
    database.parallel = this.#behind.size > 0 ? PARALLEL_WHEN_BEHIND : 1
    // The machine has nothing else to do now: what is left of the backlog need not wait.
    if (wasBehind && this.#behind.size === 0) for (const run of this.#runs.values()) run.hurry()
  }

  #query(notebook: NotebookName, connection: Connection, database: Database) {
    const context = this.#context
    const onPlanned = (isBehind: boolean) => this.#setBehind(database, notebook, isBehind)
    const { silver, gold } = this.#listeners
    if (notebook === 'silver') {
      const checkpoint = new QueryCheckpoint<SilverInput, BronzePosition>(context, notebook)
      const job = new SilverJob(
        context,
        connection,
        checkpoint,
        () => this.#readVersions.gold ?? Number.POSITIVE_INFINITY,
        database,
        this.#handedReadings,
      )
      const onPosition = (position: BronzePosition) => {
        this.#setSilverPosition(position)
        for (const tell of silver) tell()
      }
      return new ContinuousQuery(context, job, checkpoint, onPosition, onPlanned)
    }
    const checkpoint = new QueryCheckpoint<DeltaInput, DeltaPosition>(context, notebook)
    if (notebook === 'gold') {
      const job = new GoldJob(
        context,
        connection,
        () => this.#readVersions.aggregate ?? Number.POSITIVE_INFINITY,
        (onInput) => listen(silver, onInput),
        this.#handed,
        this.#handedReadings,
      )
      return new ContinuousQuery(context, job, checkpoint, ({ version }) => {
        this.#readVersions.gold = version
        for (const tell of gold) tell()
      })
    }
    const job = new AggregateJob(context, connection, (onInput) => listen(gold, onInput), this.#handed)
    return new ContinuousQuery(context, job, checkpoint, ({ version }) => {
      this.#readVersions.aggregate = version
    })
  }

  /** DuckDB is open while a run needs it, and gives its memory back when none does. */
  #borrowDatabase(): { database: Database; release: () => void } {
    this.#users++
    this.#database ??= new Database({
      temporaryFolder: this.#temporaryFolder,
      memoryLimit: this.#context.tuning.memoryLimit,
    })
    const database = this.#database
    const release = () => {
      if (--this.#users > 0) return
      this.#database = undefined
      void database.close()
    }
    return { database, release }
  }

  async #returnMemory(database: Database, rows: number): Promise<void> {
    const now = this.#context.clock.now()
    this.#rowsSinceReturn += rows
    const { leastMs, mostMs } = MEMORY_RETURN
    const wait = this.#rowsSinceReturn < MEMORY_RETURN.rows ? mostMs : leastMs
    if (Math.abs(now - this.#memoryReturnedAt) < wait) return
    this.#memoryReturnedAt = now
    this.#rowsSinceReturn = 0
    if (Math.abs(now - this.#idleAskedAt) >= IDLE_MS) {
      this.#idleAskedAt = now
      if (await database.closeIfIdle()) releaseHeap()
    }
    if (Math.abs(now - this.#forgotAt) >= FORGET_MS && (await database.forgetBuffers())) this.#forgotAt = now
    else await database.returnMemory()
  }

  #setSilverPosition(position: BronzePosition): void {
    this.silverPositions = new Map(
      Object.entries(position.partitions).map(([partition, last]) => [Number(partition), last]),
    )
  }

  /** Position in a checkpoint on disk; a damaged one is reported by the run that needs it. */
  #peek<Position>(notebook: NotebookName): Position | undefined {
    try {
      return new QueryCheckpoint<unknown, Position>(this.#context, notebook).committed?.position
    } catch (error) {
      this.#context.logger.warn({ err: error }, `the checkpoint of ${notebook} cannot be read`)
      return undefined
    }
  }
}

function cadence(notebook: NotebookName, tuning: EngineTuning): (rows: number) => number {
  const { triggerIntervalMs, aggregateIntervalMs } = tuning
  const usual = {
    silver: (rows: number) => livelyInterval(triggerIntervalMs, rows),
    gold: () => triggerIntervalMs * GOLD_SHARE,
    aggregate: () => aggregateIntervalMs,
  }[notebook]
  return (rows) => (rows >= LARGE_BATCH ? 0 : usual(rows))
}

function listen(listeners: Set<() => void>, onInput: () => void): () => void {
  listeners.add(onInput)
  return () => listeners.delete(onInput)
}
