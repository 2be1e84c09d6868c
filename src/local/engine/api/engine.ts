/** What the Databricks and Synapse stand-ins ask of whatever runs their notebooks: DuckDB, or Spark. */

/** The three that move data; Azure runs them by the same names. */
export type NotebookName = 'silver' | 'gold' | 'aggregate'

/** The last micro-batch. Rows are those that it read. */
export interface BatchProgress {
  batchId: number
  inputRows: number
  durationMs: number
  /** Epoch milliseconds at the end of the batch. */
  at: number
}

/** One run, from its start to its end; it is not started again. */
export interface NotebookRun {
  /** `starting` until the first look at the input succeeded; then `running` until cancelled or failed. */
  readonly state: 'starting' | 'running' | 'stopping' | 'cancelled' | 'failed'
  /** Error text of a failed run: what happened, to what. */
  readonly error: string | undefined
  readonly progress: BatchProgress | undefined
  /** Asks the run to stop after the batch under way; safe to call twice. Resolves when it has ended. */
  cancel(): Promise<void>
  /** Settles (never rejects) when the run has ended, however it ended. */
  readonly ended: Promise<void>
}

/** Runs of one notebook follow each other: a new one begins when the one before has ended. */
export interface NotebookEngine {
  readonly name: 'duckdb' | 'spark'
  /** Starts the notebook as a continuous query that goes on from its checkpoint. Never throws: failures end the run. */
  run(notebook: NotebookName): NotebookRun
  /** Cancels all runs and frees everything. */
  close(): Promise<void>
}
