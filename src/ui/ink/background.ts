/** Asks the terminal what its background is, and is told when that changes. */
import type { Clock } from '../../pipeline/runtime/clock.ts'
import type { Background } from '../text/theme.ts'

/**
 * OSC 11: the background's colour. Then what the terminal is (DA1), which every one answers: with that, there is nothing more to
 * come of one that does not know the first. Mode 2031: a report when the terminal goes from dark to light or back.
 */
const ASK = '\x1b]11;?\x1b\\\x1b[c'
const LAST_ANSWER = /^\x1b\[\?[\d;]*c$/
const FOLLOW = { on: '\x1b[?2031h', off: '\x1b[?2031l' }
/** A later answer is useless: the screen has been drawn by then (ms). */
const LIMIT_MS = 2000
/** How long the end waits for answers (ms): over a slow line they would be typed into the shell. */
const OWED_MS = 1000
/** Consoles that know no OSC, and may print it. */
const SILENT = /^(linux|dumb|cons25|vt\d+)/

/** Until {@link BackgroundWatch.close}. */
export interface BackgroundWatch {
  /** The answer comes as input, or never. */
  ask(): void
  /** @param report an answer of the terminal. */
  heard(report: string): void
  /** Resolves when the terminal has answered all that it was asked, or seems not to. */
  answered(): Promise<void>
  /** The terminal tells no more changes. */
  close(): void
}

/** Some terminals are never asked, as they would show the question. */
export function watchBackground(options: {
  write: (text: string) => void
  term: string | undefined
  clock: Pick<Clock, 'after'>
  onBackground: (background: Background) => void
}): BackgroundWatch {
  const { write, term = '', clock, onBackground } = options
  let isWaiting = false
  let owed = 0
  let onAnswered = () => {}
  let cancel = () => {}
  const ask = () => {
    if (SILENT.test(term)) return
    isWaiting = true
    owed++
    write(ASK)
    cancel()
    cancel = clock.after(LIMIT_MS, () => {
      isWaiting = false
    })
  }
  return {
    ask() {
      if (!SILENT.test(term)) write(FOLLOW.on)
      ask()
    },
    heard(report) {
      if (LAST_ANSWER.test(report) && owed > 0 && --owed === 0) onAnswered()
      // The terminal's theme has changed; which of the two says no more than the colour does.
      if (/^\x1b\[\?997;[12]n$/.test(report)) return ask()
      const background = backgroundOf(report)
      if (background === undefined || !isWaiting) return
      isWaiting = false
      onBackground(background)
    },
    async answered() {
      if (owed === 0) return
      const { promise, resolve } = Promise.withResolvers<void>()
      onAnswered = resolve
      const giveUp = clock.after(OWED_MS, resolve)
      await promise
      giveUp()
    },
    close() {
      cancel()
      owed = 0
      if (!SILENT.test(term)) write(FOLLOW.off)
    },
  }
}

/** `ESC ] 11 ; rgb:RRRR/GGGG/BBBB`, with one to four digits each; rgba has a fourth part. */
export function backgroundOf(report: string): Background {
  const parts = /^\x1b\]11;(?:rgba?:([\da-f]+)\/([\da-f]+)\/([\da-f]+)|#([\da-f]{6}))/i.exec(report)
  if (!parts) return undefined
  const hex = parts[4] ? (parts[4].match(/../g) ?? []) : parts.slice(1, 4)
  const [red = 0, green = 0, blue = 0] = hex.map(
    (part) => Number.parseInt(part, 16) / (16 ** part.length - 1),
  )
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.5 ? 'light' : 'dark'
}
