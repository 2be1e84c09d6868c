/**
 * The hub's log: partitions of events with gapless sequence numbers, kept in SQLite (WAL) in the data folder. A commit is
 * in the operating system's hands when append returns, so a killed process loses nothing that was acknowledged.
 * One row holds the events of one append, which makes 10,000 events a second a matter of some hundred small inserts.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { Clock } from '../clock.ts'

export interface HubLogOptions {
  partitions: number
  retention: { ms: number; bytes: number }
  clock: Clock
  /** Bound of the database file (bytes), for tests of a full disk; undefined: the disk's own. */
  limitBytes?: number
}

export interface StoredEvent {
  sequenceNumber: number
  /** Epoch milliseconds; never decreases within a partition. */
  enqueuedAt: number
  /** The event as an encoded AMQP message, as its sender made it. */
  message: Uint8Array
}

export interface LogPartition {
  beginSequenceNumber: number
  /** −1 before the first event. */
  lastEnqueuedSequenceNumber: number
  lastEnqueuedAt: number | undefined
  isEmpty: boolean
}

/** There is no room for the events; none of them was stored. */
export class HubFullError extends Error {
  override readonly name = 'HubFullError'
}

interface Head {
  begin: number
  next: number
  lastEnqueuedAt: number | undefined
}

/** At most one retention sweep in this time (ms), each of at most so many rows: an append never waits long for it. */
const SWEEP_EVERY_MS = 1000
const SWEEP_ROWS = 200

export class HubLog {
  readonly partitionCount: number
  readonly createdAt: number
  readonly #database: DatabaseSync
  readonly #options: HubLogOptions
  readonly #heads: Head[]
  readonly #listeners = new Set<(partition: number) => void>()
  readonly #insert: StatementSync
  readonly #from: StatementSync
  readonly #oldest: StatementSync
  readonly #delete: StatementSync
  readonly #keepHead: StatementSync
  #bytes: number
  #sweptAt = 0

  /**
   * Opens or makes the log. The number of partitions is fixed when it is made, as in Event Hubs; a folder keeps its own.
   * @throws when the folder cannot be written or holds something else.
   */
  static open(folder: string, options: HubLogOptions): HubLog {
    mkdirSync(folder, { recursive: true })
    return new HubLog(new DatabaseSync(join(folder, 'log.db')), options)
  }

