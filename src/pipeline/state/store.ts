/** The state of the screen: slices are replaced, never changed, and readers are told a few times a second at most. */
import { createStore, type StoreApi } from 'zustand/vanilla'
import type { Clock } from '../runtime/clock.ts'
import { ClockWatch, moved } from './clock-set.ts'
import { sameOnScreen } from './same-on-screen.ts'
import type { AppState } from './state.ts'

/** Notifications per second, at most: each one costs the screen a whole frame. */
export const DEFAULT_UPDATES_PER_SECOND = 4

/**
 * Share of the time between two notifications that a change waits for others: hub, lake and clock are looked at together, and
 * answer some hundredths of a second apart. Told at once, the first would be a frame of its own, and the others wait for the next.
 */
const GATHERED = 0.25

/** The one place that the state is changed in. */
export class StateStore {
  /** What readers subscribe to. */
  readonly published: StoreApi<AppState>
  readonly #clock: Clock
  readonly #intervalMs: () => number
  /** The newest slices, whether readers were told or not. */
  #draft: AppState
  #isDue = false
  #isClosed = false
  #lastFlush = Number.NEGATIVE_INFINITY
  #cancel: (() => void) | undefined
  readonly #watch: ClockWatch

  /** @param updatesPerSecond a number, or what the state asks for. */
  constructor(
    initial: AppState,
    clock: Clock,
    updatesPerSecond: number | ((state: AppState) => number) = DEFAULT_UPDATES_PER_SECOND,
  ) {
    this.published = createStore<AppState>()(() => initial)
    this.#draft = initial
    this.#clock = clock
    this.#watch = new ClockWatch(clock)
    this.#intervalMs = () =>
      1000 / (typeof updatesPerSecond === 'number' ? updatesPerSecond : updatesPerSecond(this.#draft))
  }

  /** The newest state, also what was not yet told to readers. */
  get state(): AppState {
    return this.#draft
  }

  /**
   * Replaces slices. A slice that looks the same notifies no listener; its poll times are passed on with the next change.
   * The changes of one moment are told together.
   */
  update(slices: Partial<Omit<AppState, 'now'>>): void {
    this.#followClock()
    const changed = Object.entries(slices).filter(
      ([key, slice]) => this.#draft[key as keyof AppState] !== slice,
    )
    if (changed.length === 0) return
    const isSeen = changed.some(([key, slice]) => !sameOnScreen(this.#draft[key as keyof AppState], slice))
    this.#draft = { ...this.#draft, ...slices }
    if (isSeen) this.#tellSoon()
  }

  /** Time has passed, and something on the screen shows it: the clock, an age, an elapsed time. */
  tick(): void {
    this.#tellSoon()
  }

  /** Tells readers now what they were not told: a person's key must show at once. */
  flush(): void {
    if (!this.#isDue) return
    this.#isDue = false
    this.#cancel?.()
    this.#cancel = undefined
    this.#lastFlush = this.#clock.monotonic()
    this.#followClock()
    this.#draft = { ...this.#draft, now: this.#watch.now }
    this.published.setState(this.#draft, true)
  }

  /** Tells what is left, and nothing more. */
  close(): void {
    this.flush()
    this.#isClosed = true
  }

  /** Ages stay what they are when somebody sets the clock. */
  #followClock(): void {
    const by = this.#watch.look()
    if (by !== 0) this.#draft = moved(this.#draft, by)
  }

  #tellSoon(): void {
    if (this.#isClosed) return
    this.#isDue = true
    if (this.#cancel) return
    const interval = this.#intervalMs()
    const wait = Math.max(interval * GATHERED, this.#lastFlush + interval - this.#clock.monotonic())
    this.#cancel = this.#clock.after(wait, () => this.flush())
  }
}
