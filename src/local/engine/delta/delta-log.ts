/** A Delta table's log as it stands in `_delta_log`: its actions, and the table that they add up to. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { readSmallFile } from '../../storage/sync-io.ts'

// ── Actions, named as the Delta protocol names them ─────────────────────────────────────────────────────────────────

export interface Protocol {
  minReaderVersion: number
  minWriterVersion: number
}

export interface Metadata {
  id: string
  format: { provider: string; options: Record<string, string> }
  schemaString: string
  partitionColumns: string[]
  configuration: Record<string, string>
  /** Epoch ms. */
  createdTime?: number
}

export interface AddFile {
  /** Relative to the table's folder, URL-encoded. */
  path: string
  partitionValues: Record<string, string>
  size: number
  /** Epoch ms. */
  modificationTime: number
  /** False: the rows were in the table before, in other files. */
  dataChange: boolean
  /** JSON, see {@link FileStatistics}. */
  stats?: string
  tags?: Record<string, string>
}

/** Ours has all of it; other writers may leave columns out, or whole members. */
export interface FileStatistics {
  numRecords: number
  minValues?: Record<string, string | number>
  maxValues?: Record<string, string | number>
  nullCount?: Record<string, number>
}

export interface RemoveFile {
  path: string
  /** Epoch ms; the file itself may go when this is older than the retention. */
  deletionTimestamp: number
  dataChange: boolean
  extendedFileMetadata?: boolean
  partitionValues?: Record<string, string>
  size?: number
}

export interface Transaction {
  appId: string
  version: number
  /** Epoch ms. */
  lastUpdated?: number
}

export interface CommitInfo {
  /** Epoch ms. */
  timestamp: number
  operation: string
  operationParameters: Record<string, string>
  operationMetrics?: Record<string, string>
  readVersion?: number
  isBlindAppend?: boolean
  engineInfo?: string
  userMetadata?: string
}

export interface Action {
  protocol?: Protocol
  metaData?: Metadata
  add?: AddFile
  remove?: RemoveFile
  txn?: Transaction
  commitInfo?: CommitInfo
}

// ── The table that the actions add up to ────────────────────────────────────────────────────────────────────────────

export interface Tombstone extends RemoveFile {
  /** Version whose commit removed the file; after a reload from a checkpoint, that checkpoint's version at the earliest. */
  removedAt: number
}

export interface TableState {
  /** −1: there is no table. */
  version: number
  protocol: Protocol | undefined
  metaData: Metadata | undefined
  /** Active files by path, in the order in which the log added them. */
  files: Map<string, AddFile>
  tombstones: Map<string, Tombstone>
  transactions: Map<string, Transaction>
  /** Newest `userMetadata` of a commit: the commitMetadata. */
  userMetadata: string | undefined
}

export const emptyState = (): TableState => ({
  version: -1,
  protocol: undefined,
  metaData: undefined,
  files: new Map(),
  tombstones: new Map(),
  transactions: new Map(),
  userMetadata: undefined,
})

/** Takes the actions of one version into the state. */
export function applyActions(state: TableState, version: number, actions: readonly Action[]): void {
  for (const { protocol, metaData, add, remove, txn, commitInfo } of actions) {
    if (protocol) state.protocol = protocol
    if (metaData) state.metaData = metaData
    if (remove) {
      state.files.delete(remove.path)
      state.tombstones.set(remove.path, { ...remove, removedAt: version })
    }
    if (add) {
      state.tombstones.delete(add.path)
      state.files.set(add.path, add)
    }
    if (txn) state.transactions.set(txn.appId, txn)
    if (commitInfo?.userMetadata !== undefined) state.userMetadata = commitInfo.userMetadata
  }
  state.version = version
}

// ── Names and reading ───────────────────────────────────────────────────────────────────────────────────────────────

export const LOG_FOLDER = '_delta_log'

const digits = (version: number) => String(version).padStart(20, '0')
export const commitName = (version: number) => `${digits(version)}.json`
export const checkpointName = (version: number) => `${digits(version)}.checkpoint.parquet`

const COMMIT = /^(\d{20})\.json$/
const CHECKPOINT = /^(\d{20})\.checkpoint\.parquet$/

export interface LogListing {
  /** Ascending. */
  commits: number[]
  /** Ascending; those in a single Parquet file, which is what we write and nearly everybody else does. */
  checkpoints: number[]
}

/** What stands in a table's log; empty when there is no table. */
export async function listLog(tableFolder: string): Promise<LogListing> {
  const listing: LogListing = { commits: [], checkpoints: [] }
  for (const name of await namesIn(join(tableFolder, LOG_FOLDER))) {
    const commit = COMMIT.exec(name)
    if (commit) listing.commits.push(Number(commit[1]))
    const checkpoint = CHECKPOINT.exec(name)
    if (checkpoint) listing.checkpoints.push(Number(checkpoint[1]))
  }
  listing.commits.sort((a, b) => a - b)
  listing.checkpoints.sort((a, b) => a - b)
  return listing
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** So many commits are read before others have their turn. */
const COMMITS_PER_TURN = 100

const REBUILD = 'Put it back, or delete the table and its checkpoint to build it anew.'

/**
 * The actions of one version; undefined when it has not been committed (or its file was cleaned up).
 * @throws Error when the file is no Delta commit.
 */
export async function readCommit(tableFolder: string, version: number): Promise<Action[] | undefined> {
  const file = join(tableFolder, LOG_FOLDER, commitName(version))
  let text: string
  try {
    text = readSmallFile(file)?.bytes.toString('utf8') ?? (await readFile(file, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    return text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => JSON.parse(line) as Action)
  } catch (error) {
    throw new Error(`${file} is damaged: it is no Delta commit. ${REBUILD}`, { cause: error })
  }
}

/**
 * A table as its log says; version −1 when there is none.
 * @param readCheckpoint reads a checkpoint file's actions.
 * @param options.upTo an older version; its log must not have been cleaned up.
 */
export async function loadTable(
  tableFolder: string,
  readCheckpoint: (file: string) => Promise<Action[]>,
  options: { upTo?: number } = {},
): Promise<TableState> {
  const listing = await listLog(tableFolder)
  const state = emptyState()
  const last = Math.min(listing.commits.at(-1) ?? -1, options.upTo ?? Number.MAX_SAFE_INTEGER)
  const checkpoint = listing.checkpoints.findLast((version) => version <= last)
  if (checkpoint !== undefined) {
    const file = join(tableFolder, LOG_FOLDER, checkpointName(checkpoint))
    applyActions(state, checkpoint, await readCheckpoint(file))
    // A checkpoint holds the table, not the commitMetadata: those stand in the commit of the same version.
    for (const { commitInfo } of (await readCommit(tableFolder, checkpoint)) ?? []) {
      state.userMetadata = commitInfo?.userMetadata ?? state.userMetadata
    }
  }
  while (state.version < last) {
    const actions = await readCommit(tableFolder, state.version + 1)
    if (!actions) {
      throw new Error(
        `${join(tableFolder, LOG_FOLDER, commitName(state.version + 1))} is missing: the table's log has a hole. ${REBUILD}`,
      )
    }
    applyActions(state, state.version + 1, actions)
    if (state.version % COMMITS_PER_TURN === 0) await setImmediate()
  }
  return state
}

/** Statistics of a file; undefined when its writer left none. */
export function statisticsOf(file: AddFile): FileStatistics | undefined {
  return file.stats === undefined ? undefined : (JSON.parse(file.stats) as FileStatistics)
}
