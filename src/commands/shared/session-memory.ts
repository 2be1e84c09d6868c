/**
 * What a session leaves in its data folder, so that the next one knows how it ended: a file that is written at the start and
 * with each change of the generator's settings, and marked at an orderly end.
 */
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { ReadonlyStore } from '../../pipeline/session/session-types.ts'
import type { LogEntry } from '../../pipeline/state/state.ts'

/** What a person had set: stations, interval in ms, share of dirty data. */
export interface SessionSettings {
  stations: number
  intervalMs: number
  dirty: number
}

interface Memory extends SessionSettings {
  format: 1
  hasEnded: boolean
}

const fileOf = (dataDir: string) => join(dataDir, 'state', 'session.json')

/** What stood when the last session ended hard; undefined: it ended in order, or there was none. */
export function hardEnd(dataDir: string): SessionSettings | undefined {
  try {
    const memory = JSON.parse(readFileSync(fileOf(dataDir), 'utf8')) as Memory
    const { format, hasEnded, stations, intervalMs, dirty } = memory
    const isWhole = [stations, intervalMs, dirty].every((value) => Number.isFinite(value))
    return format === 1 && !hasEnded && isWhole ? { stations, intervalMs, dirty } : undefined
  } catch {
    // No file, or one that is not whole: nothing is known.
    return undefined
  }
}

/** Follows the settings until the session ends. */
export function rememberSession(dataDir: string, store: ReadonlyStore): { end(): void } {
  let last = ''
  const write = (hasEnded: boolean) => {
    const { stations, intervalMs, dirty } = store.getState().generator
    const text = JSON.stringify({ format: 1, hasEnded, stations, intervalMs, dirty } satisfies Memory)
    if (text === last) return
    last = text
    try {
      const file = fileOf(dataDir)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(`${file}.new`, text)
      renameSync(`${file}.new`, file)
    } catch {
      // A full disk is told elsewhere; the session goes on without this.
    }
  }
  write(false)
  const unsubscribe = store.subscribe(() => write(false))
  return {
    end() {
      unsubscribe()
      write(true)
    },
  }
}

/** As much of the log file's end as is read, and lines that are taken from it. */
const TAIL_BYTES = 128_000
const TAIL_LINES = 200
const LEVELS: Readonly<Record<number, LogEntry['level']>> = { 30: 'info', 40: 'warn', 50: 'error' }

/** The last lines of the log file that had been on the screen; empty when there is no file. */
export function logTail(file: string): LogEntry[] {
  let text: string
  try {
    const { size } = statSync(file)
    const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES))
    const handle = openSync(file, 'r')
    try {
      readSync(handle, bytes, 0, bytes.length, size - bytes.length)
    } finally {
      closeSync(handle)
    }
    text = bytes.toString('utf8')
  } catch {
    return []
  }
  return text.split('\n').flatMap(entryOf).slice(-TAIL_LINES)
}

/** Lines of libraries, and those that were cut, are left out. */
function entryOf(line: string): LogEntry[] {
  try {
    const { time, level, source, msg } = JSON.parse(line) as Record<string, unknown>
    const at = Date.parse(String(time))
    const name = LEVELS[Number(level)]
    if (!name || typeof source !== 'string' || source === 'output' || typeof msg !== 'string') return []
    return Number.isNaN(at) ? [] : [{ at, level: name, source, message: msg }]
  } catch {
    return []
  }
}
