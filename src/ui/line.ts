/** A line of the screen before it is drawn: coloured spans of known width. Lines are cut and filled here, never wrapped. */
import stringWidth from 'string-width'
import type { Token } from './theme.ts'

export interface Span {
  text: string
  token?: Token | undefined
  bold?: boolean | undefined
  inverse?: boolean | undefined
}
export type Line = readonly Span[]

export const span = (text: string, token?: Token, bold?: boolean): Span => ({ text, token, bold })

export const widthOf = (text: string): number => stringWidth(text)
export const lineWidth = (line: Line): number => line.reduce((sum, { text }) => sum + stringWidth(text), 0)

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
const PLAIN = /^[\x20-\x7e]*$/

/** What must never reach a terminal from data: control characters, among them escape sequences. */
export const printable = (text: string): string => text.replace(/[\x00-\x1f\x7f-\x9f]/g, ' ')

/** At most so many columns; cut text ends with an ellipsis. Wide characters are never halved. */
export function cut(text: string, width: number, ellipsis = '…'): string {
  if (width <= 0) return ''
  if (PLAIN.test(text) ? text.length <= width : stringWidth(text) <= width) return text
  const room = width - stringWidth(ellipsis)
  let kept = ''
  let used = 0
  for (const { segment } of segmenter.segment(text)) {
    const next = used + stringWidth(segment)
    if (next > room) break
    kept += segment
    used = next
  }
  return kept + ellipsis
}

export const left = (text: string, width: number, ellipsis?: string): string => {
  const shown = cut(text, width, ellipsis)
  return shown + ' '.repeat(Math.max(0, width - stringWidth(shown)))
}
export const right = (text: string, width: number, ellipsis?: string): string => {
  const shown = cut(text, width, ellipsis)
  return ' '.repeat(Math.max(0, width - stringWidth(shown))) + shown
}

/** Exactly so many columns: cut with an ellipsis, or filled with blanks. */
export function toWidth(line: Line, width: number, ellipsis = '…'): Line {
  const spans: Span[] = []
  let used = 0
  for (const one of line) {
    const room = width - used
    const own = stringWidth(one.text)
    if (own <= room) {
      spans.push(one)
      used += own
      continue
    }
    const text = cut(one.text, room, ellipsis)
    if (text !== '') spans.push({ ...one, text })
    used += stringWidth(text)
    break
  }
  return used < width ? [...spans, span(' '.repeat(width - used))] : spans
}

/** One part at the left, one at the right end; the left one is cut if both do not fit. */
export function spread(start: Line, end: Line, width: number): Line {
  const own = lineWidth(end)
  if (own >= width) return toWidth(end, width)
  return [...toWidth(start, width - own), ...end]
}
