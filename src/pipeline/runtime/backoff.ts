/** How long to wait before what has failed is tried again. */

/** Milliseconds. */
export interface BackoffLimits {
  first: number
  longest: number
}

/**
 * Doubled with each failure, so that a service that comes back is seen soon and one that stays away is not hammered.
 * @param failures in a row, the last one included: from 1. @returns milliseconds.
 */
export function backoff(failures: number, { first, longest }: BackoffLimits): number {
  // Beyond this many doublings the longest wait is reached in any case, and numbers stay finite.
  return Math.min(longest, first * 2 ** Math.min(failures - 1, 30))
}
