/** One instance per data folder. The lock is the operating system's, so a killed process leaves none behind. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

export class DataFolderInUseError extends Error {
  override readonly name = 'DataFolderInUseError'
  /** Undefined when the holder could not be told. */
  readonly pid: number | undefined
  readonly hint = 'Use that one, quit it, or choose another folder with --data-dir.'

  constructor(folder: string, pid: number | undefined) {
    const holder = pid === undefined ? '' : `, process ${pid}`
    super(`Another rtstream-tui already runs on ${folder}${holder}.`)
    this.pid = pid
  }
}

/**
 * Takes the folder, which must exist.
 * @throws DataFolderInUseError
 */
export function lockDataFolder(folder: string): { release(): void } {
  const holder = join(folder, 'lock.pid')
  const database = new DatabaseSync(join(folder, 'lock.db'))
  try {
    // An exclusive transaction that is never ended holds a byte-range lock on the file until the process ends.
    database.exec(
      'PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE; CREATE TABLE IF NOT EXISTS held (one INTEGER)',
    )
  } catch (error) {
    database.close()
    // SQLITE_BUSY
    if ((error as { errcode?: number }).errcode !== 5) throw error
    throw new DataFolderInUseError(folder, pidIn(holder))
  }
  writeFileSync(holder, String(process.pid))
  return { release: () => database.close() }
}

function pidIn(file: string): number | undefined {
  try {
    return Number(readFileSync(file, 'utf8')) || undefined
  } catch {
    // The holder has not written it yet; the refusal stands without it.
    return undefined
  }
}
