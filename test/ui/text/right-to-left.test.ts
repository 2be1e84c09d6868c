/** Names that run to the left stand in their column, in terminals that turn them around too. */
import { expect, it } from 'vitest'
import { painter } from '../../../src/ui/text/ansi.ts'
import { type Line, lineWidth, span } from '../../../src/ui/text/line.ts'
import { keepColumns } from '../../../src/ui/text/right-to-left.ts'
import textWidth from '../../../src/ui/text/text-width.ts'
import { chooseTheme } from '../../../src/ui/text/theme.ts'

const BLANK = '\u2800'
/** Shown as a line below, since it looks like a blank. */
const seen = (line: Line) =>
  keepColumns(line)
    .map(({ text }) => text.replaceAll(BLANK, '_'))
    .join('')

it.each([
  // Of the rows of panels: the number behind a name, and the frame before it.
  ['│ القاهرة     27.1 °C  70 % │', '│_القاهرة_    27.1 °C  70 % │'],
  ['station-00013 תל אביב   19 °C', 'station-00013_תל אביב_  19 °C'],
  // Two columns beside each other; one blank is within a name.
  ['│ القاهرة   عمان  12 │', '│_القاهرة_ _عمان_ 12 │'],
  ['│ القاهرة  عمان 12 │', '│_القاهرة__عمان_12 │'],
  ['القاه… 5', 'القاه…_5'],
  ['Café in Zürich  5', 'Café in Zürich  5'],
])('%j has letters for blanks beside the names', (row, wanted) => {
  expect(seen([span(row)])).toBe(wanted)
  // Wherever the looks of a row change.
  for (let at = 1; at < row.length; at++)
    expect(seen([span(row.slice(0, at), 'title'), span(row.slice(at), 'muted')])).toBe(wanted)
})

it('the row stays as wide, and one without such names is the same', () => {
  const line = [span('│ القاهرة '), span('27.1 │', 'title')]
  expect(lineWidth(keepColumns(line))).toBe(lineWidth(line))
  expect(textWidth(BLANK)).toBe(1)
  const latin = [span('│ Oslo '), span('5 │')]
  expect(keepColumns(latin)).toBe(latin)
})

it('rows are painted so, except in ASCII, where nothing is turned around', () => {
  const theme = chooseTheme('mono', 24, {})
  expect(painter(theme, false)([span('│ عمان 12')])).toBe(`│${BLANK}عمان${BLANK}12`)
  expect(painter(theme, true)([span('عمان 12')])).toBe('???? 12')
})
