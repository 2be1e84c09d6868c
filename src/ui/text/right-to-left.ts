/**
 * Names in Arabic or Hebrew within a row. Terminals that turn them around (VTE, Konsole, macOS) take the blanks and numbers beside
 * such a name for a part of it, and put a table's columns in another order: Unicode's algorithm does so with all that is not of
 * letters that run to the right. Pure.
 */
import type { Line } from './line.ts'

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u

/** Braille without dots: a blank that counts as a letter running to the right, and takes its column in every terminal. */
const LETTER_BLANK = '\u2800'

/** The same row, as wide; a name that runs to the left ends at the blanks beside it. One blank within it stays a part of it. */
export function keepColumns(line: Line): Line {
  if (!line.some(({ text }) => RIGHT_TO_LEFT.test(text))) return line
  const places = blanksBesideNames(line.map(({ text }) => text).join(''))
  let start = 0
  return line.map((one) => {
    const own = start
    start += one.text.length
    const text = one.text.replace(/ /g, (blank, at: number) => (places.has(own + at) ? LETTER_BLANK : blank))
    return text === one.text ? one : { ...one, text }
  })
}

function blanksBesideNames(row: string): ReadonlySet<number> {
  const places = new Set<number>()
  for (const { 0: blanks, index } of row.matchAll(/ +/g)) {
    const end = index + blanks.length
    const isAfter = RIGHT_TO_LEFT.test(lastWord(row.slice(0, index)))
    const isBefore = RIGHT_TO_LEFT.test(firstWord(row.slice(end)))
    if (isAfter && isBefore && blanks.length === 1) continue
    if (isAfter) places.add(index)
    if (isBefore) places.add(end - 1)
  }
  return places
}

const lastWord = (text: string): string => /\S*$/.exec(text)?.[0] ?? ''
const firstWord = (text: string): string => /^\S*/.exec(text)?.[0] ?? ''
