/** One data file of a Delta table, written here, and what the log says of it. */
import type { DeltaType, TableContract } from '../../../contract/tables.ts'
import type { FileStatistics } from '../../../delta/actions.ts'
import type { EngineContext } from '../api/options.ts'
import { type ParquetBytes, parquetFile, type SchemaNode } from '../parquet/file.ts'
import type { Bounds, Leaf } from '../parquet/leaf.ts'
import { writeLakeFile } from './lake-files.ts'
import { FOOTER, type WrittenFile } from './parquet-file.ts'
import { textAbove, textBelow } from './text-bounds.ts'

const nodeOf = ([name, type]: readonly [string, DeltaType]): SchemaNode =>
  type === 'array<string>' ? { name, kind: 'list' } : { name, kind: type }

/**
 * Writes `<table>/<name>`; a file of that name that no log refers to is replaced.
 * @param leaves the contract's columns, in their order, with so many rows.
 */
export async function writeOwnFile(
  context: EngineContext,
  contract: TableContract,
  leaves: readonly Leaf[],
  rows: number,
  options: { name: string; tags?: Record<string, string> },
): Promise<WrittenFile> {
  return placeFile(context, contract, parquetFile(schemaOf(contract), leaves, rows, FOOTER), options)
}

/** Columns of a table's files. */
export const schemaOf = ({ columns }: TableContract): SchemaNode[] => columns.map(nodeOf)

/** The same for a file that is made already. */
export async function placeFile(
  context: EngineContext,
  contract: TableContract,
  file: ParquetBytes,
  options: { name: string; tags?: Record<string, string> },
): Promise<WrittenFile> {
  const { rows } = file
  const place = { container: contract.container, path: `${contract.path}/${options.name}` }
  await writeLakeFile(context, place, file.parts, { overwrite: true })
  return {
    rows,
    add: {
      path: options.name,
      partitionValues: {},
      size: file.size,
      modificationTime: context.clock.now(),
      dataChange: true,
      stats: JSON.stringify(statisticsOf(contract, file)),
      ...(options.tags && { tags: options.tags }),
    },
  }
}

function statisticsOf(contract: TableContract, { rows, columns }: ParquetBytes): FileStatistics {
  const result: Required<FileStatistics> = { numRecords: rows, minValues: {}, maxValues: {}, nullCount: {} }
  for (const [name, type] of contract.columns) {
    const column = columns.get(name)
    if (!column) continue
    result.nullCount[name] = column.nulls
    const least = bound(type, column.least, false)
    const greatest = bound(type, column.greatest, true)
    if (least !== undefined) result.minValues[name] = least
    if (greatest !== undefined) result.maxValues[name] = greatest
  }
  return result
}

const MS_OF_DAY = 86_400_000

/** @param up rounded outwards: statistics have milliseconds. */
function bound(type: DeltaType, value: Bounds['least'], up: boolean): string | number | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string') return up ? textAbove(value) : textBelow(value)
  if (type === 'timestamp') return timeOf(milliseconds(value, up))
  const number = Number(value)
  if (type === 'date') return timeOf(number * MS_OF_DAY)?.slice(0, 10)
  // JSON's numbers are not exact beyond that, and a bound must not be within what it bounds.
  return type === 'double' || Number.isSafeInteger(number) ? number : undefined
}

/** @param micros exact, whatever the year. */
function milliseconds(micros: number | bigint, up: boolean): number {
  if (typeof micros === 'number') return up ? Math.ceil(micros / 1000) : Math.floor(micros / 1000)
  const rest = ((micros % 1000n) + 1000n) % 1000n
  return Number((micros - rest) / 1000n) + (up && rest > 0n ? 1 : 0)
}

/** Undefined for what the format cannot express (years beyond 9999 or before Christ). */
function timeOf(ms: number): string | undefined {
  const text = Math.abs(ms) < 8.64e15 ? new Date(ms).toISOString() : undefined
  return text?.length === 24 ? text : undefined
}
