/** Parquet files of any writer: every codec in use, and the content of the footer. */
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import {
  type AsyncBuffer,
  type Compressors,
  type FileMetaData,
  parquetMetadata,
  parquetMetadataAsync,
  parquetReadObjects,
} from 'hyparquet'
import { decompressLz4, decompressLz4Raw } from 'hyparquet-compressors'
import { stringFromBytes } from '../../delta/parquet-text.ts'

/** Snappy is built into hyparquet; LZO is not supported, and nothing writes it today. */
const COMPRESSORS: Compressors = {
  GZIP: (page) => gunzipSync(page),
  BROTLI: (page) => brotliDecompressSync(page),
  ZSTD: (page) => zstdDecompressSync(page),
  LZ4: decompressLz4,
  LZ4_RAW: decompressLz4Raw,
}

/** How much is first read from a file's end (bytes): most footers are smaller. */
const FOOTER_BYTES = 64 * 1024

/** By column, as the Parquet reader gives values: bigint for long, Date for timestamp. */
export type ParquetRow = Record<string, unknown>

/** A Parquet file in memory. */
export class ParquetFile {
  readonly metadata: FileMetaData
  readonly #bytes: ArrayBuffer

  /** @throws Error when it is not a Parquet file. */
  constructor(file: Buffer) {
    this.#bytes = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength) as ArrayBuffer
    this.metadata = parquetMetadata(this.#bytes)
  }

  /** In the order of the file's schema. */
  get columns(): readonly FileColumn[] {
    return columnsIn(this.metadata)
  }

  /** Deleted ones too. */
  get rowCount(): number {
    return Number(this.metadata.num_rows)
  }

  /**
   * Rows as plain objects, in the file's order, with those of the named columns that the file has.
   * @param most how many, from the first one on. Default: all.
   */
  async rows(columns?: readonly string[], most = this.rowCount): Promise<ParquetRow[]> {
    const count = Math.min(most, this.rowCount)
    const there = columns && this.columns.map(({ name }) => name).filter((name) => columns.includes(name))
    if (there?.length === 0) return Array.from({ length: count }, () => ({}))
    return parquetReadObjects({
      file: this.#bytes,
      metadata: this.metadata,
      compressors: COMPRESSORS,
      parsers: { stringFromBytes } as never,
      rowEnd: count,
      ...(there ? { columns: there } : {}),
    })
  }
}

/** A top-level column of a file's schema. */
export interface FileColumn {
  name: string
  fieldId: number | undefined
}

function columnsIn({ schema }: FileMetaData): FileColumn[] {
  const columns: FileColumn[] = []
  const [root, ...elements] = schema
  let at = 0
  for (let column = 0; column < (root?.num_children ?? 0); column++) {
    const element = elements[at]
    if (!element) break
    columns.push({ name: element.name, fieldId: element.field_id })
    at = behind(elements, at)
  }
  return columns
}

/** Position of the next element on the same level. */
function behind(elements: readonly { num_children?: number | undefined }[], at: number): number {
  let next = at + 1
  for (let child = 0; child < (elements[at]?.num_children ?? 0); child++) next = behind(elements, next)
  return next
}

/** @param read returns a range of the file (bytes, from inclusive, to exclusive). */
export function readFooter(
  byteLength: number,
  read: (from: number, to: number) => Promise<ArrayBuffer>,
): Promise<FileMetaData> {
  const file: AsyncBuffer = { byteLength, slice: (from, to = byteLength) => read(from, to) }
  return parquetMetadataAsync(file, { initialFetchSize: Math.min(FOOTER_BYTES, byteLength) })
}

/** The greatest value of a time column by the footer (epoch ms); undefined when the footer has none. */
export function newestIn({ row_groups: groups }: FileMetaData, column: string): number | undefined {
  let newest: number | undefined
  for (const { columns } of groups) {
    const chunk = columns.find(({ meta_data }) => meta_data?.path_in_schema.join('.') === column)?.meta_data
    const greatest = chunk?.statistics?.max_value ?? chunk?.statistics?.max
    if (greatest instanceof Date) newest = Math.max(newest ?? Number.NEGATIVE_INFINITY, greatest.getTime())
    // A column of nulls has no greatest value.
    else if (Number(chunk?.statistics?.null_count ?? -1) !== Number(chunk?.num_values)) return undefined
  }
  return newest
}

/** 64-bit integers come as bigint, timestamps as dates. */
export function numberOf(value: unknown): number | null {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  return value instanceof Date ? value.getTime() : null
}

/** For columns of other writers, which may hold anything. */
export const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null)
