/**
 * Where the files of an upsert table lie on the line of its buckets, and where a batch falls onto it. A bucket is the whole number
 * that the table is ordered by: a minute or an hour since 1970.
 */
import type { AddFile, FileStatistics } from '../../../delta/actions.ts'
import { statisticsOf, timeIn } from '../../../delta/statistics.ts'

/** Both ends included. */
export interface BucketRange {
  from: number
  to: number
}

/** Buckets and number of a batch's readings, as far as the statistics of its files tell them. */
export interface SlotSpan extends BucketRange {
  readings: number
}

/** What is written for a batch of the present: a file for each piece, in place of the touched ones. */
export interface LiveUpdate {
  touched: AddFile[]
  pieces: BucketRange[]
}

/** The minute of a time in statistics, of whichever writer; NaN for what is no time. */
export const minuteIn = (time: unknown): number => Math.floor((timeIn(time) ?? Number.NaN) / 60_000)

/** A file without our tags (another writer compacted the table) may hold any bucket. */
export function rangeOf(file: AddFile): BucketRange {
  return {
    from: Number(file.tags?.slotFrom ?? Number.NEGATIVE_INFINITY),
    to: Number(file.tags?.slotTo ?? Number.POSITIVE_INFINITY),
  }
}

/** @returns undefined when the statistics of some file do not tell. */
export function spanOf(
  files: readonly AddFile[],
  bucketsIn: (statistics: FileStatistics) => BucketRange | undefined,
): SlotSpan | undefined {
  const span = { from: Number.POSITIVE_INFINITY, to: Number.NEGATIVE_INFINITY, readings: 0 }
  for (const file of files) {
    const statistics = statisticsOf(file)
    const buckets = statistics && bucketsIn(statistics)
    if (!buckets || !Number.isInteger(buckets.from) || !Number.isInteger(buckets.to)) return undefined
    if (typeof statistics.numRecords !== 'number') return undefined
    span.from = Math.min(span.from, buckets.from)
    span.to = Math.max(span.to, buckets.to)
    span.readings += statistics.numRecords
  }
  return files.length > 0 ? span : undefined
}

/**
 * The update for readings of one bucket or two neighbours, as they come live, which touch little.
 * @param mostRows of the touched files: more are worth being cut anew.
 * @returns undefined for any other batch: its buckets must be looked at one by one.
 */
export function liveUpdate(
  files: Iterable<AddFile>,
  span: BucketRange,
  mostRows: number,
): LiveUpdate | undefined {
  if (span.to - span.from > 1) return undefined
  const touched: AddFile[] = []
  const all = { ...span }
  let newestStaying = Number.NEGATIVE_INFINITY
  let rows = 0
  for (const file of files) {
    const { from, to } = rangeOf(file)
    if (to < span.from || from > span.to) {
      newestStaying = Math.max(newestStaying, to)
      continue
    }
    touched.push(file)
    all.from = Math.min(all.from, from)
    all.to = Math.max(all.to, to)
    rows += statisticsOf(file)?.numRecords ?? Number.POSITIVE_INFINITY
  }
  if (rows > mostRows || !Number.isFinite(all.from) || !Number.isFinite(all.to)) return undefined
  // The newest bucket stays alone in its file, as the next batch will touch it again.
  const isHot = all.to > newestStaying && all.to > all.from
  const pieces = isHot
    ? [
        { from: all.from, to: all.to - 1 },
        { from: all.to, to: all.to },
      ]
    : [all]
  return { touched, pieces }
}
