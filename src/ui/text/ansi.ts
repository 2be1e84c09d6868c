/** From spans to what a terminal understands: as few escape sequences as the look needs. */
import { asciiOf } from './glyphs.ts'
import type { Line, Span } from './line.ts'
import { keepColumns } from './right-to-left.ts'
import textWidth from './text-width.ts'
import { colorCode, printCodes, type Theme, TOKENS, type Token } from './theme.ts'

/** @returns the row with its escape sequences, ended so that nothing of its look goes on. */
export type Painter = (line: Line) => string

interface Look {
  color: string | undefined
  weight: 'normal' | 'bold' | 'dim'
  inverse: boolean
}
const PLAIN: Look = { color: undefined, weight: 'normal', inverse: false }

/** Back to the terminal's own colours. */
const PRINT_END = '\x1b[39;49m'

/** Characters that would end the sequence of a link, or that no address has. */
const UNLINKABLE = /[^!-~]/

/** A text as a link: https://gist.github.com/egmontkob/eb114294efbcd5adb1944c9f3cb5feda */
const linked = (text: string, url: string) => `\x1b]8;;${url}\x1b\\${text}\x1b]8;;\x1b\\`

/**
 * @param isAscii draws every character beyond ASCII as its stand-in. @param hasLinks the terminal takes sequences that it
 * does not know for nothing.
 */
export function painter({ palette, depth, dim }: Theme, isAscii: boolean, hasLinks = true): Painter {
  const colors = Object.fromEntries(
    TOKENS.map((token) => [token, colorCode(palette[token], depth)]),
  ) as Record<Token, string | undefined>
  const lookOf = ({ token, bold, inverse }: Span): Look => ({
    color: token && colors[token],
    weight: bold ? 'bold' : token && dim.includes(token) ? 'dim' : 'normal',
    inverse: inverse ?? false,
  })
  const codes = printCodes(depth)
  // No ASCII character is half a cell high: a code drawn with stand-ins would only look like one.
  const printed = (text: string) =>
    `${codes}${isAscii ? text.replace(/[^ ]/g, ' ') : text}${codes && PRINT_END}`
  return (line) => {
    let painted = ''
    let look = PLAIN
    for (const one of isAscii ? line : keepColumns(line)) {
      if (one.text === '') continue
      if (one.isPrint) {
        painted += change(look, PLAIN) + printed(one.text)
        look = PLAIN
        continue
      }
      const isBlank = !one.inverse && !look.inverse && one.text.trim() === ''
      // Blanks look the same in any colour.
      const wanted = isBlank ? look : lookOf(one)
      const text = isAscii ? toAscii(one.text) : one.text
      const isLink = hasLinks && one.link !== undefined && !UNLINKABLE.test(one.link)
      painted += change(look, wanted) + (isLink ? linked(text, one.link as string) : text)
      look = wanted
    }
    return painted + change(look, PLAIN)
  }
}

function change(from: Look, to: Look): string {
  let codes = ''
  if (from.weight !== to.weight && from.weight !== 'normal') codes += '\x1b[22m'
  if (from.inverse && !to.inverse) codes += '\x1b[27m'
  if (from.color !== undefined && to.color === undefined) codes += '\x1b[39m'
  if (to.color !== undefined && to.color !== from.color) codes += `\x1b[${to.color}m`
  if (from.weight !== to.weight && to.weight !== 'normal')
    codes += to.weight === 'bold' ? '\x1b[1m' : '\x1b[2m'
  if (to.inverse && !from.inverse) codes += '\x1b[7m'
  return codes
}

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** The same columns in ASCII. */
function toAscii(text: string): string {
  if (/^[ -~]*$/.test(text)) return text
  let ascii = ''
  for (const { segment } of segmenter.segment(text)) {
    const width = textWidth(segment)
    ascii += width === 1 ? asciiOf(segment) : '?'.repeat(width)
  }
  return ascii
}
