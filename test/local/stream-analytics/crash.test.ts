import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { removeFolders, startControlPlane, temporaryFolder } from '../../support/control-plane.ts'
import { isJunk, readBronze, sequenceNumbers, upTo } from '../../support/hub-events.ts'

const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})
afterAll(removeFolders)

/** Floods the hub and lands it until the process is killed, by itself or after so many files. */
async function runUntilKilled(
  folder: string,
  death: { self: string } | { afterFiles: number },
): Promise<void> {
  const script = join(import.meta.dirname, 'crash-child.ts')
  const child = spawn(process.execPath, [script, folder, 'self' in death ? death.self : 'never:0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  const exit = once(child, 'exit')
  if ('afterFiles' in death) {
    let files = 0
    for await (const _ of createInterface({ input: child.stdout as NodeJS.ReadableStream }))
      if (++files === death.afterFiles) child.kill('SIGKILL')
  } else child.stdout?.resume()
  expect((await exit)[1]).toBe('SIGKILL')
}

/** Lands the rest and checks that bronze covers each sequence number exactly once. */
async function expectExactlyOnce(folder: string): Promise<void> {
  const plane = await startControlPlane({ folder })
  try {
    plane.job.start(
      plane.job.lastOutputEventTime === undefined
        ? { mode: 'CustomTime', time: 0 }
        : { mode: 'LastOutputEventTime' },
    )
    for (const partition of [0, 1]) {
      const count = plane.log.properties(partition).lastEnqueuedSequenceNumber + 1
      expect(count).toBeGreaterThan(0)
      const files = await vi.waitFor(
        () => {
          const found = readBronze(join(folder, 'lake/bronze')).filter((file) => file.partition === partition)
          expect(found.at(-1)?.lastSequenceNumber).toBe(count - 1)
          return found
        },
        { timeout: 20_000, interval: 200 },
      )
      // The ranges meet without gap or overlap, and hold just the rows that were JSON.
      let next = 0
      for (const file of files) {
        expect(file.firstSequenceNumber).toBe(next)
        expect(file.lines).toHaveLength(file.rows)
        next = file.lastSequenceNumber + 1
      }
      expect(sequenceNumbers(files, partition)).toEqual(upTo(count).filter((number) => !isJunk(number)))
    }
    // The job's own count of its whole life agrees, though it was killed again and again.
    const files = readBronze(join(folder, 'lake/bronze'))
    const rows = files.reduce((sum, file) => sum + file.rows, 0)
    const [point] = plane.job.meter.points('OutputEvents', 0, Date.now(), Number.POSITIVE_INFINITY)
    expect(point?.total).toBe(rows)
  } finally {
    await plane.close()
  }
}

describe('a process that is killed', () => {
  it('before its first file is there, and between a file and the next, loses and repeats nothing', async () => {
    const folder = temporaryFolder()
    for (const self of ['before:1', 'after:1', 'before:2', 'after:3', 'after:8'])
      await runUntilKilled(folder, { self })
    await expectExactlyOnce(folder)
  })

  it('at any moment, again and again, loses and repeats nothing', async () => {
    const folder = temporaryFolder()
    for (const afterFiles of [1, 9, 2, 31, 5, 17]) await runUntilKilled(folder, { afterFiles })
    await expectExactlyOnce(folder)
  })
})
