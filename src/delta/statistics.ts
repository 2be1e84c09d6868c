/** Statistics of a data file, as in an `add` action. */
import type { AddFile, FileStatistics } from './actions.ts'

/** Statistics of a file; undefined when they are missing or cannot be parsed: they are optional. */
export function statisticsOf(file: Pick<AddFile, 'stats'>): FileStatistics | undefined {
  if (!file.stats) return undefined
  try {
    const statistics = JSON.parse(file.stats) as FileStatistics | null
    return typeof statistics === 'object' && statistics !== null ? statistics : undefined
  } catch {
    return undefined
  }
}

/** A row's `stats_parsed` in a checkpoint: the statistics as a struct, its times as dates. */
export interface ParsedStatistics {
  numRecords?: number | bigint | null
  minValues?: object | null
  maxValues?: object | null
  nullCount?: object | null
}

/**
 * A checkpoint may hold statistics as text, as a struct, or both (`delta.checkpoint.writeStatsAsStruct`).
 * @returns the text that a commit would have; undefined when there are no statistics.
 */
export function statisticsText(
  stats: string | null | undefined,
  parsed: ParsedStatistics | null | undefined,
): string | undefined {
  if (stats) return stats
  if (!parsed || (parsed.numRecords ?? null) === null) return undefined
  return JSON.stringify(parsed, (_, value: unknown) =>
    typeof value === 'bigint' ? Number(value) : (value ?? undefined),
  )
}

/**
 * A time from statistics, as epoch milliseconds; undefined when it is not a time. Without a zone it is UTC,
 * as in `timestamp_ntz` columns, and in times that DuckDB writes as text.
 */
export function timeIn(value: unknown): number | undefined {
  if (value instanceof Date) return value.getTime()
  if (typeof value !== 'string') return undefined
  const [, day, clock = 'T00:00:00', zone = 'Z'] = TIME.exec(value) ?? []
  if (day === undefined) return undefined
  const time = Date.parse(`${day}${clock.replace(' ', 'T')}${/^[-+]\d\d$/.test(zone) ? `${zone}:00` : zone}`)
  return Number.isFinite(time) ? time : undefined
}

const TIME = /^(\d{4}-\d\d-\d\d)([ T]\d\d:\d\d:\d\d(?:\.\d+)?)?([zZ]|[-+]\d\d(?::?\d\d)?)?$/
