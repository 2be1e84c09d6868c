/**
 * Tells pasted text from keys where the terminal does not mark it (GNU screen, old consoles): by what no fingers do between two
 * reads. Why so: docs/decisions/016. Pure.
 */
import { bindingOf } from './keymap.ts'
import type { Token } from './tokens.ts'

/** Fewer together are always keys: nothing that cannot be undone takes so few, and fast fingers do as many. */
const FEWEST = 3
/** More different keys than this are not typed between two reads. */
const MOST_KEYS = 8
/** Letters or digits in a row that are a word or a number. */
const WORD = 4
/** What is typed ahead on a slow line: a key that asks for text, its text, and enter. */
const TYPED_AHEAD = /^(?:n\d+|D[\d.]+|i[\d.]+m?[smhd]?|[/:][^\r\n]*)\r?$/
const CONTROLS: Readonly<Record<string, string>> = { return: '\r', tab: '\t', backspace: '' }

/** The character that a key writes; undefined for one that writes none, such as an arrow. Backspace writes an empty one. */
const written = (key: string): string | undefined =>
  CONTROLS[key] ?? ([...key].length === 1 ? key : undefined)

/** The key writes something, and may be a part of pasted text. */
export const isWritten = (key: string): boolean => written(key) !== undefined

/** What came together. */
export type Arrived = { kind: 'keys'; keys: readonly string[] } | { kind: 'other'; token: Token }

/** Keys that write something and came together; anything else by itself. */
export function arrivedTogether(tokens: readonly Token[]): Arrived[] {
  const all: Arrived[] = []
  let run: string[] = []
  const end = () => {
    if (run.length > 0) all.push({ kind: 'keys', keys: run })
    run = []
  }
  for (const token of tokens) {
    if (token.kind === 'key' && written(token.key) !== undefined) run.push(token.key)
    else {
      end()
      all.push({ kind: 'other', token })
    }
  }
  end()
  return all
}

/** What the keys write. */
export const textOf = (keys: readonly string[]): string => keys.map((key) => written(key) ?? '').join('')

/** Keys that came together while none is asked for text: they were pasted. */
export function isPasted(keys: readonly string[]): boolean {
  const text = textOf(keys)
  // A key that is held down, or two of them. Backspace is a person's.
  if (keys.length < FEWEST || new Set(keys).size < 3 || keys.includes('backspace')) return isNumber(text)
  if (TYPED_AHEAD.test(text)) return false
  return (
    keys.some((key) => !/^\d$/.test(key) && !bindingOf(key)) ||
    /\S\s+\S/.test(text) ||
    /[\p{L}\p{N}]{2}\s+$/u.test(text) ||
    isNumber(text) ||
    words(text).some((word) => new Set(word).size > 2) ||
    text.replace(/(.)\1+/gu, '$1').length > MOST_KEYS
  )
}

/** Digits switch stages: whoever starts all of them goes up the row (`12345`), which copied numbers hardly do. */
const isNumber = (text: string): boolean =>
  (text.match(new RegExp(`\\d{${WORD},}`, 'g')) ?? []).some((digits) => !/^1?2?3?4?5?6?7?8?9?$/.test(digits))

const words = (text: string): string[] => text.match(new RegExp(`\\p{L}{${WORD},}`, 'gu')) ?? []

/** Keys that came together while text is asked for: enter and tab stand within pasted text. */
export const hasLines = (keys: readonly string[]): boolean =>
  !keys.includes('backspace') && /\S[\r\n\t]+\S/.test(textOf(keys))
