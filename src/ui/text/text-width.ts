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

/**
 * What joins two letters of India and its neighbours to one: string-width counts the pair as one column, terminals count their
 * letters (xterm, VTE, tmux: wcwidth). The frame around a digit takes none there either, without the mark that makes an emoji of it.
 */
const JOINING = /\u094d|\u09cd|\u0acd|\u0b4d|\u0c4d|\u0d4d|\u1039|\u17d2|\u1a60|\u1bab|\uaaf6|\u20e3/g

const COUNTED_OTHERWISE = new RegExp(`${SPACING.source}|${JOINING.source}`, 'u')

function widthOf(text: string): number {
  if (!COUNTED_OTHERWISE.test(text)) return stringWidth(text)
  const spacing = text.match(SPACING)?.length ?? 0
  return stringWidth(text.replace(SPACING, '').replace(JOINING, '')) + spacing
}

export default function textWidth(text: string, options?: Parameters<typeof stringWidth>[1]): number {
  if (typeof text !== 'string' || text.length === 0) return 0
  if (options !== undefined) return stringWidth(text, options)
  const plain = text.includes('\x1b') ? text.replace(SGR, '') : text
  return SINGLE.test(plain) ? plain.length : widthOf(plain)
}
