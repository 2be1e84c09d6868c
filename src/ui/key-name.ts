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

/** Keys of one input event. Characters typed together arrive as one string: each is a key. */
export function keyNames(input: string, key: Key): string[] {
  const named = NAMED.find(([flag]) => key[flag])
  if (named) return [key.shift && named[1] === 'tab' ? 'shift+tab' : named[1]]
  if (key.ctrl) return [`ctrl+${input}`]
  return [...input].filter((character) => character >= ' ')
}
