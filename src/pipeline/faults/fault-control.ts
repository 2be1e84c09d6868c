/** Injects and ends faults, and knows which are active. Stages that a fault made fail are started again once it ends. */
import type { FaultInjector } from '../ports/faults.ts'
import type { HubProducer } from '../ports/hub.ts'
import { STAGE_IDS, type StageId } from '../ports/stages.ts'
import { type Clock, type Moment, momentOf, restated } from '../runtime/clock.ts'
import { errorText } from '../runtime/error-text.ts'
import { isUp } from '../stages/stage.ts'
import { type ActionResult, accepted, refused } from '../state/actions.ts'
import type { Log } from '../state/log.ts'
import type { ActiveFault, AppState } from '../state/state.ts'
import type { StateStore } from '../state/store.ts'
import { FAULT_NAMES, type Fault, faultNamed } from './registry.ts'
import { faultyProducer, poisonEvents } from './sender-faults.ts'

/** What a fault's end sets going. */
export interface FaultControlOptions {
  store: StateStore
  clock: Clock
  log: Log
  start: (id: StageId) => void
  /** Services that have refused are asked once more. */
  retryRefused: () => void
}

/** How often the stages are checked after a fault ends until they run as before, and for how long at most (ms). */
const HEAL_EVERY_MS = 250
const HEAL_PATIENCE_MS = 60_000
/** A stage counts as healed when its service answers, at least this long after the fault ended, that it runs (ms). */
const HEALED_AFTER_MS = 500

interface Mended {
  /** Monotonic milliseconds. */
  at: number
  /** When each stage had last answered once that long had passed; undefined: not yet. */
  heard: ReadonlyMap<StageId, number | undefined> | undefined
}

const heardAt = (stages: AppState['stages']): Mended['heard'] =>
  new Map(STAGE_IDS.map((id) => [id, stages[id].updatedAt]))

/** Two kinds: what fails in front of the hub is here, what fails inside of a service is there. */
export class FaultControl {
  readonly #options: FaultControlOptions
  readonly #ends = new Map<string, () => void>()
  /** Stages that ran when the fault began, and are expected to run again. */
  readonly #upBefore = new Map<string, readonly StageId[]>()
  /** When each was injected. */
  readonly #begun = new Map<string, Moment>()
  #injector: FaultInjector | undefined
  #producer: HubProducer | undefined
  #isClosed = false

  constructor(options: FaultControlOptions) {
    this.#options = options
  }

  /** @returns the producer to send through. */
  connect(producer: HubProducer, injector: FaultInjector | undefined): HubProducer {
    this.#injector = injector
    if (!injector) return producer
    this.#producer = producer
    return faultyProducer(producer, (name) => this.#isActive(name))
  }

  /** @param durationMs ends by itself after that time; undefined: a person ends it. */
  inject(name: string, durationMs?: number): ActionResult {
    const fault = faultNamed(name)
    if (!fault) return refused(`There is no fault named ${name}: ${FAULT_NAMES.join(', ')}.`)
    const injector = this.#injector
    if (!injector) return refused('Faults are for the local target: nothing on Azure is broken on purpose.')
    if (this.#isActive(name)) return refused(`“${fault.title}” is in effect already; esc mends it.`)
    const { store, clock } = this.#options
    const { stages } = store.state
    // What it broke the last time may not run again yet.
    const isHealing = this.#upBefore.get(name) ?? []
    this.#upBefore.set(
      name,
      fault.breaks.filter(
        (id) => isHealing.includes(id) || isUp(stages[id].state) || stages[id].state === 'starting',
      ),
    )
    const begun = momentOf(clock)
    this.#begun.set(name, begun)
    const active: ActiveFault = {
      name,
      title: fault.title,
      happens: fault.happens,
      seen: fault.seen,
      since: begun.time,
      until: durationMs === undefined ? undefined : begun.time + durationMs,
      state: 'active',
    }
    this.#show([...store.state.faults.filter((one) => one.name !== name), active])
    void this.#begin(fault, injector)
    if (durationMs !== undefined)
      this.#ends.set(
        name,
        clock.after(durationMs, () => this.mend(name)),
      )
    return accepted(`Broken on purpose: ${fault.title}.`)
  }

