/**
 * Reads the log's rows. A row is one append, in one of two forms: AMQP messages, packed; or a batch of records as a Kafka client
 * sent it (docs/decisions/015-two-forms-of-rows.md). Readers over AMQP get messages of both.
 */
import type { DatabaseSync } from 'node:sqlite'
import { type EventPage, LENGTH_BYTES, takeEvents, unpackEvents } from '../amqp/packed-events.ts'
import { asBuffer } from '../amqp/sections.ts'
import { eventsOfKept } from '../kafka/records/kept-batch.ts'
import { DecodedRows } from './decoded-rows.ts'
import { PartitionStatements } from './partition-table.ts'

/** What the column `form` says. */
export const FORM = { amqp: 0, kafka: 1 } as const

/** An event as readers over AMQP get it, whichever way it came. */
export interface StoredEvent {
  sequenceNumber: number
  /** Epoch milliseconds; never decreases within a partition. */
  enqueuedAt: number
  /** The event as an encoded AMQP message, as its sender made it. */
  message: Uint8Array
}

/** Events of one row, packed. */
export interface AmqpPage extends EventPage {
  form: 'amqp'
}

/** Whole batches of records, which follow each other; the first may begin before what was asked for. */
export interface KafkaPage {
  form: 'kafka'
  /** Behind the last of its events. */
  nextSequenceNumber: number
  batches: Buffer
}

/** Part of a row or all of it, in the form in which it is stored. */
export type LogPage = AmqpPage | KafkaPage

/** The part of a partition to read, and how much of it at most. The event that passes `maxBytes` is still taken. */
export interface Bounds {
  from: number
  /** Behind the newest event. */
  next: number
  maxEvents: number
  maxBytes: number
}

const READ_ROWS = 64
/** Batches in one page at most. */
const JOINED_ROWS = 20_000

/** Behind the row in which the event stands, if there is one. */
const fromRow = (table: string) =>
  `first >= coalesce((SELECT max(first) FROM ${table} WHERE first <= ?1), ?1)`

/**
 * Bytes of rows behind each other, by SQLite: a row costs a quarter of what it costs on its way through JavaScript. To SQLite a
 * blob is as good as a text here, of which it copies the bytes.
 */
const join = (table: string) => `
  SELECT CAST(group_concat(events, '') AS BLOB), max(first + count) FROM
    (SELECT first, count, events FROM ${table} WHERE first >= ? AND first < ? ORDER BY first LIMIT ?)`

/** Reads what a partition holds, row by row or many at once. */
export class LogRows {
  readonly #decoded = new DecodedRows()
  readonly #from: PartitionStatements
  readonly #place: PartitionStatements
  readonly #weight: PartitionStatements
  readonly #join: PartitionStatements
  readonly #one: PartitionStatements
  readonly #size: PartitionStatements

