/**
 * The totals file of bronze: retention adds files up before deleting them, so a listing of the remaining
 * files still tells how far bronze has come. Only the local job's retention writes it; the real service has
 * none.
 */
import { BRONZE, type BronzeFile, extraRowsIn } from './bronze-layout.ts'

/** Relative to the container. Engines skip names that begin with an underscore. */
export const BRONZE_TOTALS = `${BRONZE.path}/_totals.json`

/** Totals of a partition below `nextSequenceNumber`; kept when its files are deleted. */
export interface PartitionTotals {
  /** The first one behind all that is counted here. */
  nextSequenceNumber: number
  rows: number
  /** Events that became no row. */
  rejected: number
  /** Rows beyond the first of each event; undefined in files of older versions, which had no such rows. */
  extraRows?: number
  /** How many sequence numbers no file covered. */
  skipped: number
  files: number
  bytes: number
}

/**
 * Adds a file, unless it was added before: the files of a partition must come in the order of their ranges.
 */
export function addToTotals(totals: Map<number, PartitionTotals>, file: BronzeFile, bytes: number): void {
  const before = totals.get(file.partition) ?? {
    nextSequenceNumber: 0,
    rows: 0,
    rejected: 0,
    skipped: 0,
    files: 0,
    bytes: 0,
  }
  if (file.firstSequenceNumber < before.nextSequenceNumber) return
  const extraRows = (before.extraRows ?? 0) + extraRowsIn(file)
  totals.set(file.partition, {
    nextSequenceNumber: file.lastSequenceNumber + 1,
    rows: before.rows + file.rows,
    rejected: before.rejected + file.rejected,
    ...(extraRows > 0 ? { extraRows } : {}),
    skipped: before.skipped + (file.firstSequenceNumber - before.nextSequenceNumber),
    files: before.files + 1,
    bytes: before.bytes + bytes,
  })
}

/** The content of the totals file, as an object to write as JSON. */
export const totalsDocument = (totals: ReadonlyMap<number, PartitionTotals>) => ({
  partitions: Object.fromEntries(totals),
})

/** The inverse of {@link totalsDocument}, by partition. @throws SyntaxError when the text is not JSON. */
export function parseTotals(text: string): Map<number, PartitionTotals> {
  const { partitions } = JSON.parse(text) as { partitions: Record<string, PartitionTotals> }
  return new Map(Object.entries(partitions).map(([partition, totals]) => [Number(partition), totals]))
}
