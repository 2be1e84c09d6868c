/** What is asked of the lake's tables in SQL: read only, bounded in rows, memory and time. */

/** Views that a query may name. */
export const QUERY_TABLES = ['bronze', 'silver', 'quarantine', 'gold', 'by_minute', 'aggregated'] as const
/** What a query may name. */
export type QueryTable = (typeof QUERY_TABLES)[number]

/** The views that stand in a text, as whole words. */
export const tablesIn = (sql: string): QueryTable[] =>
  QUERY_TABLES.filter((name) => new RegExp(`\\b${name}\\b`, 'i').test(sql))

/** Both with all columns; Parquet with their types too. */
export const EXPORT_FORMATS = ['csv', 'parquet'] as const
/** Also the file's extension. */
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

/** Beyond the first the result is cut, beyond the second the query fails. */
export interface QueryLimits {
  /** Rows that are returned at most. */
  rows: number
  timeoutMs: number
}
/** Unless the command says otherwise. */
export const DEFAULT_LIMITS: QueryLimits = { rows: 10_000, timeoutMs: 30_000 }

/** So much is fetched from Azure without asking a person first. */
export const FETCHED_UNASKED_BYTES = 100_000_000

/** As much as the limits allow. */
export interface QueryResult {
  columns: readonly string[]
  /** JSON values, by column. */
  rows: readonly (readonly unknown[])[]
  /** There were more rows than the limit. */
  isCut: boolean
  /** What was fetched for it. */
  files: number
  bytes: number
}

/** Each call sees the tables as of its own beginning. */
export interface LakeQuery {
  /** What a query would fetch. */
  size(tables: readonly QueryTable[], signal?: AbortSignal): Promise<{ files: number; bytes: number }>
  /** One SELECT. @throws ServiceError, or an Error that says what is wrong with the SQL. */
  run(sql: string, limits: QueryLimits, signal?: AbortSignal): Promise<QueryResult>
  /** Writes a table whole to a file on this machine. @returns its rows. */
  export(table: QueryTable, format: ExportFormat, file: string, signal?: AbortSignal): Promise<number>
}

/** Questions that are often asked. */
export const PREPARED_QUERIES: readonly { name: string; sql: string }[] = [
  {
    name: 'readings by city',
    sql: 'SELECT city, count(*) AS readings, round(avg(temperature), 1) AS mean FROM gold GROUP BY city ORDER BY readings DESC',
  },
  {
    name: 'why rows are in quarantine',
    sql: 'SELECT reason, count(*) AS rows FROM (SELECT unnest(reasons) AS reason FROM quarantine) GROUP BY reason ORDER BY rows DESC',
  },
  {
    name: 'latency by minute',
    sql: "SELECT date_trunc('minute', enqueuedAt) AS minute, count(*) AS rows, round(quantile_cont(epoch_ms(enqueuedAt) - epoch_ms(createdAt), 0.95)) AS p95_ms FROM silver GROUP BY minute ORDER BY minute DESC",
  },
  { name: 'newest lines of bronze', sql: 'SELECT file, line FROM bronze ORDER BY file DESC LIMIT 100' },
]

/** The newest rows of a layer, by the name that the screen has for it. */
export const NEWEST_ROWS = {
  bronze: 'SELECT file, line FROM bronze ORDER BY file DESC LIMIT 200',
  silver: 'SELECT * FROM silver ORDER BY enqueuedAt DESC LIMIT 200',
  quarantine: 'SELECT enqueuedAt, reasons, raw FROM quarantine ORDER BY enqueuedAt DESC LIMIT 200',
  gold: 'SELECT * FROM gold ORDER BY enqueuedAt DESC LIMIT 200',
  byMinute: 'SELECT * FROM by_minute ORDER BY minute DESC LIMIT 200',
  aggregated: 'SELECT * FROM aggregated ORDER BY date DESC, hour DESC, city LIMIT 200',
} as const
