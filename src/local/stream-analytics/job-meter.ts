/** The job's numbers, minute by minute as Azure Monitor keeps them. The current minute is included: there is no lag. */
import type { Clock } from '../runtime/clock.ts'

/** Counted up; Azure Monitor's aggregation is `total`. */
export const COUNTS = [
  'InputEvents',
  'OutputEvents',
  'DeserializationError',
  'Errors',
  'ConversionErrors',
  'LateInputEvents',
  'EarlyInputEvents',
  'DroppedOrAdjustedEvents',
] as const
/** Metrics that add up. */
export type CountName = (typeof COUNTS)[number]

/** Measured now and then; the aggregations are `average`, `minimum`, `maximum`. */
export const GAUGES = {
  OutputWatermarkDelaySeconds: 'Seconds',
  InputEventsSourcesBacklogged: 'Count',
  ResourceUtilization: 'Percent',
  ProcessCPUUsagePercentage: 'Percent',
} as const
/** Metrics that are measured now and then. */
export type GaugeName = keyof typeof GAUGES

/** One interval of a metric, in all aggregations. */
export interface DataPoint {
  /** Start of the interval (epoch ms). */
  start: number
  total: number
  count: number
  average: number
  minimum: number
  maximum: number
}

interface Gauge {
  sum: number
  count: number
  minimum: number
  maximum: number
  latest: number
}

interface Minute {
  start: number
  counts: Partial<Record<CountName, number>>
  gauges: Partial<Record<GaugeName, Gauge>>
}

const MINUTE_MS = 60_000
/** A day of minutes; what is older is kept as a sum. */
const KEPT = 1440

const minuteOf = (time: number) => Math.floor(time / MINUTE_MS) * MINUTE_MS

/** Minutes older than the service keeps are dropped. */
export class JobMeter {
  readonly #clock: Clock
  readonly #minutes: Minute[] = []
  /** What was counted before the oldest minute, since the job was created. */
  readonly #before: { since: number; counts: Partial<Record<CountName, number>> }

  /** @param createdAt of the job (epoch ms). @param counted by earlier processes. */
  constructor(clock: Clock, createdAt: number, counted: Partial<Record<CountName, number>> = {}) {
    this.#clock = clock
    this.#before = { since: createdAt, counts: { ...counted } }
  }

