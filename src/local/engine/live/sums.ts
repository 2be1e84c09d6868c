/** What readings add up to, by bucket of time and city. */
import type { Readings } from './readings.ts'

/** Of a bucket of time and a city; the extremes are undefined where the table does not keep them. */
export interface SumRow {
  readonly bucket: number
  readonly city: string
  readonly readings: number
  readonly temperatures: number
  readonly humidities: number
  readonly lowest: number | undefined
  readonly highest: number | undefined
}

/** @param times of each, as `bucketOf` takes them. @returns a row for each bucket and city. */
export function sumsOf(
  { city, temperature, humidity }: Pick<Readings, 'city' | 'temperature' | 'humidity'>,
  times: readonly number[],
  bucketOf: (time: number) => number,
): SumRow[] {
  const sums = new Map<number, Map<string, Mutable>>()
  for (let row = 0; row < times.length; row++) {
    const bucket = bucketOf(times[row] as number)
    const cities = sums.get(bucket) ?? new Map<string, Mutable>()
    if (cities.size === 0) sums.set(bucket, cities)
    const place = city[row] as string
    const warm = temperature[row] as number
    const humid = humidity[row] as number
    const sum = cities.get(place)
    if (!sum) {
      cities.set(place, {
        bucket,
        city: place,
        readings: 1,
        temperatures: warm,
        humidities: humid,
        lowest: warm,
        highest: warm,
      })
      continue
    }
    sum.readings++
    sum.temperatures += warm
    sum.humidities += humid
    if (warm < sum.lowest) sum.lowest = warm
    if (warm > sum.highest) sum.highest = warm
  }
  return [...sums.values()].flatMap((cities) => [...cities.values()])
}

type Mutable = { -readonly [Name in keyof SumRow]: NonNullable<SumRow[Name]> }
