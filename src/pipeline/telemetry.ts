/** Rates from counters: every number comes from two exact counts and the time between them. Times are monotonic ms. */

interface Sample {
  at: number
  count: number
}

/** Span of the rates on the screen (ms): long enough to be calm, short enough to show a burst. */
const RATE_SPAN_MS = 5000

/**
 * The present rate per second of a counter that only grows. Counters that are looked at once a second while batches come in
 * once a second would seem to flutter by a whole batch: so the time is measured from one change to another where there are
 * enough of them.
 */
export class RateMeter {
  readonly #spanMs: number
  #samples: Sample[] = []

  constructor(spanMs = RATE_SPAN_MS) {
    this.#spanMs = spanMs
  }

  /** A counter that fell has begun anew. */
  observe(count: number, at: number): void {
    const last = this.#samples.at(-1)
    if (last && count < last.count) this.#samples = []
    this.#samples.push({ at, count })
    while (this.#samples.length > 2 && (this.#samples[1] as Sample).at <= at - this.#spanMs)
      this.#samples.shift()
  }

  get rate(): number {
    const [first] = this.#samples
    const last = this.#samples.at(-1)
    if (!first || !last) return 0
    const changes = this.#samples.filter(
      (one, index) => index > 0 && one.count !== this.#samples[index - 1]?.count,
    )
    const [from] = changes
    const to = changes.at(-1)
    if (from && to && changes.length > 2) {
      const usualGap = (to.at - from.at) / (changes.length - 1)
      if (last.at - to.at <= 2 * usualGap) return perSecond(from, to)
    }
    return perSecond(first, last)
  }
}

const perSecond = (from: Sample, to: Sample) =>
  to.at > from.at ? ((to.count - from.count) * 1000) / (to.at - from.at) : 0

/** Points of a series on the screen: ten minutes of seconds. */
export const SERIES_POINTS = 600

/** What a counter gained in each second, newest last, bounded. Begins with the first gain: there is nothing to draw before. */
export class SecondSeries {
  #values: readonly number[] = []
  #last: { second: number; count: number } | undefined

  get values(): readonly number[] {
    return this.#values
  }

  /** A gap between two observations is filled with its mean. */
  observe(count: number, at: number): void {
    const second = Math.floor(at / 1000)
    if (!this.#last || count < this.#last.count) {
      this.#last = { second, count }
      return
    }
    const passed = second - this.#last.second
    if (passed < 1) return
    const gained = (count - this.#last.count) / passed
    this.#last = { second, count }
    if (gained === 0 && this.#values.length === 0) return
    const added = Array.from({ length: Math.min(passed, SERIES_POINTS) }, () => gained)
    this.#values = [...this.#values, ...added].slice(-SERIES_POINTS)
  }
}

/** The last values of something, bounded; a new array each time, as slices are never changed. */
export function pushBounded<T>(values: readonly T[], value: T, limit: number): readonly T[] {
  return [...values.slice(Math.max(0, values.length - limit + 1)), value]
}
