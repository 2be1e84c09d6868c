/** Readings of a live batch, column by column, as they go into silver and gold. */
import type { Leaf } from '../parquet/leaf.ts'
import { flatLeaf } from '../parquet/shred.ts'

/** Every column has a value in each row: rows that lack one are DuckDB's. Times are microseconds since 1970, UTC. */
export interface Readings {
  eventId: string[]
  deviceId: string[]
  deviceSequenceNumber: number[]
  city: string[]
  temperature: number[]
  humidity: number[]
  timestamp: number[]
  createdAt: number[]
  enqueuedAt: number[]
  partitionId: number[]
}

/** Without rows. */
export const noReadings = (): Readings => ({
  eventId: [],
  deviceId: [],
  deviceSequenceNumber: [],
  city: [],
  temperature: [],
  humidity: [],
  timestamp: [],
  createdAt: [],
  enqueuedAt: [],
  partitionId: [],
})

const MICROS_OF_HOUR = 3_600_000_000
const HOURS_OF_DAY = 24

/** The hour that a time is in, since 1970. @param time microseconds. */
export const hourOf = (time: number): number => Math.floor(time / MICROS_OF_HOUR)

/** The minute that a time is in, since 1970. @param time microseconds. */
export const minuteOf = (time: number): number => Math.floor(time / 60_000_000)

/** Columns of silver's file. */
export function silverLeaves(rows: Readings): Leaf[] {
  return [
    flatLeaf('eventId', 'bytes', rows.eventId),
    flatLeaf('deviceId', 'bytes', rows.deviceId),
    flatLeaf('deviceSequenceNumber', 'int64', rows.deviceSequenceNumber),
    flatLeaf('city', 'bytes', rows.city),
    flatLeaf('temperature', 'int32', rows.temperature),
    flatLeaf('humidity', 'int32', rows.humidity),
    flatLeaf('timestamp', 'int64', rows.timestamp),
    flatLeaf('createdAt', 'int64', rows.createdAt),
    flatLeaf('enqueuedAt', 'int64', rows.enqueuedAt),
    flatLeaf('partitionId', 'int32', rows.partitionId),
  ]
}

/** Columns of gold's file. */
export function goldLeaves(rows: Readings): Leaf[] {
  const hours = rows.timestamp.map(hourOf)
  const days = hours.map((hour) => Math.floor(hour / HOURS_OF_DAY))
  return [
    ...silverLeaves(rows),
    flatLeaf('date', 'int32', days),
    flatLeaf(
      'hour',
      'int32',
      hours.map((hour, index) => hour - (days[index] as number) * HOURS_OF_DAY),
    ),
  ]
}

/** Several batches as one, in their order. */
export function joined(parts: readonly Readings[]): Readings {
  const [first] = parts
  if (parts.length === 1 && first) return first
  const columns = Object.keys(noReadings()) as (keyof Readings)[]
  return Object.fromEntries(
    columns.map((name) => [name, parts.flatMap((part): (string | number)[] => part[name])]),
  ) as unknown as Readings
}
