/** What arrives from a terminal, told apart: keys that a person pressed, and everything else that terminals send. */

/** `press`: a button went down; `drag`: the mouse moved with a button down; `wheelLeft`: two fingers went sideways on a pad. */
export type MouseAction =
  | 'press'
  | 'release'
  | 'drag'
  | 'move'
  | 'wheelUp'
  | 'wheelDown'
  | 'wheelLeft'
  | 'wheelRight'

/** As the terminal reports it; counted in cells. */
export interface MouseEvent {
  action: MouseAction
  /** 0 left, 1 middle, 2 right, 8 and 9 at the side: back and forward. */
  button: number
  /** From 0, from the top left corner. */
  column: number
  row: number
  shift: boolean
}

/** In the order of coming; nothing that a terminal sends is left out. */
export type Token =
  /** As the key map names it. */
  | { kind: 'key'; key: string }
  /**
   * An escape and a key so soon after it that terminals send the same for alt and that key; fingers do it too where a busy
   * machine hands both over at once.
   */
  | { kind: 'pair'; key: string }
  | { kind: 'paste'; text: string }
  | { kind: 'mouse'; mouse: MouseEvent }
  /** The escape key that was told a moment ago was the beginning of something else: what it did is taken back. */
  | { kind: 'takeBack' }
  /** An answer or an unrequested report of the terminal: never a key. */
  | { kind: 'report'; text: string }

/** Keys by the last byte of `CSI … letter`, and of `SS3 letter`. */
export const LETTER_KEYS: Readonly<Record<string, string>> = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  E: 'begin',
  F: 'end',
  H: 'home',
  P: 'f1',
  Q: 'f2',
  R: 'f3',
  S: 'f4',
}

/** Keypads in application mode: `SS3 letter`. */
export const KEYPAD: Readonly<Record<string, string>> = {
  M: 'return',
  I: 'tab',
  j: 'keypad *',
  k: 'keypad +',
  l: 'keypad ,',
  m: 'keypad -',
  n: 'keypad .',
  o: 'keypad /',
  p: 'keypad 0',
  q: 'keypad 1',
  r: 'keypad 2',
  s: 'keypad 3',
  t: 'keypad 4',
  u: 'keypad 5',
  v: 'keypad 6',
  w: 'keypad 7',
  x: 'keypad 8',
  y: 'keypad 9',
  X: 'keypad =',
  ' ': ' ',
}

/** Keys by the number of `CSI number ~`. */
export const TILDE_KEYS: Readonly<Record<number, string>> = {
  1: 'home',
  2: 'insert',
  3: 'delete',
  4: 'end',
  5: 'pageup',
  6: 'pagedown',
  7: 'home',
  8: 'end',
  11: 'f1',
  12: 'f2',
  13: 'f3',
  14: 'f4',
  15: 'f5',
  17: 'f6',
  18: 'f7',
  19: 'f8',
  20: 'f9',
  21: 'f10',
  23: 'f11',
  24: 'f12',
  25: 'f13',
  26: 'f14',
  28: 'f15',
  29: 'f16',
  31: 'f17',
  32: 'f18',
  33: 'f19',
  34: 'f20',
}

/** Keys by code point where the kitty protocol has names rather than letters. */
export const KITTY_KEYS: Readonly<Record<number, string>> = {
  8: 'backspace',
  9: 'tab',
  13: 'return',
  27: 'escape',
  127: 'backspace',
  57348: 'insert',
  57349: 'delete',
  57350: 'left',
  57351: 'right',
  57352: 'up',
  57353: 'down',
  57354: 'pageup',
  57355: 'pagedown',
  57356: 'home',
  57357: 'end',
  57409: '.',
  57410: '/',
  57411: '*',
  57412: '-',
  57413: '+',
  57414: 'return',
  57415: '=',
  57417: 'left',
  57418: 'right',
  57419: 'up',
  57420: 'down',
  57421: 'pageup',
  57422: 'pagedown',
  57423: 'home',
  57424: 'end',
  57425: 'insert',
  57426: 'delete',
}

/** Control characters that are keys by themselves. */
const CONTROLS: Readonly<Record<string, string>> = {
  '\r': 'return',
  '\n': 'return',
  '\t': 'tab',
  '\x7f': 'backspace',
  '\b': 'backspace',
  '\x1b': 'escape',
}

/** The key of one character; undefined if it is not a key. */
export function characterKey(character: string): string | undefined {
  const named = CONTROLS[character]
  if (named !== undefined) return named
  const code = character.codePointAt(0) ?? 0
  if (code >= 1 && code <= 26) return `ctrl+${String.fromCharCode(code + 96)}`
  // ctrl+\ is what people press who want out.
  if (code >= 28 && code <= 31) return `ctrl+${String.fromCharCode(code + 64)}`
  return code < 0x20 || (code >= 0x80 && code < 0xa0) ? undefined : character
}

/** @param modifiers as terminals send them: 1 + bits of shift, alt, ctrl. */
export function withModifiers(key: string, modifiers: number): string {
  const bits = Math.max(0, modifiers - 1)
  const [shift, alt, ctrl] = [(bits & 1) !== 0, (bits & 2) !== 0, (bits & 4) !== 0]
  const isLetter = [...key].length === 1
  const name = shift && isLetter && !ctrl ? key.toUpperCase() : key
  return [ctrl ? 'ctrl+' : '', alt ? 'alt+' : '', shift && (!isLetter || ctrl) ? 'shift+' : '', name].join('')
}
