import { expect, it } from 'vitest'
import { livelyInterval } from '../../../src/local/runtime/cadence.ts'

it('batches come sooner while hundreds of rows come, and no sooner with fewer or many more', () => {
  expect([0, 10, 299, 3001, 200_000].map((rows) => livelyInterval(1000, rows))).toEqual(Array(5).fill(1000))
  expect([300, 1000, 3000].map((rows) => livelyInterval(1000, rows))).toEqual([600, 600, 600])
})

it('keeps a long interval, which an engine of few batches has asked for', () => {
  expect(livelyInterval(5000, 1000)).toBe(5000)
})
