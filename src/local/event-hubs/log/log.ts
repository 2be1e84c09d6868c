/**
 * The hub's log: partitions of events with gapless sequence numbers, kept in SQLite in the data folder. What append has
 * returned survives a killed process. One row holds the events of one append, so 10,000 events a second are some dozens of
 * small inserts.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Clock } from '../../runtime/clock.ts'
import { asBuffer } from '../amqp/sections.ts'
import { HubFullError, isDiskFull, openLogDatabase } from './database.ts'
import { type ProducerState, ProducerTable } from './producers.ts'
import { LENGTH_BYTES, packEvents, takeEvents, unpackEvents } from './records.ts'
import { LogRetention } from './retention.ts'

export interface HubLogOptions {
  /** Of a new log; a folder that holds one keeps its own number, as an event hub does. See {@link HubLog.partitionCount}. */
  partitions: number
  /** Events older than `ms` go, and the oldest while the log takes more than `bytes` on disk. */
  retention: { ms: number; bytes: number }
  clock: Clock
  /** Bound of the database file (bytes): beyond it the log is full. Undefined: the disk's own. */
  limitBytes?: number
}

export interface StoredEvent {
  sequenceNumber: number
  /** Epoch milliseconds; never decreases within a partition. */
  enqueuedAt: number
  /** The event as an encoded AMQP message, as its sender made it. */
  message: Uint8Array
}

/** Events that follow each other and came at one time. */
export interface EventPage {
  firstSequenceNumber: number
  count: number
  /** Epoch milliseconds. */
  enqueuedAt: number
  /** The events' bytes as the log keeps them (records.ts). */
  events: Buffer
}

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
const READ_ROWS = 64

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
  readonly #insert: StatementSync
  readonly #from: StatementSync
  readonly #holding: StatementSync

  /** @throws HubLogError when the folder cannot be written, is in use, or holds something else. */
  static open(folder: string, options: HubLogOptions): HubLog {
    return new HubLog(openLogDatabase(folder, options.limitBytes), options)
  }

  private constructor(database: DatabaseSync, options: HubLogOptions) {
    this.#database = database
    this.#clock = options.clock
    this.partitionCount = this.#fact('partitions', options.partitions)
    this.createdAt = this.#fact('created', options.clock.now())
    this.producers = new ProducerTable(database, this.createdAt)
    this.#insert = database.prepare(
      'INSERT INTO appends (partition, first, count, enqueued, bytes, events) VALUES (?, ?, ?, ?, ?, ?)',
    )
    this.#from = database.prepare(
      `SELECT first, enqueued, events FROM appends WHERE partition = ?1 AND first >=
         coalesce((SELECT max(first) FROM appends WHERE partition = ?1 AND first <= ?2), ?2)
       ORDER BY first LIMIT ${READ_ROWS}`,
    )
    this.#from.setReturnArrays(true)
    this.#holding = database.prepare(
      'SELECT first, count, enqueued FROM appends WHERE partition = ? AND first <= ? ORDER BY first DESC LIMIT 1',
    )
    this.#heads = Array.from({ length: this.partitionCount }, (_, partition) => this.#readHead(partition))
    this.#retention = new LogRetention(database, options.retention, {
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
    const oldest = this.#database
      .prepare('SELECT min(first) AS first FROM appends WHERE partition = ?')
      .get(partition) as { first: number | null }
    const newest = this.#holding.get(partition, Number.MAX_SAFE_INTEGER) as Row | undefined
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
    return this.appendPacked(partition, { events: packEvents(messages), count: messages.length }, published)
  }

  /** As {@link append}, of events that are packed already (records.ts). */
  appendPacked(
    partition: number,
    { events, count }: { events: Uint8Array; count: number },
    published?: Published,
  ): { firstSequenceNumber: number; enqueuedAt: number } {
    const head = this.#head(partition)
    const first = head.next
    // A clock that was set back must not reorder a partition's time.
    const enqueuedAt = Math.max(this.#clock.now(), head.lastEnqueuedAt ?? 0)
    this.#retention.sweepIfDue(this.#clock.now())
    const insert = () => this.#insert.run(partition, first, count, enqueuedAt, events.length, events)
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
    return { firstSequenceNumber: first, enqueuedAt }
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
    const found: StoredEvent[] = []
    for (const page of this.readPages(partition, fromSequenceNumber, maxEvents, maxBytes)) {
      let sequenceNumber = page.firstSequenceNumber
      for (const message of unpackEvents(page.events))
        found.push({ sequenceNumber: sequenceNumber++, enqueuedAt: page.enqueuedAt, message })
    }
    return found
  }

  /** The events that {@link read} returns, as they lie there. */
  readPages(
    partition: number,
    fromSequenceNumber: number,
    maxEvents: number,
    maxBytes = READ_BYTES,
  ): EventPage[] {
    const head = this.#head(partition)
    const pages: EventPage[] = []
    let from = Math.max(fromSequenceNumber, head.begin)
    let [left, leftBytes] = [maxEvents, maxBytes]
    while (from < head.next && left > 0 && leftBytes > 0) {
      const before = from
      for (const row of this.#from.iterate(partition, from)) {
        const [first, enqueued, events] = row as unknown as [number, number, Uint8Array]
        const { skipped, start, count, end } = takeEvents(events, from - first, left, leftBytes)
        if (count > 0) {
          const firstSequenceNumber = first + skipped
          pages.push({
            firstSequenceNumber,
            count,
            enqueuedAt: enqueued,
            events: asBuffer(events).subarray(start, end),
          })
          from = firstSequenceNumber + count
          left -= count
          leftBytes -= end - start - count * LENGTH_BYTES
        }
        if (left <= 0 || leftBytes <= 0) break
      }
      if (from === before) break
    }
    return pages
  }

  /**
   * Sequence number of the first event that was enqueued at or after the time (epoch ms); of the next one to come if there is
   * none. Time never goes back within a partition, so the log is halved until the row is found.
   */
  sequenceNumberAt(partition: number, enqueuedAt: number): number {
    let { begin: low, next: high } = this.#head(partition)
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      const row = this.#holding.get(partition, middle) as Row | undefined
      if (!row) break
      if (row.enqueued >= enqueuedAt) high = row.first
      else low = row.first + row.count
    }
    return low
  }

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
