import { mkdirSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import pino, { type Logger } from 'pino'
import { logDestination } from '../../local/storage/log-destination.ts'

/** At start the log is set aside once it is larger than this (bytes); one older log is kept. */
const ROTATE_ABOVE = 5_000_000

/** Where the log of a data folder is. */
export const logFileOf = (dataDir: string): string => join(dataDir, 'logs', 'rtstream-tui.log')

/** JSON lines. The worker appends to the same file. */
export function openLog(dataDir: string, level: string): Logger {
  const file = logFileOf(dataDir)
  mkdirSync(join(dataDir, 'logs'), { recursive: true })
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > ROTATE_ABOVE) renameSync(file, `${file}.1`)
  return pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: {
        paths: [
          'token',
          'key',
          'accountKey',
          'connectionString',
          '*.token',
          '*.key',
          '*.accountKey',
          '*.connectionString',
        ],
        censor: '***',
      },
    },
    logDestination(file),
  )
}
