import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HubLog } from '../../../src/local/event-hubs/log.ts'
import { HubFullError, HubLogError } from '../../../src/local/event-hubs/log-database.ts'

const MESSAGE = Buffer.alloc(20_000, 1)
let folder: string
let isMounted = false

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rtstream-full-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder], { stdio: 'pipe' })
    isMounted = true
  } catch (error) {
    console.warn(`No small file system can be mounted here: ${(error as Error).message.split('\n')[0]}`)
  }
})
afterAll(() => {
  if (isMounted) execFileSync('umount', [folder])
  rmdirSync(folder)
})

const openLog = () =>
  HubLog.open(join(folder, 'hub'), {
    partitions: 1,
    retention: { ms: 3_600_000, bytes: 1e9 },
    clock: { now: () => Date.now() },
  })

/** Takes all the room that is left. */
function fill(): void {
  const { bavail, bsize } = statfsSync(folder)
  writeFileSync(join(folder, 'ballast'), Buffer.alloc(bavail * bsize))
}

function appendUntilFull(log: HubLog): number {
  let taken = 0
  try {
    for (;;) {
      log.append(0, [MESSAGE])
      taken++
    }
  } catch (error) {
    expect(error).toBeInstanceOf(HubFullError)
    return taken
  }
}

describe('a file system that is really full', () => {
  it('refuses, loses nothing, and goes on once there is room', (context) => {
    if (!isMounted) return context.skip('needs the right to mount a small file system')
    writeFileSync(join(folder, 'ballast'), Buffer.alloc(1_500_000))
    const log = openLog()
    const taken = appendUntilFull(log)
    expect(taken).toBeGreaterThan(10)
    expect(() => log.append(0, [MESSAGE])).toThrow(HubFullError)
    expect(log.read(0, 0, 1000, 1e9)).toHaveLength(taken)
    rmSync(join(folder, 'ballast'))
    expect(log.append(0, [MESSAGE]).firstSequenceNumber).toBe(taken)
    log.close()
    const again = openLog()
    expect(again.read(0, 0, 1000, 1e9)).toHaveLength(taken + 1)
    again.close()
    rmSync(join(folder, 'hub'), { recursive: true })
  })

  it('says so when there is no room to begin with', (context) => {
    if (!isMounted) return context.skip('needs the right to mount a small file system')
    fill()
    expect(openLog).toThrow(HubLogError)
    expect(openLog).toThrow(/its disk is full|no space left/i)
    expect(readFileSync(join(folder, 'ballast')).length).toBeGreaterThan(0)
    rmSync(join(folder, 'ballast'))
    openLog().close()
  })
})
