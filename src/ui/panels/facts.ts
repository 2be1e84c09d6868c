/** Lists of facts: a quiet name, a value, and what goes with it. */
import { type Line, left, right, span } from '../text/line.ts'

/** In columns. */
export interface FactWidths {
  name: number
  /** The value is aligned to the right within this. */
  value: number
}

/** @param more behind the value. */
export const fact = (widths: FactWidths, name: string, value: string, more: Line = []): Line => [
  span(left(name, widths.name), 'muted'),
  span(right(value, widths.value)),
  span('  '),
  ...more,
]

/** A name and a text of any length. */
export const note = (width: number, name: string, ...text: Line): Line => [
  span(left(name, width), 'muted'),
  ...text,
]
