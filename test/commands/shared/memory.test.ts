import { execFileSync, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { heapPolicy } from '../../../src/commands/shared/memory.ts'

const setFlag = vi.hoisted(() => vi.fn<(flag: string) => void>())
vi.mock('node:v8', async (original) => ({
  ...(await original<typeof import('node:v8')>()),
  setFlagsFromString: setFlag,
}))
const release = vi.hoisted(() => vi.fn())
vi.mock('../../../src/local/runtime/heap-release.ts', () => ({ releaseHeaps: release }))
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => {
  vi.useRealTimers()
  setFlag.mockReset()
  release.mockReset()
})

/** V8 of Node 22 has no modes. */
const hasModes = Number(process.versions.v8.split('.')[0]) >= 13

it('has V8 give free pages back from a hundred events a second on, but not where thousands come', () => {
  const follow = heapPolicy()
  const modeAt = (rate: number) => {
    setFlag.mockClear()
    follow(rate)
    return setFlag.mock.calls.flat().filter((flag) => flag.endsWith('memory-saver-mode'))
  }
  const [saving, keeping] = hasModes ? [['--memory-saver-mode'], ['--no-memory-saver-mode']] : [[], []]
  expect(modeAt(100)).toEqual(saving)
  expect(modeAt(2000)).toEqual(keeping)
  expect(modeAt(1500)).toEqual([])
  expect(modeAt(1499)).toEqual(saving)
  expect(modeAt(49)).toEqual(keeping)
})

it('gives the heaps back behind a burst, twice, and not while another one is on', () => {
  const follow = heapPolicy()
  const after = (ms: number) => {
    vi.advanceTimersByTime(ms)
    return release.mock.calls.length
  }
  for (const rate of [3000, 10]) follow(rate)
  expect([after(14_999), after(1), after(59_999), after(1), after(600_000)]).toEqual([0, 1, 1, 2, 2])
  release.mockClear()
  for (const rate of [3000, 10]) follow(rate)
  expect(after(20_000)).toBe(1)
  follow(3000)
  expect(after(600_000)).toBe(1)
})

it('sets no flag that V8 does not know, which it would print on the screen', () => {
  const follow = heapPolicy()
  for (const rate of [100, 2000, 1]) follow(rate)
  const names = setFlag.mock.calls.flat().map((flag) => flag.replace(/^--(?:no-)?/, '').replace(/=.*/, ''))
  const known = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' })
  expect(names.filter((name) => !known.includes(`--${name} (`))).toEqual([])
})

it('lets the heap grow while thousands of events come, and compiles less while hardly any do, without swaying in between', () => {
  const changes: string[] = []
  const follow = heapPolicy(
    (policy, before) => changes.push(`${before} → ${policy}`),
    () => {},
  )
  for (const rate of [0, 10, 99]) follow(rate)
  expect(changes).toEqual([])
  for (const rate of [100, 50, 1999]) follow(rate)
  expect(changes).toEqual(['quiet → calm'])
  for (const rate of [2000, 1600, 20_000, 1500]) follow(rate)
  expect(changes.splice(0)).toEqual(['quiet → calm', 'calm → busy'])
  for (const rate of [1250, 1900, 49, 99]) follow(rate)
  expect(changes.splice(0)).toEqual(['busy → calm', 'calm → quiet'])
  for (const rate of [2000, 10]) follow(rate)
  expect(changes).toEqual(['quiet → busy', 'busy → quiet'])
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

const MEMORY = JSON.stringify(
  fileURLToPath(new URL('../../../src/commands/shared/memory.ts', import.meta.url)),
)
const CHECKSUMS = JSON.stringify(
  fileURLToPath(new URL('../../../src/local/data-lake/checksums/crc64-code.ts', import.meta.url)),
)

/** A module of two functions with one body, a loop that counts to its parameter. */
const TWO_LOOPS = [
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, 5, 1, 0x60, 1, 0x7f, 0],
  ...[3, 3, 2, 0, 0],
  ...[7, 9, 2, 1, 0x61, 0, 0, 1, 0x62, 0, 1],
  ...[10, 31, 2],
  ...Array(2).fill([14, 0, 3, 0x40, 0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b, 0x0b]).flat(),
]

/** Prints which functions V8 optimizes, once the checksums' is. */
const OPTIMIZED = `
  import { setImmediate } from 'node:timers/promises'
  import { keepHeapSmall } from ${MEMORY}
  import { crc64Code } from ${CHECKSUMS}
  await keepHeapSmall()
  const { run } = crc64Code()
  const { a, b } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(${JSON.stringify(TWO_LOOPS)}))).exports
  while (!%IsTurboFanFunction(a) || !%IsTurboFanFunction(run)) {
    b(10_000_000)
    a(1_000_000)
    for (let turn = 0; turn < 100; turn++) run(32_768, 131_072, 0n)
    await setImmediate()
  }
  console.log(JSON.stringify([run, a, b].map((one) => %IsTurboFanFunction(one))))`

it('has V8 optimize the loop of checksums, and no other function of WebAssembly', () => {
  const printed = execFileSync(
    process.execPath,
    ['--allow-natives-syntax', '--input-type=module', '-e', OPTIMIZED],
    { encoding: 'utf8' },
  )
  expect(JSON.parse(printed)).toEqual([true, true, false])
})

/** In a process of its own, whose heap nothing else has grown. Prints how large its space for new objects became (bytes). */
const GROWN = (whileBusy: string) => `
  import { heapPolicy, keepHeapSmall, newSpaceBytes } from ${MEMORY}
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

it('sets no flag that this V8 does not know, which it would say on the screen', () => {
  const program = `
    import { heapPolicy, keepHeapSmall } from ${MEMORY}
    await keepHeapSmall()
    const follow = heapPolicy()
    for (const rate of [10, 1000, 5000, 10]) follow(rate)
    process.exit()`
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
  })
  expect([status, stderr]).toEqual([0, ''])
})
