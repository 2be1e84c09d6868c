/**
 * Small files in one turn of the event loop: a trip to Node's thread pool and back costs more than opening, reading or writing a
 * few kilobytes, and a pipeline does so many times a second. What waits for the disk goes to the pool.
 */
import {
  closeSync,
  constants,
  fdatasync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  type Stats,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { promisify } from 'node:util'

/** Up to this size (bytes) a file is small. */
export const SMALL_FILE = 65_536

// A pipe in the file's place must not block everything until its other end is opened.
const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)

const datasync = promisify(fdatasync)

/** Both as of one moment. */
export interface SmallFile {
  stats: Stats
  bytes: Buffer
}

/**
 * A file's content, if it is small.
 * @param flags more of those that it is opened with, as O_NOFOLLOW.
 * @returns undefined when it is larger, or no file.
 * @throws the system's error, as when nothing stands there (ENOENT).
 */
export function readSmallFile(place: string, flags = 0): SmallFile | undefined {
  const file = openSync(place, READ | flags)
  try {
    const stats = fstatSync(file)
    if (!stats.isFile() || stats.size > SMALL_FILE) return undefined
    return { stats, bytes: readSmallRange(file, 0, stats.size) }
  } finally {
    closeSync(file)
  }
}

/** Bytes `from` (inclusive) to `to` (exclusive) of an open file; fewer where it ends before. */
export function readSmallRange(file: number, from: number, to: number): Buffer {
  const bytes = Buffer.allocUnsafe(Math.max(0, to - from))
  let filled = 0
  while (filled < bytes.length) {
    const read = readSync(file, bytes, filled, bytes.length - filled, from + filled)
    if (read === 0) break
    filled += read
  }
  return bytes.subarray(0, filled)
}

/**
 * Writes a new file.
 * @param options.flush wait until the disk has it.
 * @throws the system's error: EEXIST when something stands there, ENOSPC. What was written until then is left.
 */
export async function writeNewFile(
  place: string,
  data: string | readonly Uint8Array[],
  options: { flush: boolean },
): Promise<void> {
  const file = openSync(place, 'wx')
  try {
    for (const part of typeof data === 'string' ? [data] : data) writeFileSync(file, part)
    if (options.flush) await datasync(file)
  } finally {
    closeSync(file)
  }
}

/**
 * Writes a file over that stands there; shorter content ends it.
 * @param options.flush wait until the disk has it.
 * @throws the system's error. What was written until then is left.
 */
export async function rewriteFile(
  place: string,
  data: string | readonly Uint8Array[],
  options: { flush: boolean },
): Promise<void> {
  const file = openSync(place, 'r+')
  try {
    const bytes = typeof data === 'string' ? Buffer.from(data) : Buffer.concat(data)
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at, at)
    ftruncateSync(file, bytes.length)
    if (options.flush) await datasync(file)
  } finally {
    closeSync(file)
  }
}

/** Waits until the disk has a file's content. */
export async function flushFile(place: string): Promise<void> {
  const file = openSync(place, 'r+')
  try {
    await datasync(file)
  } finally {
    closeSync(file)
  }
}
