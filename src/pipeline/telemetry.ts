/** Rates from counters. Every number comes from a difference of two exact counts and the time between them. */

interface Sample {
  at: number
  count: number
}

/** Rate over the last few seconds (per second) of a counter that only grows. Times are monotonic milliseconds. */
export class RateMeter {
  readonly #spanMs: number
  #samples: Sample[] = []

  constructor(spanMs = 5000) {
    this.#spanMs = spanMs
  }

  /** A counter that fell has begun anew. */
  add(count: number, at: number): number {
    const last = this.#samples.at(-1)
    if (last && count < last.count) this.#samples = []
    this.#samples.push({ at, count })
    // The newest sample that is old enough is kept as the span's beginning.
    while (this.#samples.length > 2 && (this.#samples[1] as Sample).at <= at - this.#spanMs)
      this.#samples.shift()
    return this.rate
  }

  get rate(): number {
    const [first] = this.#samples
    const last = this.#samples.at(-1)
    if (!first || !last || last.at <= first.at) return 0
    return ((last.count - first.count) * 1000) / (last.at - first.at)
  }
}

/** The last values of something, bounded; a new array each time, as slices are never changed. */
export function pushBounded<T>(values: readonly T[], value: T, limit: number): readonly T[] {
  return values.length < limit ? [...values, value] : [...values.slice(values.length - limit + 1), value]
}

/** Sum of squares is not needed, an honest percentile is: of the values given, nearest rank. */
export function percentile(values: readonly number[], share: number): number | undefined {
  if (values.length === 0) return undefined
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)]
}
