/** SQLite files beside the containers, in which the lake keeps what a file system has no place for. */
import { DatabaseSync } from 'node:sqlite'
import { diskError } from './storage-errors.ts'

/** One process owns a lake. */
const OWNED = `
  PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
`

/**
 * @param setup makes the tables that are not there. @param what it holds, for the person who may delete it.
 * @throws LakeFullError; Error when the file is damaged.
 */
export function openDatabase(file: string, setup: string, what: string): DatabaseSync {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(file)
    database.exec(`${OWNED}${setup}`)
    return database
  } catch (cause) {
    database?.close()
    if (codeOf(cause) === SQLITE_FULL) throw readable(cause)
    throw new Error(
      `${file} cannot be read (${(cause as Error).message}). It holds ${what}: delete it to go on without.`,
      { cause },
    )
  }
}

const SQLITE_FULL = 13
const codeOf = (error: unknown) => (error as { errcode?: number }).errcode

/** @returns the error itself, or what it means for the lake when the disk is full. */
export const readable = (error: unknown): unknown =>
  codeOf(error) === SQLITE_FULL
    ? diskError(Object.assign(new Error('no room for the properties', { cause: error }), { code: 'ENOSPC' }))
    : error

/** Rows of everything below a folder: a condition with three values, the container and twice the folder. */
export const BELOW = `container = ? AND path > ? || '/' AND path < ? || '0'`
