/** Runs a continuous query as a notebook's run: starts, triggers micro-batches, stops, and says why it failed. */
import type { Logger } from 'pino'
import type { BatchProgress, NotebookName } from '../api/engine.ts'
import { readableError } from '../api/errors.ts'
import { LiveRun } from '../api/live-run.ts'

/** What the run drives; made when the run starts. */
export interface RunnableQuery {
  open(onInput: () => void): Promise<BatchProgress | undefined>
  next(): Promise<{ progress: BatchProgress | undefined; more: boolean } | undefined>
  close(): void
}

export interface QueryRunOptions {
  notebook: NotebookName
  /** Least time from the start of a batch to the next (ms), by the rows that it had. */
  intervalMs: (rows: number) => number
  /** How long an idle query waits for more input after the first (ms). */
  settleMs: number
  logger: Logger
  /** Opens what the query needs. */
  make(): Promise<RunnableQuery>
}

export class QueryRun extends LiveRun {
  readonly #options: QueryRunOptions
  /** Input came since the last check. */
  #input = false
  #cancelled = false
  /** Ends the present wait. */
  #wake: (() => void) | undefined

  /** @param after the run starts when this has settled. */
  constructor(options: QueryRunOptions, after: Promise<void>) {
    super(after)
    this.#options = options
  }

  override cancel(): Promise<void> {
    if (this.state === 'starting' || this.state === 'running') this.state = 'stopping'
    this.#cancelled = true
    this.#wake?.()
    return this.ended
  }

  protected override async live(): Promise<void> {
    const { logger, notebook } = this.#options
    let query: RunnableQuery | undefined
    try {
      if (!this.#cancelled) {
        query = await this.#options.make()
        this.progress = (await query.open(() => this.#onInput())) ?? this.progress
      }
      if (!this.#cancelled) {
        this.state = 'running'
        await this.#loop(query as RunnableQuery)
      }
      this.#end(query)
      this.state = 'cancelled'
    } catch (error) {
      this.#end(query)
      this.error = readableError(error)
      this.state = 'failed'
      logger.error({ err: error, notebook }, `${notebook} failed: ${this.error}`)
    }
  }

  async #loop(query: RunnableQuery): Promise<void> {
    const { intervalMs, settleMs } = this.#options
    while (!this.#cancelled) {
      const startedAt = performance.now()
      this.#input = false
      const result = await query.next()
      if (result?.progress) this.progress = result.progress
      if (this.#cancelled || result?.more) continue
      if (result) {
        // As a trigger's: when a batch took longer than that, as on a busy machine, what came meanwhile has waited enough.
        const took = performance.now() - startedAt
        await this.#pause(Math.max(0, intervalMs(result.progress?.inputRows ?? 0) - took))
      } else {
        await this.#untilInput()
        await this.#pause(settleMs)
      }
    }
  }

  #onInput(): void {
    this.#input = true
    if (this.#waitsForInput) this.#wake?.()
  }

  #waitsForInput = false

  async #untilInput(): Promise<void> {
    if (this.#input || this.#cancelled) return
    this.#waitsForInput = true
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
    this.#waitsForInput = false
    this.#wake = undefined
  }

  async #pause(ms: number): Promise<void> {
    if (this.#cancelled) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wake = undefined
  }

  #end(query: RunnableQuery | undefined): void {
    try {
      query?.close()
    } catch (error) {
      this.#options.logger.warn({ err: error }, `${this.#options.notebook} did not close cleanly`)
    }
  }
}
