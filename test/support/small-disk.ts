/** A small file system of its own, to be really full. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface SmallDisk {
  path: string
  /** Takes the room that is left, but for so many bytes. */
  fill(leave?: number): void
  /** Gives it back. */
  free(): void
  remove(): void
}

/**
 * @param path an empty folder to mount it on; default: one of its own.
 * @returns undefined, with a printed reason, where this process may not mount one.
 */
export function smallDisk(
  megabytes: number,
  path = mkdtempSync(join(tmpdir(), 'rtstream-full-')),
): SmallDisk | undefined {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path], { stdio: 'pipe' })
  } catch (error) {
    rmdirSync(path)
    console.warn(`No small file system can be mounted here: ${(error as Error).message.split('\n')[0]}`)
    return undefined
  }
  const ballast = join(path, 'ballast')
  return {
    path,
    fill: (leave = 0) => {
      const { bavail, bsize } = statfsSync(path)
      writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - leave)))
    },
    free: () => rmSync(ballast),
    remove: () => {
      // Lazily: a test that failed may have left a file open.
      execFileSync('umount', ['-l', path])
      rmdirSync(path)
    },
  }
}

/** What a test is skipped for that finds no such disk. */
export const NO_SMALL_DISK = 'needs the right to mount a small file system'
