import { once } from 'node:events'
import { getHeapStatistics } from 'node:v8'
import { Worker } from 'node:worker_threads'
import { expect, it, vi } from 'vitest'
import { releaseHeaps } from '../../../src/local/runtime/heap-release.ts'

const GROWN = 40_000_000
const committed = () => getHeapStatistics().total_heap_size

/** Lives long enough to be moved into the old space, and dies there. */
const grow = `(() => { let kept = []; for (let round = 0; round < 60; round++) kept.push(Array.from({ length: 20_000 }, (_, index) => ({ index }))); kept = undefined })()`

it('gives back what this heap and those of listening threads have grown by', async () => {
  const module = new URL('../../../src/local/runtime/heap-release.ts', import.meta.url)
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads')
    const { getHeapStatistics } = require('node:v8')
    import(${JSON.stringify(module.href)}).then(({ releaseWhenTold }) => {
      releaseWhenTold()
      parentPort.on('message', (what) => {
        if (what === 'grow') ${grow}
        parentPort.postMessage(getHeapStatistics().total_heap_size)
      })
      parentPort.postMessage(0)
    })`,
    { eval: true },
  )
  const ask = async (what: 'grow' | 'tell'): Promise<number> => {
    worker.postMessage(what)
    return ((await once(worker, 'message')) as [number])[0]
  }
  try {
    await once(worker, 'message')
    const before = { own: committed(), theirs: await ask('tell') }
    // biome-ignore lint/security/noGlobalEval: the same text in both threads
    eval(grow)
    const grown = { own: committed(), theirs: await ask('grow') }
    expect(grown.theirs - before.theirs).toBeGreaterThan(GROWN)
    releaseHeaps()
    expect(committed()).toBeLessThan(grown.own)
    await vi.waitFor(async () => expect(await ask('tell')).toBeLessThan(before.theirs + GROWN / 2), {
      timeout: 30_000,
    })
  } finally {
    await worker.terminate()
  }
})
