/** A lake in a temporary folder with bronze files placed as the local Stream Analytics job places them, and the engine on it. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { bronzeFileName, bronzeFolder } from '../../../src/contract/bronze-layout.ts'
import { LakeFolder } from '../../../src/local/data-lake/store/folder.ts'
import type { EngineTuning } from '../../../src/local/engine/api/options.ts'
import { createDuckDbEngine, type DuckDbEngine } from '../../../src/local/engine/duckdb-engine.ts'
import type { Clock } from '../../../src/local/runtime/clock.ts'

/** Noon of a day in the past; tests move it. */
export const NOON = Date.parse('2026-03-01T12:00:00.000Z')

export interface TestClock extends Clock {
  time: number
}

export interface TestLake {
  root: string
  folder: LakeFolder
  clock: TestClock
  /** Events of a partition, as the hub would give them sequence numbers; a string is taken as a whole line. */
  place(
    partition: number,
    events: readonly (TestEvent | string)[],
    options?: { at?: number; lineEnd?: string; folderOf?: (at: Date) => string },
  ): Promise<string>
  /** A file of another writer. */
  placeForeign(path: string, data: string | Uint8Array): Promise<void>
  engine(tuning?: Partial<EngineTuning>, options?: { retentionMs?: number }): DuckDbEngine
  remove(): void
}

export type TestEvent = Record<string, unknown>

let ids = 0

/** @param options.root an existing lake, to go on with it. */
export function testLake(options: { root?: string; limitBytes?: number; time?: number } = {}): TestLake {
  const root = options.root ?? join(mkdtempSync(join(tmpdir(), 'rtstream-engine-')), 'lake')
  const clock: TestClock = { time: options.time ?? NOON, now: () => clock.time }
  const folder = new LakeFolder(root, { limitBytes: options.limitBytes ?? 1_000_000_000, clock })
  mkdirSync(join(root, 'bronze'), { recursive: true })
  const next = new Map<number, number>()
  return {
    root,
    folder,
    clock,
    async place(partition, events, { at = clock.time, lineEnd = '\n', folderOf = bronzeFolder } = {}) {
      const first = next.get(partition) ?? 0
      next.set(partition, first + events.length)
      const lines = events.map((event, index) =>
        typeof event === 'string'
          ? event
          : JSON.stringify({
              ...event,
              EventProcessedUtcTime: new Date(at).toISOString(),
              PartitionId: partition,
              EventEnqueuedUtcTime: new Date(at + index).toISOString(),
              SequenceNumber: first + index,
              ...(event.EventEnqueuedUtcTime !== undefined && {
                EventEnqueuedUtcTime: event.EventEnqueuedUtcTime,
              }),
            }),
      )
      const name = bronzeFileName({
        partition,
        firstSequenceNumber: first,
        lastSequenceNumber: first + events.length - 1,
        rows: lines.length,
      })
      const path = `${folderOf(new Date(at))}/${name}`
      await folder.place('bronze', path, lines.map((line) => line + lineEnd).join(''))
      return path
    },
    placeForeign: (path, data) => folder.place('bronze', path, data),
    engine: (tuning = {}, { retentionMs = 3_600_000 } = {}) =>
      createDuckDbEngine({
        lakeRoot: root,
        folder,
        clock,
        logger: pino({ level: 'silent' }),
        retentionMs,
        newId: () => `00000000-0000-4000-8000-${String(ids++).padStart(12, '0')}`,
        tuning: { triggerIntervalMs: 5, aggregateIntervalMs: 5, settleMs: 0, flush: false, ...tuning },
      }),
    remove: () => rmSync(join(root, '..'), { recursive: true, force: true, maxRetries: 3 }),
  }
}

/** A reading as the generator sends it; `id` makes it another one. */
export function reading(id: number, fields: TestEvent = {}): TestEvent {
  return {
    eventId: `00000000-0000-0000-0000-${String(id).padStart(12, '0')}`,
    deviceId: `station-${String(id % 10).padStart(5, '0')}`,
    deviceSequenceNumber: Math.floor(id / 10),
    city: ['Oslo', 'Zürich', '東京'][id % 3],
    temperature: (id % 40) - 5,
    humidity: id % 101,
    timestamp: '2026-03-01 12:00:00',
    createdAt: '2026-03-01T12:00:00.123Z',
    ...fields,
  }
}

export const readings = (from: number, count: number, fields: TestEvent = {}) =>
  Array.from({ length: count }, (_, index) => reading(from + index, fields))
