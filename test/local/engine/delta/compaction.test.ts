import { describe, expect, it } from 'vitest'
import type { AddFile } from '../../../../src/delta/actions.ts'
import { runToCompact } from '../../../../src/local/engine/delta/compaction.ts'
import { dataFileName } from '../../../../src/local/engine/delta/parquet-file.ts'

const MB = 1_000_000
const file = (batch: number, options: { rows?: number; bytes?: number; tier?: number } = {}): AddFile => {
  const { rows = 10, bytes = 1000, tier } = options
  return {
    path: tier === undefined ? dataFileName(batch, batch, 'b', 0) : dataFileName(batch, batch, 'l', tier),
    partitionValues: {},
    size: bytes,
    modificationTime: 0,
    dataChange: true,
    stats: JSON.stringify({ numRecords: rows }),
  }
}
const files = (count: number, options: Parameters<typeof file>[1] = {}, from = 0) =>
  Array.from({ length: count }, (_, index) => file(from + index, options))

describe('what is merged next', () => {
  it('is a run of small neighbours, into the next tier', () => {
    expect(runToCompact(files(4), 5)).toBeUndefined()
    expect(runToCompact(files(5), 5)).toEqual({ files: files(5), tier: 1 })
    expect(runToCompact(files(5, { tier: 1 }), 5)?.tier).toBe(2)
  })

  it('never crosses tiers: rows keep their order', () => {
    expect(runToCompact([...files(4, { tier: 1 }), ...files(4, {}, 4)], 5)).toBeUndefined()
  })

  it('leaves large files alone, and those of other writers', () => {
    expect(runToCompact(files(9, { bytes: 24 * MB }), 5)).toBeUndefined()
    const foreign = files(9).map((one, index) => ({ ...one, path: `part-${index}.snappy.parquet` }))
    expect(runToCompact(foreign, 5)).toBeUndefined()
  })

  it('is cut where the merged file would grow large, by rows and by bytes', () => {
    expect(runToCompact(files(9, { rows: 100_000 }), 9)?.files).toHaveLength(3)
    expect(runToCompact(files(9, { bytes: 16 * MB }), 9)?.files).toHaveLength(3)
  })

  it('is a quarter of as many where they make a large file already, as in a burst', () => {
    expect(runToCompact(files(14, { rows: 40_000 }), 60)).toBeUndefined()
    expect(runToCompact(files(15, { rows: 19_000 }), 60)).toBeUndefined()
    expect(runToCompact(files(16, { rows: 19_000 }), 60)?.files).toHaveLength(15)
    // Full batches of a backlog are not written twice.
    expect(runToCompact(files(5, { rows: 200_000 }), 60)).toBeUndefined()
    const mixed = [...files(14, { rows: 40_000, tier: 1 }), ...files(3, { rows: 40_000 }, 14)]
    expect(runToCompact(mixed, 60)).toBeUndefined()
  })
})
