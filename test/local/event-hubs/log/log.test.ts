import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { HubFullError, HubLogError } from '../../../../src/local/event-hubs/log/database.ts'
import { HubLog, type HubLogOptions } from '../../../../src/local/event-hubs/log/log.ts'

const HOUR = 3_600_000
const START = Date.UTC(2026, 0, 1)

let folder: string
let now: number
let open: HubLog[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rtstream-log-'))
  now = START
  open = []
})
afterEach(() => {
  for (const log of open) log.close()
  rmSync(folder, { recursive: true })
})

function openLog(options: Partial<HubLogOptions> = {}): HubLog {
  const log = HubLog.open(folder, {
    partitions: 2,
    retention: { ms: HOUR, bytes: 1e9 },
    clock: { now: () => now },
    ...options,
  })
  open.push(log)
  return log
}

function close(log: HubLog): void {
  open.splice(open.indexOf(log), 1)
  log.close()
}

const events = (...texts: string[]) => texts.map((text) => Buffer.from(text))
const texts = (log: HubLog, from = 0, maxEvents = 1000, maxBytes?: number) =>
  log.read(0, from, maxEvents, maxBytes).map(({ message }) => Buffer.from(message).toString())

describe('the log of the hub', () => {
  it('numbers the events of a partition from 0, without gaps', () => {
    const log = openLog()
    expect(log.properties(0)).toEqual({
      beginSequenceNumber: 0,
      lastEnqueuedSequenceNumber: -1,
      lastEnqueuedAt: undefined,
      isEmpty: true,
    })
    expect(log.append(0, events('a', 'b'))).toEqual({ firstSequenceNumber: 0, enqueuedAt: START })
    now += 5
    expect(log.append(0, events('c'))).toEqual({ firstSequenceNumber: 2, enqueuedAt: START + 5 })
    expect(log.append(1, events('elsewhere')).firstSequenceNumber).toBe(0)
    expect(log.read(0, 0, 10)).toEqual([
      { sequenceNumber: 0, enqueuedAt: START, message: Buffer.from('a') },
      { sequenceNumber: 1, enqueuedAt: START, message: Buffer.from('b') },
      { sequenceNumber: 2, enqueuedAt: START + 5, message: Buffer.from('c') },
    ])
    expect(log.properties(0)).toEqual({
      beginSequenceNumber: 0,
      lastEnqueuedSequenceNumber: 2,
      lastEnqueuedAt: START + 5,
      isEmpty: false,
    })
  })

  it('reads from any place, up to any number of events or bytes', () => {
    const log = openLog()
    log.append(0, events('a', 'b', 'c'))
    log.append(0, events('d', 'e'))
    expect(texts(log, 1)).toEqual(['b', 'c', 'd', 'e'])
    expect(texts(log, 2, 2)).toEqual(['c', 'd'])
    expect(texts(log, 0, 10, 2)).toEqual(['a', 'b'])
    expect(texts(log, 4, 10, 0)).toEqual([])
    expect(texts(log, 5)).toEqual([])
    expect(texts(log, 99)).toEqual([])
    expect(() => log.read(2, 0, 1)).toThrow(RangeError)
  })

  it('reads across more rows than it fetches at once', () => {
    const log = openLog()
    const wanted = Array.from({ length: 500 }, (_, index) => String(index))
    for (const text of wanted) log.append(0, events(text))
    expect(texts(log, 3)).toEqual(wanted.slice(3))
  })

  it('tells who listens of each append, until they stop', () => {
    const log = openLog()
    const listener = vi.fn()
    const stop = log.onAppend(listener)
    log.append(1, events('a'))
    expect(listener.mock.calls).toEqual([[1]])
    stop()
    log.append(1, events('b'))
    expect(listener).toHaveBeenCalledTimes(1)
  })

  it('goes on after it was closed, with the partitions it was made with', () => {
    close(
      (() => {
        const log = openLog({ partitions: 3 })
        log.append(2, events('a', 'b'))
        return log
      })(),
    )
    now += 1000
    const log = openLog({ partitions: 8 })
    expect(log.partitionCount).toBe(3)
    expect(log.createdAt).toBe(START)
    expect(log.append(2, events('c')).firstSequenceNumber).toBe(2)
    expect(log.read(2, 0, 10).map(({ sequenceNumber }) => sequenceNumber)).toEqual([0, 1, 2])
  })

  it('never lets time go back within a partition, however the clock is set', () => {
    const log = openLog()
    log.append(0, events('a'))
    now -= HOUR / 2
    expect(log.append(0, events('b')).enqueuedAt).toBe(START)
    close(log)
    expect(openLog().append(0, events('c')).enqueuedAt).toBe(START)
  })

  it('finds the first event at or after a time', () => {
    const log = openLog()
    for (let append = 0; append < 50; append++) {
      now = START + append * 10
      log.append(0, events('a', 'b', 'c'))
    }
    expect(log.sequenceNumberAt(0, 0)).toBe(0)
    expect(log.sequenceNumberAt(0, START)).toBe(0)
    expect(log.sequenceNumberAt(0, START + 1)).toBe(3)
    expect(log.sequenceNumberAt(0, START + 250)).toBe(75)
    expect(log.sequenceNumberAt(0, START + 490)).toBe(147)
    expect(log.sequenceNumberAt(0, START + 491)).toBe(150)
    expect(log.sequenceNumberAt(1, START)).toBe(0)
  })
})

