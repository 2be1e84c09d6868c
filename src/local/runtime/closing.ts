/** What must be stopped, in the opposite order of its start. */
import type { Logger } from 'pino'

interface Part {
  name: string
  close: () => Promise<void> | void
}

/** A part that takes longer is left behind: the data is safe at any moment. */
const LIMIT_MS = 4000

/** What fails or hangs does not keep the others from being stopped. */
export class ClosingStack {
  readonly #parts: Part[] = []
  readonly #logger: Pick<Logger, 'warn'>
  readonly #limitMs: number
  #closed: Promise<void> | undefined

  /** @param limitMs for each part. */
  constructor(logger: Pick<Logger, 'warn'>, limitMs = LIMIT_MS) {
    this.#logger = logger
    this.#limitMs = limitMs
  }

  /** @param name for the log. @param close may be called at any time from now on. */
  add(name: string, close: Part['close']): void {
    this.#parts.push({ name, close })
  }

  /**
   * Stops everything, whatever fails; safe to call twice.
   * @throws Error that names every part that did not stop in order.
   */
  close(): Promise<void> {
    this.#closed ??= this.#closeAll()
    return this.#closed
  }

  async #closeAll(): Promise<void> {
    const failed: string[] = []
    for (const { name, close } of this.#parts.splice(0).reverse()) {
      const timeout = Promise.withResolvers<string>()
      const timer = setTimeout(() => timeout.resolve('it took too long'), this.#limitMs)
      const closed = (async () => close())().then(
        () => undefined,
        (error: Error) => error.message,
      )
      const reason = await Promise.race([closed, timeout.promise])
      clearTimeout(timer)
      if (reason === undefined) continue
      this.#logger.warn({ part: name, reason }, 'a local service did not stop in order')
      failed.push(`${name} (${reason})`)
    }
    if (failed.length > 0) throw new Error(`Not everything stopped in order: ${failed.join(', ')}.`)
  }
}
