import { expect, it } from 'vitest'
import { heapPolicy } from '../../../src/commands/shared/memory.ts'

it('lets the heap grow while thousands of events come, and no longer, without swaying in between', () => {
  const changes: string[] = []
  const follow = heapPolicy((policy) => changes.push(policy))
  for (const rate of [0, 10, 1999]) follow(rate)
  expect(changes).toEqual([])
  for (const rate of [2000, 1600, 20_000, 1500]) follow(rate)
  expect(changes).toEqual(['busy'])
  for (const rate of [1250, 1900, 10]) follow(rate)
  expect(changes).toEqual(['busy', 'calm'])
  follow(2000)
  expect(changes).toEqual(['busy', 'calm', 'busy'])
})
