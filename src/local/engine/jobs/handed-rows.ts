/**
 * What gold's small batches add up to, handed to the aggregate in memory: it then reads no file for readings that gold has just had
 * before it. Planning the statement that reads such a file costs more than all the rest of a small batch.
 */
import type { SumRow } from '../live/sums.ts'

/** Batches of gold that the aggregate may be behind; what is older is read. */
const MOST_FILES = 32

/** Of the newest batches; without it the aggregate reads the files, and its rows are the same. */
export class HandedRows {
  /** By the file's name in the table, oldest first. */
  readonly #rows = new Map<string, readonly SumRow[]>()

  /** Nothing is known any more: the writer begins, maybe with another table. */
  clear(): void {
    this.#rows.clear()
  }

  /** @param rows what the readings in a file, as it was committed, add up to. */
  put(file: string, rows: readonly SumRow[]): void {
    this.#rows.set(file, rows)
    const [oldest] = this.#rows.keys()
    if (oldest !== undefined && this.#rows.size > MOST_FILES) this.#rows.delete(oldest)
  }

  /** Rows of all these files, which may hold a bucket and city more than once; undefined when one of the files must be read. */
  of(files: readonly string[]): readonly SumRow[] | undefined {
    const found: SumRow[] = []
    for (const file of files) {
      const rows = this.#rows.get(file)
      if (!rows) return undefined
      found.push(...rows)
    }
    return found
  }
}
