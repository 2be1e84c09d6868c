/** What a session is to those who show it or script it. */
import type { StoreApi } from 'zustand/vanilla'
import type { Lesson } from '../lessons/lesson.ts'
import type { Target } from '../ports/target.ts'
import type { Actions } from '../state/actions.ts'
import type { AppState, EndpointLine, LedgerSlice } from '../state/state.ts'

/** The store as readers see it; `useStore` of zustand takes it. */
export type ReadonlyStore = Pick<StoreApi<AppState>, 'getState' | 'getInitialState' | 'subscribe'>

/** How long to wait for the rows. */
export interface DrainOptions {
  /** Give up after this long without any row moving on (default 20 s). */
  patienceMs?: number
  signal?: AbortSignal
}

/** Stages are stopped either way. */
export interface DrainResult {
  balanced: boolean
  /** Why draining ended without balance, one line. */
  reason: string | undefined
  ledger: LedgerSlice
}

/** Made without a target, so that the screen is there before the services are. */
export interface Session {
  readonly store: ReadonlyStore
  readonly actions: Actions
  /**
   * Attaches the services: adopts what runs already, and begins to watch. Resolves when every service was asked once;
   * a service that cannot be reached is shown so and asked again, it does not reject.
   */
  connect(target: Target): Promise<void>
  /** Shows, in the log and in every stage, why there is no target yet, or why there will not be one. */
  connectFailed(error: unknown): void
  /** Shows a trouble beside the pipeline, in the log. */
  warn(text: string): void
  /** What can be played on the screen. */
  setLessons(lessons: readonly Lesson[]): void
  /** What the screen lists as connection strings and URLs; secrets masked by the caller. */
  setEndpoints(endpoints: readonly EndpointLine[]): void
  /** Stops the generator, waits until every row has passed through (or none moves any more), then stops all stages. */
  drain(options?: DrainOptions): Promise<DrainResult>
  /** Resolves once no command and no poll is under way: tests wait on this instead of sleeping. */
  idle(): Promise<void>
  /**
   * Stops the generator and all watching, saves the generator's state, closes the target. Stages that a service runs
   * are left as they are. Safe to call twice.
   */
  close(): Promise<void>
}
