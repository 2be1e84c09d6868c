/** What a whole control sequence means: a key, the mouse, or neither. Pure. */
import {
  KITTY_KEYS,
  LETTER_KEYS,
  type MouseAction,
  type MouseEvent,
  TILDE_KEYS,
  withModifiers,
} from './tokens.ts'

/** `CSI parameters final`, without private marks and intermediates: those are answers, never keys. */
const PLAIN = /^\x1b\[([\d;:]*)([@-~])$/
/** Of the kitty protocol's events only these are presses: 1 press, 2 repeat; 3 is a release. */
const RELEASE = 3
/** Modifiers that no key of ours goes with: cmd+q is none of q. */
const FOREIGN = 8 | 16 | 32

/** @returns undefined for what no key sends. */
export function keyOfCsi(sequence: string): string | undefined {
  const [, parameters = '', final = ''] = PLAIN.exec(sequence) ?? []
  if (final === '') return undefined
  const fields = parameters.split(';')
  const number = (index: number) => Number.parseInt(fields[index] ?? '', 10) || 0
  const event = Number.parseInt((fields[1] ?? '').split(':')[1] ?? '', 10) || 1
  if (event === RELEASE) return undefined
  const modifiers = number(1) || 1
  // The desktop's own: super, hyper and meta.
  if (((modifiers - 1) & FOREIGN) !== 0) return undefined
  switch (final) {
    case 'Z':
      return parameters === '' || parameters === '1' ? 'shift+tab' : undefined
    case '~':
      // xterm's modifyOtherKeys: `CSI 27 ; modifiers ; code ~`.
      if (number(0) === 27 && fields.length === 3) return coded(number(2), modifiers)
      return named(TILDE_KEYS[number(0)], modifiers)
    case 'u':
      return codedWithText(fields, modifiers)
    case 'R':
      // With numbers, it tells where the cursor stands: F3 sends the same, and nothing here listens to F3.
      return undefined
    default:
      // Cursor keys have a count of 1, or none at all.
      return fields.length <= 2 && number(0) <= 1 ? named(LETTER_KEYS[final], modifiers) : undefined
  }
}

const named = (key: string | undefined, modifiers: number) =>
  key === undefined ? undefined : withModifiers(key, modifiers)

const SHIFT = 1

/**
 * The kitty protocol names a key by what it writes without shift. What it writes with shift may stand behind that, and the text
 * that it has written in a part of its own: `47:63;2;63` is the `?` of a keyboard that has it above the `/`.
 */
function codedWithText([key = '', , text = '']: readonly string[], modifiers: number): string | undefined {
  const [code = 0, shifted = 0] = key.split(':').map((part) => Number.parseInt(part, 10) || 0)
  const bits = modifiers - 1
  const isShifted = (bits & SHIFT) !== 0
  const written = /^\d+$/.test(text) ? Number(text) : isShifted ? shifted : 0
  return written >= 0x20 && KITTY_KEYS[code] === undefined
    ? coded(written, 1 + (bits & ~SHIFT))
    : coded(code, modifiers)
}

/** A key by its code point; modifier keys by themselves are none. */
function coded(code: number, modifiers: number): string | undefined {
  const key = KITTY_KEYS[code]
  if (key !== undefined) return withModifiers(key, modifiers)
  if (code >= 57_399 && code <= 57_408) return withModifiers(String(code - 57_399), modifiers)
  // Codes in the private area have no name above, and codes below the space are not letters.
  if (code < 0x20 || (code >= 0xd800 && code <= 0xf8ff) || code > 0x10ffff) return undefined
  return withModifiers(String.fromCodePoint(code), modifiers)
}

/** `CSI key ; scan code ; character ; is down ; modifiers ; count _` */
const WIN32 = /^\x1b\[([\d;]*)_$/
/** A key that is held comes so many times at once, at most. */
const MOST_REPEATS = 20
/** Keys without a character, by their number in Windows: the parts of `CSI … letter` or `CSI number ~`. */
const WIN32_KEYS: Readonly<Record<number, readonly [parameter: number, final: string]>> = {
  33: [5, '~'],
  34: [6, '~'],
  35: [1, 'F'],
  36: [1, 'H'],
  37: [1, 'D'],
  38: [1, 'A'],
  39: [1, 'C'],
  40: [1, 'B'],
  45: [2, '~'],
  46: [3, '~'],
}

/**
 * Windows' reports of keys: a terminal goes on sending them where a program before has left that mode on, ctrl+c as well.
 * @returns what other terminals send for it; nothing for a key that went up. Undefined: it is no such report.
 */
export function textOfWin32(sequence: string): string | undefined {
  const parts = WIN32.exec(sequence)?.[1]?.split(';').map(Number)
  if (!parts) return undefined
  const [key = 0, , code = 0, isDown = 0, state = 0, count = 1] = parts
  if (isDown !== 1) return ''
  const [alt, ctrl, shift] = [(state & 3) !== 0, (state & 12) !== 0, (state & 16) !== 0]
  const special = WIN32_KEYS[key]
  const modifiers = 1 + (shift ? 1 : 0) + (alt ? 2 : 0) + (ctrl ? 4 : 0)
  const character = String.fromCharCode(code)
  const text =
    code === 0
      ? special && `\x1b[${special[0]};${modifiers}${special[1]}`
      : character === '\t' && shift
        ? '\x1b[Z'
        : // AltGr is both, and part of the character.
          `${alt && !ctrl ? '\x1b' : ''}${character}`
  return (text ?? '').repeat(Math.min(count, MOST_REPEATS))
}

/** xterm's SGR reports `CSI < b ; x ; y M|m`, and urxvt's `CSI b ; x ; y M`. */
export function mouseOf(sequence: string): MouseEvent | undefined {
  const [, sgr, b = '', x = '', y = '', final] = /^\x1b\[(<?)(\d+);(\d+);(\d+)([Mm])$/.exec(sequence) ?? []
  if (final === undefined) return undefined
  const bits = Number(b) - (sgr ? 0 : 32)
  return eventOf(bits, Number(x) - 1, Number(y) - 1, final === 'm')
}

/** The oldest reports: three bytes, each its number and a blank's. */
export function mouseOfBytes([b = ' ', x = '!', y = '!']: readonly string[]): MouseEvent {
  const number = (byte: string) => (byte.codePointAt(0) ?? 32) - 32
  const bits = number(b)
  return eventOf(bits, number(x) - 1, number(y) - 1, (bits & 3) === 3 && bits < 64)
}

/** Buttons beyond the third: 8 to 11, of which two stand at a mouse's side, and 4 to 7, which are the wheel. */
const SIDE = 128
const WHEEL = 64
const WHEEL_ACTIONS = ['wheelUp', 'wheelDown', 'wheelLeft', 'wheelRight'] as const satisfies MouseAction[]

/** @param bits as xterm's control sequences have them: the button's number in two pieces, shift 4, alt 8, ctrl 16, motion 32. */
function eventOf(bits: number, column: number, row: number, isRelease: boolean): MouseEvent {
  const isMoving = (bits & 32) !== 0
  const low = bits & 3
  const isSide = (bits & SIDE) !== 0
  const action: MouseAction =
    (bits & WHEEL) !== 0 && !isSide
      ? (WHEEL_ACTIONS[low] as MouseAction)
      : isRelease
        ? 'release'
        : isMoving
          ? low === 3 && !isSide
            ? 'move'
            : 'drag'
          : 'press'
  return { action, button: isSide ? 8 + low : low, column, row, shift: (bits & 4) !== 0 }
}
