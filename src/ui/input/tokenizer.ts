/**
 * Takes the input of a terminal apart, byte by byte as it comes: a sequence that arrives in pieces is held until it is whole,
 * and no byte of it is ever a key. After ECMA-48 (CSI, OSC, DCS, APC, PM, SOS), xterm's control sequences and the kitty
 * keyboard protocol. It has no clock: the caller says when a pause was long.
 */
import { keyOfCsi, mouseOf, mouseOfBytes, textOfWin32 } from './csi.ts'
import { characterKey, KEYPAD, LETTER_KEYS, type Token } from './tokens.ts'

type State =
  | 'ground'
  /** After ESC. */
  | 'escape'
  /** ESC was told as a key; the rest of a sequence may still follow it. A key is a finger's. */
  | 'afterEscape'
  | 'csi'
  | 'ss3'
  /** `CSI M`, and three bytes to come. */
  | 'mouse'
  /** `CSI [`, and a letter to come: function keys of the Linux console. */
  | 'console'
  /** OSC, DCS, APC, PM, SOS up to their end. */
  | 'string'
  /** ESC inside of one of these: its end, if a backslash follows. */
  | 'stringEscape'
  | 'paste'

/** After ESC: what opens a sequence, and which. */
const OPENERS: Readonly<Record<string, State>> = {
  '[': 'csi',
  O: 'ss3',
  ']': 'string',
  P: 'string',
  _: 'string',
  '^': 'string',
  X: 'string',
}
/** The same as one character of C1. */
const C1: Readonly<Record<string, string>> = {
  '\x8f': 'O',
  '\x90': 'P',
  '\x98': 'X',
  '\x9b': '[',
  '\x9d': ']',
  '\x9e': '^',
  '\x9f': '_',
}
const PASTE_END = '\x1b[201~'
/** Characters kept of an answer; the rest of a longer one is read over. */
const REPORT_LIMIT = 4096
/** Characters kept of a pasted text. */
const PASTE_LIMIT = 10_000

/** Of one terminal. What it holds is bounded. */
export class Tokenizer {
  #state: State = 'ground'
  /** What was read of the sequence that is under way. */
  #held = ''
  /** The escape that began it was told as a key, and taken back. */
  #wasTaken = false
  #tokens: Token[] = []

  /** A sequence has begun: more bytes must come, or a pause must show that none will. */
  get isHolding(): boolean {
    return this.#state !== 'ground'
  }

  /** Only ESC was read: a key, unless more comes at once. */
  get isEscape(): boolean {
    return this.#state === 'escape'
  }

  /** A pasted text has begun. */
  get isPaste(): boolean {
    return this.#state === 'paste'
  }

