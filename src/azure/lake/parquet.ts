import { parquetReadObjects } from 'hyparquet'

/** Rows of a Parquet file as plain objects, in the file's order; only the named columns are decoded. */
export async function readParquet(file: Buffer, columns?: string[]): Promise<Record<string, unknown>[]> {
  const bytes = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength) as ArrayBuffer
  return parquetReadObjects({ file: bytes, ...(columns ? { columns } : {}) })
}

/** 64-bit integers come as bigint, timestamps as dates. */
export function numberOf(value: unknown): number | null {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  return value instanceof Date ? value.getTime() : null
}

export const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null)
