/** Whether a commit can follow the last one that was read: at the place of a table another one may have been made, which has passed its version. */
import { type CommitMetadata, commitMetadataIn } from '../../contract/tables.ts'
import type { Action } from '../../delta/actions.ts'

/** Of a table, as far as it was read. */
export interface KnownTable {
  /** Identity in its metadata; undefined before any was read. */
  id: string | undefined
  commitMetadata: CommitMetadata | undefined
  /** @param path as in an action. */
  has(path: string): boolean
}

/**
 * From the commit alone, so that it costs no request. What it does not tell (a first commit of another writer, which only adds files),
 * a look at the log does, now and then.
 * @returns true for one that names another table, takes away what is not there, or counts on from other totals.
 */
export function contradicts(known: KnownTable, actions: readonly Action[]): boolean {
  const isOther = actions.some(
    ({ metaData, remove }) =>
      (metaData && known.id !== undefined && metaData.id !== known.id) || (remove && !known.has(remove.path)),
  )
  const info = actions.find(({ commitInfo }) => commitInfo)?.commitInfo
  const next = commitMetadataIn(info?.userMetadata)
  return (
    isOther ||
    (known.commitMetadata !== undefined && next !== undefined && !follows(known.commitMetadata, next))
  )
}

/** Maintenance carries the counts on; a batch adds its own, after those of the batches that wrote nothing here. */
function follows(last: CommitMetadata, next: CommitMetadata): boolean {
  const before = next.totals.input - next.batch.input
  if (next.batchId === last.batchId + 1) return before === last.totals.input
  if (next.batchId > last.batchId) return before >= last.totals.input
  return next.batchId === last.batchId && next.totals.input === last.totals.input
}
