/**
 * The one reader of the terminal's input. Ink is given no keys: it knows no pauses, and would take the rest of a sequence that
 * came in pieces for keys. Raw mode, bracketed paste and the mouse are switched here, and given back however it ends.
 */
import { StringDecoder } from 'node:string_decoder'
import type { Clock } from '../../pipeline/runtime/clock.ts'
import { TogetherKeys } from './together-keys.ts'
import { Tokenizer } from './tokenizer.ts'
import type { Token } from './tokens.ts'

/** An escape that nothing follows for so long is told as the key (ms). */
const ESCAPE_MS = 50
/** Pieces of a sequence are at most so far apart (ms): a slow line, not a finger. */
const PIECES_MS = 500
/** The rest of a pasted text may be longer on its way (ms): what came of it too late would be keys. */
const PASTE_MS = 5000

const PASTE = { on: '\x1b[?2004h', off: '\x1b[?2004l' }
/** Buttons and the wheel, in the form that has no limit of columns; off: whatever else may be on, too. */
const MOUSE = { on: '\x1b[?1000h\x1b[?1002h\x1b[?1006h', off: '\x1b[?1006l\x1b[?1002l\x1b[?1000l' }

/** The terminal, and who is told of what comes from it. */
export interface TerminalInputOptions {
  stdin: NodeJS.ReadStream
  /** To the terminal itself. */
  write: (text: string) => void
  clock: Pick<Clock, 'after'>
  mouse: boolean
  /** Keys that must not act by accident: see {@link TogetherKeys}. */
  isRisky: (key: string) => boolean
  onTokens: (tokens: readonly Token[]) => void
  /** The terminal is gone. A signal says so only to those whose own terminal it was, which excludes what a wrapper started. */
  onEnd: () => void
}

/** At most one reads a terminal. */
export interface TerminalInput {
  /** Takes the terminal, at first or again. */
  open(): void
  /** Gives it back; safe to call twice. */
  close(): void
  setMouse(isOn: boolean): void
}

/** Nothing is read before it is opened. A lone escape is told after a short pause. */
export function terminalInput(options: TerminalInputOptions): TerminalInput {
  const { stdin, write, clock, onEnd } = options
  const keys = new TogetherKeys(options)
  const tokenizer = new Tokenizer()
  let decoder = new StringDecoder('utf8')
  let isOpen = false
  let hasMouse = options.mouse
  let cancel = () => {}

  const tell = (all: readonly Token[]) => {
    // Off, reports still come: on their way already, or from a terminal that another program has left in that mode.
    const tokens = hasMouse ? all : all.filter(({ kind }) => kind !== 'mouse')
    if (tokens.length > 0) keys.take(tokens)
  }
  const waitOn = () => {
    cancel()
    if (!tokenizer.isHolding) return
    const timeout = () => tell(tokenizer.timeout())
    const onPause = () => {
      tell(tokenizer.pause())
      cancel = clock.after(PIECES_MS - ESCAPE_MS, timeout)
    }
    cancel = tokenizer.isEscape
      ? clock.after(ESCAPE_MS, () => {
          // Once round the loop: what has come while it was busy is read before.
          cancel = clock.after(0, onPause)
        })
      : clock.after(tokenizer.isPaste ? PASTE_MS : PIECES_MS, timeout)
  }
  const onData = (data: Buffer | string) => {
    const tokens = tokenizer.feed(typeof data === 'string' ? data : decoder.write(data))
    waitOn()
    tell(tokens)
  }
  const close = () => {
    process.off('exit', close)
    if (!isOpen) return
    isOpen = false
    cancel()
    keys.rest()
    stdin.off('data', onData).off('end', onEnd).off('error', onEnd)
    write(`${MOUSE.off}${PASTE.off}`)
    if (stdin.destroyed) return
    stdin.setRawMode?.(false)
    stdin.pause()
  }
  return {
    open() {
      if (isOpen) return
      isOpen = true
      decoder = new StringDecoder('utf8')
      stdin.setRawMode?.(true)
      stdin.on('data', onData).on('end', onEnd).on('error', onEnd)
      stdin.resume()
      write(PASTE.on + (hasMouse ? MOUSE.on : ''))
      keys.goOn()
      // An escape from before it was lent, as for a window that was resized, ends as any other.
      waitOn()
      // Whatever ends the process: this runs last, and synchronously.
      process.on('exit', close)
    },
    close,
    setMouse(isOn) {
      hasMouse = isOn
      if (isOpen) write(isOn ? MOUSE.on : MOUSE.off)
    },
  }
}
