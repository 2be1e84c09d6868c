/**
 * Columns that a text takes. string-width knows every script, and takes its time for anything beyond ASCII; nearly all
 * that a screen draws is ASCII, box drawing and blocks, where every character is one column.
 *
 * Ink measures each row several times per paint with string-width, so the bundle gives it this function under that name
 * (scripts/bundle-plugins.ts): half the time of a paint goes without it.
 */
import stringWidth from 'string-width'
import { SINGLE } from './single.ts'

const SGR = /\x1b\[[\d;]*m/g

/** Marks that take a column of their own, as terminals draw them; string-width counts them with their letter. */
const SPACING = /[\p{Mc}\u0e33\u0eb3]/gu

function widthOf(text: string): number {
  const spacing = text.match(SPACING)?.length ?? 0
  return spacing === 0 ? stringWidth(text) : stringWidth(text.replace(SPACING, '')) + spacing
}

export default function textWidth(text: string, options?: Parameters<typeof stringWidth>[1]): number {
  if (typeof text !== 'string' || text.length === 0) return 0
  if (options !== undefined) return stringWidth(text, options)
  const plain = text.includes('\x1b') ? text.replace(SGR, '') : text
  return SINGLE.test(plain) ? plain.length : widthOf(plain)
}
