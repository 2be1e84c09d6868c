/** Deletes the oldest events by age and size, a few milliseconds at a time. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { isDiskFull } from './database.ts'

/** How often retention looks (ms); while it lags behind, at every occasion. */
const SWEEP_EVERY_MS = 1000
/** Limits of one step, so that a caller waits a few milliseconds for it. At least one append is always deleted. */
const STEP_ROWS = 200
const STEP_BYTES = 8_000_000

/** The log's own view of its partitions, which must follow what is deleted. */
export interface RetainedHeads {
  head(partition: number): { next: number; lastEnqueuedAt: number | undefined }
  /** The partition's oldest event is now the one with that sequence number, or the next to come. */
  onDeleted(partition: number, begin: number): void
}

interface Row {
  id: number
  partition: number
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
  readonly #oldest: StatementSync
  readonly #delete: StatementSync
  readonly #keepHead: StatementSync
  readonly #pages: StatementSync
  readonly #freePages: StatementSync
  readonly #pageSize: number
  #dueAt = 0

  constructor(database: DatabaseSync, bounds: { ms: number; bytes: number }, heads: RetainedHeads) {
    this.#database = database
    this.#bounds = bounds
    this.#heads = heads
    this.#oldest = database.prepare(
      `SELECT id, partition, first, count, enqueued, bytes FROM appends ORDER BY id LIMIT ${STEP_ROWS}`,
    )
    this.#delete = database.prepare('DELETE FROM appends WHERE id <= ?')
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
    const expired = this.#expired(now)
    const last = expired.at(-1)
    if (!last) {
      this.#dueAt = now + SWEEP_EVERY_MS
      return
    }
    if (!this.#deleteUpTo(last.id, new Set(expired.map(({ partition }) => partition)))) {
      this.#dueAt = now + SWEEP_EVERY_MS
      return
    }
    for (const row of expired) this.#heads.onDeleted(row.partition, row.first + row.count)
    this.#dueAt = now
  }

  #expired(now: number): Row[] {
    const expired: Row[] = []
    let excess = this.usedBytes() - this.#bounds.bytes
    let bytes = 0
    // Nearly always the first one stays: the others are not read then.
    for (const row of this.#oldest.iterate() as unknown as Iterable<Row>) {
      const isWanted = row.enqueued >= now - this.#bounds.ms && excess <= 0
      if (isWanted || bytes >= STEP_BYTES) break
      expired.push(row)
      bytes += row.bytes
      excess -= row.bytes
    }
    return expired
  }

  /** @returns whether they are gone. */
  #deleteUpTo(id: number, partitions: ReadonlySet<number>): boolean {
    this.#database.exec('BEGIN')
    try {
      for (const partition of partitions) {
        const { next, lastEnqueuedAt } = this.#heads.head(partition)
        this.#keepHead.run(partition, next, lastEnqueuedAt ?? null)
      }
      this.#delete.run(id)
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
