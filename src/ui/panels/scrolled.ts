/** The part of a list that is on the screen. */
import type { Line } from '../text/line.ts'

/** May be empty. */
export interface Window<T> {
  shown: readonly T[]
  /** Items beyond what is shown, in both directions together. */
  scrollable: number
}

/** From the top, `scroll` items further down. */
export function fromTop<T>(items: readonly T[], height: number, scroll: number): Window<T> {
  const scrollable = Math.max(0, items.length - Math.max(1, height))
  const start = Math.min(scroll, scrollable)
  return { shown: items.slice(start, start + Math.max(1, height)), scrollable }
}

/** The newest at the end, `scroll` items further back. */
export function fromEnd<T>(items: readonly T[], height: number, scroll: number): Window<T> {
  const scrollable = Math.max(0, items.length - Math.max(1, height))
  const end = items.length - Math.min(scroll, scrollable)
  return { shown: items.slice(Math.max(0, end - Math.max(1, height)), end), scrollable }
}

/** `▸ 12 more`, where a table ends before its rows do. */
export const position = ({ scrollable }: Window<unknown>, scroll: number): string =>
  scrollable === 0 ? '' : `${Math.min(scroll, scrollable)}/${scrollable}`

/** Lines of a panel that scrolls only where it is zoomed: elsewhere it shows its top. */
export function scrolledDown(
  lines: readonly Line[],
  height: number,
  scroll: number,
  isZoomed: boolean,
): { lines: readonly Line[]; scrollable: number | undefined } {
  if (!isZoomed) return { lines: lines.slice(0, height), scrollable: undefined }
  const { shown, scrollable } = fromTop(lines, height, scroll)
  return { lines: shown, scrollable }
}
