/** What the operator may do, and why not: one gate for read-only and for a session without services. */

import type { Hall } from '../audience/hall.ts'
import type { FaultControl } from '../faults/fault-control.ts'
import type { GeneratorService } from '../generator/generator-service.ts'
import { isUp } from '../stages/stage.ts'
import type { StageOrchestrator } from '../stages/stage-orchestrator.ts'
import type { WaitingStarts } from '../stages/waiting-starts.ts'
import {
  type ActionResult,
  type Actions,
  accepted,
  DEFAULT_BURST,
  DEFAULT_CORRUPTION,
  INTERVALS,
  type LessonActions,
  MAX_STATIONS,
  NOT_CONNECTED,
  READ_ONLY,
  refused,
} from '../state/actions.ts'
import { countOf } from '../state/count-of.ts'
import type { Log } from '../state/log.ts'
import type { AppState } from '../state/state.ts'
import type { Follower } from '../trace/follower.ts'

type Services = { pipeline: StageOrchestrator; generator: GeneratorService }

export interface OperatorOptions {
  state: () => AppState
  /** Undefined before there is a target. */
  services: () => Services | undefined
  faults: FaultControl
  follower: Follower
  lessons: LessonActions
  hall: Hall
  waiting: WaitingStarts
  log: Log
  /** Something was done: show it at once. */
  onDone: () => void
}

export function createControls({
  state,
  services,
  faults,
  follower,
  lessons,
  hall,
  waiting,
  log,
  onDone,
}: OperatorOptions): Actions {
  let lastDirty = state().generator.dirty || DEFAULT_CORRUPTION

  /** Every action goes through here. */
  const act = (perform: (services: Services) => ActionResult): ActionResult => {
    if (state().session.readOnly) return refused(READ_ONLY)
    const found = services()
    if (!found) return refused(NOT_CONNECTED)
    return done(perform(found))
  }

  /** Starts are taken before the stages are known, and carried out then. */
  const actOrWait = (
    perform: (services: Services) => ActionResult,
    wait: () => ActionResult,
  ): ActionResult => {
    const { readOnly, connected } = state().session
    return readOnly || connected ? act(perform) : done(wait())
  }

  const done = (result: ActionResult): ActionResult => {
    if (result.ok) log.info('you', result.message)
    onDone()
    return result
  }

  /** The room is asked for before there is a target, and opens then. */
  const actOnRoom = (perform: () => ActionResult): ActionResult =>
    state().session.readOnly ? refused(READ_ONLY) : done(perform())

  const setStations = ({ generator }: Services, wanted: number): ActionResult => {
    if (!Number.isInteger(wanted) || wanted < 1)
      return refused('The number of stations is a whole number from 1 on.')
    if (wanted > MAX_STATIONS) return refused(`There are at most ${count(MAX_STATIONS)} stations.`)
    generator.setStations(wanted)
    return accepted(`${countOf(wanted, 'station')} from now on.`)
  }

  const setCorruption = ({ generator }: Services, share: number): ActionResult => {
    if (!(share >= 0 && share <= 1)) return refused('The share of dirty data is from 0 to 100 %.')
    if (share > 0) lastDirty = share
    generator.setCorruption(share)
    return accepted(
      share === 0
        ? 'Dirty data is off.'
        : `Dirty data is on: ${Math.round(share * 1000) / 10} % of the readings are corrupted.`,
    )
  }

  return {
    start: (id) =>
      actOrWait(
        ({ pipeline }) => pipeline.start(id),
        () => waiting.one(id),
      ),
    stop: (id) => act(({ pipeline }) => pipeline.stop(id)),
    toggle: (id) =>
      actOrWait(
        ({ pipeline }) => pipeline.toggle(id),
        () => waiting.toggle(id),
      ),
    startAll: () =>
      actOrWait(
        ({ pipeline }) => pipeline.startAll(),
        () => waiting.all(),
      ),
    stopAll: (why) => act(({ pipeline }) => pipeline.stopAll(why)),
    setStations: (wanted) => act((found) => setStations(found, wanted)),
    scaleStations: (factor) =>
      act((found) => {
        if (!(factor > 0)) return refused('The factor is a number above 0.')
        const { stations } = found.generator.facts()
        const wanted = Math.min(MAX_STATIONS, Math.max(1, Math.round(stations * factor)))
        if (wanted !== stations) return setStations(found, wanted)
        return refused(
          stations === 1
            ? 'One station is the least there can be.'
            : `${count(stations)} stations are the most there can be.`,
        )
      }),
    burst: ({ factor = DEFAULT_BURST.factor, durationMs = DEFAULT_BURST.durationMs } = {}) =>
      act(({ generator }) => {
        if (!isUp(state().stages.generator.state))
          return refused('A burst needs a running generator; start it first.')
        if (!(factor > 0 && durationMs > 0)) return refused('A burst needs a factor and a time above 0.')
        generator.burst(factor, durationMs)
        return accepted(`Burst: ×${factor} for ${Math.round(durationMs / 1000)} s.`)
      }),
    setInterval: (ms) =>
      act(({ generator }) => {
        if (!(ms >= INTERVALS.least && ms <= INTERVALS.most))
          return refused('The interval is a time from 100 ms to 1 day, such as 500ms, 10s or 2m.')
        generator.setInterval(ms)
        return accepted(
          `Each station reports every ${ms < 1000 ? `${ms} ms` : `${ms / 1000} s`} from now on.`,
        )
      }),
    setCorruption: (share) => act((found) => setCorruption(found, share)),
    toggleCorruption: () =>
      act((found) => setCorruption(found, found.generator.facts().dirty > 0 ? 0 : lastDirty)),
    injectFault: (name, durationMs) => act(() => faults.inject(name, durationMs)),
    mendFaults: (name) => act(() => faults.mend(name)),
    // Tracing only reads, so it is not a control.
    trace: (query) => (services() ? follower.follow(query) : refused(NOT_CONNECTED)),
    endTrace: () => follower.end(),
    sendOne: (reading) => act(() => follower.sendOne(reading)),
    lessons,
    audience: {
      toggle: () => actOnRoom(() => hall.toggle()),
      choose: (address) => actOnRoom(() => hall.choose(address)),
      change: (rules) => actOnRoom(() => hall.change(rules)),
      remove: (name) => actOnRoom(() => hall.remove(name)),
      clearNames: () => actOnRoom(() => hall.clearNames()),
    },
  }
}

const count = (value: number) => value.toLocaleString('en-US')
