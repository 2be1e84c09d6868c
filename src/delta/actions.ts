/** Actions of a Delta log, named as the protocol names them: https://github.com/delta-io/delta/blob/master/PROTOCOL.md */

/** What a program must support to read the table, and to write to it. */
export interface Protocol {
  minReaderVersion: number
  minWriterVersion: number
  /** With reader version 3. */
  readerFeatures?: readonly string[] | null
  /** With writer version 7. */
  writerFeatures?: readonly string[] | null
}

/** A table's schema and settings; the newest one holds. */
export interface Metadata {
  id: string
  format: { provider: string; options: Record<string, string> }
  /** The schema as JSON. */
  schemaString: string
  partitionColumns: string[]
  /** Table properties, such as `delta.deletedFileRetentionDuration`. */
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

/** A data file that is part of the table from this commit on. */
export interface AddFile {
  /** Relative to the table's folder, URL-encoded. */
  path: string
  /** Values as text; null is the value null. */
  partitionValues: Record<string, string | null>
  /** Bytes. */
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

/** A data file that is no longer part of the table. It stays on disk for readers of older versions. */
export interface RemoveFile {
  /** As in {@link AddFile}. */
  path: string
  /** Epoch ms; the file may be deleted when this is older than the retention. */
  deletionTimestamp: number
  dataChange: boolean
  /** True when the members below are there. */
  extendedFileMetadata?: boolean
  partitionValues?: Record<string, string | null>
  /** Bytes. */
  size?: number
  deletionVector?: DeletionVector | null
}

/**
 * How far a writer has come: whoever finds its `appId` with this version or a later one does not write that batch
 * again.
 */
export interface Transaction {
  appId: string
  /** Grows with every batch of that `appId`. */
  version: number
  /** Epoch ms. */
  lastUpdated?: number
}

/** Settings of a feature, such as the columns that a table is clustered by: who does not know a domain carries it on. */
export interface DomainMetadata {
  domain: string
  configuration: string
  /** The domain is gone. */
  removed: boolean
}

/** What a commit tells about itself. The protocol requires none of it, and other writers leave most of it out. */
export interface CommitInfo {
  /** Epoch ms. */
  timestamp: number
  /** Epoch ms; with the table feature of that name it is the commit's time, and overrides `timestamp`. */
  inCommitTimestamp?: number
  operation: string
  operationParameters: Record<string, string>
  operationMetrics?: Record<string, string>
  /** The version of the table that the commit was based on. */
  readVersion?: number
  /** True when the commit adds files without having read the table. */
  isBlindAppend?: boolean
  engineInfo?: string
  /** Free text; ours is the commit metadata of `contract/tables.ts`. */
  userMetadata?: string
}

/** A file with adds and removes of a version 2 checkpoint. */
export interface Sidecar {
  /** Its name in `_delta_log/_sidecars`, or an absolute path. */
  path: string
  sizeInBytes: number
}

/** One line of a commit; it has one of these members. */
export interface Action {
  protocol?: Protocol
  metaData?: Metadata
  add?: AddFile
  remove?: RemoveFile
  txn?: Transaction
  commitInfo?: CommitInfo
  sidecar?: Sidecar
  domainMetadata?: DomainMetadata
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
