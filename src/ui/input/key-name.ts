import type { Key } from 'ink'

/** Named keys as the key map writes them. */
const NAMED: readonly (readonly [keyof Key, string])[] = [
  ['upArrow', 'up'],
  ['downArrow', 'down'],
  ['leftArrow', 'left'],
  ['rightArrow', 'right'],
  ['pageUp', 'pageup'],
  ['pageDown', 'pagedown'],
  ['home', 'home'],
  ['end', 'end'],
  ['return', 'return'],
  ['escape', 'escape'],
  ['tab', 'tab'],
  ['backspace', 'backspace'],
  ['delete', 'backspace'],
]

/** Control characters inside a string of keys that were typed together. */
const CONTROLS: Readonly<Record<string, string>> = {
  '\r': 'return',
  '\n': 'return',
  '\t': 'tab',
  '\x1b': 'escape',
  '\x7f': 'backspace',
  '\b': 'backspace',
}

/** More characters than this at once were pasted, in a terminal that does not say so: no finger is that fast. */
const MOST_TYPED = 40

export const isPasted = (input: string): boolean => input.length > MOST_TYPED

/** Keys of one input event. Characters typed together arrive as one string: each is a key. */
export function keyNames(input: string, key: Key): string[] {
  const named = NAMED.find(([flag]) => key[flag])
  if (named) return [key.shift && named[1] === 'tab' ? 'shift+tab' : named[1]]
  if (key.ctrl) return [`ctrl+${input}`]
  if (key.meta) return [`alt+${input}`]
  return [...input].flatMap(
    (character) => CONTROLS[character] ?? (character >= ' ' ? character : letterOf(character)),
  )
}

/** `ctrl+z`, which arrives as the letter's number. */
function letterOf(control: string): string[] {
  const code = control.charCodeAt(0)
  return code >= 1 && code <= 26 ? [`ctrl+${String.fromCharCode(code + 96)}`] : []
}
