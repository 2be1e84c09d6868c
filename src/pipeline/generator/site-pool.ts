/**
 * Where stations can stand. Imported only when stations are drawn, for Faker's sake. A named import takes its numbers alone
 * into the bundle, a quarter of what its English words would (docs/performance.md).
 */
import { SimpleFaker } from '@faker-js/faker'
import { hashText } from '../runtime/random.ts'
import { CLIMATES, type Site } from './climate.ts'

/** The same seed gives the same sites on every machine. */
export function drawSites(seed: string, count: number): Site[] {
  const faker = new SimpleFaker()
  faker.seed(hashText(seed))
  return Array.from({ length: count }, () => ({
    climate: faker.helpers.arrayElement(CLIMATES),
    temperatureOffset: faker.number.float({ min: -1.5, max: 1.5, fractionDigits: 2 }),
    humidityOffset: faker.number.float({ min: -6, max: 6, fractionDigits: 1 }),
    phase: faker.number.float({ min: 0, max: 1, fractionDigits: 4 }),
  }))
}
