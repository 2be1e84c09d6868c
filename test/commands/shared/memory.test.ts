import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { heapPolicy } from '../../../src/commands/shared/memory.ts'

it('lets the heap grow while thousands of events come, and no longer, without swaying in between', () => {
  const changes: string[] = []
  const follow = heapPolicy(
    (policy) => changes.push(policy),
    () => {},
  )
  for (const rate of [0, 10, 1999]) follow(rate)
  expect(changes).toEqual([])
  for (const rate of [2000, 1600, 20_000, 1500]) follow(rate)
  expect(changes).toEqual(['busy'])
  for (const rate of [1250, 1900, 10]) follow(rate)
  expect(changes).toEqual(['busy', 'calm'])
  follow(2000)
  expect(changes).toEqual(['busy', 'calm', 'busy'])
})

it('looks at the space for new objects while much comes, and only then', () => {
  let looks = 0
  const follow = heapPolicy(
    () => {},
    () => looks++,
  )
  for (const rate of [10, 3000]) follow(rate)
  expect(looks).toBe(0)
  for (const rate of [3000, 3000, 10]) follow(rate)
  expect(looks).toBe(3)
  follow(10)
  expect(looks).toBe(3)
})

/** In a process of its own, whose heap nothing else has grown. Prints how large its space for new objects became (bytes). */
const GROWN = (whileBusy: string) => `
  import { heapPolicy, keepHeapSmall, newSpaceBytes } from ${JSON.stringify(fileURLToPath(new URL('../../../src/commands/shared/memory.ts', import.meta.url)))}
  await keepHeapSmall()
  const follow = heapPolicy(undefined, ${whileBusy})
  follow(10_000)
  const kept = []
  for (let turn = 0; turn < 250 && newSpaceBytes() < 60_000_000; turn++) {
    follow(10_000)
    // Half of what is made lives for some turns, which is what makes the space grow.
    kept.push(Array.from({ length: 20_000 }, (_, index) => ({ turn, index })))
    if (kept.length > 40) kept.shift()
  }
  console.log(newSpaceBytes())`

const grown = (whileBusy: string): number =>
  Number(
    execFileSync(process.execPath, ['--input-type=module', '-e', GROWN(whileBusy)], { encoding: 'utf8' }),
  )

it('bounds the space for new objects, which V8 would let grow further', () => {
  expect(grown('() => {}')).toBeGreaterThan(60_000_000)
  expect(grown('undefined')).toBeLessThan(40_000_000)
})
