/** The simulated stations: where each stands. A pool of sites is drawn once; a station takes one by its number. */
import { mix } from '../runtime/random.ts'
import type { Site } from './climate.ts'

const POOL = 2048

/** Any number of them: several share a site. */
export interface Stations {
  siteOf(station: number): Site
}

/** The same seed gives every station the same site on every machine. */
export async function drawStations(seed: string): Promise<Stations> {
  const { drawSites } = await import('./site-pool.ts')
  const pool = drawSites(seed, POOL)
  return { siteOf: (station) => pool[mix(station) % POOL] as Site }
}

/** `station-00042`; numbers beyond five digits are written whole. */
export const deviceIdOf = (station: number): string => `station-${String(station).padStart(5, '0')}`

/** The inverse of {@link deviceIdOf}; undefined for other names. */
export function stationOf(deviceId: string): number | undefined {
  const digits = /^station-(\d{5,7})$/.exec(deviceId)?.[1]
  return digits === undefined ? undefined : Number(digits)
}
