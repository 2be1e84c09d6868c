/** A chart as text, for the Markdown report: readable in a mail, a pull request, a terminal. */
import { plot } from 'asciichart'
import { grouped } from '../pipeline/state/count-of.ts'

const COLUMNS = 72
const ROWS = 8

/** One value per column: the mean of its values. The library draws one column per value. */
function columnsOf(values: readonly number[]): number[] {
  const width = Math.min(COLUMNS, values.length)
  return Array.from({ length: width }, (_, column) => {
    const from = Math.floor((column * values.length) / width)
    const part = values.slice(from, Math.max(from + 1, Math.floor(((column + 1) * values.length) / width)))
    return part.reduce((sum, value) => sum + value, 0) / part.length
  })
}

/**
 * @param values oldest first, not negative; everything but numbers is left out.
 * @returns undefined when there are too few to draw a line.
 */
export function textChart(values: readonly number[]): string | undefined {
  const known = values.filter(Number.isFinite)
  if (known.length < 2) return undefined
  const top = Math.max(1, ...known)
  return plot(columnsOf(known), {
    height: ROWS,
    min: 0,
    max: top,
    format: (value) => grouped(value).padStart(9),
  })
}
