/** The whole program on a disk that is really full, and on the same folder once there is room again. */
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { cli } from '../support/cli.ts'
import { NO_SMALL_DISK, smallDisk } from '../support/small-disk.ts'

const disk = smallDisk(100)
afterAll(() => disk?.remove())

const run = async (duration: string) => {
  const data = join(disk?.path ?? '', 'data')
  const load = ['--stations', '3000', '--interval', '1s', '--seed', '3']
  const { code, lines, stderr } = await cli([
    'run',
    '--duration',
    duration,
    ...load,
    '--json',
    '--data-dir',
    data,
  ])
  return { code, stderr, summary: JSON.parse(lines.at(-1) ?? '{}') }
}

it('ends the run with the reason; started again, nothing that was acknowledged is missing', async (context) => {
  if (!disk) return context.skip(NO_SMALL_DISK)
  disk.fill(20_000_000)
  const full = await run('90s')
  expect(full.code).toBe(1)
  expect(full.stderr).toMatch(
    /^(?:The generator|The Stream Analytics job|Silver|Gold|The aggregate) failed: .*disk.* is full(?:: \S+ cannot be written)?\. Free space/,
  )
  expect(full.stderr).not.toMatch(/^ +at /m)
  expect(full.summary).toMatchObject({ balanced: false, assertions: { duplicates: 0 } })
  disk.free()
  const free = await run('2s')
  expect(free).toMatchObject({ code: 0, stderr: '', summary: { balanced: true, ledger: { lost: 0 } } })
  expect(free.summary.assertions).toMatchObject({ duplicates: 0, outOfSequence: 0, missing: 0 })
  expect(free.summary.ledger.acknowledged).toBeGreaterThan(full.summary.ledger.acknowledged)
}, 180_000)
