/** What the engine's thread asks DuckDB's process, and what that answers. */

/** Values of a list parameter; whole numbers are 64 bits wide. Its type is told, since a plan is made anew for another one. */
export type SqlList =
  | { of: 'whole numbers'; values: readonly number[] }
  | { of: 'texts'; values: readonly string[] }
/** What a `?` may stand for. */
export type SqlParameter = string | number | Uint8Array | SqlList
/** By column name. 64-bit integers come as numbers. */
export type SqlRow = Record<string, unknown>

/** Where DuckDB spills, made when missing, and how much memory it may use (as `memory_limit`: '256MB'). */
export interface DuckDbSettings {
  temporaryFolder: string
  memoryLimit: string
}

export interface Statement {
  kind: 'statement'
  connection: number
  sql: string
  parameters?: readonly SqlParameter[]
  /** Its plan is kept for the next run. */
  isKept: boolean
  /** Answered by its rows; otherwise by none. */
  isRead: boolean
}

/** Connections are numbered by who asks; 0 is there from the beginning, and belongs to no query. */
export type Question =
  | { kind: 'open'; settings: DuckDbSettings }
  | { kind: 'connect'; connection: number }
  | Statement

/** Needs no answer. */
export type Notice = { kind: 'forget plans'; connection: number } | { kind: 'disconnect'; connection: number }

export type Asked = (Question & { id: number }) | Notice

/** @property error says why there are no rows. */
export interface Answer {
  id: number
  rows: SqlRow[]
  error?: string
}

/** The connection that belongs to no query, so that no query can close it while it is in use. */
export const MAINTENANCE = 0
