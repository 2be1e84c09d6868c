/** The SQLite file behind the hub's log: its schema, its settings, and what its errors mean. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** There is no room for the events; none of them was stored. */
export class HubFullError extends Error {
  override readonly name = 'HubFullError'
  /** What a person can do. */
  readonly hint = 'Make room on the disk of the data folder; what was refused is sent again.'
}

/** The log cannot be opened: the folder, the file, or its content. */
export class HubLogError extends Error {
  override readonly name = 'HubLogError'
  /** What a person can do. */
  readonly hint = 'Check the folder and its disk, or choose another one with --data-dir.'
}

/** Raised when the schema changes in a way that older versions cannot read. */
const SCHEMA_VERSION = 3

/** What the journal grows to before it is moved into the file. */
const JOURNAL_BYTES = 16_000_000

/**
 * WAL with `synchronous = NORMAL`: a commit is in the operating system's hands when it returns, so a killed process loses
 * nothing; a power cut may lose the last moments. The disk is waited for once in 16 MB, when what the journal holds is
 * moved into the file. Locked for this process alone, which also spares the shared-memory file. Pages of 8 KB: the journal takes
 * whole pages, so larger ones cost a single event more, smaller ones a large append; a log that is there keeps its own size.
 */
const SETTINGS = `
  PRAGMA page_size = 8192;
  PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA journal_size_limit = ${JOURNAL_BYTES};
  PRAGMA busy_timeout = 0;
  PRAGMA temp_store = MEMORY;
`

/** The events themselves have a table for each partition (partition-table.ts). */
const SCHEMA = `
  BEGIN IMMEDIATE;
  -- 'partitions', 'created'
  CREATE TABLE hub (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  -- Where a partition stands when retention has deleted all its rows.
  CREATE TABLE heads (partition INTEGER PRIMARY KEY, next INTEGER NOT NULL, enqueued INTEGER);
  PRAGMA user_version = ${SCHEMA_VERSION};
  COMMIT;
`

/** Version 1 knew one form of rows. A log of version 2 stays one, with its single table: moving all of it could take minutes. */
const SECOND_VERSION = `
  BEGIN IMMEDIATE;
  ALTER TABLE appends ADD COLUMN form INTEGER NOT NULL DEFAULT 0;
  PRAGMA user_version = 2;
  COMMIT;
`

/**
 * Opens `log.db` in the folder, and makes both when they are missing.
 * @param limitBytes bound of the file; undefined: the disk's own.
 * @throws HubLogError
 */
export function openLogDatabase(folder: string, limitBytes: number | undefined): DatabaseSync {
  let database: DatabaseSync | undefined
  try {
    mkdirSync(folder, { recursive: true })
    database = new DatabaseSync(join(folder, 'log.db'))
    database.exec(SETTINGS)
    const { user_version: version } = database.prepare('PRAGMA user_version').get() as {
      user_version: number
    }
    if (version > SCHEMA_VERSION) throw new Error('a newer version of rtstream-tui wrote it')
    if (version === 0) database.exec(SCHEMA)
    if (version === 1) database.exec(SECOND_VERSION)
    const { page_size } = database.prepare('PRAGMA page_size').get() as { page_size: number }
    database.exec(`PRAGMA wal_autocheckpoint = ${Math.ceil(JOURNAL_BYTES / page_size)}`)
    if (limitBytes !== undefined)
      database.exec(`PRAGMA max_page_count = ${Math.ceil(limitBytes / page_size)}`)
    return database
  } catch (error) {
    database?.close()
    throw cannotOpen(folder, error)
  }
}

/** What a person is told when the log in that folder cannot be opened. */
export function cannotOpen(folder: string, cause: unknown): HubLogError {
  const path = join(folder, 'log.db')
  return new HubLogError(`The event hub's log ${path} cannot be opened: ${reasonOf(cause)}.`, { cause })
}

/** Result codes of SQLite, https://www.sqlite.org/rescode.html. */
const SQLITE = { busy: 5, corrupt: 11, full: 13, cantOpen: 14, notADatabase: 26, ioWrite: 778 } as const

/** No room: SQLite's own verdict, or a write that the system cut short (quota). */
export function isDiskFull(error: unknown): boolean {
  const { errcode } = error as { errcode?: number }
  return errcode === SQLITE.full || errcode === SQLITE.ioWrite
}

function reasonOf(error: unknown): string {
  const { errcode, message } = error as { errcode?: number; message?: string }
  if (isDiskFull(error)) return 'its disk is full'
  switch ((errcode ?? 0) & 0xff) {
    case SQLITE.busy:
      return 'another process uses it'
    case SQLITE.corrupt:
    case SQLITE.notADatabase:
      return 'it is damaged, or no log at all'
    case SQLITE.cantOpen:
      return 'the file cannot be opened or made'
    default:
      return String(message ?? error)
  }
}
