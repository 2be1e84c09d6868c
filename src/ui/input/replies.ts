/** What a key came to, told in the line below the panels. */
import type { ActionResult } from '../../pipeline/state/actions.ts'
import type { ViewState } from './view-state.ts'

/** Gives the view its next toast; holds nothing of its own. */
export class Replies {
  readonly #now: () => number

  /** @param now store time (ms). */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Does it, and says how it went. */
  act(view: ViewState, perform: () => ActionResult): ViewState {
    const result = perform()
    return result.ok ? this.say(view, result.message, false) : this.refuse(view, result.reason)
  }

  /** A reason, shown as such. */
  refuse(view: ViewState, reason: string): ViewState {
    return this.say(view, reason, true)
  }

  /** It goes with the next key, or after a while. */
  say(view: ViewState, text: string, isRefusal: boolean): ViewState {
    return { ...view, toast: { text, isRefusal, at: this.#now() } }
  }
}
