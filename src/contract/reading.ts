/** One weather reading as it travels through Event Hubs: UTF-8 JSON, partition key = `deviceId`. */
export interface Reading {
  /** UUID; derived from seed, run, station and sequence number, so a reading sent again has the same id. */
  eventId: string
  /** `station-00042` */
  deviceId: string
  /** Gapless per station, from 0. */
  deviceSequenceNumber: number
  city: string
  /** Whole °C. */
  temperature: number
  /** Whole percent. */
  humidity: number
  /** When it was measured, `yyyy-MM-dd HH:mm:ss` UTC. */
  timestamp: string
  /** When the record was made, ISO-8601 UTC with milliseconds. */
  createdAt: string
}

/** Ranges that a reading must be in to reach silver (both ends inclusive). */
export const TEMPERATURE_RANGE = { min: -90, max: 60 } as const
/** Percent. */
export const HUMIDITY_RANGE = { min: 0, max: 100 } as const

/**
 * Earlier years come from clocks that were never set, and Parquet readers disagree about the calendar of that
 * time.
 */
export const EARLIEST_YEAR = 1900

/** Duplicates by `eventId` are dropped within this span of enqueued time. */
export const DEDUPLICATION_WINDOW_MS = 10 * 60_000
