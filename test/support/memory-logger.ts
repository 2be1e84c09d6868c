import pino, { type Logger } from 'pino'

/** A pino logger whose lines stay in memory. */
export function memoryLogger(): {
  logger: Logger
  lines: () => Record<string, unknown>[]
  text: () => string
} {
  const written: string[] = []
  return {
    logger: pino({ level: 'debug', base: null }, { write: (line) => void written.push(line) }),
    lines: () => written.map((line) => JSON.parse(line) as Record<string, unknown>),
    text: () => written.join(''),
  }
}
