/** A copy of a file of the lake, for DuckDB to read. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { ServiceError } from '../../pipeline/ports/errors.ts'

/**
 * @param file as a person calls it: `gold/weather/part-….parquet`. @param copy absolute.
 * @throws ServiceError when there is no room for it.
 */
export function writeReadCopy(file: string, copy: string, data: Buffer): void {
  const folder = dirname(copy)
  try {
    mkdirSync(folder, { recursive: true })
    writeFileSync(copy, data)
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? (cause as Error).message
    throw new ServiceError(
      'service',
      'the data lake',
      `${file} cannot be copied to ${folder} to be read (${reason}).`,
      { hint: 'Free space there, or set TMPDIR to another folder.', cause },
    )
  }
}
