/** What the embedded engine needs from its surroundings, and its bounds. */
import type { Logger } from 'pino'
import { PLENTY_ROWS } from '../../runtime/cadence.ts'
import type { Clock } from '../../runtime/clock.ts'

/** The part of the lake's folder that the engine uses; paths are relative to their container. */
export interface EngineLake {
  /** Absolute path; the file need not exist. */
  resolve(container: string, path: string): string
  /** A new absolute name, on the lake's file system, for a file that is still being written. */
  unfinishedFile(): string
  /**
   * Moves a whole file to its place and counts its bytes.
   * @throws an error named `AlreadyExistsError` when something stands there and `overwrite` is false.
   */
  adopt(unfinished: string, container: string, path: string, options: { overwrite: boolean }): void
  /** Calls back for every file that was placed. @returns how to stop that. */
  onPlaced(listener: (container: string, path: string) => void): () => void
  /** Counts a file that the engine deleted (negative bytes). */
  note(container: string, path: string, deltaBytes: number): void
  /** Keeps room for a write. @returns how to give it back. @throws LakeFullError when there is none. */
  reserve(bytes: number): () => void
}

export interface EngineOptions {
  /** Folder with `bronze/`, `silver/`, `gold/` and `checkpoints/`. */
  lakeRoot: string
  folder: EngineLake
  clock: Clock
  logger: Logger
  /** Superseded table files and old log files stay readable that long (ms). */
  retentionMs: number
  /** Identity of a new table; random UUIDs unless a test wants its own. */
  newId?: () => string
  tuning?: Partial<EngineTuning>
}

/** Tests make it faster or smaller; the program leaves it at {@link DEFAULT_TUNING}. */
export interface EngineTuning {
  /**
   * Least time from the start of one micro-batch to the next of silver (ms), unless a full batch waits; less while hundreds of rows
   * come. Gold follows silver's commits.
   */
  triggerIntervalMs: number
  /** The same for the aggregate, whose batches rewrite files (ms). */
  aggregateIntervalMs: number
  /** How long a query waits for more after a file came, so that files of one output batch share a batch (ms). */
  settleMs: number
  /** Silver does not wait for its interval's end when so many rows of bronze have come since its last batch. */
  plentyRows: number
  /** Rows of a micro-batch, at most; a commit of the layer before is never split, so gold may pass it by one. */
  rowsPerBatch: number
  /** Bronze bytes of a micro-batch, at most; longer files are read piece by piece. */
  bytesPerBatch: number
  /** From this size (bytes of bronze) a micro-batch is one of a backlog, and both cores work for it: not of 50,000 events a second that are followed. */
  largeBytes: number
  /** Up to so many bytes of bronze a micro-batch of the present is done without DuckDB; 0: none is. */
  liveBytes: number
  /** So many batches are DuckDB's behind one that had to be: each change of hands reads the ids of recent rows anew. */
  batchesByDuckDb: number
  /** Files of a micro-batch, at most. */
  filesPerBatch: number
  /** Names of unread bronze files kept in memory, at most; beyond that the folder is scanned again. */
  pendingFiles: number
  /** Paths of read bronze files with foreign names that are remembered, at most. */
  foreignFiles: number
  /** DuckDB's memory; beyond it, it spills to `checkpoints/tmp`. */
  memoryLimit: string
  /** Ids of recent rows kept in memory for finding duplicates, at most; older ones are looked up in the tables. */
  idsInMemory: number
  /** So many small files in a row become one. */
  filesPerCompaction: number
  /** Commits between two checkpoints of a Delta log, at least. */
  commitsPerCheckpoint: number
  /** Flush data and log files to the disk before they count. */
  flush: boolean
  /** Called between every two writes, named by what was done last; tests cut the run there. */
  failpoint: (point: string) => void | Promise<void>
}

export const DEFAULT_TUNING: EngineTuning = {
  triggerIntervalMs: 1000,
  aggregateIntervalMs: 1500,
  settleMs: 25,
  plentyRows: PLENTY_ROWS,
  rowsPerBatch: 200_000,
  bytesPerBatch: 48_000_000,
  largeBytes: 16_000_000,
  liveBytes: 4_000_000,
  batchesByDuckDb: 60,
  filesPerBatch: 2000,
  pendingFiles: 50_000,
  foreignFiles: 100_000,
  memoryLimit: '384MB',
  idsInMemory: 8_000_000,
  filesPerCompaction: 60,
  commitsPerCheckpoint: 100,
  flush: true,
  failpoint: () => {},
}

/** What every part of the engine shares. */
export interface EngineContext {
  lake: EngineLake
  clock: Clock
  logger: Logger
  retentionMs: number
  newId: () => string
  tuning: EngineTuning
}
