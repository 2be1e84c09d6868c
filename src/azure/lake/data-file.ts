/** One data file of a Delta table: what the log says about it, and its rows as the table has them. */
import type { AddFile, DeletionVector } from '../../delta/actions.ts'
import { deletedRows, FRAME_BYTES, inFile, placeOf } from '../../delta/deletion-vector.ts'
import { placeOfFile } from '../../delta/paths.ts'
import { type Column, physicalName } from '../../delta/schema.ts'
import { statisticsOf, timeIn } from '../../delta/statistics.ts'
import { ServiceError } from '../../pipeline/ports/errors.ts'
import type { LakeClient } from './data-lake.ts'
import { newestIn, numberOf, ParquetFile, type ParquetRow, readFooter } from './parquet.ts'
import { partitionValue } from './partition-value.ts'

export interface DataFile {
  /** Relative to the container. */
  path: string
  bytes: number
  /** Without the rows that a deletion vector deletes; undefined when its writer left no statistics. */
  rows: number | undefined
  /** How many rows of the file are deleted. */
  deletedRows: number
  /** Which those are. */
  deletionVector: DeletionVector | undefined
  /** Largest `enqueuedAt` (or `minute`) in the file, epoch ms. */
  newestAt: number | undefined
  /** When the commit that added it was made, epoch ms. */
  committedAt: number
  /** Of that commit. */
  version: number
  /** Columns, by physical name, whose values are in the log and not in the file. */
  partitionValues: Readonly<Record<string, string | null>> | undefined
}

/** The columns that say how new a row is; a table has one of them, or none. */
const TIME_COLUMNS = ['enqueuedAt', 'minute']

/** A table's place in the lake, and its columns. */
export interface TablePlace {
  container: string
  folder: string
  columns: readonly Column[]
}

/** @param committedAt epoch ms; undefined when the commit does not say. */
export function dataFileOf(
  add: AddFile,
  table: TablePlace,
  version: number,
  committedAt: number | undefined,
): DataFile {
  const { columns } = table
  const statistics = statisticsOf(add)
  const deleted = Number(add.deletionVector?.cardinality ?? 0)
  const values = add.partitionValues
  const rows = statistics?.numRecords
  return {
    path: pathIn(table, add.path),
    bytes: Number(add.size),
    rows: typeof rows === 'number' ? rows - deleted : undefined,
    deletedRows: deleted,
    deletionVector: vectorOf(add),
    newestAt: newest(
      TIME_COLUMNS.map((name) => physicalName(columns, name)).map(
        (name) => timeIn(statistics?.maxValues?.[name]) ?? timeIn(values?.[name]),
      ),
    ),
    committedAt: committedAt ?? Number(add.modificationTime ?? 0),
    version,
    partitionValues: values && Object.keys(values).length > 0 ? values : undefined,
  }
}

const newest = (times: readonly (number | undefined)[]) => times.find((time) => time !== undefined)

/**
 * Whether the file itself has to say what the log does not: its rows, or how new they are. A writer may leave out statistics of all
 * columns behind the thirty-second, and of any that it was told to.
 */
export const isUnmeasured = ({ columns }: TablePlace, file: DataFile): boolean =>
  file.rows === undefined ||
  file.deletionVector !== undefined ||
  (file.newestAt === undefined && file.rows > 0 && columns.some(({ name }) => TIME_COLUMNS.includes(name)))

/** In checkpoints of some writers a file without a vector has one of nulls. */
export const vectorOf = ({ deletionVector }: Pick<AddFile, 'deletionVector'>): DeletionVector | undefined =>
  deletionVector?.storageType || Number(deletionVector?.cardinality ?? 0) > 0
    ? (deletionVector as DeletionVector)
    : undefined

/** Stands before the path of a file that is not in the table's container: what is there at that path is another file. */
const OUTSIDE = 'outside:'

/** Whether {@link pathIn} has given that path for a file which lies elsewhere, as those of a shallow clone do. */
export const isOutside = (path: string): boolean => path.startsWith(OUTSIDE)

/** The path in the container of a file that an action names. */
export function pathIn({ container, folder }: Omit<TablePlace, 'columns'>, path: string): string {
  const place = placeOfFile(path)
  if (place.isInTable) return `${folder}/${place.path}`
  return place.container === container ? place.path : `${OUTSIDE}${path}`
}

/** @param path as {@link pathIn} gave it. */
export const outside = ({ container, folder }: Omit<TablePlace, 'columns'>, path: string): ServiceError =>
  new ServiceError(
    'service',
    'the data lake',
    `${container}/${folder} has a file that is not in its container: ${path.slice(OUTSIDE.length).slice(0, 200)}.`,
    {
      hint: 'Make it a table with files of its own, by a deep clone or an overwrite: a shallow clone has those of another.',
    },
  )

/** Largest file (bytes) that is read whole to find the newest row left by its deletion vector. */
const MOST_BYTES = 64_000_000

/**
 * Reads from the file what its statistics do not say: the footer's row count, and its newest time. The
 * statistics of a file with deleted rows are only bounds, so its newest row is searched for.
 * @returns undefined when the file does not exist.
 */
