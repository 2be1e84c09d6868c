/** Runs a continuous query as a notebook's run: starts, triggers micro-batches, stops, and says why it failed. */
import type { Logger } from 'pino'
import type { BatchProgress, NotebookName } from '../api/engine.ts'
import { readableError } from '../api/errors.ts'
import { LiveRun } from '../api/live-run.ts'
import type { OnInput } from './query.ts'

/** What the run drives; made when the run starts. */
export interface RunnableQuery {
  open(onInput: OnInput): Promise<BatchProgress | undefined>
  next(): Promise<{ progress: BatchProgress | undefined; more: boolean } | undefined>
  close(): void
}

export interface QueryRunOptions {
  notebook: NotebookName
  /** Least time from the start of a batch to the next (ms), by the rows that it had. */
  intervalMs: (rows: number) => number
  /** Input that has just come is followed by more: how long that is waited for (ms), each time, and {@link SETTLES} times at most. */
  settleMs: number
  /** So many rows do not wait for the interval's end. */
  plentyRows: number
  logger: Logger
  /** Opens what the query needs. */
  make(): Promise<RunnableQuery>
}

const SETTLES = 4

/** Where input never ends there is soon nothing left of a backlog but what comes all the time. */
const HURRIED_MS = 2000

/** Batches follow each other as long as more is waiting; else each waits for its interval's end, and for input. */
export class QueryRun extends LiveRun {
  readonly #options: QueryRunOptions
  /** Input came since the last check, that many rows of it, and when the last of it did (monotonic ms). */
  #input = false
  #inputRows = 0
  #inputAt = Number.NEGATIVE_INFINITY
  #cancelled = false
  /** No interval is waited for until then (monotonic ms), or until there is no input. */
  #hurriedUntil = Number.NEGATIVE_INFINITY
  /** What the present wait is for. */
  #waitsFor: 'input' | 'plenty' | 'time' = 'time'
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

  /** What has come is taken without waiting for an interval's end: a backlog is over, and nothing is gained by letting its last rows wait. */
  hurry(): void {
    this.#hurriedUntil = performance.now() + HURRIED_MS
    if (this.#waitsFor === 'plenty') this.#wake?.()
  }

  protected override async live(): Promise<void> {
    const { logger, notebook } = this.#options
    let query: RunnableQuery | undefined
    try {
      if (!this.#cancelled) {
        query = await this.#options.make()
        this.progress = (await query.open((rows) => this.#onInput(rows))) ?? this.progress
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
    const { intervalMs } = this.#options
    while (!this.#cancelled) {
      const startedAt = performance.now()
      this.#input = false
      this.#inputRows = 0
      const result = await query.next()
      if (result?.progress) this.progress = result.progress
      if (this.#cancelled || result?.more) continue
      if (result) {
        // As a trigger's: when a batch took longer than that, as on a busy machine, what came meanwhile has waited enough.
        const took = performance.now() - startedAt
        await this.#untilPlenty(Math.max(0, intervalMs(result.progress?.inputRows ?? 0) - took))
      } else {
        this.#hurriedUntil = Number.NEGATIVE_INFINITY
        await this.#untilInput()
      }
      await this.#untilSettled()
    }
  }

  #onInput(rows = 0): void {
    this.#input = true
    this.#inputRows += rows
    this.#inputAt = performance.now()
    if (this.#waitsFor === 'input' || (this.#waitsFor === 'plenty' && this.#isPlenty)) this.#wake?.()
  }

  get #isPlenty(): boolean {
    return this.#inputRows >= this.#options.plentyRows
  }

  async #untilInput(): Promise<void> {
    if (this.#input || this.#cancelled) return
    this.#waitsFor = 'input'
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
    this.#waitsFor = 'time'
    this.#wake = undefined
  }

  async #untilPlenty(ms: number): Promise<void> {
    this.#waitsFor = 'plenty'
    await this.#pause(this.#isPlenty || performance.now() < this.#hurriedUntil ? 0 : ms)
    this.#waitsFor = 'time'
  }

  /** The files of an output batch come one after the other, and share a batch. */
  async #untilSettled(): Promise<void> {
    const { settleMs } = this.#options
    const end = performance.now() + SETTLES * settleMs
    while (!this.#cancelled) {
      const left = Math.min(this.#inputAt + settleMs, end) - performance.now()
      if (left <= 0) return
      await this.#pause(left)
    }
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