  /** Added to the present minute. */
  count(counts: Partial<Record<CountName, number>>): void {
    addCounts(this.#present().counts, counts)
  }

  /** Into the present minute: its mean, least and greatest value are kept. */
  sample(values: Record<GaugeName, number>): void {
    const { gauges } = this.#present()
    for (const [name, value] of Object.entries(values) as [GaugeName, number][]) {
      const gauge = gauges[name] ?? { sum: 0, count: 0, minimum: value, maximum: value, latest: value }
      gauges[name] = {
        sum: gauge.sum + value,
        count: gauge.count + 1,
        minimum: Math.min(gauge.minimum, value),
        maximum: Math.max(gauge.maximum, value),
        latest: value,
      }
    }
  }

  /**
   * Data points of a metric, oldest first; an interval in which the job did nothing has none. As in examples of the
   * documentation, the intervals begin where the span does, to the minute, and no minute is of two spans side by side.
   * @param from epoch ms. @param to epoch ms, exclusive.
   * @param intervalMs `Infinity`: one point for the whole span. It is exact when the span begins before the job did, or
   *   within the minutes that are kept.
   */
  points(name: CountName | GaugeName, from: number, to: number, intervalMs: number): DataPoint[] {
    const begin = minuteOf(from)
    const end = this.#endOf(to)
    const within = this.#minutes.filter(({ start }) => start >= begin && start < end)
    const point = (start: number, minutes: readonly Minute[], earlier: number) =>
      isCount(name) ? total(name, start, minutes, earlier) : this.#level(name, start, minutes)
    if (intervalMs === Number.POSITIVE_INFINITY) {
      const earlier = isCount(name) && from <= this.#before.since ? (this.#before.counts[name] ?? 0) : 0
      return present([point(from, within, earlier)])
    }
    const slots = Map.groupBy(within, ({ start }) => start - ((start - begin) % intervalMs))
    return present([...slots].map(([start, minutes]) => point(start, minutes, 0)))
  }

  /**
   * Where the intervals of a span begin (epoch ms), also those without data: as far back as minutes are kept, and up to now.
   * @param intervalMs no `Infinity`. The others as of {@link points}.
   */
  starts(from: number, to: number, intervalMs: number): number[] {
    const [oldest] = this.#minutes
    if (!oldest) return []
    const begin = minuteOf(from)
    const end = Math.min(this.#endOf(to), this.#clock.now() + 1)
    const before = Math.max(0, oldest.start - begin)
    const first = begin + before - (before % intervalMs)
    return Array.from(
      { length: Math.max(0, Math.ceil((end - first) / intervalMs)) },
      (_, at) => first + at * intervalMs,
    )
  }

  /**
   * Where a span to `to` ends. The service leaves out a minute that the span ends within, by a report; here the one that is under
   * way counts, and the one before it, as a question may be on the way while it ends.
   */
  #endOf(to: number): number {
    const now = this.#clock.now()
    if (to < now - MINUTE_MS) return minuteOf(to)
    return to >= now ? to + 1 : to
  }

  #level(name: GaugeName, start: number, minutes: readonly Minute[]): DataPoint | undefined {
    const gauges = minutes.flatMap(({ gauges }) => gauges[name] ?? [])
    const newest = gauges.at(-1)
    if (!newest) return undefined
    const total = gauges.reduce((sum, gauge) => sum + gauge.sum, 0)
    const count = gauges.reduce((sum, gauge) => sum + gauge.count, 0)
    // A minute that is not over speaks of now.
    const isPresent = minutes.length === 1 && (minutes[0]?.start ?? 0) + MINUTE_MS > this.#clock.now()
    return {
      start,
      total,
      count,
      average: isPresent ? newest.latest : total / count,
      minimum: Math.min(...gauges.map((gauge) => gauge.minimum)),
      maximum: Math.max(...gauges.map((gauge) => gauge.maximum)),
    }
  }

  #present(): Minute {
    const start = minuteOf(this.#clock.now())
    // The clock was set back: counts of minutes that are now in the future belong to this one.
    while ((this.#minutes.at(-2)?.start ?? 0) >= start) mergeInto(this.#minutes.at(-2), this.#minutes.pop())
    const last = this.#minutes.at(-1)
    if (last && last.start >= start) {
      last.start = start
      return last
    }
    const fresh: Minute = { start, counts: {}, gauges: {} }
    this.#minutes.push(fresh)
    if (this.#minutes.length > KEPT) addCounts(this.#before.counts, this.#minutes.shift()?.counts ?? {})
    return fresh
  }
}

function mergeInto(minute: Minute | undefined, later: Minute | undefined): void {
  if (!minute || !later) return
  addCounts(minute.counts, later.counts)
  Object.assign(minute.gauges, later.gauges)
}

const isCount = (name: CountName | GaugeName): name is CountName =>
  (COUNTS as readonly string[]).includes(name)

function total(
  name: CountName,
  start: number,
  minutes: readonly Minute[],
  earlier: number,
): DataPoint | undefined {
  if (minutes.length === 0 && earlier === 0) return undefined
  const values = minutes.map(({ counts }) => counts[name] ?? 0)
  const sum = values.reduce((before, value) => before + value, earlier)
  const count = Math.max(1, values.length)
  return {
    start,
    total: sum,
    count,
    average: sum / count,
    minimum: Math.min(...values, sum),
    maximum: Math.max(...values, 0),
  }
}

function addCounts(to: Partial<Record<CountName, number>>, counts: Partial<Record<CountName, number>>): void {
  for (const [name, value] of Object.entries(counts) as [CountName, number][])
    to[name] = (to[name] ?? 0) + value
}

const present = <T>(points: readonly (T | undefined)[]): T[] =>
  points.filter((point): point is T & {} => point !== undefined)
