/** Widths of characters as today's terminals have them; xterm's built-in table is of Unicode 6 and has emoji narrow. */
import type { IUnicodeVersionProvider } from '@xterm/headless'
import stringWidth from 'string-width'

const widths = new Map<number, 0 | 1 | 2>()

function wcwidth(codepoint: number): 0 | 1 | 2 {
  if (codepoint < 0x7f) return codepoint < 0x20 ? 0 : 1
  const known = widths.get(codepoint)
  if (known !== undefined) return known
  const width = Math.min(2, stringWidth(String.fromCodePoint(codepoint))) as 0 | 1 | 2
  widths.set(codepoint, width)
  return width
}

/** How xterm packs what it knows of a character: bit 0 joins it to the one before, bits 1 and 2 are its width. */
const packed = (width: number, isJoined: boolean) => (width << 1) | (isJoined ? 1 : 0)
const widthIn = (properties: number) => (properties >> 1) & 3

export const cellWidths: IUnicodeVersionProvider & { version: string } = {
  version: 'string-width',
  wcwidth,
  /** A character without width of its own joins the one before it, which keeps its width. */
  charProperties(codepoint: number, preceding: number): number {
    const width = wcwidth(codepoint)
    const isJoined = width === 0 && preceding !== 0 && widthIn(preceding) > 0
    return packed(isJoined ? widthIn(preceding) : width, isJoined)
  },
}
