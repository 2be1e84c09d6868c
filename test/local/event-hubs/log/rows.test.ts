/** Rows of both forms in one partition: readers over AMQP see no difference, and Kafka's clients get their batches as they lie there. */
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { messageBody } from '../../../../src/local/event-hubs/amqp/sections.ts'
import { eventsOfRecords } from '../../../../src/local/event-hubs/kafka/records/events-of-records.ts'
import { incomingBatch } from '../../../../src/local/event-hubs/kafka/records/kept-batch.ts'
import { openBatch } from '../../../../src/local/event-hubs/kafka/records/record-batch.ts'
import { DecodedRows } from '../../../../src/local/event-hubs/log/decoded-rows.ts'
import { HubLog, type LogPage } from '../../../../src/local/event-hubs/log/log.ts'
import { decodeBatches, encodeBatch, encodeRecords, messageOf, record } from '../kafka/batches.ts'
import { randomNumbers } from '../random-numbers.ts'

const START = Date.UTC(2026, 0, 1)

let folder: string
let now: number
let open: HubLog[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rtstream-rows-'))
  now = START
  open = []
})
afterEach(() => {
  for (const log of open) log.close()
  rmSync(folder, { recursive: true })
})

function openLog(name = 'log', retentionMs = 3_600_000): HubLog {
  const log = HubLog.open(join(folder, name), {
    partitions: 2,
    retention: { ms: retentionMs, bytes: 1e9 },
    clock: { now: () => now },
  })
  open.push(log)
  return log
}

const reopened = (log: HubLog): HubLog => {
  open.splice(open.indexOf(log), 1)
  log.close()
  return openLog()
}

const append = (log: HubLog, batch: Buffer) => {
  const kept = incomingBatch(batch, openBatch(batch, 1e7))
  if (!kept) throw new Error('not a batch that is kept')
  return log.appendBatch(0, kept)
}
const batchOf = (...values: (string | Buffer)[]) => encodeBatch(values.map((value) => record(value)))
const gzipped = (...values: (string | Buffer)[]) => {
  const records = values.map((value) => record(value))
  return encodeBatch(records, { codec: 1 }, gzipSync(encodeRecords(records)))
}
const pages = (log: HubLog, from = 0, maxEvents = 1e6, maxBytes = 1e9) =>
  log.readPages(0, from, maxEvents, maxBytes)
const formsOf = (found: readonly LogPage[]) => found.map(({ form }) => form)
const valuesOf = (page: LogPage | undefined) =>
  page?.form === 'kafka' ? decodeBatches(page.batches).map(({ offset, value }) => `${offset} ${value}`) : []
const bodies = (log: HubLog, from = 0) =>
  log.read(0, from, 1e6, 1e9).map(({ message }) => messageBody(message).toString())

