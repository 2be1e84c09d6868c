/** What a file's statistics say of the times at which its rows were enqueued. */
import type { AddFile } from '../../../delta/actions.ts'
import { statisticsOf, timeIn } from '../../../delta/statistics.ts'

/** Enqueued times in a file (epoch ms); everything may be in a file without statistics, nothing in one without times. */
export function enqueuedIn(file: Pick<AddFile, 'stats'>): { earliest: number; latest: number } {
  const statistics = statisticsOf(file)
  const [earliest, latest] = [statistics?.minValues, statistics?.maxValues].map((values) =>
    timeIn(values?.enqueuedAt),
  )
  if (!statistics) return { earliest: Number.NEGATIVE_INFINITY, latest: Number.POSITIVE_INFINITY }
  if (earliest === undefined || latest === undefined) {
    const none = (statistics.nullCount?.enqueuedAt ?? -1) === statistics.numRecords
    return none
      ? { earliest: Number.POSITIVE_INFINITY, latest: Number.NEGATIVE_INFINITY }
      : { earliest: Number.NEGATIVE_INFINITY, latest: Number.POSITIVE_INFINITY }
  }
  // Other writers cut the milliseconds off, also of the latest.
  return { earliest, latest: latest + 1 }
}
