import { useSyncExternalStore } from 'react'
import type { ReadonlyStore } from '../../pipeline/session-types.ts'
import type { AppState } from '../../pipeline/state.ts'

const never = () => () => {}

/** The state of the pipeline; while frozen it stays as it was, and nothing is painted for it. */
export function useStore(store: ReadonlyStore, frozen: AppState | undefined): AppState {
  const state = useSyncExternalStore(frozen ? never : store.subscribe, store.getState)
  return frozen ?? state
}