describe('a log with rows of both forms', () => {
  it('reads as one whose clients all spoke AMQP: from any place, in any portions, after a restart', () => {
    const random = randomNumbers(233)
    const [mixed, plain] = [openLog(), openLog('plain')]
    for (let row = 0; row < 300; row++) {
      now += random(3)
      const records = Array.from({ length: 1 + random(random(10) === 0 ? 200 : 4) }, (_, index) =>
        record(`${row}/${index} ${'x'.repeat(random(200))}`, {
          key: random(2) === 0 ? undefined : Buffer.from([random(256), 65]),
          headers: random(3) === 0 ? [{ name: 'h', value: Buffer.of(random(256)) }] : [],
          ...(random(9) === 0 && { value: undefined }),
        }),
      )
      const content = encodeRecords(records)
      const events = eventsOfRecords(content, records.length)
      plain.appendPacked(0, { events, count: records.length })
      if (random(3) === 0) mixed.appendPacked(0, { events, count: records.length })
      else
        append(
          mixed,
          random(2) === 0 ? encodeBatch(records) : encodeBatch(records, { codec: 1 }, gzipSync(content)),
        )
    }
    const all = plain.read(0, 0, 1e6, 1e9)
    expect(mixed.properties(0)).toEqual(plain.properties(0))
    for (const current of [() => mixed, () => reopened(mixed)]) {
      const log = current()
      for (let round = 0; round < 200; round++) {
        const [from, maxEvents, maxBytes] = [random(all.length + 2), 1 + random(400), 1 + random(40_000)]
        expect(log.read(0, from, maxEvents, maxBytes)).toEqual(plain.read(0, from, maxEvents, maxBytes))
        expect(log.sequenceNumberAt(0, START + from)).toBe(plain.sequenceNumberAt(0, START + from))
        const first = all[from]
        expect(log.firstFrom(0, from)).toEqual(
          first && { firstSequenceNumber: first.sequenceNumber, enqueuedAt: first.enqueuedAt },
        )
      }
    }
  })

  it('gives batches by whole ones, many rows at once, up to the rows of another form', () => {
    const log = openLog()
    append(log, batchOf('a', 'b', 'c'))
    now += 5
    append(log, batchOf('d'))
    append(log, gzipped('e', 'f'))
    log.append(0, [messageOf(record('g')), messageOf(record('h'))])
    append(log, batchOf('i'))
    const all = pages(log)
    expect(formsOf(all)).toEqual(['kafka', 'amqp', 'kafka'])
    expect(valuesOf(all[0])).toEqual(['0 a', '1 b', '2 c', '3 d', '4 e', '5 f'])
    expect(decodeBatches((all[0] as { batches: Buffer }).batches).map(({ timestamp }) => timestamp)).toEqual(
      [0, 0, 0, 5, 5, 5].map((ms) => START + ms),
    )
    // In the middle of a batch it begins with the whole of it, in the middle of AMQP's events with the one asked for.
    expect(valuesOf(pages(log, 2)[0])[0]).toBe('0 a')
    expect(valuesOf(pages(log, 5)[0])).toEqual(['4 e', '5 f'])
    expect(pages(log, 7)[0]).toMatchObject({ form: 'amqp', firstSequenceNumber: 7, count: 1 })
    expect(valuesOf(pages(log, 8)[0])).toEqual(['8 i'])
    expect(pages(log, 9)).toEqual([])
    expect(bodies(log, 1)).toEqual(['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'])
  })

  it('gives every byte as it is', () => {
    const log = openLog()
    const every = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
    append(log, batchOf(every, Buffer.alloc(5)))
    append(log, batchOf(Buffer.concat([Buffer.of(0), every, Buffer.of(0xc3, 0x28, 0)])))
    const [page] = pages(log)
    expect(decodeBatches((page as { batches: Buffer }).batches).map(({ value }) => value)).toEqual([
      every,
      Buffer.alloc(5),
      Buffer.concat([Buffer.of(0), every, Buffer.of(0xc3, 0x28, 0)]),
    ])
  })

  it('gives no more bytes than are asked for, but one batch at least', () => {
    const log = openLog()
    const big = Buffer.alloc(100_000, 1)
    append(log, batchOf('small'))
    for (let row = 0; row < 30; row++) append(log, batchOf(big))
    append(log, batchOf('small'))
    for (const [from, maxBytes] of [
      [0, 350_000],
      [0, 1000],
      [3, 1_000_000],
    ] as const) {
      const size = pages(log, from, 1e6, maxBytes).reduce(
        (sum, page) => sum + (page.form === 'kafka' ? page.batches.length : 0),
        0,
      )
      // The one that reaches the bound is the last.
      expect(size).toBeGreaterThan(0)
      expect(size).toBeLessThan(maxBytes + big.length + 1000)
    }
    expect(pages(log, 1, 1e6, 1)).toHaveLength(1)
    expect(valuesOf(pages(log, 1, 1e6, 1)[0])).toHaveLength(1)
    expect(pages(log, 0, 1e6, 0)).toEqual([])
  })

  it('lets rows of both go when they are old', () => {
    const log = openLog('log', 1000)
    append(log, batchOf('a', 'b'))
    log.append(0, [messageOf(record('c'))])
    now += 900
    append(log, batchOf('d'))
    now += 200
    expect(log.properties(0)).toMatchObject({ beginSequenceNumber: 3, lastEnqueuedSequenceNumber: 3 })
    expect(bodies(log)).toEqual(['d'])
    expect(valuesOf(pages(log)[0])).toEqual(['3 d'])
    now += 2000
    expect(log.properties(0).isEmpty).toBe(true)
    expect(pages(log)).toEqual([])
    append(log, batchOf('e'))
    expect(valuesOf(pages(log)[0])).toEqual(['4 e'])
  })

  it('counts bytes without reading them, a row once', () => {
    const log = openLog()
    const sent = batchOf('a', 'b')
    append(log, sent)
    log.append(0, [Buffer.alloc(100), Buffer.alloc(50)])
    expect(log.sizeFrom(0, 0)).toEqual({ bytes: sent.length + 150, next: 4 })
    expect(log.sizeFrom(0, 1)).toEqual({ bytes: sent.length + 150, next: 4 })
    expect(log.sizeFrom(0, 2)).toEqual({ bytes: 150, next: 4 })
    expect(log.sizeFrom(0, 4)).toEqual({ bytes: 0, next: 4 })
  })
})

/** Turns a closed log into one of a version before: one table with an index, in version 1 without the form. */
function asVersion(version: 1 | 2) {
  const database = new DatabaseSync(join(folder, 'log', 'log.db'))
  database.exec(`
    CREATE TABLE appends (
      id INTEGER PRIMARY KEY, partition INTEGER NOT NULL, first INTEGER NOT NULL, count INTEGER NOT NULL,
      enqueued INTEGER NOT NULL, bytes INTEGER NOT NULL, form INTEGER NOT NULL DEFAULT 0, events BLOB NOT NULL);
    CREATE UNIQUE INDEX by_sequence ON appends (partition, first);`)
  const tables = database
    .prepare(
      `SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'appends%' AND name <> 'appends'`,
    )
    .all()
  expect(tables.length).toBeGreaterThan(0)
  for (const { name } of tables as { name: string }[])
    database.exec(`
      INSERT INTO appends (partition, first, count, enqueued, bytes, form, events)
        SELECT ${name.split('_')[1]}, first, count, enqueued, bytes, form, events FROM ${name};
      DROP TABLE ${name};`)
  if (version === 1) database.exec('ALTER TABLE appends DROP COLUMN form')
  database.exec(`PRAGMA user_version = ${version}`)
  database.close()
}