  constructor(database: DatabaseSync, options: HubLogOptions) {
    this.#database = database
    this.#options = options
    database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      PRAGMA journal_size_limit = 16000000;
      CREATE TABLE IF NOT EXISTS hub (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS heads (partition INTEGER PRIMARY KEY, next INTEGER NOT NULL, enqueued INTEGER);
      CREATE TABLE IF NOT EXISTS appends (
        id INTEGER PRIMARY KEY, partition INTEGER NOT NULL, first INTEGER NOT NULL, count INTEGER NOT NULL,
        enqueued INTEGER NOT NULL, bytes INTEGER NOT NULL, events BLOB NOT NULL);
      CREATE UNIQUE INDEX IF NOT EXISTS by_sequence ON appends (partition, first);
    `)
    if (options.limitBytes !== undefined) {
      const { page_size } = database.prepare('PRAGMA page_size').get() as { page_size: number }
      database.exec(`PRAGMA max_page_count = ${Math.ceil(options.limitBytes / page_size)}`)
    }
    const remember = database.prepare('INSERT OR IGNORE INTO hub VALUES (?, ?)')
    remember.run('partitions', options.partitions)
    remember.run('created', options.clock.now())
    const fact = database.prepare('SELECT value FROM hub WHERE name = ?')
    this.partitionCount = (fact.get('partitions') as { value: number }).value
    this.createdAt = (fact.get('created') as { value: number }).value
    this.#insert = database.prepare(
      'INSERT INTO appends (partition, first, count, enqueued, bytes, events) VALUES (?, ?, ?, ?, ?, ?)',
    )
    this.#from = database.prepare(
      `SELECT first, count, enqueued, events FROM appends WHERE partition = ?1 AND first >=
         coalesce((SELECT max(first) FROM appends WHERE partition = ?1 AND first <= ?2), ?2)
       ORDER BY first LIMIT 64`,
    )
    this.#oldest = database.prepare(
      'SELECT id, partition, first, count, enqueued, bytes FROM appends ORDER BY id LIMIT ?',
    )
    this.#delete = database.prepare('DELETE FROM appends WHERE id = ?')
    this.#keepHead = database.prepare('INSERT OR REPLACE INTO heads VALUES (?, ?, ?)')
    this.#heads = Array.from({ length: this.partitionCount }, (_, partition) => this.#readHead(partition))
    const { bytes } = database.prepare('SELECT coalesce(sum(bytes), 0) AS bytes FROM appends').get() as {
      bytes: number
    }
    this.#bytes = bytes
    this.#sweep()
  }

  #readHead(partition: number): Head {
    const kept = this.#database
      .prepare('SELECT next, enqueued FROM heads WHERE partition = ?')
      .get(partition) as { next: number; enqueued: number | null } | undefined
    const edge = (order: 'ASC' | 'DESC') =>
      this.#database
        .prepare(
          `SELECT first, count, enqueued FROM appends WHERE partition = ? ORDER BY first ${order} LIMIT 1`,
        )
        .get(partition) as { first: number; count: number; enqueued: number } | undefined
    const newest = edge('DESC')
    const next = Math.max(kept?.next ?? 0, newest ? newest.first + newest.count : 0)
    return {
      begin: edge('ASC')?.first ?? next,
      next,
      lastEnqueuedAt: newest?.enqueued ?? kept?.enqueued ?? undefined,
    }
  }

  /**
   * Stores the events behind each other.
   * @returns the first one's sequence number and the time that all of them bear.
   * @throws HubFullError when there is no room; none is stored then.
   */
  append(
    partition: number,
    messages: readonly Uint8Array[],
  ): { firstSequenceNumber: number; enqueuedAt: number } {
    const head = this.#head(partition)
    const events = pack(messages)
    const first = head.next
    // A clock that was set back must not reorder a partition's time.
    const enqueuedAt = Math.max(this.#options.clock.now(), head.lastEnqueuedAt ?? 0)
    try {
      this.#insert.run(partition, first, messages.length, enqueuedAt, events.length, events)
    } catch (error) {
      if (isFull(error)) throw new HubFullError('The disk of the event hub is full.', { cause: error })
      throw error
    }
    head.next += messages.length
    head.lastEnqueuedAt = enqueuedAt
    this.#bytes += events.length
    if (enqueuedAt - this.#sweptAt >= SWEEP_EVERY_MS) this.#sweep()
    for (const listener of this.#listeners) listener(partition)
    return { firstSequenceNumber: first, enqueuedAt }
  }

  /** Events from the given sequence number on (or the oldest there is), at most so many; empty at the end of the log. */
  read(
    partition: number,
    fromSequenceNumber: number,
    maxEvents: number,
    maxBytes = 1_000_000,
  ): StoredEvent[] {
    const head = this.#head(partition)
    const found: StoredEvent[] = []
    let from = Math.max(fromSequenceNumber, head.begin)
    let bytes = 0
    while (from < head.next && found.length < maxEvents && bytes < maxBytes) {
      const rows = this.#from.iterate(partition, from) as Iterable<{
        first: number
        count: number
        enqueued: number
        events: Uint8Array
      }>
      const before = found.length
      for (const row of rows) {
        let sequenceNumber = row.first
        for (const message of unpack(row.events)) {
          if (sequenceNumber >= from && found.length < maxEvents && bytes < maxBytes) {
            found.push({ sequenceNumber, enqueuedAt: row.enqueued, message })
            bytes += message.length
          }
          sequenceNumber++
        }
        if (found.length >= maxEvents || bytes >= maxBytes) break
      }
      const last = found.at(-1)
      if (found.length === before || !last) break
      from = last.sequenceNumber + 1
    }
    return found
  }

  /** Sequence number of the first event that was enqueued at or after the time (ms); the next one to come if there is none. */
  sequenceNumberAt(partition: number, enqueuedAt: number): number {
    const row = this.#database
      .prepare('SELECT min(first) AS first FROM appends WHERE partition = ? AND enqueued >= ?')
      .get(partition, enqueuedAt) as { first: number | null }
    return row.first ?? this.#head(partition).next
  }

  properties(partition: number): LogPartition {
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

  /** Size of what is retained, in bytes of events. */
  sizeBytes(): number {
    return this.#bytes
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

  /** Lets go of what is older or more than the retention allows, oldest first, a bounded piece at a time. */
  #sweep(): void {
    const now = this.#options.clock.now()
    this.#sweptAt = now
    const { ms, bytes } = this.#options.retention
    const rows = this.#oldest.all(SWEEP_ROWS) as unknown as {
      id: number
      partition: number
      first: number
      count: number
      enqueued: number
      bytes: number
    }[]
    const expired: typeof rows = []
    let size = this.#bytes
    for (const row of rows) {
      if (row.enqueued >= now - ms && size <= bytes) break
      expired.push(row)
      size -= row.bytes
    }
    if (expired.length === 0) return
    this.#database.exec('BEGIN')
    try {
      for (const partition of new Set(expired.map((row) => row.partition))) {
        const head = this.#head(partition)
        this.#keepHead.run(partition, head.next, head.lastEnqueuedAt ?? null)
      }
      for (const row of expired) this.#delete.run(row.id)
      this.#database.exec('COMMIT')
    } catch (error) {
      this.#database.exec('ROLLBACK')
      // Deleting needs a little room too; the next sweep tries again, and appends tell that the disk is full.
      if (isFull(error)) return
      throw error
    }
    for (const row of expired) this.#head(row.partition).begin = row.first + row.count
    this.#bytes = size
  }
}

/** SQLITE_FULL, or an I/O error below it when the disk itself has no room. */
function isFull(error: unknown): boolean {
  const { errcode, message } = error as { errcode?: number; message?: string }
  return errcode === 13 || ((errcode ?? 0) & 0xff) === 10 || /full|no space/i.test(message ?? '')
}

/** Each event: its length as uint32, then its bytes. */
function pack(messages: readonly Uint8Array[]): Buffer {
  const size = messages.reduce((sum, message) => sum + 4 + message.length, 0)
  const packed = Buffer.allocUnsafe(size)
  let offset = 0
  for (const message of messages) {
    packed.writeUInt32BE(message.length, offset)
    packed.set(message, offset + 4)
    offset += 4 + message.length
  }
  return packed
}

function* unpack(events: Uint8Array): Generator<Uint8Array> {
  const packed = Buffer.from(events.buffer, events.byteOffset, events.byteLength)
  let offset = 0
  while (offset < packed.length) {
    const length = packed.readUInt32BE(offset)
    yield packed.subarray(offset + 4, offset + 4 + length)
    offset += 4 + length
  }
}
