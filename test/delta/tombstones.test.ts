import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { Tombstones } from '../../src/delta/tombstones.ts'

const removed = (number: number) => ({
  path: `part-${String(number).padStart(10, '0')}-${String(number).padStart(10, '0')}-b0.parquet`,
  deletionTimestamp: 1_700_000_000_000 + number,
  dataChange: number % 2 === 0,
  extendedFileMetadata: true,
  partitionValues: {},
  size: 20_000 + number,
})
const COUNT = 1000

function many(): Tombstones {
  const tombstones = new Tombstones()
  for (let number = 0; number < COUNT; number++) tombstones.add(removed(number), number)
  return tombstones
}
const numbersIn = (tombstones: Tombstones) => [...tombstones].map(({ removedAt }) => removedAt)
const all = Array.from({ length: COUNT }, (_, number) => number)

describe('removed files', () => {
  it('come back as they were, in the order of their removal', () => {
    const tombstones = many()
    expect([...tombstones]).toEqual(all.map((number) => ({ ...removed(number), removedAt: number })))
    expect(tombstones.size).toBe(COUNT)
  })

  it('can be forgotten, from the front and from anywhere', () => {
    const tombstones = many()
    const gone = new Set([...all.slice(0, 300), 301, 500, 640, COUNT - 1])
    for (const number of gone) tombstones.delete(removed(number).path)
    tombstones.delete('never there')
    const left = all.filter((number) => !gone.has(number))
    expect(numbersIn(tombstones)).toEqual(left)
    expect(tombstones.size).toBe(left.length)
    for (const number of left) tombstones.delete(removed(number).path)
    expect([tombstones.size, [...tombstones]]).toEqual([0, []])
  })

  it('are the newest when they are removed again', () => {
    const tombstones = many()
    tombstones.add(removed(5), COUNT)
    expect(numbersIn(tombstones)).toEqual([...all.filter((number) => number !== 5), COUNT])
  })

  it('keep all that other writers say of them', () => {
    const deletionVector = { storageType: 'u', pathOrInlineDv: 'x', sizeInBytes: 1, cardinality: 1 } as const
    const { size: _, ...withoutSize } = removed(1)
    const others = [
      { path: 'a', deletionTimestamp: 1, dataChange: true },
      { ...removed(2), partitionValues: { day: null } },
      { ...removed(3), deletionVector },
      { ...removed(4), extendedFileMetadata: false },
      { ...removed(6), path: 'with "quotes", and ü' },
      withoutSize,
    ]
    const tombstones = new Tombstones()
    for (const one of others) tombstones.add(one, 7)
    for (let number = 10; number < COUNT; number++) tombstones.add(removed(number), 8)
    expect([...tombstones].slice(0, others.length)).toEqual(others.map((one) => ({ ...one, removedAt: 7 })))
  })

  it('take few bytes each, as there are thousands of them', () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const used = () => {
      collect()
      const { heapUsed, external } = process.memoryUsage()
      return heapUsed + external
    }
    const before = used()
    const tombstones = new Tombstones()
    for (let number = 0; number < 20_000; number++) tombstones.add(removed(number), number)
    // As plain objects in a map they take more than 300.
    expect((used() - before) / tombstones.size).toBeLessThan(150)
  })
})
