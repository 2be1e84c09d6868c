/** A line of the screen before it is drawn: coloured spans of known width. Lines are cut and filled here, never wrapped. */
import textWidth from './text-width.ts'
import type { Token } from './theme.ts'

/** A text in one look. Undefined: the terminal's own. */
export interface Span {
  text: string
  token?: Token | undefined
  bold?: boolean | undefined
  /** Text in the colour of the background, on the token's colour. */
  inverse?: boolean | undefined
  /** Where a click leads, in terminals that know links (OSC 8). */
  link?: string | undefined
  /** Black on white whatever the theme: what a camera reads. */
  isPrint?: boolean | undefined
}
/** Not yet as wide as its place. */
export type Line = readonly Span[]

export const span = (text: string, token?: Token, bold?: boolean): Span => ({ text, token, bold })

/** A label that is read from afar: text on its colour. */
export const badge = (text: string, token: Token): Span => ({
  text: ` ${text} `,
  token,
  bold: true,
  inverse: true,
})

/** Half blocks of a code for cameras. */
export const print = (text: string): Span => ({ text, isPrint: true })

/** In columns. */
export const lineWidth = (line: Line): number => line.reduce((sum, { text }) => sum + textWidth(text), 0)
/** Without any look: for files, the clipboard and searches. */
export const plainText = (line: Line): string => line.map(({ text }) => text).join('')

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
const ELLIPSIS = '…'

/** Directions of writing that a data field could turn the rest of the row with, and variants of emoji. */
const UNSEEN =
  /[\u00ad\u115f\u1160\u3164\uffa0\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]|\ufe0e|\ufe0f/g
/** Joined emoji, and their colours of skin: terminals disagree about their width, so only the first is kept. */
const JOINED = /(?:\u200d[\p{L}\p{N}\p{S}\p{P}])+|(?<=\p{Emoji_Modifier_Base})[\u{1f3fb}-\u{1f3ff}]/gu

/** What may reach a terminal of a text that came from elsewhere: no control characters, nothing of disputed width. */
export const printable = (text: string): string =>
  /^[ -~]*$/.test(text)
    ? text
    : text
        .replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/g, ' ')
        .replace(JOINED, '')
        .replace(UNSEEN, '')

/** At most so many columns; cut text ends with an ellipsis. Wide characters are never halved. */
export function cut(text: string, width: number): string {
  if (width <= 0) return ''
  if (textWidth(text) <= width) return text
  return takeColumns(text, width - 1) + ELLIPSIS
}

/** The same of what counts at its end, such as a path: `…/12-31/0_30.json`. */
export function cutStart(text: string, width: number): string {
  if (textWidth(text) <= width) return text
  let end = ''
  let used = 0
  for (const { segment } of [...segmenter.segment(text)].reverse()) {
    used += textWidth(segment)
    if (used > width - 1) break
    end = segment + end
  }
  return width > 0 ? ELLIPSIS + end : ''
}

/** Without its last character as a person sees it: an emoji of several code points goes as one. */
export const withoutLast = (text: string): string =>
  text.slice(0, segmenter.segment(text).containing(text.length - 1)?.index ?? 0)

/** As many whole characters as fit. */
function takeColumns(text: string, width: number): string {
  let end = 0
  let used = 0
  for (const { segment, index } of segmenter.segment(text)) {
    used += textWidth(segment)
    if (used > width) break
    end = index + segment.length
  }
  return text.slice(0, end)
}

const blanks = (count: number) => ' '.repeat(Math.max(0, count))

/** Cut or filled to exactly so many columns, text at the left. */
export function left(text: string, width: number): string {
  const shown = cut(text, width)
  return shown + blanks(width - textWidth(shown))
}
/** A number is never cut: what is too long for its place is told in thousands, millions, …; other texts stand as they are. */
function abbreviated(text: string, width: number): string {
  if (textWidth(text) <= width || !/^[\d,]+$/.test(text)) return text
  let value = Number(text.replaceAll(',', ''))
  for (const unit of [' k', ' M', ' G', ' T']) {
    value /= 1000
    for (const digits of [1, 0]) {
      const short = `${value.toFixed(digits)}${unit}`
      if (short.length <= width) return short
      if (short.length - 1 <= width) return short.replace(' ', '')
    }
  }
  return text
}

/** The same, text at the right. */
export function right(text: string, width: number): string {
  const shown = cut(abbreviated(text, width), width)
  return blanks(width - textWidth(shown)) + shown
}

/** Exactly so many columns: cut with an ellipsis, or filled with blanks. */
export function toWidth(line: Line, width: number): Line {
  const spans: Span[] = []
  let used = 0
  for (const [index, whole] of line.entries()) {
    // The last column goes to the ellipsis if more is to come. Blanks at the end are no text that is cut.
    const end = used + textWidth(whole.text)
    const fits = end < width
    const isLast = !fits && isBlankFrom(line, index + 1)
    const one = isLast && end > width ? { ...whole, text: whole.text.trimEnd() } : whole
    const own = textWidth(one.text)
    if (fits || (isLast && used + own <= width)) {
      spans.push(one)
      used += own
      continue
    }
    const room = width - used
    const text =
      own <= room ? takeColumns(one.text, room - 1) + (room > 0 ? ELLIPSIS : '') : cut(one.text, room)
    if (text !== '') spans.push({ ...one, text })
    used += textWidth(text)
    break
  }
  return used < width ? [...spans, span(blanks(width - used))] : spans
}

const isBlankFrom = (line: Line, start: number) => line.slice(start).every(({ text }) => text.trim() === '')

/** One part at the left, one at the right end; the left one is cut if both do not fit. */
export function spread(start: Line, end: Line, width: number): Line {
  const own = lineWidth(end)
  if (own >= width) return toWidth(end, width)
  return [...toWidth(start, width - own), ...end]
}

/** Puts something on top of a line, from a column on; what lies below is cut off cleanly. */
export function overlay(below: Line, column: number, top: Line): Line {
  const end = column + lineWidth(top)
  return [...columnsOf(below, 0, column), ...top, ...columnsOf(below, end, lineWidth(below))]
}

/** Columns `from` … `to` of a line; half of a wide character becomes a blank. */
export function columnsOf(line: Line, from: number, to: number): Line {
  const spans: Span[] = []
  let column = 0
  for (const one of line) {
    let text = ''
    for (const { segment } of segmenter.segment(one.text)) {
      const start = column
      column += textWidth(segment)
      if (column <= from || start >= to) continue
      text += start < from || column > to ? blanks(Math.min(column, to) - Math.max(start, from)) : segment
    }
    if (text !== '') spans.push({ ...one, text })
  }
  return spans
}

/** Breaks data into lines: between the members of JSON rather than at the blanks within their values. */
export const wrapData = (text: string, width: number): string[] => {
  if (!/^\s*[[{]/.test(text)) return wrap(text, width)
  const lines: string[] = []
  for (const part of text.split(/(?<=[,{[])(?=["{[])/)) {
    const last = lines.at(-1)
    if (last !== undefined && textWidth(last + part) <= width) lines[lines.length - 1] = last + part
    else lines.push(...wrap(part, width))
  }
  return lines
}

/** Breaks a text into lines of at most so many columns, between words where it can. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const joined = line === '' ? word : `${line} ${word}`
    if (textWidth(joined) <= width) {
      line = joined
      continue
    }
    if (line !== '') lines.push(line)
    line = word
    while (textWidth(line) > width) {
      const head = takeColumns(line, width) || line
      lines.push(head)
      line = line.slice(head.length)
    }
  }
  return line === '' && lines.length > 0 ? lines : [...lines, line]
}
