/** Idempotent producers, as the log keeps them: how far each has published, so that what it sends again is known. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'

/** One batch: the producer's own number of its first event, and how many there are. */
export interface PublishedBatch {
  first: number
  count: number
  /** Sequence number of its first event, where the client is told it. */
  offset?: number
}

/** Where a producer stands on one partition. */
export interface ProducerState {
  /** Grows with each owner; the one before may send no more. */
  epoch: number
  /** The producer's number of the last event that was stored. */
  last: number
  /** The newest batches, oldest first: these are known when they come again. */
  recent: readonly PublishedBatch[]
}

/** Producers that are remembered for each partition; the least recently seen go. */
const MAX_PRODUCERS = 1000

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS producers (
    partition INTEGER NOT NULL, id INTEGER NOT NULL, epoch INTEGER NOT NULL, last INTEGER NOT NULL, recent TEXT NOT NULL,
    used INTEGER NOT NULL, PRIMARY KEY (partition, id)) WITHOUT ROWID;
`

/** In the log's database, and written in the same transaction as the events that it is about. */
export class ProducerTable {
  readonly #find: StatementSync
  readonly #save: StatementSync
  readonly #forget: StatementSync
  readonly #takeId: StatementSync
  readonly #firstId: number
  #used: number

  /** @param createdAt of the log (epoch ms), from which ids begin: no other log gave the same ones out. */
  constructor(database: DatabaseSync, createdAt: number) {
    this.#firstId = createdAt * 1000
    database.exec(SCHEMA)
    this.#find = database.prepare('SELECT epoch, last, recent FROM producers WHERE partition = ? AND id = ?')
    const newest = database.prepare('SELECT coalesce(max(used), 0) AS used FROM producers').get()
    this.#used = (newest as { used: number }).used
    this.#save = database.prepare('INSERT OR REPLACE INTO producers VALUES (?, ?, ?, ?, ?, ?)')
    this.#forget = database.prepare(
      `DELETE FROM producers WHERE partition = ?1 AND id IN
         (SELECT id FROM producers WHERE partition = ?1 ORDER BY used DESC LIMIT -1 OFFSET ${MAX_PRODUCERS})`,
    )
    this.#takeId = database.prepare(
      `INSERT INTO hub VALUES ('producers', 1) ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value`,
    )
  }

  /** Undefined: it has published nothing, or so long ago that it was forgotten. */
  find(partition: number, id: number): ProducerState | undefined {
    const row = this.#find.get(partition, id) as { epoch: number; last: number; recent: string } | undefined
    return row && { epoch: row.epoch, last: row.last, recent: JSON.parse(row.recent) as PublishedBatch[] }
  }

  /** A new one makes the one that was used longest ago forgotten, beyond a bound. */
  save(partition: number, id: number, { epoch, last, recent }: ProducerState): void {
    const isNew = this.#find.get(partition, id) === undefined
    this.#save.run(partition, id, epoch, last, JSON.stringify(recent), ++this.#used)
    if (isNew) this.#forget.run(partition)
  }

  /** An unused producer id. */
  newId(): number {
    return this.#firstId + (this.#takeId.get() as { value: number }).value
  }
}
