/**
 * Keys that come in several reads, but faster than fingers press them, are told together: pasted text comes byte by byte over a
 * serial line, and is told from keys by what comes in one read (unmarked-paste.ts). A key that acts on the pipeline waits that
 * long for company; any other acts at once, and what follows it too soon is kept. See docs/decisions/016.
 */
import type { Clock } from '../../pipeline/runtime/clock.ts'
import type { Token } from './tokens.ts'
import { isWritten } from './unmarked-paste.ts'

/** No finger is so soon after another (ms); a byte at 1200 baud is. */
const TOGETHER_MS = 10
/** Longer than this nothing is kept, however much comes (ms): a key that is held down must be seen to act. */
const KEPT_MS = 60

/** Where keys come from and go. */
export interface TogetherKeysOptions {
  clock: Pick<Clock, 'after'>
  /** Keys that wait for what may follow. */
  isRisky: (key: string) => boolean
  onTokens: (tokens: readonly Token[]) => void
}

/** Of one terminal. The order of tokens stays what it is. */
export class TogetherKeys {
  readonly #options: TogetherKeysOptions
  #kept: Token[] = []
  /** A key was told a moment ago. */
  #isSoon = false
  #cancelPause = () => {}
  #cancelLimit: (() => void) | undefined

  constructor(options: TogetherKeysOptions) {
    this.#options = options
  }

  /** What came in one read. */
  take(tokens: readonly Token[]): void {
    const isWriting = tokens.every((token) => token.kind === 'key' && isWritten(token.key))
    if (!isWriting) {
      this.#tell(tokens)
      return
    }
    const mustWait = tokens.some((token) => token.kind === 'key' && this.#options.isRisky(token.key))
    if (this.#isSoon || this.#kept.length > 0 || mustWait) this.#keep(tokens)
    else this.#options.onTokens(tokens)
    this.#isSoon = true
    this.#awaitPause()
  }

  /** The terminal is lent: nothing comes, and nothing is told. */
  rest(): void {
    this.#cancelPause()
    this.#cancelLimit?.()
    this.#cancelLimit = undefined
  }

  /** It is back. */
  goOn(): void {
    if (this.#kept.length > 0) this.#awaitPause()
  }

  #keep(tokens: readonly Token[]): void {
    this.#kept.push(...tokens)
    this.#cancelLimit ??= this.#options.clock.after(KEPT_MS, () => this.#tell([]))
  }

  #awaitPause(): void {
    const { clock } = this.#options
    this.#cancelPause()
    this.#cancelPause = clock.after(TOGETHER_MS, () => {
      // Once round the loop: what has come while it was busy is read before.
      this.#cancelPause = clock.after(0, () => {
        this.#isSoon = false
        this.#tell([])
      })
    })
  }

  /** @param more after what was kept. */
  #tell(more: readonly Token[]): void {
    this.#cancelLimit?.()
    this.#cancelLimit = undefined
    const tokens = [...this.#kept, ...more]
    this.#kept = []
    if (tokens.length > 0) this.#options.onTokens(tokens)
  }
}
