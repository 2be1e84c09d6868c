import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { parseBronzeFileName } from '../../../src/contract/bronze-layout.ts'
import { BronzeRetention } from '../../../src/local/stream-analytics/retention.ts'
import { removeFolders, startControlPlane } from '../../support/control-plane.ts'
import { memoryLogger } from '../../support/memory-logger.ts'

const now = Date.parse('2026-11-24T03:00:30Z')
let root: string
const opened: BronzeRetention[] = []

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rtstream-retention-'))
})
afterEach(() => {
  for (const one of opened.splice(0)) one.close()
  rmSync(root, { recursive: true })
})

afterAll(removeFolders)

async function put(path: string, text = 'x\n') {
  const file = join(root, 'weather/2026/11/24', path)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, text)
}

function retention(read: Record<number, number>, remove = (path: string) => rmSync(join(root, path))) {
  const logged = memoryLogger()
  const one = new BronzeRetention({
    bronzeRoot: root,
    keepMs: 30 * 60_000,
    clock: { now: () => now },
    logger: logged.logger,
    readBySilver: () => (path) => {
      const file = parseBronzeFileName(path)
      return file !== undefined && file.lastSequenceNumber <= (read[file.partition] ?? -1)
    },
    remove,
  })
  opened.push(one)
  return { sweep: () => one.sweep(), logged }
}

const totals = () => JSON.parse(readFileSync(join(root, 'weather/_totals.json'), 'utf8')).partitions
const minutes = () =>
  readdirSync(join(root, 'weather/2026/11/24'), { recursive: true })
    .filter((one) => /^\d\d\/\d\d$/.test(String(one)))
    .sort()

