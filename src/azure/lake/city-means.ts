/** The aggregate by city, over all its dates and hours. A file of a table never changes, so each is read once. */
import type { CityMean } from '../../pipeline/ports/lake.ts'
import type { DataFile } from './data-file.ts'
import type { DeltaTable } from './delta-table.ts'
import { numberOf, textOf } from './parquet.ts'

/** Most rows that are added up. */
const MOST_ROWS = 50_000
const COLUMNS = ['city', 'avg_temperature', 'avg_humidity', 'readings']

interface Sums {
  temperature: number
  humidity: number
  readings: number
}

interface FileSums {
  rows: number
  byCity: ReadonlyMap<string, Readonly<Sums>>
}

/** Keeps the sums of each file that the table still has. */
export class CityMeans {
  readonly #table: Pick<DeltaTable, 'files' | 'rowsOf'>
  /** Of files that the table has now; what it lets go of is forgotten with it. */
  readonly #known = new WeakMap<DataFile, FileSums>()

  /** @param table `gold/weather_aggregated`. */
  constructor(table: Pick<DeltaTable, 'files' | 'rowsOf'>) {
    this.#table = table
  }

  /** @returns means weighted by readings; undefined when a file was rewritten meanwhile: the next version tells. */
  async read(signal: AbortSignal | undefined): Promise<CityMean[] | undefined> {
    const all = new Map<string, Sums>()
    let rows = 0
    for (const file of this.#table.files) {
      if (rows > MOST_ROWS) break
      const sums = await this.#sumsOf(file, signal)
      if (!sums) return undefined
      rows += sums.rows
      for (const [city, one] of sums.byCity) add(all, city, one)
    }
    return [...all]
      .filter(([, { readings }]) => readings > 0)
      .map(([city, { temperature, humidity, readings }]) => ({
        city,
        temperature: temperature / readings,
        humidity: humidity / readings,
        readings,
      }))
  }

  async #sumsOf(file: DataFile, signal: AbortSignal | undefined): Promise<FileSums | undefined> {
    const known = this.#known.get(file)
    if (known) return known
    const rows = await this.#table.rowsOf(file, COLUMNS, signal)
    if (!rows) return undefined
    const byCity = new Map<string, Sums>()
    for (const row of rows) {
      const readings = numberOf(row.readings) ?? 0
      add(byCity, textOf(row.city) ?? '', {
        temperature: (numberOf(row.avg_temperature) ?? 0) * readings,
        humidity: (numberOf(row.avg_humidity) ?? 0) * readings,
        readings,
      })
    }
    const sums = { rows: rows.length, byCity }
    this.#known.set(file, sums)
    return sums
  }
}

function add(sums: Map<string, Sums>, city: string, { temperature, humidity, readings }: Sums): void {
  const sum = sums.get(city)
  if (!sum) sums.set(city, { temperature, humidity, readings })
  else {
    sum.temperature += temperature
    sum.humidity += humidity
    sum.readings += readings
  }
}