export async function measured(
  client: LakeClient,
  table: TablePlace,
  file: DataFile,
  signal: AbortSignal | undefined,
): Promise<DataFile | undefined> {
  const times = TIME_COLUMNS.filter((name) => table.columns.some((column) => column.name === name))
  if (file.deletionVector && file.bytes <= MOST_BYTES) {
    const rows = await readRows(client, table, file, times, signal)
    if (!rows) return undefined
    let latest = Number.NEGATIVE_INFINITY
    for (const row of rows) for (const name of times) latest = Math.max(latest, numberOf(row[name]) ?? latest)
    return { ...file, rows: rows.length, newestAt: Number.isFinite(latest) ? latest : undefined }
  }
  let isMissing = false
  const read = async (from: number, to: number) => {
    const part = await client.read(table.container, file.path, signal, { offset: from, bytes: to - from })
    if (!part) isMissing = true
    const { buffer, byteOffset, byteLength } = part ?? Buffer.alloc(0)
    return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer
  }
  try {
    const footer = await readFooter(file.bytes, read)
    const names = times.map((name) => physicalName(table.columns, name))
    return {
      ...file,
      rows: Number(footer.num_rows) - file.deletedRows,
      newestAt: file.newestAt ?? newest(names.map((name) => newestIn(footer, name))),
    }
  } catch (cause) {
    if (isMissing) return undefined
    throw unreadable(table, file, cause)
  }
}

/** A file in memory, as the table has it. */
export interface OpenFile {
  /** Without deleted ones. */
  rowCount: number
  /**
   * In the file's order: deleted ones left out, columns by their names in the table, null where the file is older than the
   * column. May be asked several times.
   * @param most how many, from the first one on. Default: all.
   * @throws ServiceError for a file that cannot be read.
   */
  rows(names: readonly string[], most?: number): Promise<ParquetRow[]>
}

/** @returns undefined when the file does not exist. @throws ServiceError for a file that cannot be read. */
export async function openFile(
  client: LakeClient,
  table: TablePlace,
  file: Pick<DataFile, 'path' | 'deletionVector' | 'partitionValues'>,
  signal: AbortSignal | undefined,
): Promise<OpenFile | undefined> {
  const data = await client.read(table.container, file.path, signal)
  if (!data) return undefined
  const deleted = new Set(await deletedRowsOf(client, table, file, signal))
  const guarded = async <T>(read: () => Promise<T> | T): Promise<T> => {
    try {
      return await read()
    } catch (cause) {
      throw unreadable(table, file, cause)
    }
  }
  const parquet = await guarded(() => new ParquetFile(data))
  return {
    rowCount: parquet.rowCount - deleted.size,
    rows: (names, most = Number.POSITIVE_INFINITY) =>
      guarded(async () => {
        const columns = names.map((name) => ({ name, ...sourceOf(table, parquet, file, name) }))
        // Any of the first ones may be deleted.
        const first = deleted.size === 0 ? most : most + deleted.size
        const rows = await parquet.rows(
          columns.flatMap(({ inFile }) => inFile ?? []),
          first,
        )
        const kept = deleted.size === 0 ? rows : rows.filter((_, index) => !deleted.has(index)).slice(0, most)
        return kept.map((row) =>
          Object.fromEntries(
            columns.map(({ name, inFile, text, type }) => [
              name,
              inFile === undefined ? partitionValue(text, type) : (row[inFile] ?? null),
            ]),
          ),
        )
      }),
  }
}

/** All rows of a file, as {@link OpenFile.rows}. @returns undefined when the file does not exist. @throws ServiceError */
export async function readRows(
  client: LakeClient,
  table: TablePlace,
  file: Pick<DataFile, 'path' | 'deletionVector' | 'partitionValues'>,
  names: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ParquetRow[] | undefined> {
  return (await openFile(client, table, file, signal))?.rows(names)
}

/** Where a column's values are. */
export interface ValueSource {
  /** Its name in the file; undefined: the file has none. */
  inFile: string | undefined
  /** What the log says for all rows then, as text; undefined when it says nothing, as for a file that is older than the column. */
  text: string | null | undefined
  /** The column's type; undefined when the schema does not list it. */
  type: string | undefined
}

/** @param name in the table. */
export function sourceOf(
  { columns }: TablePlace,
  parquet: ParquetFile,
  { partitionValues }: Pick<DataFile, 'partitionValues'>,
  name: string,
): ValueSource {
  const column = columns.find((one) => one.name === name)
  const physical = column?.physicalName ?? name
  const found =
    (column?.fieldId !== undefined && parquet.columns.find(({ fieldId }) => fieldId === column.fieldId)) ||
    parquet.columns.find((one) => one.name === physical)
  return { inFile: found?.name, text: partitionValues?.[physical], type: column?.type }
}

/** @returns positions in the file, ascending. @throws ServiceError when the vector cannot be read. */
export async function deletedRowsOf(
  client: LakeClient,
  { container, folder }: Omit<TablePlace, 'columns'>,
  { path, deletionVector }: Pick<DataFile, 'path' | 'deletionVector'>,
  signal: AbortSignal | undefined,
): Promise<readonly number[]> {
  if (!deletionVector) return []
  try {
    const place = placeOf(deletionVector)
    if (place.kind === 'inline') return deletedRows(place.bytes)
    const file = place.isAbsolute ? pathIn({ container, folder }, place.path) : `${folder}/${place.path}`
    const range = { offset: place.offset, bytes: place.bytes + FRAME_BYTES }
    const part = await client.read(container, file, signal, range)
    if (!part) throw new Error(`${file} is not there`)
    return deletedRows(inFile(part, place.bytes))
  } catch (cause) {
    if (cause instanceof ServiceError) throw cause
    throw new ServiceError(
      'service',
      'the data lake',
      `The deletion vector of ${container}/${path} cannot be read: ${(cause as Error).message}.`,
      {
        hint: 'Set the table property delta.enableDeletionVectors to false, and run REORG TABLE … APPLY (PURGE).',
        cause,
      },
    )
  }
}

function unreadable(
  { container }: TablePlace,
  { path }: Pick<DataFile, 'path'>,
  cause: unknown,
): ServiceError {
  if (cause instanceof ServiceError) return cause
  return new ServiceError(
    'service',
    'the data lake',
    `${container}/${path} cannot be read: ${(cause as Error).message}.`,
    { cause },
  )
}
