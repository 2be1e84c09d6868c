/**
 * What native code writes on the descriptors of stdout and stderr themselves (Node's word about its debugger, libuv, DuckDB, V8)
 * would stand in the middle of the screen. While the screen is up both descriptors lead to a file beside the log, whose lines
 * are passed on; the streams of Node keep the terminal, for which they have descriptors of their own.
 */
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ownDescriptor } from './own-descriptor.ts'

/** How often the file is looked at (ms). */
const POLL_MS = 1000
/** Bytes that are read in one look, and that the file has before it begins anew. */
const READ_BYTES = 64 * 1024
const MOST_BYTES = 1024 * 1024

/** Until {@link NativeOutput.restore}. */
export interface NativeOutput {
  /** Gives the terminal back its descriptors, once nothing else runs that opens files; safe to call twice. */
  restore(): void
}

/** Path of that file. */
export const nativeOutputOf = (dataDir: string): string => join(dataDir, 'logs', 'native-output.txt')

const NOTHING: NativeOutput = { restore: () => {} }

/**
 * To be called before anything is opened in the background: a descriptor is replaced by closing it and opening the next one, which
 * gets the lowest free number.
 * @param file what an earlier session that ended hard has left in it is passed on too.
 */
export function divertNativeOutput(
  file: string,
  streams: readonly [stdout: NodeJS.WriteStream, stderr: NodeJS.WriteStream],
  onLine: (line: string) => void,
): NativeOutput {
  if (process.platform === 'win32') return NOTHING
  const own = streams.map((stream) => ownDescriptor(stream))
  if (own.every((one) => one === undefined)) return NOTHING
  const replaced: (readonly [descriptor: number, terminal: number])[] = []
  try {
    for (const [index, terminal] of own.entries())
      if (terminal !== undefined && replace(index + 1, file, 'a+')) replaced.push([index + 1, terminal])
  } catch {
    // A folder that cannot be written is told by the log.
  }
  const [first] = replaced
  if (!first) return NOTHING
  const reader = readLines(first[0], onLine)
  const timer = setInterval(() => reader.look(), POLL_MS).unref()
  let isRestored = false
  return {
    restore() {
      if (isRestored) return
      isRestored = true
      clearInterval(timer)
      reader.look()
      reader.end()
      for (const [descriptor, terminal] of replaced) replace(descriptor, `/dev/fd/${terminal}`, 'r+')
      rmSync(file, { force: true })
    },
  }
}

/** @returns whether the descriptor leads to the file now. */
function replace(descriptor: number, file: string, flags: string): boolean {
  // Opened once before: what cannot be opened must not cost the descriptor.
  const probe = openSync(file, flags)
  closeSync(descriptor)
  const opened = openSync(file, flags)
  closeSync(probe)
  if (opened === descriptor) return true
  closeSync(opened)
  return false
}

function readLines(descriptor: number, onLine: (line: string) => void) {
  let position = 0
  let rest = ''
  const tell = (line: string) => {
    if (line.trim() !== '') onLine(line)
  }
  return {
    look() {
      try {
        const { size } = fstatSync(descriptor)
        if (size <= position) return
        const buffer = Buffer.alloc(Math.min(READ_BYTES, size - position))
        position += readSync(descriptor, buffer, 0, buffer.length, position)
        const lines = (rest + buffer.toString('utf8')).split('\n')
        rest = (lines.pop() ?? '').slice(0, READ_BYTES)
        for (const line of lines) tell(line)
        if (size < MOST_BYTES) return
        ftruncateSync(descriptor, 0)
        position = 0
      } catch {
        // A full disk takes nothing: then there is nothing to pass on.
      }
    },
    end() {
      tell(rest)
      rest = ''
    },
  }
}
