/** Actions of a Delta log, named as the protocol names them: https://github.com/delta-io/delta/blob/master/PROTOCOL.md */

export interface Protocol {
  minReaderVersion: number
  minWriterVersion: number
  /** With reader version 3. */
  readerFeatures?: readonly string[] | null
  /** With writer version 7. */
  writerFeatures?: readonly string[] | null
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

/** Where the list of a file's deleted rows is stored. */
export interface DeletionVector {
  /** `u`: a file in the table, named by an encoded UUID; `p`: an absolute path; `i`: inline. */
  storageType: 'u' | 'p' | 'i'
  pathOrInlineDv: string
  /** Where it begins in the file (bytes). */
  offset?: number
  sizeInBytes: number
  /** How many rows it deletes. */
  cardinality: number
}

export interface AddFile {
  /** Relative to the table's folder, URL-encoded. */
  path: string
  partitionValues: Record<string, string | null>
  size: number
  /** Epoch ms. */
  modificationTime: number
  /** False when the rows were in the table before, in other files. */
  dataChange: boolean
  /** JSON, see {@link FileStatistics}. */
  stats?: string
  tags?: Record<string, string>
  deletionVector?: DeletionVector | null
}

/** Our writer fills in everything; others may leave out columns, or whole members. */
export interface FileStatistics {
  /** All rows in the file, including deleted ones. */
  numRecords: number
  minValues?: Record<string, string | number>
  maxValues?: Record<string, string | number>
  nullCount?: Record<string, number>
}

export interface RemoveFile {
  path: string
  /** Epoch ms; the file may be deleted when this is older than the retention. */
  deletionTimestamp: number
  dataChange: boolean
  extendedFileMetadata?: boolean
  partitionValues?: Record<string, string | null>
  size?: number
  deletionVector?: DeletionVector | null
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
  /** Epoch ms; with the table feature of that name it is the commit's time, and overrides `timestamp`. */
  inCommitTimestamp?: number
  operation: string
  operationParameters: Record<string, string>
  operationMetrics?: Record<string, string>
  readVersion?: number
  isBlindAppend?: boolean
  engineInfo?: string
  userMetadata?: string
}

/** A file with adds and removes of a version 2 checkpoint. */
export interface Sidecar {
  /** Its name in `_delta_log/_sidecars`, or an absolute path. */
  path: string
  sizeInBytes: number
}

export interface Action {
  protocol?: Protocol
  metaData?: Metadata
  add?: AddFile
  remove?: RemoveFile
  txn?: Transaction
  commitInfo?: CommitInfo
  sidecar?: Sidecar
}

/**
 * The actions of a commit, of compacted commits, or of a checkpoint in JSON.
 * @throws SyntaxError for text that is not a JSON object on each line.
 */
export function parseActions(text: string): Action[] {
  const actions: Action[] = []
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue
    const action: unknown = JSON.parse(line)
    if (typeof action !== 'object' || action === null)
      throw new SyntaxError(`${line.slice(0, 40)} is not an action`)
    actions.push(action as Action)
  }
  return actions
}

/** When a commit was made (epoch ms); undefined when it does not say. */
export function committedAtIn(actions: readonly Action[]): number | undefined {
  const info = actions.find((action) => action.commitInfo)?.commitInfo
  return info?.inCommitTimestamp ?? info?.timestamp
}
