/**
 * The hub's log: partitions of events with gapless sequence numbers, kept in SQLite in the data folder. What append has
 * returned survives a killed process. One row holds the events of one append, so 10,000 events a second are some dozens of
 * small inserts.
 */
import type { DatabaseSync } from 'node:sqlite'
import type { Clock } from '../../runtime/clock.ts'
import { packEvents } from '../amqp/packed-events.ts'
import type { IncomingBatch } from '../kafka/records/kept-batch.ts'
import { cannotOpen, HubFullError, isDiskFull, openLogDatabase } from './database.ts'
import { openTables, PartitionStatements, tableOf } from './partition-table.ts'
import { type ProducerState, ProducerTable } from './producers.ts'
import { LogRetention } from './retention.ts'
import { FORM, type LogPage, LogRows, type StoredEvent } from './rows.ts'

export type { LogPage, StoredEvent } from './rows.ts'

/** What a log is made with, and what it may keep. */
export interface HubLogOptions {
  /** Of a new log; a folder that holds one keeps its own number, as an event hub does. See {@link HubLog.partitionCount}. */
  partitions: number
  /** Events older than `ms` go, and the oldest while the log takes more than `bytes` on disk. */
  retention: { ms: number; bytes: number }
  clock: Clock
  /** Bound of the database file (bytes): beyond it the log is full. Undefined: the disk's own. */
  limitBytes?: number
}

/** As `$management` and Kafka's ListOffsets tell it. */
export interface LogPartition {
  beginSequenceNumber: number
  /** −1 before the first event. */
  lastEnqueuedSequenceNumber: number
  /** Epoch milliseconds. */
  lastEnqueuedAt: number | undefined
  isEmpty: boolean
}

/** The producer that an append comes from, with what it has published once the append is there. */
export interface Published {
  id: number
  state: ProducerState
}

interface Head {
  begin: number
  next: number
  lastEnqueuedAt: number | undefined
}

interface Row {
  first: number
  count: number
  enqueued: number
}

const READ_BYTES = 1_000_000

/** Every method is synchronous: what it says is done when it returns. */
export class HubLog {
  /** Of the log as it was made, whatever was asked for when it was opened. */
  readonly partitionCount: number
  /** Epoch milliseconds. */
  readonly createdAt: number
  /** Who publishes idempotently, and how far each has come. */
  readonly producers: ProducerTable
  readonly #database: DatabaseSync
  readonly #clock: Clock
  readonly #heads: Head[]
  readonly #listeners = new Set<(partition: number) => void>()
  readonly #retention: LogRetention
  readonly #insert: PartitionStatements
  readonly #rows: LogRows
  readonly #holding: PartitionStatements

  /** @throws HubLogError when the folder cannot be written, is in use, or holds something else. */
  static open(folder: string, options: HubLogOptions): HubLog {
    const database = openLogDatabase(folder, options.limitBytes)
    try {
      return new HubLog(database, options)
    } catch (error) {
      database.close()
      // It is there, and has no room for its tables.
      throw cannotOpen(folder, error)
    }
  }

