import { expect, it } from 'vitest'
import { RecentIds } from '../../../src/pipeline/reconciliation/recent-ids.ts'
import { hashText } from '../../../src/pipeline/runtime/random.ts'

const id = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`

it('knows the newest hundred thousand ids, and forgets only what is older than two hundred thousand', () => {
  const ids = new RecentIds()
  const known = (from: number, to: number) => {
    let count = 0
    for (let number = from; number < to; number++) if (ids.hasOrAdd(id(number))) count++
    return count
  }
  expect(known(0, 350_000)).toBe(0)
  expect(known(250_000, 350_000)).toBe(100_000)
  expect(ids.hasOrAdd(id(0))).toBe(false)
})

it('does not take an id for the free place', () => {
  const ids = new RecentIds()
  // Its two 32-bit hashes are both 0.
  const zero = 'wllk6caaappkttia'
  expect([hashText(zero), hashText(zero.slice(9))]).toEqual([0, 0])
  expect(ids.hasOrAdd(zero)).toBe(false)
  expect(ids.hasOrAdd(zero)).toBe(true)
})
