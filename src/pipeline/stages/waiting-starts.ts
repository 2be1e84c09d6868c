/** What is to start as soon as there is a target: a key pressed at the sight of the first frame means something. */

import { STAGE_IDS, type StageId } from '../ports/stages.ts'
import { type ActionResult, accepted, NOT_CONNECTED, refused } from '../state/actions.ts'
import { STAGE_NAMES, stageNameFirst } from './stage-names.ts'

/** Until {@link take}; after that everything is refused. */
export class WaitingStarts {
  readonly #ids = new Set<StageId>()
  #isOpen = true

  /** A second time changes nothing. */
  all(): ActionResult {
    if (!this.#isOpen) return refused(NOT_CONNECTED)
    for (const id of STAGE_IDS) this.#ids.add(id)
    return accepted('Still connecting; all stages start then.')
  }

  /** A second time changes nothing. */
  one(id: StageId): ActionResult {
    if (!this.#isOpen) return refused(NOT_CONNECTED)
    this.#ids.add(id)
    return accepted(`Still connecting; ${STAGE_NAMES[id]} starts then.`)
  }

  /** A second time takes it back. */
  toggle(id: StageId): ActionResult {
    return this.#ids.delete(id) ? accepted(`${stageNameFirst(id)} does not start then.`) : this.one(id)
  }

  /** Ends the waiting, for good or because nothing could be connected. @returns what waits, in the order of the stages. */
  take(): StageId[] {
    this.#isOpen = false
    const ids = STAGE_IDS.filter((id) => this.#ids.has(id))
    this.#ids.clear()
    return ids
  }
}
