/** Column types as the Delta protocol names them. */
export type DeltaType = 'string' | 'integer' | 'long' | 'double' | 'timestamp' | 'date' | 'array<string>'

/** Where a table is, and its columns in their order. */
export interface TableContract {
  /** ADLS container (filesystem). */
  container: 'silver' | 'gold'
  /** Folder of the table inside the container. */
  path: string
  columns: readonly (readonly [name: string, type: DeltaType])[]
}

const readingColumns = [
  ['eventId', 'string'],
  ['deviceId', 'string'],
  ['deviceSequenceNumber', 'long'],
  ['city', 'string'],
  ['temperature', 'integer'],
  ['humidity', 'integer'],
  ['timestamp', 'timestamp'],
  ['createdAt', 'timestamp'],
  ['enqueuedAt', 'timestamp'],
  ['partitionId', 'integer'],
] as const

/** The five Delta tables of the lake. Every column is nullable, as Spark writes them. */
export const TABLES = {
  silver: { container: 'silver', path: 'weather', columns: readingColumns },
  quarantine: {
    container: 'silver',
    path: 'weather_quarantine',
    columns: [
      ['raw', 'string'],
      ['reasons', 'array<string>'],
      ['enqueuedAt', 'timestamp'],
    ],
  },
  gold: {
    container: 'gold',
    path: 'weather',
    columns: [...readingColumns, ['date', 'date'], ['hour', 'integer']],
  },
  byMinute: {
    container: 'gold',
    path: 'weather_by_minute',
    columns: [
      ['minute', 'timestamp'],
      ['city', 'string'],
      ['readings', 'long'],
      ['min_temperature', 'integer'],
      ['avg_temperature', 'double'],
      ['max_temperature', 'integer'],
      ['avg_humidity', 'double'],
    ],
  },
  aggregated: {
    container: 'gold',
    path: 'weather_aggregated',
    columns: [
      ['city', 'string'],
      ['date', 'date'],
      ['hour', 'integer'],
      ['avg_temperature', 'double'],
      ['avg_humidity', 'double'],
      ['readings', 'long'],
    ],
  },
} as const satisfies Record<string, TableContract>

/** What code calls a table; its folder is in {@link TABLES}. */
export type TableName = keyof typeof TABLES

/**
 * The counts that each micro-batch stores in its Delta commit, as JSON in `commitInfo.userMetadata`.
 * Totals cover the table's whole life, so the newest commit alone is enough for the ledger.
 */
export interface CommitMetadata {
  /** Micro-batch number; equals the `txn` version of the same commit. */
  batchId: number
  /** Milliseconds that the batch took up to this commit. */
  durationMs: number
  batch: BatchCounts
  totals: BatchCounts
}

/** Commits of other writers may have any text there, or anything else. @returns undefined for what is no commit metadata. */
export function commitMetadataIn(text: string | null | undefined): CommitMetadata | undefined {
  if (!text) return undefined
  try {
    const commitMetadata = JSON.parse(text) as Partial<CommitMetadata>
    return commitMetadata.totals && commitMetadata.batch ? (commitMetadata as CommitMetadata) : undefined
  } catch {
    return undefined
  }
}

/** Rows of one batch, or of all batches so far. */
export interface BatchCounts {
  /** Rows read from the layer before. */
  input: number
  /** Rows written to the main table (silver, gold), or readings counted in (aggregated). */
  output: number
  /** Silver only. */
  quarantined?: number
  /** Silver only. */
  duplicates?: number
}