  /** @param name undefined: everything that is broken. */
  mend(name?: string): ActionResult {
    const { faults } = this.#options.store.state
    const found = faults.filter((one) => one.state === 'active' && (name === undefined || one.name === name))
    if (found.length === 0) return refused('Nothing is broken on purpose.')
    for (const one of found) {
      this.#ends.get(one.name)?.()
      this.#ends.delete(one.name)
      this.#change(one.name, { state: 'healing' })
      void this.#end(one.name)
    }
    return accepted(`Mended: ${found.map(({ title }) => title).join(', ')}.`)
  }

  /** Time has passed: since and until when something is broken is said by the clock as it is set now. */
  followClock(): void {
    const { store, clock } = this.#options
    const { faults } = store.state
    const now = momentOf(clock)
    const next = faults.map((one) => {
      const begun = this.#begun.get(one.name)
      const since = begun ? restated(begun, now) : one.since
      if (since === one.since) return one
      return { ...one, since, until: one.until === undefined ? undefined : one.until + since - one.since }
    })
    if (next.some((one, index) => one !== faults[index])) store.update({ faults: next })
  }

  /** Nothing is mended, and no fault ends by itself any more. */
  close(): void {
    this.#isClosed = true
    for (const cancel of this.#ends.values()) cancel()
    this.#ends.clear()
  }

  #isActive(name: string): boolean {
    return this.#options.store.state.faults.some((one) => one.name === name && one.state === 'active')
  }

  async #begin(fault: Fault, injector: FaultInjector): Promise<void> {
    try {
      if (fault.place === 'service') await injector.inject(fault.name)
      else if (fault.name === 'poison') await this.#producer?.send(poisonEvents())
    } catch (error) {
      this.#options.log.error('faults', `${fault.title}: ${errorText(error)}`, error)
    }
  }

  async #end(name: string): Promise<void> {
    const { log, clock, retryRefused } = this.#options
    const fault = faultNamed(name)
    try {
      if (fault?.place === 'service') await this.#injector?.mend(name)
    } catch (error) {
      log.error('faults', `${fault?.title ?? name} could not be mended: ${errorText(error)}`, error)
    }
    if (this.#isClosed) return
    // Also for stages that do not run: without this, nothing is asked again before the next key.
    retryRefused()
    this.#heal(name, { at: clock.monotonic(), heard: undefined })
  }

  /** Restarts failed stages until all that ran before run again, or a person has stopped them, or injects the fault again. */
  #heal(name: string, mended: Mended): void {
    if (this.#isClosed || this.#isActive(name)) return
    const { store, clock, start, retryRefused, log } = this.#options
    const { stages } = store.state
    const waited = clock.monotonic() - mended.at
    // The answers' dates are by a clock that may be set meanwhile: whether another one came is all that they tell.
    if (waited >= HEALED_AFTER_MS) mended.heard ??= heardAt(stages)
    const { heard } = mended
    const unwell = (this.#upBefore.get(name) ?? []).filter((id) => {
      const { state, command, updatedAt } = stages[id]
      if (command?.kind === 'stop' || state === 'stopping' || state === 'stopped') return false
      if (state === 'failed' && !this.#isBrokenBy(id)) start(id)
      if (state === 'unknown') retryRefused()
      return state !== 'running' || heard === undefined || updatedAt === heard.get(id)
    })
    if (unwell.length > 0 && waited < HEAL_PATIENCE_MS) {
      clock.after(HEAL_EVERY_MS, () => this.#heal(name, mended))
      return
    }
    if (unwell.length > 0)
      log.warn('faults', `${unwell.join(', ')} did not come back by itself; start it again`)
    this.#upBefore.delete(name)
    this.#show(store.state.faults.filter((one) => one.name !== name))
  }

  /** Another active fault still breaks it: a start would only fail again. */
  #isBrokenBy(id: StageId): boolean {
    return this.#options.store.state.faults.some(
      (one) => one.state === 'active' && faultNamed(one.name)?.breaks.includes(id),
    )
  }

  #change(name: string, changes: Partial<ActiveFault>): void {
    this.#show(
      this.#options.store.state.faults.map((one) => (one.name === name ? { ...one, ...changes } : one)),
    )
  }

  #show(faults: readonly ActiveFault[]): void {
    this.#options.store.update({ faults })
    this.#options.store.flush()
  }
}
