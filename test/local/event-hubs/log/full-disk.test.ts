import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { HubFullError, HubLogError } from '../../../../src/local/event-hubs/log/database.ts'
import { HubLog } from '../../../../src/local/event-hubs/log/log.ts'
import { NO_SMALL_DISK, smallDisk } from '../../../support/small-disk.ts'

const MESSAGE = Buffer.alloc(20_000, 1)
const disk = smallDisk(4)
afterAll(() => disk?.remove())

const openLog = (folder: string) =>
  HubLog.open(join(folder, 'hub'), {
    partitions: 1,
    retention: { ms: 3_600_000, bytes: 1e9 },
    clock: { now: () => Date.now() },
  })

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
    if (!disk) return context.skip(NO_SMALL_DISK)
    disk.fill(2_700_000)
    const log = openLog(disk.path)
    const taken = appendUntilFull(log)
    expect(taken).toBeGreaterThan(10)
    expect(() => log.append(0, [MESSAGE])).toThrow(HubFullError)
    expect(log.read(0, 0, 1000, 1e9)).toHaveLength(taken)
    disk.free()
    expect(log.append(0, [MESSAGE]).firstSequenceNumber).toBe(taken)
    log.close()
    const again = openLog(disk.path)
    expect(again.read(0, 0, 1000, 1e9)).toHaveLength(taken + 1)
    again.close()
    rmSync(join(disk.path, 'hub'), { recursive: true })
  })

  it('says so when there is no room to begin with', (context) => {
    if (!disk) return context.skip(NO_SMALL_DISK)
    disk.fill()
    expect(() => openLog(disk.path)).toThrow(HubLogError)
    expect(() => openLog(disk.path)).toThrow(/its disk is full|no space left/i)
    disk.free()
    openLog(disk.path).close()
  })
})

describe('a bound of the file', () => {
  it.each([1, 2, 4])('of %i pages leaves no room for a new log, which is told', (pages) => {
    const folder = mkdtempSync(join(tmpdir(), 'rtstream-hub-'))
    const open = (limitBytes?: number) =>
      HubLog.open(folder, {
        partitions: 4,
        retention: { ms: 3_600_000, bytes: 1e9 },
        clock: { now: () => Date.now() },
        ...(limitBytes !== undefined && { limitBytes }),
      })
    expect(() => open(pages * 8192)).toThrow(HubLogError)
    expect(() => open(pages * 8192)).toThrow(/log\.db cannot be opened: its disk is full/)
    // What was begun is ended when there is room, and the file is in nobody's use.
    const log = open()
    expect(log.append(3, [MESSAGE]).firstSequenceNumber).toBe(0)
    log.close()
    rmSync(folder, { recursive: true })
  })
})
