import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { HubLog } from '../../../../src/local/event-hubs/log/log.ts'

const HOUR = 3_600_000
const MB = 1_000_000
const START = Date.UTC(2026, 0, 1)

let folder: string
let now: number
let log: HubLog
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rtstream-retention-'))
  now = START
})
afterEach(() => {
  log.close()
  rmSync(folder, { recursive: true })
})

const open = (bytes: number, partitions = 1) =>
  HubLog.open(folder, { partitions, retention: { ms: HOUR, bytes }, clock: { now: () => now } })
const append = (bytes: number) => log.append(0, [Buffer.alloc(bytes, 1)])
const begin = () => log.properties(0).beginSequenceNumber

it('goes on when the clock is set back', () => {
  log = open(2 * MB)
  append(1000)
  now -= 2 * HOUR
  for (let count = 0; count < 20; count++) {
    now += 2000
    append(400_000)
  }
  expect(begin()).toBeGreaterThan(0)
})

it('deletes so many bytes in a step, so that nobody waits long for it', () => {
  log = open(1000 * MB)
  for (let count = 0; count < 20; count++) append(MB)
  now += 2 * HOUR
  const steps: number[] = []
  for (let step = 0; step < 4; step++) steps.push(begin())
  expect(steps).toEqual([8, 16, 20, 20])
})

it('deletes so many appends in a step, however small they are', () => {
  log = open(1000 * MB)
  for (let count = 0; count < 250; count++) append(10)
  now += 2 * HOUR
  expect([begin(), begin()]).toEqual([200, 250])
})

it('keeps what is young, up to its bound', () => {
  log = open(4 * MB)
  append(MB)
  now += HOUR - 1
  expect(begin()).toBe(0)
  for (let count = 0; count < 6; count++) {
    append(MB)
    now += 2000
  }
  const kept = 7 - begin()
  expect(kept).toBeGreaterThan(1)
  expect(kept).toBeLessThanOrEqual(4)
})

it('lets go of what is old, however little it is', () => {
  log = open(1000 * MB)
  append(10)
  now += HOUR + 1
  expect(begin()).toBe(1)
})

it('lets the oldest of all partitions go first', () => {
  log = open(10 * MB, 3)
  const begins = () => [0, 1, 2].map((partition) => log.properties(partition).beginSequenceNumber)
  for (const partition of [2, 2, 1, 0, 1]) {
    log.append(partition, [Buffer.alloc(1000)])
    now += HOUR / 4
  }
  // An hour and a quarter after the first.
  expect(begins()).toEqual([0, 0, 1])
  now += HOUR / 4
  expect(begins()).toEqual([0, 0, 2])
  now += HOUR / 4
  expect(begins()).toEqual([0, 1, 2])
  // Too large: young ones of the same time go in the order of the partitions.
  for (const partition of [1, 0, 2, 1, 0, 2]) {
    log.append(partition, [Buffer.alloc(4 * MB)])
    now += 2000
  }
  expect(begins()[0]).toBeGreaterThan(1)
  expect(log.sizeBytes()).toBeLessThan(15 * MB)
})