  constructor(database: DatabaseSync) {
    const prepare = (text: (table: string) => string) => new PartitionStatements(database, text, true)
    this.#from = prepare(
      (table) =>
        `SELECT first, enqueued, form, events FROM ${table} WHERE ${fromRow(table)} ORDER BY first LIMIT ${READ_ROWS}`,
    )
    this.#place = prepare(
      (table) =>
        `SELECT first, enqueued, form, bytes FROM ${table} WHERE ${fromRow(table)} ORDER BY first LIMIT 1`,
    )
    this.#weight = prepare(
      (table) => `SELECT count(*), sum(bytes), min(CASE WHEN form <> ${FORM.kafka} THEN first END) FROM
         (SELECT first, bytes, form FROM ${table} WHERE first >= ? ORDER BY first LIMIT ?)`,
    )
    this.#join = prepare(join)
    this.#one = prepare((table) => `SELECT events, first + count FROM ${table} WHERE first = ?`)
    this.#size = prepare(
      (
        table,
      ) => `SELECT sum(CASE form WHEN ${FORM.amqp} THEN bytes - count * ${LENGTH_BYTES} ELSE bytes END), max(first + count) FROM
         (SELECT first, count, bytes, form FROM ${table} WHERE ${fromRow(table)} ORDER BY first LIMIT ${READ_ROWS})`,
    )
  }

  /** The first event from that one on that there is. */
  firstFrom(
    partition: number,
    from: number,
  ): { firstSequenceNumber: number; enqueuedAt: number } | undefined {
    const row = this.#placeOf(partition, from)
    return row && { firstSequenceNumber: Math.max(row.first, from), enqueuedAt: row.enqueued }
  }

  /** In their order; fewer than there are when a bound is reached. */
  events(partition: number, bounds: Bounds): StoredEvent[] {
    const found: StoredEvent[] = []
    let { from } = bounds
    let [left, leftBytes] = [bounds.maxEvents, bounds.maxBytes]
    while (from < bounds.next && left > 0 && leftBytes > 0) {
      const before = from
      for (const row of this.#from.of(partition).iterate(from)) {
        const [first, enqueuedAt, form, bytes] = row as unknown as [number, number, number, Uint8Array]
        const events = form === FORM.kafka ? this.#decode(partition, first, bytes) : asBuffer(bytes)
        const { skipped, start, count, end } = takeEvents(events, from - first, left, leftBytes)
        let sequenceNumber = first + skipped
        for (const message of unpackEvents(events.subarray(start, end)))
          found.push({ sequenceNumber: sequenceNumber++, enqueuedAt, message })
        if (count > 0) from = sequenceNumber
        left -= count
        leftBytes -= end - start - count * LENGTH_BYTES
        if (left <= 0 || leftBytes <= 0) break
      }
      if (from === before) break
    }
    return found
  }

  #decode(partition: number, first: number, bytes: Uint8Array): Buffer {
    return this.#decoded.get(`${partition}/${first}`, () => eventsOfKept(asBuffer(bytes)))
  }

  /** What lies there, as it lies there. */
  pages(partition: number, { from, next, maxEvents, maxBytes }: Bounds): LogPage[] {
    const pages: LogPage[] = []
    let at = from
    let [left, leftBytes] = [maxEvents, maxBytes]
    while (at < next && left > 0 && leftBytes > 0) {
      const row = this.#placeOf(partition, at)
      if (!row) break
      const before = at
      if (row.form === FORM.kafka) {
        const page = this.#joined(partition, row, leftBytes)
        pages.push(page)
        at = page.nextSequenceNumber
        leftBytes -= page.batches.length
      } else
        for (const page of this.#amqpPages(partition, at, left, leftBytes)) {
          pages.push(page)
          at = page.firstSequenceNumber + page.count
          left -= page.count
          leftBytes -= page.events.length - page.count * LENGTH_BYTES
        }
      if (at === before) break
    }
    return pages
  }

  /** Of the rows that one query gives, up to the first of Kafka. */
  *#amqpPages(partition: number, from: number, maxEvents: number, maxBytes: number): Generator<AmqpPage> {
    let [left, leftBytes] = [maxEvents, maxBytes]
    for (const row of this.#from.of(partition).iterate(from)) {
      const [first, enqueuedAt, form, bytes] = row as unknown as [number, number, number, Uint8Array]
      if (form === FORM.kafka || left <= 0 || leftBytes <= 0) return
      const { skipped, start, count, end } = takeEvents(bytes, from - first, left, leftBytes)
      left -= count
      leftBytes -= end - start - count * LENGTH_BYTES
      const events = asBuffer(bytes).subarray(start, end)
      if (count > 0) yield { form: 'amqp', firstSequenceNumber: first + skipped, count, enqueuedAt, events }
    }
  }

  /** As many batches as fit, one at least. */
  #joined(partition: number, { first, bytes }: Place, maxBytes: number): KafkaPage {
    let rows = Math.min(JOINED_ROWS, Math.max(1, Math.floor(maxBytes / bytes)))
    let end = Number.MAX_SAFE_INTEGER
    // Fewer each time: rows behind a small one may be large.
    while (rows > 1) {
      const [count, sum, other] = this.#weight.of(partition).get(first, rows) as unknown as [
        number,
        number,
        number | null,
      ]
      if (other !== null) end = other
      if (sum <= maxBytes) break
      rows = Math.max(1, Math.min(Math.floor((count * maxBytes) / sum), count - 1))
    }
    const row =
      rows === 1 ? this.#one.of(partition).get(first) : this.#join.of(partition).get(first, end, rows)
    const [batches, nextSequenceNumber] = row as unknown as [Uint8Array, number]
    return { form: 'kafka', nextSequenceNumber, batches: asBuffer(batches) }
  }

  /** How many bytes the row of that event and some behind it hold, and the number behind their last. */
  size(partition: number, from: number): { bytes: number; next: number } {
    const [bytes, next] = this.#size.of(partition).get(from) as unknown as [number | null, number | null]
    return { bytes: bytes ?? 0, next: next ?? from }
  }

  #placeOf(partition: number, from: number): Place | undefined {
    const row = this.#place.of(partition).get(from) as unknown as [number, number, number, number] | undefined
    return row && { first: row[0], enqueued: row[1], form: row[2], bytes: row[3] }
  }
}

interface Place {
  first: number
  enqueued: number
  form: number
  bytes: number
}
