/** The part of a growing list that is on the screen: its end, or further up when scrolled. */
export function windowOf<T>(
  items: readonly T[],
  height: number,
  scroll: number,
): { shown: readonly T[]; scrollable: number } {
  const scrollable = Math.max(0, items.length - height)
  const back = Math.min(scroll, scrollable)
  const end = items.length - back
  return { shown: items.slice(Math.max(0, end - height), end), scrollable }
}