describe.each([1, 2] as const)('a folder of version %i', (version) => {
  it('is read on, takes both forms, and is of version 2', () => {
    const log = openLog()
    log.append(0, [messageOf(record('old')), messageOf(record('older'))])
    open.pop()?.close()
    asVersion(version)
    const again = openLog()
    append(again, gzipped('new', 'newer'))
    again.append(0, [messageOf(record('newest'))])
    expect(bodies(again)).toEqual(['old', 'older', 'new', 'newer', 'newest'])
    expect(formsOf(pages(again))).toEqual(['amqp', 'kafka', 'amqp'])
    const last = reopened(again)
    expect(bodies(last, 1)).toEqual(['older', 'new', 'newer', 'newest'])
    open.pop()?.close()
    const raw = new DatabaseSync(join(folder, 'log', 'log.db'))
    expect(raw.prepare('PRAGMA user_version').get()).toEqual({ user_version: 2 })
    raw.close()
  })

  it('lets go of what is old, also what is new in it', () => {
    const log = openLog()
    log.append(0, [messageOf(record('old'))])
    open.pop()?.close()
    asVersion(version)
    const again = openLog()
    again.append(0, [messageOf(record('older'))])
    now += 7_200_000
    expect(again.properties(0)).toMatchObject({ beginSequenceNumber: 2, isEmpty: true })
    again.append(0, [messageOf(record('young'))])
    expect(bodies(again)).toEqual(['young'])
  })
})

describe('decoded rows', () => {
  it('are kept while they are used, up to eight megabytes', () => {
    const rows = new DecodedRows()
    const decode = vi.fn(() => Buffer.alloc(1_000_000))
    for (let row = 0; row < 8; row++) rows.get(String(row), decode)
    rows.get('0', decode)
    expect(decode).toHaveBeenCalledTimes(8)
    rows.get('8', decode)
    rows.get('0', decode)
    expect(decode).toHaveBeenCalledTimes(9)
    rows.get('1', decode)
    expect(decode).toHaveBeenCalledTimes(10)
    expect(rows.sizeBytes).toBe(8_000_000)
    // What alone is more than that, or next to nothing, is not kept.
    for (const size of [9_000_000, 100])
      for (let time = 0; time < 2; time++) rows.get(`of ${size}`, () => decode() && Buffer.alloc(size))
    expect(decode).toHaveBeenCalledTimes(14)
    expect(rows.sizeBytes).toBe(8_000_000)
  })

  it('spare a reader who takes a row by portions', () => {
    const log = openLog()
    const values = Array.from({ length: 3000 }, (_, index) => `event ${index} ${'x'.repeat(50)}`)
    append(log, gzipped(...values))
    const seen: string[] = []
    for (let from = 0; from < values.length; from += 200)
      for (const { message } of log.read(0, from, 200)) seen.push(messageBody(message).toString())
    expect(seen).toEqual(values)
  })
})

it('a log of a newer version is refused in words, and left alone', () => {
  openLog()
  open.pop()?.close()
  const path = join(folder, 'log', 'log.db')
  const database = new DatabaseSync(path)
  database.exec('PRAGMA user_version = 4')
  database.close()
  expect(() => openLog()).toThrow(/cannot be opened: a newer version of rtstream-tui wrote it/)
  const raw = new DatabaseSync(path)
  expect(raw.prepare('PRAGMA user_version').get()).toEqual({ user_version: 4 })
  raw.close()
})

it('the journal stays at about sixteen megabytes, with the pages of a new log and of an old one', () => {
  const batch = batchOf(Buffer.alloc(1_000_000, 1))
  for (const pageBytes of [undefined, 4096]) {
    const name = `pages-${pageBytes}`
    if (pageBytes !== undefined) {
      mkdirSync(join(folder, name))
      const old = new DatabaseSync(join(folder, name, 'log.db'))
      old.exec(`PRAGMA page_size = ${pageBytes}; CREATE TABLE before (x)`)
      old.close()
    }
    const log = openLog(name)
    let largest = 0
    for (let row = 0; row < 40; row++) {
      append(log, Buffer.from(batch))
      largest = Math.max(largest, statSync(join(folder, name, 'log.db-wal')).size)
    }
    expect(largest).toBeGreaterThan(15_000_000)
    expect(largest).toBeLessThan(19_000_000)
  }
})
