/** What the C library holds free goes back to the system: on Linux with glibc, where it can be asked. */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { type CLibrary, FreeMemory } from '../../../src/local/runtime/c-library.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }))
afterEach(() => void vi.useRealTimers())

const settle = () => new Promise((resolve) => setImmediate(resolve))
const after = async (ms: number) => {
  vi.advanceTimersByTime(ms)
  await settle()
}

it('is asked every five seconds while much comes, every minute while little does, and is loaded once', async () => {
  const trim = vi.fn(async () => true)
  const load = vi.fn(async (): Promise<CLibrary> => ({ trim }))
  const memory = new FreeMemory(load)
  await after(60_000)
  expect(load).not.toHaveBeenCalled()
  memory.giveBack('lively')
  for (const times of [1, 2]) {
    await after(5000)
    expect(trim).toHaveBeenCalledTimes(times)
  }
  memory.giveBack('quiet')
  await after(59_999)
  expect(trim).toHaveBeenCalledTimes(2)
  await after(1)
  expect(trim).toHaveBeenCalledTimes(3)
  expect(load).toHaveBeenCalledTimes(1)
})

it('is not asked again while it is at work', async () => {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const trim = vi.fn(() => promise)
  const memory = new FreeMemory(async () => ({ trim }))
  memory.giveBack('lively')
  await after(5000)
  await after(5000)
  expect(trim).toHaveBeenCalledTimes(1)
  resolve(true)
  await settle()
  await after(5000)
  expect(trim).toHaveBeenCalledTimes(2)
})

it('is looked for once where there is none', async () => {
  const load = vi.fn(async () => undefined)
  const memory = new FreeMemory(load)
  memory.giveBack('lively')
  await after(5000)
  memory.giveBack('quiet')
  await after(120_000)
  expect(load).toHaveBeenCalledTimes(1)
  expect(vi.getTimerCount()).toBe(0)
})

const LIBRARY = JSON.stringify(
  fileURLToPath(new URL('../../../src/local/runtime/c-library.ts', import.meta.url)),
)

/** Blocks of 64 KB of which one in a hundred stays: what lies between them is free, and its pages are kept. */
const PROGRAM = `
  import { loadCLibrary } from ${LIBRARY}
  const resident = () => process.memoryUsage.rss() / 1e6
  const library = await loadCLibrary()
  let blocks = Array.from({ length: 2000 }, () => Buffer.alloc(65_536, 1))
  const kept = blocks.filter((_, index) => index % 100 === 0)
  blocks = undefined
  gc()
  const before = resident()
  const isGiven = await library?.trim()
  console.log(JSON.stringify({ isThere: library !== undefined, isGiven, freed: before - resident(), kept: kept.length }))`

const hasGlibc =
  process.platform === 'linux' &&
  (process.report.getReport() as { header: { glibcVersionRuntime?: string } }).header.glibcVersionRuntime !==
    undefined

it('gives back what is free between blocks that stay, and is not there in another C library', () => {
  const said = execFileSync(
    process.execPath,
    ['--expose-gc', '--input-type=module-typescript', '--no-warnings', '-e', PROGRAM],
    { encoding: 'utf8' },
  )
  const { isThere, isGiven, freed } = JSON.parse(said)
  expect(isThere).toBe(hasGlibc)
  if (hasGlibc) {
    expect(isGiven).toBe(true)
    expect(freed).toBeGreaterThan(50)
  }
})

it('is not there where the package that calls it is not installed, and nobody is told', () => {
  const program = `
    import { registerHooks } from 'node:module'
    registerHooks({
      resolve: (name, context, next) => {
        if (name === 'ffi-rs') throw Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' })
        return next(name, context)
      },
    })
    const { loadCLibrary } = await import(${LIBRARY})
    console.log(await loadCLibrary())`
  const said = execFileSync(
    process.execPath,
    ['--input-type=module-typescript', '--no-warnings', '-e', program],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  )
  expect(said).toBe('undefined\n')
})
