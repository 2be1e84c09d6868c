/** The one place that knows which engines there are; each is loaded only when it is wanted. */
import type { Logger } from 'pino'
import { parseBronzeFileName } from '../../contract/bronze-layout.ts'
import type { LakeFolder } from '../data-lake/store/folder.ts'
import type { NotebookEngine } from '../engine/api/engine.ts'
import { findDuckDb } from '../engine/duckdb/find-duckdb.ts'
import type { Clock } from '../runtime/clock.ts'
import type { LocalAzureOptions } from '../runtime/options.ts'

/** An engine, and what bronze's job and retention must know of it. */
export interface LocalEngine {
  engine: NotebookEngine
  /** @returns whether silver has durably read a bronze file, as things stand now (path relative to the container). */
  readBySilver(): (path: string) => boolean
  /** How long an output batch stays open after its first event (ms); undefined: the job's default. */
  rollIntervalMs?: number
}

export interface EngineFactoryOptions {
  engine: LocalAzureOptions['engine']
  lakeRoot: string
  folder: LakeFolder
  clock: Clock
  logger: Logger
  /** Superseded table files stay readable that long (ms). */
  retentionMs: number
  /** Between two writes of the embedded engine, named by what was done last; what it throws fails the run there. */
  failpoint?: ((point: string) => void) | undefined
}

/** Replaced in tests. @throws when what the engine needs is not installed. */
export type EngineFactory = (options: EngineFactoryOptions) => Promise<LocalEngine>

/** Spark lists all of bronze for every batch, and remembers each file for ever: it gets fewer and longer ones, and makes fewer batches. */
const SPARK_ROLL_INTERVAL_MS = 5000

/** A file of the local job tells by its name how far silver must be. */
const isBefore = (positions: ReadonlyMap<number, number>) => (path: string) => {
  const file = parseBronzeFileName(path)
  return file !== undefined && file.lastSequenceNumber <= (positions.get(file.partition) ?? -1)
}

/** @throws SparkMissingError, DuckDbMissingError */
export const createLocalEngine: EngineFactory = async ({ engine, failpoint, ...options }) => {
  if (engine === 'spark') {
    const { BronzeReads } = await import('../spark/bronze-reads.ts')
    const { createSparkEngine } = await import('../spark/spark-engine.ts')
    const reads = new BronzeReads(options.lakeRoot)
    return {
      engine: await createSparkEngine(options),
      readBySilver: () => reads.look(),
      rollIntervalMs: SPARK_ROLL_INTERVAL_MS,
    }
  }
  findDuckDb()
  const { createDuckDbEngine } = await import('../engine/duckdb-engine.ts')
  const { engine: embedded, silverPositions } = createDuckDbEngine({
    ...options,
    ...(failpoint && { tuning: { failpoint } }),
  })
  return { engine: embedded, readBySilver: () => isBefore(silverPositions()) }
}
