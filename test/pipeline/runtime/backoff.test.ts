import { expect, it } from 'vitest'
import { backoff } from '../../../src/pipeline/runtime/backoff.ts'

it('begins with the first wait, doubles it with each failure, and ends at the longest', () => {
  const waits = [1, 2, 3, 4, 5, 100_000].map((failures) => backoff(failures, { first: 50, longest: 500 }))
  expect(waits).toEqual([50, 100, 200, 400, 500, 500])
})

it('waits no longer than the longest at the first failure', () => {
  expect(backoff(1, { first: 1000, longest: 200 })).toBe(200)
})

it('does not wait where the first wait is none, however often it has failed', () => {
  expect(backoff(5000, { first: 0, longest: 500 })).toBe(0)
})
