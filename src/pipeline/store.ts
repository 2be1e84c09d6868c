/** The state of the screen: slices are replaced, never changed, and readers are told a few times a second at most. */
import { createStore, type StoreApi } from 'zustand/vanilla'
import type { Clock } from './clock.ts'
import type { AppState } from './state.ts'

/** Notifications per second, at most. A burst of changes becomes one. */
export const DEFAULT_UPDATES_PER_SECOND = 4

export class StateStore {
  /** What readers subscribe to. */
  readonly published: StoreApi<AppState>
  readonly #clock: Clock
  readonly #intervalMs: number
  #draft: AppState
  #lastFlush = Number.NEGATIVE_INFINITY
  #cancel: (() => void) | undefined

  constructor(initial: AppState, clock: Clock, updatesPerSecond = DEFAULT_UPDATES_PER_SECOND) {
    this.published = createStore<AppState>()(() => initial)
    this.#draft = initial
    this.#clock = clock
    this.#intervalMs = 1000 / updatesPerSecond
  }

  /** The newest state, also what was not yet told to readers. */
  get state(): AppState {
    return this.#draft
  }

  /** Slices that equal the present ones (by reference) change nothing and wake nobody. */
  update(slices: Partial<AppState>): void {
    const changed = (Object.keys(slices) as (keyof AppState)[]).some(
      (key) => slices[key] !== this.#draft[key],
    )
    if (!changed) return
    this.#draft = { ...this.#draft, ...slices }
    if (this.#cancel) return
    const wait = Math.max(0, this.#lastFlush + this.#intervalMs - this.#clock.monotonic())
    this.#cancel = this.#clock.after(wait, () => this.flush())
  }

  /** Tells readers now: an operator's key must show at once. */
  flush(): void {
    this.#cancel?.()
    this.#cancel = undefined
    if (this.published.getState() === this.#draft) return
    this.#lastFlush = this.#clock.monotonic()
    this.#draft = { ...this.#draft, now: this.#clock.now() }
    this.published.setState(this.#draft, true)
  }

  close(): void {
    this.flush()
    this.#cancel?.()
    this.#cancel = undefined
  }
}
