/** The simulated stations: where each stands. Faker draws a pool of sites once; a station takes one by its number. */
import type { Faker } from '@faker-js/faker'
import { hashText, mix } from '../runtime/random.ts'
import { CLIMATES, type Site } from './climate.ts'

const POOL = 2048

export interface Stations {
  siteOf(station: number): Site
}

/** The same seed gives every station the same site on every machine. Faker is loaded here, as it is not cheap. */
export async function drawStations(seed: string): Promise<Stations> {
  const { faker } = (await import('@faker-js/faker/locale/en')) as { faker: Faker }
  faker.seed(hashText(seed))
  const pool: Site[] = Array.from({ length: POOL }, () => ({
    climate: faker.helpers.arrayElement(CLIMATES),
    temperatureOffset: faker.number.float({ min: -1.5, max: 1.5, fractionDigits: 2 }),
    humidityOffset: faker.number.float({ min: -6, max: 6, fractionDigits: 1 }),
    phase: faker.number.float({ min: 0, max: 1, fractionDigits: 4 }),
  }))
  return { siteOf: (station) => pool[mix(station) % POOL] as Site }
}

/** `station-00042`; numbers beyond five digits are written whole. */
export const deviceIdOf = (station: number): string => `station-${String(station).padStart(5, '0')}`

/** The inverse of {@link deviceIdOf}; undefined for other names. */
export function stationOf(deviceId: string): number | undefined {
  const digits = /^station-(\d{5,7})$/.exec(deviceId)?.[1]
  return digits === undefined ? undefined : Number(digits)
}
