/** Readings that silver has just written, handed to gold in memory: it reads no file for them. */
import type { Readings } from './readings.ts'

/** Gold is hardly ever more than two batches behind; what is older is read. */
const MOST_FILES = 16
const MOST_ROWS = 20_000

/** By the file's name in the table, oldest first. */
export class HandedReadings {
  readonly #readings = new Map<string, Readings>()
  #rows = 0

  /** Nothing is known any more: the writer begins, maybe with another table. */
  clear(): void {
    this.#readings.clear()
    this.#rows = 0
  }

  /** @param file as it will be committed. */
  put(file: string, readings: Readings): void {
    this.#drop(file)
    this.#readings.set(file, readings)
    this.#rows += readings.eventId.length
    for (const oldest of this.#readings.keys()) {
      if (this.#readings.size <= MOST_FILES && this.#rows <= MOST_ROWS) return
      this.#drop(oldest)
    }
  }

  /** Of all these files, in their order; undefined when one of them must be read. */
  of(files: readonly string[]): Readings[] | undefined {
    const found = files.flatMap((file) => this.#readings.get(file) ?? [])
    return found.length === files.length ? found : undefined
  }

  /** They are in gold. */
  done(files: readonly string[]): void {
    for (const file of files) this.#drop(file)
  }

  #drop(file: string): void {
    const readings = this.#readings.get(file)
    if (!readings) return
    this.#rows -= readings.eventId.length
    this.#readings.delete(file)
  }
}
