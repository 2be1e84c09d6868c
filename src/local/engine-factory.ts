/** The one place that knows which engines there are; each is loaded only when it is wanted. */
import type { Logger } from 'pino'
import type { Clock } from './clock.ts'
import type { LakeFolder } from './data-lake/folder.ts'
import type { NotebookEngine } from './engine/engine.ts'
import type { LocalAzureOptions } from './options.ts'

export interface LocalEngine {
  engine: NotebookEngine
  /** Last sequence number that silver has durably read, by partition. */
  silverPositions(): ReadonlyMap<number, number>
}

export interface EngineFactoryOptions {
  engine: LocalAzureOptions['engine']
  lakeRoot: string
  folder: LakeFolder
  clock: Clock
  logger: Logger
  /** Superseded table files stay readable that long (ms). */
  retentionMs: number
}

export type EngineFactory = (options: EngineFactoryOptions) => Promise<LocalEngine>

/** @throws SparkMissingError */
export const createLocalEngine: EngineFactory = async ({ engine, ...options }) => {
  if (engine === 'spark') {
    const { createSparkEngine } = await import('./spark/spark-engine.ts')
    // Which files silver has read, only its checkpoint knows: bronze stays until the lake's limit.
    return { engine: await createSparkEngine(options), silverPositions: () => new Map() }
  }
  const { createDuckDbEngine } = await import('./engine/duckdb-engine.ts')
  return createDuckDbEngine(options)
}
