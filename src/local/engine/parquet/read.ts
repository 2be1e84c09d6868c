/** Reads data files of ours, and of DuckDB: not compressed, or by Snappy. */
import { type FileHandle, open } from 'node:fs/promises'
import {
  type AsyncBuffer,
  type FileMetaData,
  parquetMetadataAsync,
  parquetRead,
  parquetReadObjects,
} from 'hyparquet'
import { stringFromBytes } from '../../../delta/parquet-text.ts'
import { readSmallFile } from '../../storage/sync-io.ts'

/** Times and days as they are stored: microseconds, days. Texts too. */
const AS_STORED = {
  stringFromBytes,
  timestampFromMicroseconds: (micros: bigint) => micros as never,
  dateFromDays: (days: number) => days as never,
}

/** Most footers are smaller (bytes). */
const FOOTER_BYTES = 32 * 1024

/** A file that is being read. */
export class ParquetReading {
  readonly metadata: FileMetaData
  /** Of a file that is not in memory. */
  readonly #handle: FileHandle | undefined
  readonly #file: AsyncBuffer

  private constructor(file: AsyncBuffer, metadata: FileMetaData, handle?: FileHandle) {
    this.#handle = handle
    this.#file = file
    this.metadata = metadata
  }

  /** @throws the system's error; Error for what is no Parquet file. The caller closes it. */
  static async open(path: string): Promise<ParquetReading> {
    // Its columns are a dozen small ranges, each a trip to Node's thread pool.
    const small = readSmallFile(path)
    if (small) {
      const file = inMemory(small.bytes)
      return new ParquetReading(file, await metadataOf(file))
    }
    const handle = await open(path)
    try {
      const { size } = await handle.stat()
      const file = { byteLength: size, slice: (from: number, to = size) => rangeOf(handle, from, to) }
      return new ParquetReading(file, await metadataOf(file), handle)
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  /** Times come as microseconds, days as days; numbers as bigint where one of them is not exact otherwise; null where there is no value. */
  async column(name: string): Promise<unknown[]> {
    return withNumbers(await this.#valuesOf(name))
  }

  /** Texts of a column, by row group: a large file's are not all in memory at once. Null where there is no value. */
  async *textsByRowGroup(name: string): AsyncGenerator<(string | null)[]> {
    let rowStart = 0
    for (const { num_rows: rows } of this.metadata.row_groups) {
      const rowEnd = rowStart + Number(rows)
      yield (await this.#valuesOf(name, { rowStart, rowEnd })) as (string | null)[]
      rowStart = rowEnd
    }
  }

  async #valuesOf(name: string, rows: { rowStart?: number; rowEnd?: number } = {}): Promise<unknown[]> {
    const parts: unknown[][] = []
    await parquetRead({
      file: this.#file,
      metadata: this.metadata,
      columns: [name],
      ...rows,
      parsers: AS_STORED as never,
      onChunk: ({ columnData }) => parts.push(Array.from(columnData)),
    })
    return parts.length === 1 ? (parts[0] as unknown[]) : parts.flat()
  }

  /** By column name; whole numbers of 64 bits come as bigint, times as microseconds (bigint), days as days. */
  rows(columns?: string[]): Promise<Record<string, unknown>[]> {
    const { metadata } = this
    return parquetReadObjects({
      file: this.#file,
      metadata,
      parsers: AS_STORED as never,
      ...(columns && { columns }),
    })
  }

  async close(): Promise<void> {
    await this.#handle?.close()
  }
}

const metadataOf = (file: AsyncBuffer) =>
  parquetMetadataAsync(file, { initialFetchSize: Math.min(FOOTER_BYTES, file.byteLength) })

const inMemory = (bytes: Buffer): AsyncBuffer => ({
  byteLength: bytes.length,
  slice: (from, to = bytes.length) => {
    if (from < 0 || to > bytes.length) throw new Error('A column of it would lie beyond its end.')
    const copy = new ArrayBuffer(to - from)
    bytes.copy(new Uint8Array(copy), 0, from, to)
    return copy
  },
})

function withNumbers(values: unknown[]): unknown[] {
  const isBig = (value: unknown) => typeof value === 'bigint' && !Number.isSafeInteger(Number(value))
  if (!values.some((value) => typeof value === 'bigint') || values.some(isBig)) return values
  return values.map((value) => (typeof value === 'bigint' ? Number(value) : value))
}

async function rangeOf(handle: FileHandle, from: number, to: number): Promise<ArrayBuffer> {
  const bytes = new ArrayBuffer(to - from)
  let filled = 0
  while (filled < bytes.byteLength) {
    const view = new Uint8Array(bytes, filled)
    const { bytesRead } = await handle.read(view, 0, view.length, from + filled)
    if (bytesRead === 0) throw new Error('The file was cut while it was read.')
    filled += bytesRead
  }
  return bytes
}

/**
 * Opens a file for one use.
 * @throws the system's error; Error that names the file when it is no whole Parquet file.
 */
export async function withParquet<T>(path: string, use: (file: ParquetReading) => Promise<T>): Promise<T> {
  let file: ParquetReading | undefined
  try {
    file = await ParquetReading.open(path)
    return await use(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== undefined) throw error
    const why = (error as Error).message
    throw new Error(
      `${path} is damaged, or no Parquet file: ${why}. Put it back from a copy, and start again.`,
      {
        cause: error,
      },
    )
  } finally {
    await file?.close()
  }
}
