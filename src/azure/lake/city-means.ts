/** The aggregate by city, over all its dates and hours. A file of a table never changes, so each is read once. */
import type { CityMean } from '../../pipeline/ports/lake.ts'
import type { DataFile } from './data-file.ts'
import type { DeltaTable } from './delta-table.ts'
import { numberOf, type ParquetRow, textOf } from './parquet.ts'

/** Most rows that one look reads, and some of its last file; the next one goes on behind them. */
const MOST_ROWS = 50_000
const COLUMNS = ['city', 'avg_temperature', 'avg_humidity', 'readings']

interface Sums {
  temperature: number
  humidity: number
  readings: number
}

type SumsByCity = ReadonlyMap<string, Readonly<Sums>>

/** Keeps the sums of each file that the table still has. */
export class CityMeans {
  readonly #table: Pick<DeltaTable, 'files' | 'rowsOf'>
  /** Of files that the table has now; what it lets go of is forgotten with it. */
  readonly #known = new WeakMap<DataFile, SumsByCity>()

  /** @param table `gold/weather_aggregated`. */
  constructor(table: Pick<DeltaTable, 'files' | 'rowsOf'>) {
    this.#table = table
  }

  /**
   * @returns means weighted by readings, of all files or of none: undefined when a file was rewritten meanwhile (the next version
   * tells), and while there is more to be read than one look does.
   */
  async read(signal: AbortSignal | undefined): Promise<CityMean[] | undefined> {
    const all = new Map<string, Sums>()
    let rows = 0
    for (const file of this.#table.files) {
      let sums = this.#known.get(file)
      if (!sums) {
        if (rows > MOST_ROWS) return undefined
        const read = await this.#table.rowsOf(file, COLUMNS, signal)
        if (!read) return undefined
        rows += read.length
        sums = sumsOf(read)
        this.#known.set(file, sums)
      }
      for (const [city, one] of sums) add(all, city, one)
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
}

function sumsOf(rows: readonly ParquetRow[]): SumsByCity {
  const byCity = new Map<string, Sums>()
  for (const row of rows) {
    const readings = numberOf(row.readings) ?? 0
    add(byCity, textOf(row.city) ?? '', {
      temperature: (numberOf(row.avg_temperature) ?? 0) * readings,
      humidity: (numberOf(row.avg_humidity) ?? 0) * readings,
      readings,
    })
  }
  return byCity
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
