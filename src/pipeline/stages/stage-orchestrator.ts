/** The five stages in order: start all, stop all, one by one. Never blocks: the result shows in the stages' states. */

import { STAGE_IDS, type StageId } from '../ports/stages.ts'
import type { IdleTracker } from '../runtime/idle-tracker.ts'
import { type ActionResult, accepted, refused } from '../state/actions.ts'
import type { Log } from '../state/log.ts'
import { isAtRest, isUp } from './stage.ts'
import type { StageController } from './stage-controller.ts'
import { STAGE_NAMES, stageNameFirst } from './stage-names.ts'

/** One for each stage. */
export type Controllers = Readonly<Record<StageId, StageController>>

/** Stages start in the order of the data, and stop against it. */
export class StageOrchestrator {
  readonly #controllers: Controllers
  readonly #log: Log
  readonly #idle: IdleTracker
  /** Aborted by the next command to all stages, or to one of them. */
  #sequence = new AbortController()

  constructor(controllers: Controllers, log: Log, idle: IdleTracker) {
    this.#controllers = controllers
    this.#log = log
    this.#idle = idle
  }

  /** Looks what runs already. Resolves when each stage has answered once, or failed to. */
  async open(): Promise<void> {
    await Promise.all(Object.values(this.#controllers).map((one) => one.open()))
  }

  /** Alone, whatever the others do. A refusal says why. */
  start(id: StageId): ActionResult {
    const { state } = this.#controllers[id].view
    if (isUp(state)) return refused(`${stageNameFirst(id)} runs already.`)
    if (state === 'starting') return refused(`${stageNameFirst(id)} starts already.`)
    void this.#controllers[id].start()
    return accepted(`Starting ${STAGE_NAMES[id]}.`)
  }

  /** Also ends a start or stop of all that is under way. */
  stop(id: StageId): ActionResult {
    const { state } = this.#controllers[id].view
    if (state === 'stopped') return refused(`${stageNameFirst(id)} is stopped already.`)
    if (state === 'stopping') return refused(`${stageNameFirst(id)} stops already.`)
    this.#sequence.abort()
    void this.#controllers[id].stop()
    return accepted(`Stopping ${STAGE_NAMES[id]}.`)
  }

  /** By the state that a person sees now. */
  toggle(id: StageId): ActionResult {
    const { state, updatedAt } = this.#controllers[id].view
    if (isUp(state) || state === 'starting') return this.stop(id)
    if (state === 'stopping')
      return refused(`${stageNameFirst(id)} is stopping; start it when it has stopped.`)
    if (state === 'unknown' && updatedAt !== undefined) return this.#ask(id)
    return this.start(id)
  }

  /** Starts each stage once the one before it was accepted. A refusal ends it: later stages would cost money and do nothing. */
  startAll(): ActionResult {
    const waiting = STAGE_IDS.filter((id) => !isUp(this.#state(id)) && this.#state(id) !== 'starting')
    if (waiting.length === 0) return refused('Every stage runs already, or starts.')
    const { signal } = this.#renew()
    void this.#idle.track(this.#startInOrder(waiting, signal))
    return accepted('Starting all stages, in order.')
  }

  /** @param why for the message. */
  stopAll(why?: string): ActionResult {
    const up = STAGE_IDS.filter((id) => this.#state(id) !== 'stopped')
    if (up.length === 0) return refused('Every stage is stopped already.')
    void this.#idle.track(this.stopInOrder())
    return accepted(`Stopping all stages${why === undefined ? ', in reverse order' : `: ${why}`}.`)
  }

  /** From the last stage to the first. One that cannot be stopped, or takes its time, does not keep the others from it. */
  async stopInOrder(): Promise<void> {
    this.#renew()
    const begun = [...STAGE_IDS]
      .reverse()
      .filter((id) => this.#state(id) !== 'stopped')
      .map((id) => this.#controllers[id].stop())
    await Promise.all(begun)
  }

  /** In the order of the data. */
  get states() {
    return STAGE_IDS.map((id) => this.#state(id))
  }

  /** True while nothing runs, and nothing is about to. */
  get isAtRest(): boolean {
    return this.states.every((state) => isAtRest(state) || state === 'unknown')
  }

  /** Something has happened: poll at the pace of a pipeline that runs. */
  resetInterval(): void {
    for (const one of Object.values(this.#controllers)) one.resetInterval()
  }

  /** A person is there: services that have refused are asked once more. */
  retryRefused(): void {
    for (const one of Object.values(this.#controllers)) one.retryRefused()
  }

  /** Leaves the stages as they are. */
  async close(): Promise<void> {
    this.#sequence.abort()
    await Promise.all(Object.values(this.#controllers).map((one) => one.close()))
  }

  async #startInOrder(ids: readonly StageId[], signal: AbortSignal): Promise<void> {
    for (const id of ids) {
      if (signal.aborted) return
      if (isUp(this.#state(id))) continue
      if (await this.#controllers[id].start()) continue
      if (!signal.aborted && id !== ids.at(-1))
        this.#log.error(
          'you',
          `Starting all stages ended at ${STAGE_NAMES[id]}: ${this.#controllers[id].view.detail ?? 'refused'}`,
        )
      return
    }
  }

  /** Nobody knows whether it runs: neither start nor stop would be right. */
  #ask(id: StageId): ActionResult {
    this.#controllers[id].refresh()
    return accepted(`Asking ${STAGE_NAMES[id]} for its state.`)
  }

  #state(id: StageId) {
    return this.#controllers[id].view.state
  }

  #renew(): AbortController {
    this.#sequence.abort()
    this.#sequence = new AbortController()
    return this.#sequence
  }
}
