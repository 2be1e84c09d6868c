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

/** The engine that was asked for is not there. */
export class EngineMissingError extends Error {
  override readonly name = 'EngineMissingError'
  readonly hint = 'Leave --engine out to use the embedded one.'
}

/** @throws EngineMissingError */
export const createLocalEngine: EngineFactory = async ({ engine, ...options }) => {
  if (engine !== 'duckdb') throw new EngineMissingError(`There is no engine ${engine} in this version.`)
  const { createDuckDbEngine } = await import('./engine/duckdb-engine.ts')
  return createDuckDbEngine(options)
}