  private constructor(database: DatabaseSync, options: HubLogOptions) {
    this.#database = database
    this.#clock = options.clock
    this.partitionCount = this.#fact('partitions', options.partitions)
    this.createdAt = this.#fact('created', options.clock.now())
    openTables(database, this.partitionCount)
    this.producers = new ProducerTable(database, this.createdAt)
    this.#insert = new PartitionStatements(
      database,
      (table) =>
        `INSERT INTO ${table} (first, count, enqueued, bytes, form, events) VALUES (?, ?, ?, ?, ?, ?)`,
    )
    this.#rows = new LogRows(database)
    this.#holding = new PartitionStatements(
      database,
      (table) => `SELECT first, count, enqueued FROM ${table} WHERE first <= ? ORDER BY first DESC LIMIT 1`,
    )
    this.#heads = Array.from({ length: this.partitionCount }, (_, partition) => this.#readHead(partition))
    this.#retention = new LogRetention(database, options.retention, {
      partitions: this.partitionCount,
      head: (partition) => this.#head(partition),
      onDeleted: (partition, begin) => {
        this.#head(partition).begin = begin
      },
    })
    this.#retention.sweep(options.clock.now())
  }

  /** Facts fixed when the log was created. */
  #fact(name: string, value: number): number {
    this.#database.prepare('INSERT OR IGNORE INTO hub VALUES (?, ?)').run(name, value)
    const row = this.#database.prepare('SELECT value FROM hub WHERE name = ?').get(name)
    return (row as { value: number }).value
  }

  #readHead(partition: number): Head {
    const kept = this.#database
      .prepare('SELECT next, enqueued FROM heads WHERE partition = ?')
      .get(partition) as { next: number; enqueued: number | null } | undefined
    const oldest = this.#database.prepare(`SELECT min(first) AS first FROM ${tableOf(partition)}`).get() as {
      first: number | null
    }
    const newest = this.#holding.of(partition).get(Number.MAX_SAFE_INTEGER) as Row | undefined
    const next = Math.max(kept?.next ?? 0, newest ? newest.first + newest.count : 0)
    return {
      begin: oldest.first ?? next,
      next,
      lastEnqueuedAt: newest?.enqueued ?? kept?.enqueued ?? undefined,
    }
  }

  /**
   * Stores the events behind each other, all or none.
   * @param messages encoded AMQP messages; at least one.
   * @param published kept together with the events, or not at all.
   * @returns the first one's sequence number and the time (epoch ms) that all of them bear.
   * @throws HubFullError when there is no room; none is stored then, and later appends work once there is.
   */
  append(
    partition: number,
    messages: readonly Uint8Array[],
    published?: Published,
  ): { firstSequenceNumber: number; enqueuedAt: number } {
    const count = messages.length
    return this.#append(partition, FORM.amqp, { count, place: () => packEvents(messages) }, published)
  }

  /** As {@link append}, of events that are packed already (amqp/packed-events.ts). */
  appendPacked(
    partition: number,
    { events, count }: { events: Buffer; count: number },
    published?: Published,
  ): { firstSequenceNumber: number; enqueuedAt: number } {
    return this.#append(partition, FORM.amqp, { count, place: () => events }, published)
  }

  /** As {@link append}, of a batch that is kept as Kafka's clients read it. */
  appendBatch(
    partition: number,
    batch: IncomingBatch,
    published?: Published,
  ): { firstSequenceNumber: number; enqueuedAt: number } {
    return this.#append(partition, FORM.kafka, batch, published)
  }

  #append(
    partition: number,
    form: number,
    { count, place }: IncomingBatch,
    published: Published | undefined,
  ): { firstSequenceNumber: number; enqueuedAt: number } {
    const head = this.#head(partition)
    const firstSequenceNumber = head.next
    // A clock that was set back must not reorder a partition's time.
    const enqueuedAt = Math.max(this.#clock.now(), head.lastEnqueuedAt ?? 0)
    this.#retention.sweepIfDue(this.#clock.now())
    const bytes = place({ firstSequenceNumber, enqueuedAt })
    const insert = () =>
      this.#insert.of(partition).run(firstSequenceNumber, count, enqueuedAt, bytes.length, form, bytes)
    try {
      if (published)
        this.#atomically(() => {
          insert()
          this.producers.save(partition, published.id, published.state)
        })
      else insert()
    } catch (error) {
      if (isDiskFull(error)) throw new HubFullError("The event hub's disk is full.", { cause: error })
      throw error
    }
    head.next += count
    head.lastEnqueuedAt = enqueuedAt
    for (const listener of this.#listeners) listener(partition)
    return { firstSequenceNumber, enqueuedAt }
  }

  #atomically(change: () => void): void {
    this.#database.exec('BEGIN')
    try {
      change()
      this.#database.exec('COMMIT')
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }

  /**
   * Events from the given sequence number on (or the oldest there is), in order.
   * @param maxBytes reading ends with the event that reaches it; at least one event is returned when there is one.
   */
  read(
    partition: number,
    fromSequenceNumber: number,
    maxEvents: number,
    maxBytes = READ_BYTES,
  ): StoredEvent[] {
    return this.#rows.events(partition, this.#bounds(partition, fromSequenceNumber, maxEvents, maxBytes))
  }

  /** The events that {@link read} returns, as they lie there; those of Kafka's clients by whole batches. */
  readPages(
    partition: number,
    fromSequenceNumber: number,
    maxEvents: number,
    maxBytes = READ_BYTES,
  ): LogPage[] {
    return this.#rows.pages(partition, this.#bounds(partition, fromSequenceNumber, maxEvents, maxBytes))
  }

  #bounds(partition: number, fromSequenceNumber: number, maxEvents: number, maxBytes: number) {
    const { begin, next } = this.#head(partition)
    return { from: Math.max(fromSequenceNumber, begin), next, maxEvents, maxBytes }
  }

  /** The number and the time of the first event from that one on that there is; nothing is decoded for it. */
  firstFrom(
    partition: number,
    fromSequenceNumber: number,
  ): { firstSequenceNumber: number; enqueuedAt: number } | undefined {
    const { begin, next } = this.#head(partition)
    const from = Math.max(fromSequenceNumber, begin)
    return from < next ? this.#rows.firstFrom(partition, from) : undefined
  }

  /**
   * How many bytes lie from the append of that event on, in this append and some behind it.
   * @returns also the number behind their last event, from which the next ones are counted.
   */
  sizeFrom(partition: number, fromSequenceNumber: number): { bytes: number; next: number } {
    const { begin, next } = this.#head(partition)
    const from = Math.max(fromSequenceNumber, begin)
    return from < next ? this.#rows.size(partition, from) : { bytes: 0, next: from }
  }

  /**
   * Sequence number of the first event that was enqueued at or after the time (epoch ms); of the next one to come if there is
   * none. Time never goes back within a partition, so the log is halved until the row is found.
   */
  sequenceNumberAt(partition: number, enqueuedAt: number): number {
    let { begin: low, next: high } = this.#head(partition)
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      const row = this.#holding.of(partition).get(middle) as Row | undefined
      if (!row) break
      if (row.enqueued >= enqueuedAt) high = row.first
      else low = row.first + row.count
    }
    return low
  }

  /** As of now; what retention has to delete is deleted first, a step at most. */
  properties(partition: number): LogPartition {
    this.#retention.sweepIfDue(this.#clock.now())
    const head = this.#head(partition)
    return {
      beginSequenceNumber: head.begin,
      lastEnqueuedSequenceNumber: head.next - 1,
      lastEnqueuedAt: head.lastEnqueuedAt,
      isEmpty: head.begin === head.next,
    }
  }

  /** Called after each append with its partition. Returns what ends it. */
  onAppend(listener: (partition: number) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** What the events take on disk, in bytes. Space that retention has freed is used again and does not count. */
  sizeBytes(): number {
    return this.#retention.usedBytes()
  }

  /** Listeners are dropped; no other method may be called after it. */
  close(): void {
    this.#listeners.clear()
    this.#database.close()
  }

  #head(partition: number): Head {
    const head = this.#heads[partition]
    if (!head) throw new RangeError(`partition ${partition} of ${this.partitionCount}`)
    return head
  }
}
