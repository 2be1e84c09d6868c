/** Rows of the tables' files, in a form for people and for JSON. */

import type { TableContract } from '../../contract/tables.ts'
import type { TraceRow } from '../../pipeline/ports/trace.ts'
import {
  type DataFile,
  deletedRowsOf,
  isOutside,
  outside,
  readRows,
  type TablePlace,
} from '../lake/data-file.ts'
import type { LakeClient } from '../lake/data-lake.ts'
import { DeltaTable } from '../lake/delta-table.ts'
import { numberOf, ParquetFile } from '../lake/parquet.ts'

/** By column name, as the Parquet reader gives values. */
export type ParquetRow = Readonly<Record<string, unknown>>

/** A data file as one commit of the log has it: the same file may stand there again, with fewer rows. */
export type FileInTable = Pick<DataFile, 'path' | 'deletionVector' | 'partitionValues'>

/**
 * Without deleted rows, columns by their names in the table. Undefined when the file is gone.
 * @throws ServiceError for what cannot be read: a deletion vector, a file that is not in the table's container.
 */
export async function rowsOf(
  client: LakeClient,
  { container, path: folder, columns }: TableContract,
  file: FileInTable,
  signal?: AbortSignal,
): Promise<ParquetRow[] | undefined> {
  if (isOutside(file.path)) throw outside({ container, folder }, file.path)
  const data = await client.read(container, file.path, signal)
  if (!data) return undefined
  const parquet = new ParquetFile(data)
  const there = new Set(parquet.columns.map(({ name }) => name))
  // Mapped columns have other names in a file, and those of a partition are not in it: what the schema says is read for them alone.
  if (!columns.every(([name]) => there.has(name))) {
    const place = await placeOf(client, container, folder, signal)
    const names = place.columns.map(({ name }) => name)
    if (names.length > 0) return readRows(client, place, file, names, signal)
  }
  const rows = await parquet.rows()
  if (!file.deletionVector) return rows
  const deleted = new Set(await deletedRowsOf(client, { container, folder }, file, signal))
  return rows.filter((_, index) => !deleted.has(index))
}

/** By client: one belongs to a single look. */
const places = new WeakMap<LakeClient, Map<string, Promise<TablePlace>>>()

function placeOf(
  client: LakeClient,
  container: string,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<TablePlace> {
  const known = places.get(client) ?? new Map<string, Promise<TablePlace>>()
  places.set(client, known)
  const key = `${container}/${folder}`
  const read = async () => {
    const table = new DeltaTable(client, container, folder)
    await table.look(signal)
    return table.place
  }
  const place = known.get(key) ?? read()
  known.set(key, place)
  return place
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
