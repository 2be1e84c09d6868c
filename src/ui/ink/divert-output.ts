/**
 * While the screen is up, the terminal belongs to it: what anybody else writes to stdout or stderr (logs of libraries, warnings
 * of Node) goes line by line to where the caller says. Ink writes through the stand-in that it is given.
 *
 * What native code writes on the descriptors themselves: native-output.ts of the commands.
 */

import type { Clock } from '../../pipeline/runtime/clock.ts'

/** Longest line that is passed on; the rest of a longer one is dropped. */
const LINE_LIMIT = 4000

/** Until {@link DivertedOutput.restore}. */
export interface DivertedOutput {
  /** The real stdout, for the screen alone. */
  screen: NodeJS.WriteStream
  /** To the terminal itself, past Ink; nothing happens once it is gone. */
  write(text: string): void
  /** The terminal has not taken all that it was given, and has much of it before it. */
  isBehind(): boolean
  /** Resolves when the terminal has taken all, or seems to take nothing any more. */
  flushed(): Promise<void>
  /** Also gives out what had no line's end yet. Safe to call twice. */
  restore(): void
}

type Write = NodeJS.WriteStream['write']

/** How long the end of the screen waits for a terminal that takes nothing (ms); the program's end waits longer. */
const FLUSH_MS = 1000

/** @param onLine a whole line, without its end. */
export function divertOutput(
  stdout: NodeJS.WriteStream,
  stderr: NodeJS.WriteStream,
  onLine: (line: string) => void,
  clock: Pick<Clock, 'after'>,
): DivertedOutput {
  const original = stdout.write.bind(stdout) as Write
  const flushed = () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const cancel = clock.after(FLUSH_MS, resolve)
    original('', () => resolve())
    return promise.finally(cancel)
  }
  const write = wholeFrames(original, flushed)
  const screen = new Proxy(stdout, {
    get(target, name) {
      if (name === 'write') return write
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const flushes = [replaceWrite(stdout, onLine), replaceWrite(stderr, onLine)]
  const restoreWarnings = divertWarnings(onLine)
  const restoreDebug = divertDebug(onLine)
  return {
    screen,
    write: (text) => {
      if (!stdout.destroyed) write(text)
    },
    isBehind: () => stdout.writableNeedDrain,
    flushed,
    restore() {
      for (const flush of flushes.splice(0)) flush()
      restoreWarnings()
      restoreDebug()
    },
  }
}

/** Around what is to be shown at once (synchronized updates). */
const FRAME = { start: '\x1b[?2026h', end: '\x1b[?2026l' }

/**
 * Ink writes the two marks by themselves: a frame is one write, where it would be three. It waits for the terminal by an empty
 * write: not for ever.
 */
function wholeFrames(write: Write, flushed: () => Promise<void>): Write {
  let kept = ''
  return ((chunk: Uint8Array | string, ...more: []) => {
    const [done] = more as unknown[]
    if (chunk === '' && typeof done === 'function') {
      void flushed().then(() => done())
      return true
    }
    if (typeof chunk !== 'string') return write(chunk, ...more)
    if (kept === '' && chunk !== FRAME.start) return write(chunk, ...more)
    kept += chunk
    if (chunk !== FRAME.end) return true
    const frame = kept
    kept = ''
    return write(frame)
  }) as Write
}

function replaceWrite(stream: NodeJS.WriteStream, onLine: (line: string) => void): () => void {
  const original = stream.write
  let rest = ''
  const tell = (line: string) => {
    if (line.trim() !== '') onLine(line.slice(0, LINE_LIMIT))
  }
  stream.write = ((
    chunk: Uint8Array | string,
    encoding?: BufferEncoding | (() => void),
    done?: () => void,
  ) => {
    const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8')
    const lines = (rest + text).split('\n')
    rest = (lines.pop() ?? '').slice(0, LINE_LIMIT)
    for (const line of lines) tell(line)
    const callback = typeof encoding === 'function' ? encoding : done
    if (callback) process.nextTick(callback)
    return true
  }) as Write
  return () => {
    stream.write = original
    tell(rest)
    rest = ''
  }
}

/** Node prints its warnings past stderr's stream. */
function divertWarnings(onLine: (line: string) => void): () => void {
  const before = process.listeners('warning')
  const listener = (warning: Error) => onLine(`${warning.name}: ${warning.message}`)
  process.removeAllListeners('warning')
  process.on('warning', listener)
  return () => {
    process.off('warning', listener)
    for (const one of before) process.on('warning', one)
  }
}

/** What NODE_DEBUG prints goes past the stream as well. */
function divertDebug(onLine: (line: string) => void): () => void {
  const owner = process as unknown as { _rawDebug?: (...parts: unknown[]) => void }
  const original = owner._rawDebug
  if (!original) return () => {}
  owner._rawDebug = (...parts) => onLine(parts.map(String).join(' ').slice(0, LINE_LIMIT))
  return () => {
    owner._rawDebug = original
  }
}
