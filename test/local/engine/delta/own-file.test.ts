/** What the log says of a file that is written without DuckDB: bounds that hold, or none. */
import { afterEach, expect, it } from 'vitest'
import { TABLES } from '../../../../src/contract/tables.ts'
import { DEFAULT_TUNING, type EngineContext } from '../../../../src/local/engine/api/options.ts'
import { writeOwnFile } from '../../../../src/local/engine/delta/own-file.ts'
import { flatLeaf } from '../../../../src/local/engine/parquet/shred.ts'
import { type TestLake, testLake } from '../lake-fixture.ts'

let lake: TestLake
afterEach(() => lake.remove())

it('says no bound that a number of JSON cannot hold, and rounds times outwards to milliseconds', async () => {
  lake = testLake()
  const context = { lake: lake.folder, clock: lake.clock, tuning: DEFAULT_TUNING } as unknown as EngineContext
  const columns: Record<string, readonly unknown[]> = {
    eventId: ['a'.repeat(40), 'b'.repeat(40)],
    deviceSequenceNumber: [5, 9_007_199_254_740_993n],
    temperature: [-90, null],
    timestamp: [-1n, 253_402_300_799_998_001n],
    createdAt: [1_772_366_400_000_001, 1_772_366_400_000_999],
  }
  const physical = { string: 'bytes', long: 'int64', integer: 'int32', timestamp: 'int64' } as const
  const leaves = TABLES.silver.columns.map(([name, type]) =>
    flatLeaf(name, physical[type], columns[name] ?? [null, null]),
  )
  const { add } = await writeOwnFile(context, TABLES.silver, leaves, 2, { name: 'part.parquet' })
  const { minValues, maxValues, nullCount, numRecords } = JSON.parse(add.stats ?? '')
  expect(numRecords).toBe(2)
  expect(minValues).toEqual({
    eventId: 'a'.repeat(32),
    deviceSequenceNumber: 5,
    temperature: -90,
    timestamp: '1969-12-31T23:59:59.999Z',
    createdAt: '2026-03-01T12:00:00.000Z',
  })
  expect(maxValues).toEqual({
    eventId: `${'b'.repeat(32)}\u{10FFFF}`,
    temperature: -90,
    timestamp: '9999-12-31T23:59:59.999Z',
    createdAt: '2026-03-01T12:00:00.001Z',
  })
  expect(nullCount).toMatchObject({ eventId: 0, temperature: 1, city: 2 })
})
