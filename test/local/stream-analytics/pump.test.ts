/** How long a batch stays open: by whether events come at all, and how many. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { HubLog } from '../../../src/local/event-hubs/log/log.ts'
import type { Progress } from '../../../src/local/stream-analytics/progress.ts'
import { BronzePump } from '../../../src/local/stream-analytics/pump.ts'
import { encodeEvent } from '../../support/hub-events.ts'

let folder: string
let log: HubLog
let pump: BronzePump
/** When files were placed (ms since the start). */
let placed: number[]

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'],
    now: Date.UTC(2026, 10, 24, 2, 7),
  })
  folder = mkdtempSync(join(tmpdir(), 'rtstream-pump-'))
  const clock = { now: () => Date.now() }
  log = HubLog.open(folder, { partitions: 1, retention: { ms: 3_600_000, bytes: 1e9 }, clock })
  const progress: Progress = { partitions: new Map(), rows: 0, rejected: 0, lastOutputEventTime: undefined }
  placed = []
  const begun = performance.now()
  pump = new BronzePump({
    log,
    lake: { place: async () => void placed.push(Math.round(performance.now() - begun)) },
    clock,
    progress,
    rollIntervalMs: 1000,
    calmRollIntervalMs: 2000,
    retryDelaysMs: [],
    onLanded: () => {},
    onExpired: () => {},
    onTurn: () => {},
    onTrouble: (error) => {
      throw error
    },
    onRecovered: () => {},
  })
  pump.start()
})
afterEach(async () => {
  vi.useRealTimers()
  await pump.stop()
  log.close()
  rmSync(folder, { recursive: true, force: true })
})

const send = (events: number) =>
  log.append(
    0,
    Array.from({ length: events }, (_, n) => encodeEvent({ n })),
  )
/** @param events sent every tenth of a second. */
async function flow(events: number, seconds: number): Promise<void> {
  for (let tick = 0; tick < seconds * 10; tick++) {
    send(events)
    await vi.advanceTimersByTimeAsync(100)
  }
}

it('an event after a quiet time is brought on within the roll interval', async () => {
  send(1)
  await vi.advanceTimersByTimeAsync(10_000)
  send(1)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(placed).toEqual([1000, 11_000])
})

it('few events that come one after the other share a batch of twice that', async () => {
  await flow(1, 9.5)
  expect(placed).toEqual([1000, 3000, 5000, 7000, 9000])
})

it('so do few that come once a second, as a slow generator sends them', async () => {
  for (let second = 0; second < 8; second++) {
    send(10)
    await vi.advanceTimersByTimeAsync(1050)
  }
  const gaps = placed.slice(1).map((at, index) => at - (placed[index] as number))
  expect(gaps.length).toBeGreaterThan(2)
  expect(gaps.every((ms) => ms >= 2000)).toBe(true)
})

it('many are brought on each second, and so are many that few follow', async () => {
  await flow(10, 3.5)
  expect(placed).toEqual([1000, 2000, 3000])
  placed = []
  await flow(1, 5)
  expect(placed).toEqual([4000, 5000, 7000])
})

it('hundreds of events are brought on sooner than once a second, as each file of them is worth its cost', async () => {
  await flow(100, 7)
  expect(placed.slice(0, 4)).toEqual([1000, 1600, 2200, 2800])
})

it('a batch that is full is brought on at once, and so is what fills the next one meanwhile', async () => {
  send(4999)
  await vi.advanceTimersByTimeAsync(500)
  expect(placed).toEqual([])
  send(1)
  send(10)
  await vi.advanceTimersByTimeAsync(10)
  // What stands behind a full batch comes with it.
  expect(placed).toEqual([500, 500])
  send(5001)
  await vi.advanceTimersByTimeAsync(10)
  expect(placed).toEqual([500, 500, 510, 510])
  await vi.advanceTimersByTimeAsync(10_000)
  expect(placed.length).toBe(4)
})
