/** Deletes the oldest events by age and size, a few milliseconds at a time. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { isDiskFull } from './database.ts'
import { PartitionStatements } from './partition-table.ts'

/** How often retention looks (ms); while it lags behind, at every occasion. */
const SWEEP_EVERY_MS = 1000
/** Limits of one step, so that a caller waits a few milliseconds for it. At least one append is always deleted. */
const STEP_ROWS = 200
const STEP_BYTES = 8_000_000

/** The log's own view of its partitions, which must follow what is deleted. */
export interface RetainedHeads {
  partitions: number
  head(partition: number): { next: number; lastEnqueuedAt: number | undefined }
  /** The partition's oldest event is now the one with that sequence number, or the next to come. */
  onDeleted(partition: number, begin: number): void
}

interface Row {
  first: number
  count: number
  enqueued: number
  bytes: number
}

/** Lets go of what is older, or more, than the log shall keep: oldest appends first, in small steps, driven by the log's use. */
export class LogRetention {
  readonly #database: DatabaseSync
  readonly #bounds: { ms: number; bytes: number }
  readonly #heads: RetainedHeads
  readonly #oldest: PartitionStatements
  readonly #delete: PartitionStatements
  readonly #keepHead: StatementSync
  readonly #pages: StatementSync
  readonly #freePages: StatementSync
  readonly #pageSize: number
  #dueAt = 0

  constructor(database: DatabaseSync, bounds: { ms: number; bytes: number }, heads: RetainedHeads) {
    this.#database = database
    this.#bounds = bounds
    this.#heads = heads
    this.#oldest = new PartitionStatements(
      database,
      (table) => `SELECT first, count, enqueued, bytes FROM ${table} WHERE first >= ? ORDER BY first LIMIT 1`,
    )
    this.#delete = new PartitionStatements(database, (table) => `DELETE FROM ${table} WHERE first < ?`)
    this.#keepHead = database.prepare('INSERT OR REPLACE INTO heads VALUES (?, ?, ?)')
    this.#pages = database.prepare('PRAGMA page_count')
    this.#freePages = database.prepare('PRAGMA freelist_count')
    this.#pageSize = (database.prepare('PRAGMA page_size').get() as { page_size: number }).page_size
  }

  /** Of the database file, without its free pages. */
  usedBytes(): number {
    const { page_count } = this.#pages.get() as { page_count: number }
    const { freelist_count } = this.#freePages.get() as { freelist_count: number }
    return (page_count - freelist_count) * this.#pageSize
  }

  /** One step, if it is time for one. @param now epoch ms. */
  sweepIfDue(now: number): void {
    // Also when the clock was set back.
    if (now >= this.#dueAt || now < this.#dueAt - SWEEP_EVERY_MS) this.sweep(now)
  }

  /** One step of bounded size; while more is to be deleted, the next one is due at once. @param now epoch ms. */
  sweep(now: number): void {
    const begins = this.#beginsAfter(now)
    if (begins.size === 0 || !this.#deleteBefore(begins)) {
      this.#dueAt = now + SWEEP_EVERY_MS
      return
    }
    for (const [partition, begin] of begins) this.#heads.onDeleted(partition, begin)
    this.#dueAt = now
  }

  /** Where partitions begin when the oldest appends of all of them are gone, as many as a step takes. */
  #beginsAfter(now: number): Map<number, number> {
    const begins = new Map<number, number>()
    const oldest = Array.from({ length: this.#heads.partitions }, (_, partition) =>
      this.#rowFrom(partition, 0),
    )
    let excess = this.usedBytes() - this.#bounds.bytes
    let [rows, bytes] = [0, 0]
    while (rows < STEP_ROWS && bytes < STEP_BYTES) {
      const partition = indexOfOldest(oldest)
      const row = oldest[partition]
      if (!row || (row.enqueued >= now - this.#bounds.ms && excess <= 0)) break
      const begin = row.first + row.count
      begins.set(partition, begin)
      oldest[partition] = this.#rowFrom(partition, begin)
      rows++
      bytes += row.bytes
      excess -= row.bytes
    }
    return begins
  }

  #rowFrom(partition: number, first: number): Row | undefined {
    return this.#oldest.of(partition).get(first) as Row | undefined
  }

  /** @returns whether they are gone. */
  #deleteBefore(begins: ReadonlyMap<number, number>): boolean {
    this.#database.exec('BEGIN')
    try {
      for (const [partition, begin] of begins) {
        const { next, lastEnqueuedAt } = this.#heads.head(partition)
        this.#keepHead.run(partition, next, lastEnqueuedAt ?? null)
        this.#delete.of(partition).run(begin)
      }
      this.#database.exec('COMMIT')
      return true
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      // Deleting needs a little room too. The next sweep tries again; append reports the full disk.
      if (isDiskFull(error)) return false
      throw error
    }
  }
}

/** −1 when there is none. */
function indexOfOldest(rows: readonly (Row | undefined)[]): number {
  let found = -1
  let since = Number.POSITIVE_INFINITY
  for (const [index, row] of rows.entries()) {
    if (!row || row.enqueued >= since) continue
    found = index
    since = row.enqueued
  }
  return found
}
