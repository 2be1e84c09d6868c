/** Rows of the tables' files, in a form for people and for JSON. */
import type { TraceRow } from '../../pipeline/ports/trace.ts'
import type { LakeClient } from '../lake/data-lake.ts'
import { numberOf, ParquetFile } from '../lake/parquet.ts'

/** By column name, as the Parquet reader gives values. */
export type ParquetRow = Readonly<Record<string, unknown>>

/** Undefined when the file is gone. */
export async function rowsOf(
  client: LakeClient,
  container: string,
  path: string,
  signal?: AbortSignal,
): Promise<ParquetRow[] | undefined> {
  const data = await client.read(container, path, signal)
  return data && new ParquetFile(data).rows()
}

/** Dates as text, numbers as numbers: what JSON can hold. */
export function traceRow(row: ParquetRow): TraceRow {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(name, value)]))
}

function plain(name: string, value: unknown): TraceRow[string] {
  if (value instanceof Date) return name === 'date' ? value.toISOString().slice(0, 10) : value.toISOString()
  if (Array.isArray(value)) return value.map(String)
  if (typeof value === 'bigint') return numberOf(value)
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  return value === undefined || value === null ? null : String(value)
}

/** Epoch ms of a timestamp; undefined when there is none. */
export const timeOf = (value: unknown): number | undefined => numberOf(value) ?? undefined
