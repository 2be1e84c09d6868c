/** The state of a notebook's run, the same for both engines. */
import type { BatchProgress, NotebookRun } from './engine.ts'

/** How the run lives and is cancelled is its engine's. */
export abstract class LiveRun implements NotebookRun {
  /** Settles when {@link live} has, whatever came of it. */
  readonly ended: Promise<void>
  state: NotebookRun['state'] = 'starting'
  error: string | undefined
  progress: BatchProgress | undefined

  /** @param after the run starts when this has settled. */
  constructor(after: Promise<void>) {
    this.ended = after.then(() => this.live())
  }

  abstract cancel(): Promise<void>

  /** From the start to the end; leaves the state `cancelled` or `failed`, and never rejects. */
  protected abstract live(): Promise<void>
}
