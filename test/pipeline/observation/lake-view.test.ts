import { describe, expect, it } from 'vitest'
import { LakeView } from '../../../src/pipeline/observation/lake-view.ts'
import type { LakeSnapshot, TableSnapshot } from '../../../src/pipeline/ports/lake.ts'
import { initialState } from '../../../src/pipeline/state/initial-state.ts'

const table = (newestAt: number | undefined): TableSnapshot => ({
  version: 1,
  files: 1,
  bytes: 10,
  rows: 1,
  newestAt: newestAt === undefined ? undefined : new Date(newestAt),
  committedAt: undefined,
  commitMetadata: undefined,
})

const snapshotOf = (changes: Partial<LakeSnapshot>): LakeSnapshot => ({
  bronze: {
    files: 1,
    bytes: 10,
    rows: 1,
    rejected: 0,
    extraRows: 0,
    skipped: 0,
    positions: new Map(),
    newestAt: undefined,
  },
  silver: table(undefined),
  quarantine: table(undefined),
  gold: table(undefined),
  byMinute: table(undefined),
  aggregated: table(undefined),
  silverArrived: [],
  silverSkipped: 0,
  goldArrived: [],
  goldSkipped: 0,
  quarantineArrived: [],
  cities: undefined,
  ...changes,
})

function freshness(newest: { bronze?: number; silver?: number; quarantine?: number; gold?: number }) {
  const bronze = {
    ...snapshotOf({}).bronze,
    newestAt: newest.bronze === undefined ? undefined : new Date(newest.bronze),
  }
  const snapshot = snapshotOf({
    bronze,
    silver: table(newest.silver),
    quarantine: table(newest.quarantine),
    gold: table(newest.gold),
  })
  const { layers } = new LakeView().slice(initialState({ now: 0 }).lake, snapshot, new Map(), 0, 9000)
  return [layers.bronze.newestAt, layers.silver.newestAt, layers.gold.newestAt]
}

describe('freshness of the layers', () => {
  it('is that of their newest rows', () => {
    expect(freshness({ bronze: 5000, silver: 4000, quarantine: 4200, gold: 3000 })).toEqual([
      5000, 4000, 3000,
    ])
    expect(freshness({ bronze: 5000 })).toEqual([5000, undefined, undefined])
    expect(freshness({})).toEqual([undefined, undefined, undefined])
  })

  it('never says that a layer is fresher than the one it is made from', () => {
    // Bronze's listing cuts the time to the full second; gold was looked at after silver.
    expect(freshness({ bronze: 4000, silver: 4600, gold: 4300 })).toEqual([4600, 4600, 4300])
    expect(freshness({ bronze: 4000, silver: 4100, quarantine: 4800 })).toEqual([4800, 4100, undefined])
    expect(freshness({ bronze: 4000, silver: 4100, gold: 4300 })).toEqual([4300, 4300, 4300])
  })
})

it('rates stay calm though batches come as they like, and looks too', () => {
  const view = new LakeView()
  let lake = initialState({ now: 0 }).lake
  const rates: number[] = []
  for (let second = 1; second <= 60; second++) {
    // 10 rows a second, taken by batches that come every 1.6 s and have what stood there at the full second before.
    const lastBatch = Math.floor(second / 1.6) * 1.6
    const silver = { ...table(undefined), rows: 10 * Math.floor(lastBatch) }
    lake = view.slice(lake, snapshotOf({ silver }), new Map(), second * 1000, second * 1000)
    if (second > 15) rates.push(lake.layers.silver.rowsPerSecond ?? 0)
  }
  expect(Math.min(...rates)).toBeGreaterThan(8.5)
  expect(Math.max(...rates)).toBeLessThan(11.5)
})