  /** Text in pieces of any size. @returns what is whole by now. */
  feed(text: string): Token[] {
    // Its end was lost, as consoles of Windows do at times, and a person wants out: a pasted one has others around it.
    if (this.#state === 'paste' && text === '\x03') this.#endPaste()
    for (const character of text) this.#take(character)
    return this.#give()
  }

  /** A short pause after ESC: it is told as the key, and taken back should the rest of a sequence follow. */
  pause(): Token[] {
    if (this.#state === 'escape') {
      this.#key('escape')
      this.#state = 'afterEscape'
    }
    return this.#give()
  }

  /** A pause longer than any sequence: incomplete input is dropped. */
  timeout(): Token[] {
    if (this.#state === 'escape') this.#key('escape')
    // `esc` and `[`, by hand.
    else if (this.#wasTaken && this.#held.length === 2)
      for (const character of this.#held) this.#key(characterKey(character))
    if (this.#state === 'paste') this.#endPaste()
    this.#begin('ground')
    return this.#give()
  }

  #give(): Token[] {
    const tokens = this.#tokens
    this.#tokens = []
    return tokens
  }

  #take(character: string) {
    switch (this.#state) {
      case 'ground':
        return this.#takeKey(character)
      case 'escape':
      case 'afterEscape':
        return this.#takeAfterEscape(character)
      case 'csi':
        return this.#takeCsi(character)
      case 'ss3':
        return this.#takeSs3(character)
      case 'mouse':
        return this.#takeMouse(character)
      case 'console':
        this.#report(this.#held + character)
        return this.#begin('ground')
      case 'string':
      case 'stringEscape':
        return this.#takeString(character)
      case 'paste':
        return this.#takePaste(character)
    }
  }

  #takeKey(character: string) {
    const opened = C1[character]
    if (character === '\x1b') this.#begin('escape', character)
    else if (opened !== undefined) this.#begin(OPENERS[opened] as State, `\x1b${opened}`)
    else this.#key(characterKey(character))
  }

  #takeAfterEscape(character: string) {
    const wasTold = this.#state === 'afterEscape'
    // Two of them: the first was a key.
    if (character === '\x1b') {
      if (!wasTold) this.#key('escape')
      return this.#begin('escape', character)
    }
    const next = OPENERS[character]
    if (next) {
      if (wasTold) this.#tokens.push({ kind: 'takeBack' })
      this.#begin(next, `\x1b${character}`)
      this.#wasTaken = wasTold
      return
    }
    this.#begin('ground')
    // Terminals send alt and a key in one piece: what comes later is pressed by itself.
    const key = characterKey(character)
    if (wasTold) this.#key(key)
    else if (key !== undefined) this.#tokens.push({ kind: 'pair', key })
  }

  #takeCsi(character: string) {
    if (this.#isBroken(character)) return
    this.#held += character
    const code = character.charCodeAt(0)
    if (this.#held === '\x1b[[') return this.#begin('console', this.#held)
    // Parameters and intermediates; then one final byte.
    if (code < 0x40) {
      if (this.#held.length > REPORT_LIMIT) this.#held = this.#held.slice(0, REPORT_LIMIT)
      return
    }
    const sequence = this.#held
    if (sequence === '\x1b[M') return this.#begin('mouse', sequence)
    this.#begin('ground')
    if (sequence === '\x1b[200~') return this.#begin('paste')
    const typed = textOfWin32(sequence)
    if (typed !== undefined) {
      for (const one of typed) this.#take(one)
      return
    }
    const mouse = mouseOf(sequence)
    const key = mouse ? undefined : keyOfCsi(sequence)
    if (mouse) this.#tokens.push({ kind: 'mouse', mouse })
    else if (key !== undefined) this.#key(key)
    else this.#report(sequence)
  }

  #takeSs3(character: string) {
    if (this.#isBroken(character)) return
    this.#held += character
    // Some terminals put the modifiers between: `ESC O 5 C`.
    if (character >= '0' && character <= '9' && this.#held.length < 6) return
    const key = LETTER_KEYS[character] ?? KEYPAD[character]
    if (key === undefined) this.#report(this.#held)
    else this.#key(key)
    this.#begin('ground')
  }

  #takeMouse(character: string) {
    this.#held += character
    const bytes = [...this.#held].slice(3)
    if (bytes.length < 3) return
    this.#tokens.push({ kind: 'mouse', mouse: mouseOfBytes(bytes) })
    this.#begin('ground')
  }

  #takeString(character: string) {
    const isEnd =
      character === '\x07' || character === '\x9c' || (this.#state === 'stringEscape' && character === '\\')
    if (isEnd) {
      this.#report(this.#held)
      return this.#begin('ground')
    }
    // A person who is stuck presses this key, and no terminal answer contains it.
    if (character === '\x03') {
      this.#begin('ground')
      return this.#key('ctrl+c')
    }
    if (character === '\x18' || character === '\x1a') return this.#begin('ground')
    if (this.#state === 'stringEscape') {
      // Not the end: another sequence has begun.
      this.#begin('escape', '\x1b')
      return this.#takeAfterEscape(character)
    }
    if (character === '\x1b') this.#state = 'stringEscape'
    else if (this.#held.length < REPORT_LIMIT) this.#held += character
  }

  #takePaste(character: string) {
    this.#held += character
    if (this.#held.endsWith(PASTE_END)) this.#endPaste(PASTE_END.length)
    // What is too long is read over; its end must still be found.
    else if (this.#held.length > PASTE_LIMIT + PASTE_END.length)
      this.#held = this.#held.slice(0, PASTE_LIMIT) + this.#held.slice(-PASTE_END.length)
  }

  /** CAN and SUB give a sequence up; ESC begins another one; ctrl+c is a person. */
  #isBroken(character: string): boolean {
    if (character === '\x1b') this.#begin('escape', character)
    else if (character === '\x03') {
      this.#begin('ground')
      this.#key('ctrl+c')
    } else if (character === '\x18' || character === '\x1a') this.#begin('ground')
    else return false
    return true
  }

  #begin(state: State, held = ''): void {
    this.#state = state
    this.#held = held
    this.#wasTaken = false
  }

  #key(key: string | undefined): void {
    if (key !== undefined) this.#tokens.push({ kind: 'key', key })
  }

  #report(text: string): void {
    this.#tokens.push({ kind: 'report', text })
  }

  /** @param mark characters of its end. */
  #endPaste(mark = 0): void {
    this.#tokens.push({ kind: 'paste', text: this.#held.slice(0, this.#held.length - mark) })
    this.#begin('ground')
  }
}
