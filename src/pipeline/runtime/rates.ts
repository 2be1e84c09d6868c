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

  /** Undefined until there are two looks: what has been seen once has no rate, not a rate of 0. */
  get known(): number | undefined {
    return this.#samples.length > 1 ? this.rate : undefined
  }

  /** A second; 0 while it is not known. */
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

/** Points of a series: an hour of seconds, which the chart can be scrolled back by. */
const SERIES_POINTS = 3600

/**
 * What a counter gained in each second, newest last, bounded. Looks come late under load, and never fall on the second: what
 * the counter was at each full second is told by the straight line between two looks, so a late one makes no spike.
 */
export class SecondSeries {
  #values: readonly number[] = []
  #last: Sample | undefined
  /** The counter at the last full second. */
  #atSecond = 0

  /** One point for each second, newest last. */
  get values(): readonly number[] {
    return this.#values
  }

  /** @param count of everything so far. A smaller one than before begins anew. @param at monotonic ms. */
  observe(count: number, at: number): void {
    const last = this.#last
    this.#last = { at, count }
    if (!last || count < last.count) {
      this.#atSecond = count
      return
    }
    const first = Math.floor(last.at / 1000) + 1
    const passed = Math.floor(at / 1000) - first + 1
    if (passed < 1) return
    const slope = (count - last.count) / (at - last.at)
    const added: number[] = []
    for (let second = Math.max(first, first + passed - SERIES_POINTS); second < first + passed; second++) {
      const there = last.count + slope * (second * 1000 - last.at)
      added.push(there - this.#atSecond)
      this.#atSecond = there
    }
    // Begins with the first gain: there is nothing to draw before.
    if (this.#values.length === 0 && added.every((value) => value === 0)) return
    this.#values = [...this.#values, ...added].slice(-SERIES_POINTS)
  }
}

/** The last values of something, bounded; a new array each time, as slices are never changed. */
export function pushBounded<T>(values: readonly T[], value: T, limit: number): readonly T[] {
  return [...values.slice(Math.max(0, values.length - limit + 1)), value]
}
