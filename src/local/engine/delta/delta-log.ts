/** A Delta table's log as it lies on the disk: listed, read, and replayed into a table. */
import { closeSync, existsSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { commitMetadataIn } from '../../../contract/tables.ts'
import { type Action, parseActions } from '../../../delta/actions.ts'
import { type Checkpoint, listingOf, nextCompaction } from '../../../delta/log-listing.ts'
import {
  checkpointIn,
  commitName,
  compactionIn,
  LOG_FOLDER,
  SIDECAR_FOLDER,
  versionIn,
} from '../../../delta/log-names.ts'
import { placeOfFile } from '../../../delta/paths.ts'
import { applyActions, emptyState, restoreIn, type TableState } from '../../../delta/replay.ts'
import { readSmallFile } from '../../storage/sync-io.ts'
import { RECOVERY } from '../api/recovery.ts'

/** What of it matters for reading the table. */
export interface LogListing {
  /** Ascending. */
  commits: number[]
  /** Ascending; those in a single Parquet file, which is what we write and nearly everybody else does. */
  checkpoints: number[]
}

/** Files of a table's log; empty when there is no table. */
export async function listLog(tableFolder: string): Promise<LogListing> {
  const listing: LogListing = { commits: [], checkpoints: [] }
  for (const name of await logNames(tableFolder)) {
    const commit = versionIn(name)
    if (commit !== undefined) listing.commits.push(commit)
    const checkpoint = checkpointIn(name)
    if (checkpoint && checkpoint.parts === undefined) listing.checkpoints.push(checkpoint.version)
  }
  listing.commits.sort((a, b) => a - b)
  listing.checkpoints.sort((a, b) => a - b)
  return listing
}

/** Without checkpoints and compacted commits that were not written to their end: some writers leave one, of no bytes, when they are stopped. */
async function logNames(tableFolder: string): Promise<string[]> {
  const folder = join(tableFolder, LOG_FOLDER)
  try {
    const names = await readdir(folder)
    return names.filter((name) => !(checkpointIn(name) || compactionIn(name)) || isWhole(join(folder, name)))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** The last four bytes of every Parquet file. */
const PARQUET_END = 'PAR1'

/** False also for one that was deleted meanwhile. */
function isWhole(file: string): boolean {
  try {
    const descriptor = openSync(file, 'r')
    try {
      const { size } = fstatSync(descriptor)
      if (!file.endsWith('.parquet')) return size > 0
      const end = Buffer.alloc(PARQUET_END.length)
      readSync(descriptor, end, 0, end.length, Math.max(0, size - end.length))
      return end.toString('latin1') === PARQUET_END
    } finally {
      closeSync(descriptor)
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

/** Whether a version can still be read: a log that was cleaned up may have the checkpoint of its newest version alone. */
export async function hasVersion(tableFolder: string, version: number): Promise<boolean> {
  if (existsSync(join(tableFolder, LOG_FOLDER, commitName(version)))) return true
  return listingOf(await logNames(tableFolder)).checkpoints.some((one) => one.version === version)
}

/**
 * Where a file of a table is on the disk. @param title of the table.
 * @throws Error for one that is not in the table's folder, as those of a shallow clone are not.
 */
export function dataFileIn(tableFolder: string, title: string, path: string): string {
  const place = placeOfFile(path)
  if (place.isInTable) return join(tableFolder, place.path)
  throw new Error(`${title} has a file that is not in its folder: ${path.slice(0, 200)}. ${RECOVERY}`)
}

/**
 * By what a commit is known again: another table in the same place may have one of the same version.
 * @returns undefined when it is not there.
 */
export function commitMark(tableFolder: string, version: number): string | undefined {
  const stats = statSync(join(tableFolder, LOG_FOLDER, commitName(version)), { throwIfNoEntry: false })
  return stats && `${stats.ino} ${stats.size} ${stats.mtimeMs}`
}

/** The newest commit that let go of a file. @returns undefined when none of those that are left did. */
export async function removalOf(
  tableFolder: string,
  path: string,
): Promise<{ version: number; operation: string } | undefined> {
  const { commits } = await listLog(tableFolder)
  for (const version of commits.reverse()) {
    const actions = (await readCommit(tableFolder, version)) ?? []
    if (!actions.some(({ remove }) => remove?.path === path)) continue
    const operation = actions.find(({ commitInfo }) => commitInfo)?.commitInfo?.operation ?? 'a rewrite'
    return { version, operation }
  }
  return undefined
}

/** So many commits are read before others have their turn. */
const COMMITS_PER_TURN = 100

/** How often a commit of no bytes is looked at again, and how long the wait is each time (ms). */
const LOOKS_AT_EMPTY = 5
const EMPTY_WAIT_MS = 100

/**
 * A writer that makes a file first and fills it then, as the data lake's own requests do, is waited for. One of no bytes that stays so is
 * taken as a commit without actions, as Spark takes it.
 */
async function commitText(tableFolder: string, version: number): Promise<string> {
  const file = join(tableFolder, LOG_FOLDER, commitName(version))
  const next = join(tableFolder, LOG_FOLDER, commitName(version + 1))
  for (let look = 0; ; look++) {
    const text = readSmallFile(file)?.bytes.toString('utf8') ?? (await readFile(file, 'utf8'))
    if (text !== '' || look === LOOKS_AT_EMPTY || existsSync(next)) return text
    await setTimeout(EMPTY_WAIT_MS)
  }
}

/**
 * The actions of one version; undefined when it has not been committed (or its file was cleaned up).
 * @throws Error when the file is not a Delta commit.
 */
export async function readCommit(tableFolder: string, version: number): Promise<Action[] | undefined> {
  const file = join(tableFolder, LOG_FOLDER, commitName(version))
  let text: string
  try {
    text = await commitText(tableFolder, version)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    return parseActions(text)
  } catch (error) {
    throw new Error(`${file} is damaged: it is not a Delta commit. ${RECOVERY}`, { cause: error })
  }
}

/**
 * A table as its log says, whoever wrote it; version −1 when there is none.
 * @param readCheckpoint reads a checkpoint file's actions.
 * @param options.upTo an older version; its log must not have been cleaned up.
 */
export async function loadTable(
  tableFolder: string,
  readCheckpoint: (file: string) => Promise<Action[]>,
  options: { upTo?: number } = {},
): Promise<TableState> {
  const listing = listingOf(await logNames(tableFolder))
  const state = emptyState()
  const newest = Math.max(listing.commits.at(-1) ?? -1, listing.checkpoints.at(-1)?.version ?? -1)
  const last = Math.min(newest, options.upTo ?? newest)
  const checkpoint = listing.checkpoints.findLast(({ version }) => version <= last)
  if (checkpoint) {
    applyActions(state, checkpoint.version, await checkpointActions(tableFolder, checkpoint, readCheckpoint))
    await noteHidden(tableFolder, state, -1)
  }
  while (state.version < last) {
    const compaction = nextCompaction(listing, state.version, last)
    if (compaction) {
      const before = state.version
      applyActions(state, compaction.to, await compactedActions(tableFolder, compaction.name))
      await noteHidden(tableFolder, state, before)
      continue
    }
    const actions = await readCommit(tableFolder, state.version + 1)
    if (!actions) {
      throw new Error(
        `${join(tableFolder, LOG_FOLDER, commitName(state.version + 1))} is missing: the table's log has a hole. ${RECOVERY}`,
      )
    }
    applyActions(state, state.version + 1, actions)
    if (state.version % COMMITS_PER_TURN === 0) await setImmediate()
  }
  return state
}

async function compactedActions(tableFolder: string, name: string): Promise<Action[]> {
  const file = join(tableFolder, LOG_FOLDER, name)
  const text = await readFile(file, 'utf8')
  try {
    return parseActions(text)
  } catch (cause) {
    throw new Error(
      `The compacted commits ${file} cannot be read. Move the file out of the log, as long as the commits in it are there by themselves.`,
      { cause },
    )
  }
}

async function checkpointActions(
  tableFolder: string,
  { names }: Checkpoint,
  readCheckpoint: (file: string) => Promise<Action[]>,
): Promise<Action[]> {
  const log = join(tableFolder, LOG_FOLDER)
  const actions: Action[] = []
  const read = async (file: string) => {
    try {
      for (const one of await readCheckpoint(file)) actions.push(one)
    } catch (cause) {
      throw new Error(
        `The checkpoint ${file} cannot be read. Move it out of the log, as long as the commits before it are there. ${RECOVERY}`,
        { cause },
      )
    }
  }
  for (const name of names) await read(join(log, name))
  const sidecars = actions.flatMap(({ sidecar }) => sidecar ?? [])
  for (const { path } of sidecars) {
    const name = decodeURIComponent(path.slice(path.lastIndexOf('/') + 1))
    await read(join(log, SIDECAR_FOLDER, name))
  }
  return actions
}

/**
 * What checkpoints and compacted commits leave out: the newest commit metadata, and a RESTORE. Both stand in the commits, as far as the
 * log has them, and none that matters before the newest with metadata: who wrote that one has looked at those before it.
 * @param after the version from which on commits are hidden.
 */
async function noteHidden(tableFolder: string, state: TableState, after: number): Promise<void> {
  let restored: TableState['restored']
  for (let version = state.version; version > after; version--) {
    const actions = await hiddenCommit(tableFolder, version)
    if (!actions) break
    restored ??= restoreIn(version, actions)
    const text = actions.find(({ commitInfo }) => commitInfo)?.commitInfo?.userMetadata
    if (!commitMetadataIn(text)) continue
    state.userMetadata = text
    break
  }
  state.restored = restored ?? state.restored
}

/** Nothing of the table rests on it any more, so a damaged one is as good as gone. */
async function hiddenCommit(tableFolder: string, version: number): Promise<Action[] | undefined> {
  try {
    return await readCommit(tableFolder, version)
  } catch {
    return undefined
  }
}

/**
 * The last batch of an application whose rows a version holds: a RESTORE takes rows out, and leaves the `txn` of the batches that
 * brought them. @returns −1: none; undefined: the log does not say.
 */
export async function heldBatch(
  tableFolder: string,
  version: number,
  appId: string,
  readCheckpoint: (file: string) => Promise<Action[]>,
): Promise<number | undefined> {
  for (let at = version; at >= 0; ) {
    const actions = await readCommit(tableFolder, at)
    if (!actions) return batchInState(tableFolder, at, appId, readCheckpoint)
    const txn = actions.find((action) => action.txn?.appId === appId)?.txn
    if (txn) return txn.version
    const restored = restoreIn(at, actions)
    if (restored && (restored.to === undefined || restored.to >= at)) return undefined
    at = restored?.to ?? at - 1
  }
  return -1
}

/** Of a version whose own commit is gone. */
async function batchInState(
  tableFolder: string,
  version: number,
  appId: string,
  readCheckpoint: (file: string) => Promise<Action[]>,
): Promise<number | undefined> {
  try {
    const { transactions } = await loadTable(tableFolder, readCheckpoint, { upTo: version })
    return transactions.get(appId)?.version ?? -1
  } catch {
    return undefined
  }
}
