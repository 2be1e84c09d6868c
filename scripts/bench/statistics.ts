/** Medians, percentiles, slopes, and what pairs of measurements say of a ratio. */

/** The nearest rank. @param share 0..1. NaN for no values. */
export const percentile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.ceil(values.length * share) - 1)] ??
  Number.NaN

/** The mean of the two in the middle for an even number; NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** Mean of the middle half: as little moved by a few odd values as the median, but finer than whole milliseconds. */
export function midmean(values: readonly number[]): number {
  const cut = Math.floor(values.length / 4)
  const middle = [...values].sort((a, b) => a - b).slice(cut, values.length - cut)
  return middle.reduce((sum, value) => sum + value, 0) / middle.length
}

/** Least squares: how much y grows with x. */
export function slope(points: readonly { x: number; y: number }[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const x = mean(points.map((point) => point.x))
  const y = mean(points.map((point) => point.y))
  const covariance = points.reduce((sum, point) => sum + (point.x - x) * (point.y - y), 0)
  return covariance / points.reduce((sum, point) => sum + (point.x - x) ** 2, 0)
}

/** Of pairs that were measured side by side; the median says more than any one of them. */
export interface Ratio {
  median: number
  least: number
  greatest: number
  pairs: number
}

/**
 * New to old, pair by pair: the two of a pair ran one after the other, so what the machine did to both falls out.
 * @param pairs in the order in which they ran; those with an unknown side (NaN) are left out.
 * @returns undefined when no pair is whole.
 */
export function ratioOf(pairs: readonly (readonly [before: number, now: number])[]): Ratio | undefined {
  const ratios = pairs.map(([before, now]) => now / before).filter(Number.isFinite)
  if (ratios.length === 0) return undefined
  return {
    median: median(ratios),
    least: Math.min(...ratios),
    greatest: Math.max(...ratios),
    pairs: ratios.length,
  }
}
