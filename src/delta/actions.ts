/** Actions of a Delta log, named as the protocol names them: https://github.com/delta-io/delta/blob/master/PROTOCOL.md */

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
