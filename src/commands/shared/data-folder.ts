/** The folder that holds everything of a session: made, checked, closed to other users, and removed again if it is temporary. */
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { UserError } from './user-error.ts'

/** There, and writable. */
export interface DataFolder {
  path: string
  ephemeral: boolean
  /** Removes a temporary folder; leaves any other alone. */
  release(): void
}

/** SQLite opens no path of more than 512 bytes; its files lie inside. */
const LONGEST_PATH = 480

/**
 * Makes the folder that holds the hub, the lake, the state and the log, readable by its user only.
 * @throws UserError when it cannot be made or written.
 */
export function openDataFolder(options: { dataDir: string; ephemeral: boolean }): DataFolder {
  const { dataDir, ephemeral } = options
  if (ephemeral) return temporaryFolder()
  if (Buffer.byteLength(dataDir) > LONGEST_PATH)
    throw new UserError(
      `The path of the data folder is too long (${Buffer.byteLength(dataDir)} bytes; the most is ${LONGEST_PATH}).`,
      'Choose a shorter one with --data-dir.',
    )
  try {
    makeFolder(dataDir)
    refuseFile(dataDir)
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK)
    keepToOurselves(dataDir)
  } catch (error) {
    if (error instanceof UserError) throw error
    throw new UserError(
      `The data folder ${dataDir} cannot be written (${(error as NodeJS.ErrnoException).code ?? error}).`,
      'Choose another with --data-dir, or use --ephemeral for a temporary one.',
      { cause: error },
    )
  }
  return { path: dataDir, ephemeral, release: () => {} }
}

/** The system would speak of rights, or of a folder inside it. */
function refuseFile(path: string): void {
  if (!statSync(path).isDirectory())
    throw new UserError(
      `The data folder ${path} cannot be written: it is a file.`,
      'Name a folder with --data-dir.',
    )
}

/**
 * A folder that was there before may be open to others. One that is ours, or empty, is closed to them; one that holds other things
 * too is left as it is: it may be somebody's home, or the system's temporary folder.
 */
function keepToOurselves(path: string): void {
  if (process.platform === 'win32' || (statSync(path).mode & 0o077) === 0) return
  const names = readdirSync(path)
  if (names.length === 0 || names.includes('lock.db')) chmodSync(path, 0o700)
}

/** Node's own `recursive` never returns where a file system answers ENOENT for a folder whose parent exists (`/proc`). */
function makeFolder(path: string): void {
  if (existsSync(path)) return
  if (!existsSync(dirname(path))) makeFolder(dirname(path))
  mkdirSync(path, { mode: 0o700 })
}

/** It goes however the process ends, a second signal included; only a `kill -9` leaves it to the system's own cleaning. */
function temporaryFolder(): DataFolder {
  let path: string
  try {
    path = mkdtempSync(join(tmpdir(), 'rtstream-tui-'))
  } catch (error) {
    throw new UserError(
      `No temporary data folder can be made in ${tmpdir()} (${(error as NodeJS.ErrnoException).code ?? error}).`,
      'Set TMPDIR to a folder that you may write to, or name one that stays with --data-dir.',
      { cause: error },
    )
  }
  // The worker may be writing still: what it adds in the meantime goes with the next try.
  const remove = () => rmSync(path, { recursive: true, force: true, maxRetries: 5 })
  process.once('exit', remove)
  const release = () => {
    remove()
    process.off('exit', remove)
  }
  return { path, ephemeral: true, release }
}
