/** The notebooks as they are, each in a Spark process of its own on this machine. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import type { NotebookEngine, NotebookName } from '../engine/api/engine.ts'
import type { Clock } from '../runtime/clock.ts'
import { findSpark } from './find-spark.ts'
import { SparkRun } from './spark-run.ts'

/** What the notebooks' processes are told. */
export interface SparkEngineOptions {
  lakeRoot: string
  clock: Clock
  logger: Logger
  /** Superseded table files stay readable that long (ms). */
  retentionMs: number
  /** The lake, which does not see what Spark writes. */
  folder: { recount(): Promise<void> }
  env?: NodeJS.ProcessEnv
}

/** How often the lake is counted afresh (ms). */
const RECOUNT_EVERY_MS = 60_000

/** @throws SparkMissingError when this machine has no Spark. */
export async function createSparkEngine(options: SparkEngineOptions): Promise<NotebookEngine> {
  const { env = process.env } = options
  const packageRoot = findPackage(dirname(fileURLToPath(import.meta.url)))
  const python = await findSpark({ packageRoot, env })
  return new SparkEngine(options, { python, notebooks: join(packageRoot, 'notebooks'), env })
}

/** The bundle lies one folder below the package, the source three. */
export function findPackage(from: string): string {
  for (let folder = from; folder !== dirname(folder); folder = dirname(folder))
    if (existsSync(join(folder, 'notebooks', 'local', 'run_notebook.py'))) return folder
  throw new Error(`The notebooks are missing from the package around ${from}.`)
}

class SparkEngine implements NotebookEngine {
  readonly name = 'spark'
  readonly #options: SparkEngineOptions
  readonly #found: { python: string; notebooks: string; env: NodeJS.ProcessEnv }
  readonly #runs = new Map<NotebookName, SparkRun>()
  #recounting: NodeJS.Timeout | undefined

  constructor(
    options: SparkEngineOptions,
    found: { python: string; notebooks: string; env: NodeJS.ProcessEnv },
  ) {
    this.#options = options
    this.#found = found
  }

  /** Two processes must not share a checkpoint: a run waits until the one before it has ended. */
  run(notebook: NotebookName): SparkRun {
    const { lakeRoot, clock, logger, retentionMs, folder } = this.#options
    this.#recounting ??= setInterval(() => void folder.recount(), RECOUNT_EVERY_MS).unref()
    const scratch = join(dirname(lakeRoot), 'spark', notebook)
    const previous = this.#runs.get(notebook)?.ended ?? Promise.resolve()
    const run = new SparkRun(
      {
        ...this.#found,
        notebook,
        lakeRoot,
        scratch,
        retentionMs,
        clock,
        logger: logger.child({ part: 'spark' }),
      },
      previous,
    )
    this.#runs.set(notebook, run)
    return run
  }

  async close(): Promise<void> {
    clearInterval(this.#recounting)
    await Promise.all([...this.#runs.values()].map((run) => run.cancel()))
  }
}
