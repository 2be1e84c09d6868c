/** Readings of data files that this engine has written, for batches that nobody has handed over: after a start, or behind a pause. */
import { parseDataFileName } from '../delta/parquet-file.ts'
import { withParquet } from '../parquet/read.ts'
import { noReadings, type Readings } from './readings.ts'

/** Of larger batches DuckDB reads the files. */
const MOST_READ = 30_000

/** Whether such a batch is read here. @param files their names. @param rows in all of them, where that is known. */
export const isReadHere = (files: readonly string[], rows: number | undefined): boolean =>
  rows !== undefined && rows <= MOST_READ && files.every((file) => parseDataFileName(file) !== undefined)

/**
 * @param paths absolute, in the order of the rows.
 * @returns undefined when a value is missing, or no exact number.
 */
export async function readingsIn(paths: readonly string[]): Promise<Readings | undefined> {
  const columns = await columnsIn(paths, Object.keys(noReadings()))
  return columns as unknown as Readings | undefined
}

/** The columns of gold that the aggregate adds up. */
export interface GoldColumns {
  city: string[]
  temperature: number[]
  humidity: number[]
  /** Days since 1970. */
  date: number[]
  hour: number[]
}

/** As {@link readingsIn}, of gold's files. */
export async function goldIn(paths: readonly string[]): Promise<GoldColumns | undefined> {
  const columns = await columnsIn(paths, ['city', 'temperature', 'humidity', 'date', 'hour'])
  return columns as unknown as GoldColumns | undefined
}

const isExact = (value: unknown) => typeof value === 'string' || Number.isSafeInteger(value)

async function columnsIn(paths: readonly string[], names: readonly string[]) {
  const found = new Map<string, unknown[]>(names.map((name) => [name, []]))
  for (const path of paths)
    await withParquet(path, async (file) => {
      for (const [name, values] of found) for (const value of await file.column(name)) values.push(value)
    })
  const isWhole = [...found.values()].every((values) => values.every(isExact))
  return isWhole ? Object.fromEntries(found) : undefined
}
