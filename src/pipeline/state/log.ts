/** The log that a person reads: what happened, newest last, bounded; every line also goes to the log file. */
import type { Clock } from '../runtime/clock.ts'
import type { LogEntry } from './state.ts'

/** Where lines go beside the screen; pino fits. */
export interface Logger {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** For tests. */
export const silentLogger: Logger = { info() {}, warn() {}, error() {} }

/** Lines kept for the screen; the log file has them all. */
export const LOG_LIMIT = 500

/** For so long the same advice is not repeated on the screen (ms); the log file has every line. */
const SAME_CAUSE_MS = 30_000

/** Advice that several services give at once stands on the screen once. */
export class Log {
  #entries: readonly LogEntry[] = []
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #changed: (entries: readonly LogEntry[]) => void

  /** @param before lines of the session before, which this one goes on from. */
  constructor(
    clock: Clock,
    logger: Logger,
    changed: (entries: readonly LogEntry[]) => void = () => {},
    before: readonly LogEntry[] = [],
  ) {
    this.#entries = before.slice(-LOG_LIMIT)
    this.#clock = clock
    this.#logger = logger
    this.#changed = changed
  }

  /** A new array at each line. */
  get entries(): readonly LogEntry[] {
    return this.#entries
  }

  info(source: string, message: string): void {
    this.#add('info', source, message)
  }

  warn(source: string, message: string): void {
    this.#add('warn', source, message)
  }

  /** @param cause kept for the log file only: stacks are not for the screen. */
  error(source: string, message: string, cause?: unknown): void {
    this.#add('error', source, message, cause)
  }

  /** Several services report one cause: the remedy was shown with the first. */
  #isKnown(message: string): boolean {
    const [, hint] = message.split(' — ')
    const now = this.#clock.now()
    // Lines of before the clock was set back lie ahead, and say nothing of now.
    const isRecent = (at: number) => Math.abs(now - at) <= SAME_CAUSE_MS
    return (
      hint !== undefined &&
      this.#entries.some(({ at, message: said }) => isRecent(at) && said.endsWith(` — ${hint}`))
    )
  }

  #add(level: LogEntry['level'], source: string, message: string, cause?: unknown): void {
    this.#logger[level](cause === undefined ? { source } : { source, err: cause }, message)
    // Several parts may report one failure: the same text twice in a row is shown once.
    const last = this.#entries.at(-1)
    if (last?.source === source && last.message === message && last.level === level) return
    if (level === 'warn' && this.#isKnown(message)) return
    const entry = { at: this.#clock.now(), level, source, message }
    this.#entries = [...this.#entries.slice(1 - LOG_LIMIT), entry]
    this.#changed(this.#entries)
  }
}