describe('retention of bronze', () => {
  it('removes so many folders in one look, so that none takes long', async () => {
    for (let minute = 0; minute < 40; minute++)
      await put(
        `01/${String(minute).padStart(2, '0')}/0_${String(minute).padStart(14, '0')}-${String(minute).padStart(14, '0')}_1.json`,
      )
    const { sweep } = retention({ 0: 39 })
    sweep()
    expect(minutes()).toHaveLength(10)
    sweep()
    expect(existsSync(join(root, 'weather/2026/11/24/01'))).toBe(false)
  })

  it('removes old minutes that silver has read, and keeps their sums', async () => {
    await put('02/00/0_00000000000000-00000000000009_8.json', 'abc\n')
    await put('02/00/1_00000000000005-00000000000006_2.json', 'ab\n')
    await put('02/01/0_00000000000010-00000000000010_0.json', '')
    await put('02/45/0_00000000000011-00000000000011_1.json')
    retention({ 0: 11, 1: 6 }).sweep()
    expect(minutes()).toEqual(['02/45'])
    expect(totals()).toEqual({
      0: { nextSequenceNumber: 11, rows: 8, rejected: 3, skipped: 0, files: 2, bytes: 4 },
      1: { nextSequenceNumber: 7, rows: 2, rejected: 0, skipped: 5, files: 1, bytes: 3 },
    })
  })

  it('stops at the first minute that silver has not read whole', async () => {
    await put('02/00/0_00000000000000-00000000000009_10.json')
    await put('02/01/0_00000000000010-00000000000019_10.json')
    await put('02/01/1_00000000000000-00000000000000_1.json')
    await put('02/02/0_00000000000020-00000000000029_10.json')
    retention({ 0: 29 }).sweep()
    expect(minutes()).toEqual(['02/01', '02/02'])
    expect(totals()[0]).toMatchObject({ nextSequenceNumber: 10, rows: 10 })
  })

  it('removes nothing while silver has never read', async () => {
    await put('02/00/0_00000000000000-00000000000009_10.json')
    retention({}).sweep()
    expect(minutes()).toEqual(['02/00'])
    expect(existsSync(join(root, 'weather/_totals.json'))).toBe(false)
  })

  it('a crash between the sums and the deletion counts nothing twice', async () => {
    await put('02/00/0_00000000000000-00000000000004_5.json')
    await put('02/00/0_00000000000005-00000000000009_5.json')
    let left = 1
    const crash = retention({ 0: 9 }, (path) => {
      if (left-- === 0) throw new Error('killed here')
      rmSync(join(root, path))
    })
    crash.sweep()
    expect(crash.logged.text()).toContain('killed here')
    expect(minutes()).toEqual(['02/00'])
    retention({ 0: 9 }).sweep()
    expect(existsSync(join(root, 'weather/2026'))).toBe(false)
    expect(totals()[0]).toMatchObject({ rows: 10, files: 2, nextSequenceNumber: 10 })
  })

  it('leaves files of other writers alone, and goes on behind them', async () => {
    for (let minute = 10; minute < 50; minute++) await put(`01/${minute}/upload.json`)
    await put('02/00/0_00000000000000-00000000000009_10.json')
    await put('02/00/mine.json')
    retention({ 0: 9 }).sweep()
    expect(readdirSync(join(root, 'weather/2026/11/24/02/00'))).toEqual(['mine.json'])
    expect(existsSync(join(root, 'weather/2026/11/24/01/10/upload.json'))).toBe(true)
  })

  it('goes through folders of both forms in the order of their minutes', async () => {
    await put('02/00/0_00000000000000-00000000000004_5.json')
    await put('02-01/0_00000000000005-00000000000009_5.json')
    await put('02/02/0_00000000000010-00000000000014_5.json')
    await put('02-03/0_00000000000015-00000000000019_5.json')
    await put('02-45/0_00000000000020-00000000000024_5.json')
    // The third is not read: neither it nor what comes after may go.
    retention({ 0: 9 }).sweep()
    expect(readdirSync(join(root, 'weather/2026/11/24')).sort()).toEqual(['02', '02-03', '02-45'])
    expect(totals()[0]).toMatchObject({ rows: 10, files: 2, nextSequenceNumber: 10 })
    retention({ 0: 24 }).sweep()
    // Half an hour is kept.
    expect(readdirSync(join(root, 'weather/2026/11/24'))).toEqual(['02-45'])
  })

  it('does not move the job: it goes on behind what was deleted, and its totals stay', async () => {
    const clock = { time: Date.parse('2026-11-24T02:00:00Z'), now: () => clock.time }
    const first = await startControlPlane({ clock })
    try {
      first.send(0, { n: 0 }, 'junk', { n: 2 })
      first.job.start({ mode: 'CustomTime', time: 0 })
      await vi.waitFor(() => expect(first.job.lastOutputEventTime).toBeDefined())
    } finally {
      await first.close()
    }
    clock.time = now
    const bronzeRoot = join(first.folder, 'lake/bronze')
    const sweep = new BronzeRetention({
      bronzeRoot,
      keepMs: 60_000,
      clock,
      logger: memoryLogger().logger,
      readBySilver: () => () => true,
      remove: (path) => rmSync(join(bronzeRoot, path)),
    })
    sweep.sweep()
    sweep.close()
    expect(existsSync(join(bronzeRoot, 'weather/2026'))).toBe(false)
    for (const withState of [true, false]) {
      if (!withState) rmSync(join(first.folder, 'state'), { recursive: true })
      const next = await startControlPlane({ folder: first.folder, clock })
      try {
        next.job.start({ mode: 'CustomTime', time: 0 })
        await next.job.settled()
        expect(next.job.state).toBe('Running')
        const total = (name: 'OutputEvents' | 'DeserializationError') =>
          next.job.meter.points(name, 0, clock.now(), Number.POSITIVE_INFINITY)[0]?.total
        expect([total('OutputEvents'), total('DeserializationError')]).toEqual([2, 1])
      } finally {
        await next.close()
      }
      // Nothing was landed again.
      expect(existsSync(join(bronzeRoot, 'weather/2026'))).toBe(false)
    }
  })
})
