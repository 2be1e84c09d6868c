/** One instance per data folder. The lock is the operating system's, so a killed process leaves none behind. */
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** Who holds a data folder. */
export interface Holder {
  pid: number
  /** ISO-8601 UTC. */
  startedAt: string
  /** Which command; missing for the control room. */
  command?: string | undefined
}

/** Names who has it, as far as that is known. */
export class DataFolderInUseError extends Error {
  override readonly name = 'DataFolderInUseError'
  /** Undefined when the holder could not be told. */
  readonly pid: number | undefined
  readonly hint = 'Use that one, quit it, or choose another folder with --data-dir.'

  constructor(folder: string, holder: Holder | undefined) {
    const who = holder === undefined ? '' : ` (process ${holder.pid}, started ${holder.startedAt})`
    const what = holder?.command === undefined ? 'rtstream-tui' : `rtstream-tui ${holder.command}`
    super(`Another ${what} already runs on ${folder}${who}.`)
    this.pid = holder?.pid
  }
}

/** The folder is there and cannot be used: no right to write in it, or no room. */
export class DataFolderUnusableError extends Error {
  override readonly name = 'DataFolderUnusableError'
  readonly hint = 'Make it writable and give it room, or choose another folder with --data-dir.'
}

const SQLITE = { busy: 5, corrupt: 11, notADatabase: 26 }

/** Locks that are held. A lock that only its taker knew would be collected as garbage, and the folder be free. */
const held = new Set<DatabaseSync>()

/**
 * Takes the folder, which must exist, until it is released or the process ends, however it ends.
 * @throws DataFolderInUseError, DataFolderUnusableError
 */
export function lockDataFolder(folder: string, command?: string): { release(): void } {
  const holderFile = join(folder, 'lock.json')
  let database: DatabaseSync | undefined
  try {
    database = lockedDatabase(join(folder, 'lock.db'))
    const holder: Holder = { pid: process.pid, startedAt: new Date().toISOString(), command }
    writeFileSync(holderFile, JSON.stringify(holder))
  } catch (error) {
    database?.close()
    if ((error as { errcode?: number }).errcode === SQLITE.busy)
      throw new DataFolderInUseError(folder, readHolder(holderFile))
    throw new DataFolderUnusableError(
      `The data folder ${folder} cannot be written: ${(error as Error).message}.`,
      { cause: error },
    )
  }
  const lock = database
  held.add(lock)
  return {
    release: () => {
      if (!held.delete(lock)) return
      rmSync(holderFile, { force: true })
      lock.close()
    },
  }
}

/** An exclusive transaction that is never ended holds a lock on the file until the process ends. */
function lockedDatabase(file: string): DatabaseSync {
  for (let attempt = 0; ; attempt++) {
    const database = new DatabaseSync(file, { timeout: 0 })
    try {
      database.exec('BEGIN EXCLUSIVE')
      return database
    } catch (error) {
      database.close()
      const { errcode = 0 } = error as { errcode?: number }
      const isDamaged = errcode === SQLITE.notADatabase || errcode === SQLITE.corrupt
      if (!isDamaged || attempt > 0) throw error
      // It holds nothing. Emptied in place: whoever locks it now locks the same file.
      truncateSync(file)
    }
  }
}

function readHolder(file: string): Holder | undefined {
  try {
    const { pid, startedAt, command } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Holder>
    return pid === undefined || startedAt === undefined ? undefined : { pid, startedAt, command }
  } catch {
    // The holder has not written it yet; the refusal stands without it.
    return undefined
  }
}
