/** Rows of the tables' files, in a form for people and for JSON. */

import type { TableContract } from '../../contract/tables.ts'
import type { DeletionVector } from '../../delta/actions.ts'
import type { TraceRow } from '../../pipeline/ports/trace.ts'
import { deletedRowsOf } from '../lake/data-file.ts'
import type { LakeClient } from '../lake/data-lake.ts'
import { numberOf, ParquetFile } from '../lake/parquet.ts'

/** By column name, as the Parquet reader gives values. */
export type ParquetRow = Readonly<Record<string, unknown>>

/** A data file as one commit of the log has it: the same file may stand there again, with fewer rows. */
export interface FileInTable {
  /** Path in the container. */
  path: string
  /** Which rows are no longer part of the table; undefined: none. */
  deletionVector: DeletionVector | undefined
}

/** Without deleted rows. Undefined when the file is gone. @throws ServiceError for a deletion vector that cannot be read. */
export async function rowsOf(
  client: LakeClient,
  { container, path: folder }: Pick<TableContract, 'container' | 'path'>,
  file: FileInTable,
  signal?: AbortSignal,
): Promise<ParquetRow[] | undefined> {
  const data = await client.read(container, file.path, signal)
  if (!data) return undefined
  const rows = await new ParquetFile(data).rows()
  if (!file.deletionVector) return rows
  const deleted = new Set(await deletedRowsOf(client, { container, folder }, file, signal))
  return rows.filter((_, index) => !deleted.has(index))
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
