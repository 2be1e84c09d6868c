/** Whether a slice looks the same as before: if so, nobody is notified and nothing is painted. */

/** Times of polls: they change with every poll, and matter only when something else does, or when a poll fails to come. */
const UNSEEN = new Set(['updatedAt', 'metricsAt'])
/**
 * A series is compared by its newest points. One that has been level this long only drifts out of sight, which the next
 * painting shows soon enough.
 */
const POINTS = 60

/** Deep, over what stands on the screen. */
export function sameOnScreen(left: unknown, right: unknown): boolean {
  if (Object.is(left, right)) return true
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false
  if (Array.isArray(left)) return Array.isArray(right) && sameList(left, right)
  if (left instanceof Date) return right instanceof Date && left.getTime() === right.getTime()
  const keys = Object.keys(left)
  if (keys.length !== Object.keys(right).length) return false
  return keys.every(
    (key) =>
      UNSEEN.has(key) ||
      sameOnScreen((left as Record<string, unknown>)[key], (right as Record<string, unknown>)[key]),
  )
}

function sameList(left: readonly unknown[], right: readonly unknown[]): boolean {
  if (left.length >= POINTS && right.length >= POINTS && typeof left.at(-1) === 'number') {
    left = left.slice(-POINTS)
    right = right.slice(-POINTS)
  }
  return left.length === right.length && left.every((one, index) => sameOnScreen(one, right[index]))
}
