/** An engine that does what a test tells it: for tests of the services around it. */
import type {
  BatchProgress,
  NotebookEngine,
  NotebookName,
  NotebookRun,
} from '../../src/local/engine/api/engine.ts'

export class FakeRun implements NotebookRun {
  readonly notebook: NotebookName
  readonly ended: Promise<void>
  state: NotebookRun['state'] = 'starting'
  error: string | undefined
  progress: BatchProgress | undefined
  /** False: a cancelled run stays in `stopping` until {@link end}. */
  endsAtOnce = true
  readonly #end: () => void

  constructor(notebook: NotebookName) {
    this.notebook = notebook
    const { promise, resolve } = Promise.withResolvers<void>()
    this.ended = promise
    this.#end = resolve
  }

  cancel(): Promise<void> {
    if (this.state === 'starting' || this.state === 'running') this.state = 'stopping'
    if (this.endsAtOnce) this.end()
    return this.ended
  }

  end(): void {
    this.state = 'cancelled'
    this.#end()
  }

  fail(error: string): void {
    this.state = 'failed'
    this.error = error
    this.#end()
  }
}

export class FakeEngine implements NotebookEngine {
  readonly name = 'duckdb'
  /** Oldest first. */
  readonly runs: FakeRun[] = []

  run(notebook: NotebookName): FakeRun {
    const run = new FakeRun(notebook)
    this.runs.push(run)
    return run
  }

  /** The run that was asked for last. */
  get last(): FakeRun {
    const run = this.runs.at(-1)
    if (!run) throw new Error('no run was asked for')
    return run
  }

  async close(): Promise<void> {
    await Promise.all(this.runs.map((run) => run.cancel()))
  }
}
