/** A batch of silver when its lines have been read and judged, whoever did that. */
import type { BatchCounts } from '../../../contract/tables.ts'
import type { WrittenFile } from '../delta/parquet-file.ts'

/** Nothing of it is in a table yet. */
export interface LoadedBatch {
  counts: Required<BatchCounts>
  /** Writes the valid rows under a name; undefined when there are none. */
  writeSilver(name: string): Promise<WrittenFile | undefined>
  /** The same of the refused ones. */
  writeQuarantine(name: string): Promise<WrittenFile | undefined>
  /** To be called when both tables have them: from now on they may be repeated. */
  remember(): Promise<void>
}
