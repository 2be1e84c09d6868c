/** The log of a data folder: JSON lines without secrets, one file for the process and its worker. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import pino, { type Logger } from 'pino'
import { logDestination } from '../../local/storage/log-destination.ts'

/** Where the log of a data folder is. */
export const logFileOf = (dataDir: string): string => join(dataDir, 'logs', 'rtstream-tui.log')

/** The log file of a data folder. */
export interface OpenedLog {
  /** JSON lines. The worker appends to the same file. */
  logger: Logger
  /** Keeps the file short from now on. Only once the data folder is ours: a start that is refused leaves the log alone. */
  rotate(): void
}

/** For a program that only looks at the folder of another. */
export const noLog = (): Logger => pino({ level: 'silent' })

/** @param level of pino. */
export function openLog(dataDir: string, level: string): OpenedLog {
  mkdirSync(join(dataDir, 'logs'), { recursive: true })
  const destination = logDestination(logFileOf(dataDir))
  const logger = pino(
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
    destination,
  )
  return { logger, rotate: () => destination.own() }
}
