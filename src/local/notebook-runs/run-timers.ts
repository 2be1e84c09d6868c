/** Timers of runs: those that end one which takes too long, and those that begin one again. */

/** @returns what takes the timer back. */
export type After = (ms: number, callback: () => void) => () => void

/** A run has at most one of each. */
export type TimerKind = 'run' | 'attempt' | 'retry'

/** Node's timers fire at once when they are set for longer (ms). */
const LONGEST_MS = 2_147_483_647

/** No timer of a run keeps the process alive. */
const nodeTimer: After = (ms, callback) => {
  const timer = setTimeout(callback, ms)
  timer.unref()
  return () => clearTimeout(timer)
}

/** By the id of the run. */
export class RunTimers {
  readonly #after: After
  readonly #pending = new Map<string, () => void>()

  /** @param after replaced in tests. */
  constructor(after: After = nodeTimer) {
    this.#after = after
  }

  /** In place of one of its kind that the run has already. */
  set(run: string, kind: TimerKind, ms: number, callback: () => void): void {
    this.clear(run, kind)
    const key = keyOf(run, kind)
    const wait = Math.min(ms, LONGEST_MS)
    const cancel = this.#after(wait, () => {
      this.#pending.delete(key)
      if (ms > wait) this.set(run, kind, ms - wait, callback)
      else callback()
    })
    this.#pending.set(key, cancel)
  }

  has(run: string, kind: TimerKind): boolean {
    return this.#pending.has(keyOf(run, kind))
  }

  clear(run: string, ...kinds: readonly TimerKind[]): void {
    for (const kind of kinds) {
      this.#pending.get(keyOf(run, kind))?.()
      this.#pending.delete(keyOf(run, kind))
    }
  }
}

const keyOf = (run: string, kind: TimerKind) => `${kind} ${run}`