describe('retention', () => {
  it('lets events go when they are old, also while nothing is appended', () => {
    const log = openLog()
    log.append(0, events('old', 'old'))
    now += HOUR - 1000
    log.append(0, events('young'))
    expect(texts(log)).toEqual(['old', 'old', 'young'])
    now += 2000
    expect(log.properties(0)).toMatchObject({ beginSequenceNumber: 2, lastEnqueuedSequenceNumber: 2 })
    expect(texts(log)).toEqual(['young'])
    now += HOUR
    expect(log.properties(0)).toMatchObject({ beginSequenceNumber: 3, isEmpty: true })
    expect(texts(log)).toEqual([])
  })

  it('goes on counting when nothing is left, also after a restart', () => {
    const log = openLog()
    log.append(0, events('a', 'b', 'c'))
    now += 2 * HOUR
    expect(log.properties(0).isEmpty).toBe(true)
    close(log)
    now -= HOUR
    const again = openLog()
    expect(again.properties(0)).toEqual({
      beginSequenceNumber: 3,
      lastEnqueuedSequenceNumber: 2,
      lastEnqueuedAt: START,
      isEmpty: true,
    })
    expect(again.append(0, events('d')).firstSequenceNumber).toBe(3)
    expect(texts(again)).toEqual(['d'])
  })

  it('keeps to its size, the oldest of all partitions first', () => {
    const log = openLog({ retention: { ms: HOUR, bytes: 2_000_000 } })
    const message = Buffer.alloc(10_000, 1)
    for (let append = 0; append < 400; append++) {
      now += 100
      log.append(append % 2, [message, message])
    }
    now += 1000
    log.properties(0)
    expect(log.sizeBytes()).toBeLessThan(2_200_000)
    const [first, second] = [log.properties(0), log.properties(1)]
    expect(first.beginSequenceNumber).toBeGreaterThan(250)
    expect(Math.abs(first.beginSequenceNumber - second.beginSequenceNumber)).toBeLessThanOrEqual(2)
    expect(log.read(0, 0, 1)[0]?.sequenceNumber).toBe(first.beginSequenceNumber)
  })

  it('deletes in small steps, and keeps up with what comes in', () => {
    const log = openLog()
    for (let append = 0; append < 1000; append++) log.append(0, events('old'))
    now += 2 * HOUR
    const begins: number[] = []
    for (let look = 0; look < 6; look++) begins.push(log.properties(0).beginSequenceNumber)
    expect(begins).toEqual([200, 400, 600, 800, 1000, 1000])
  })
})

describe('a full disk', () => {
  const message = Buffer.alloc(10_000, 1)

  it('refuses what has no room and loses nothing that was taken; once there is room it goes on', () => {
    const log = openLog({ limitBytes: 1_000_000 })
    let taken = 0
    expect(() => {
      for (;;) {
        log.append(0, [message])
        taken++
      }
    }).toThrow(HubFullError)
    expect(taken).toBeGreaterThan(50)
    expect(() => log.append(0, [message])).toThrow(HubFullError)
    expect(log.properties(0).lastEnqueuedSequenceNumber).toBe(taken - 1)
    close(log)
    const again = openLog({ limitBytes: 1_000_000 })
    expect(again.read(0, 0, 1000, 1e9)).toHaveLength(taken)
    now += 2 * HOUR
    again.properties(0)
    expect(again.append(0, [message]).firstSequenceNumber).toBe(taken)
  })
})

describe('a folder that is no log', () => {
  it('says that the log is damaged', () => {
    writeFileSync(join(folder, 'log.db'), 'no database at all, but long enough to be looked at '.repeat(30))
    expect(() => openLog()).toThrow(HubLogError)
    expect(() => openLog()).toThrow(/cannot be opened: it is damaged/)
  })

  it('says that another one holds it', () => {
    openLog()
    expect(() => openLog()).toThrow(/cannot be opened: another process uses it/)
  })

  it('says why it cannot be made', () => {
    writeFileSync(join(folder, 'file'), '')
    const options = { partitions: 1, retention: { ms: HOUR, bytes: 1e9 }, clock: { now: () => now } }
    expect(() => HubLog.open(join(folder, 'file'), options)).toThrow(HubLogError)
  })
})
