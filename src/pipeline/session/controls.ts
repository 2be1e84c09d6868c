/** What a person may do, and why not: one gate for read-only and for a session without services. */

import type { Hall } from '../audience/hall.ts'
import type { FaultControl } from '../faults/fault-control.ts'
import type { GeneratorService } from '../generator/generator-service.ts'
import type { StageOrchestrator } from '../stages/stage-orchestrator.ts'
import type { WaitingStarts } from '../stages/waiting-starts.ts'
import {
  type ActionResult,
  type Actions,
  type AudienceActions,
  type LessonActions,
  NOT_CONNECTED,
  READ_ONLY,
  refused,
} from '../state/actions.ts'
import type { Log } from '../state/log.ts'
import type { AppState } from '../state/state.ts'
import type { Follower } from '../trace/follower.ts'
import { generatorControls } from './generator-controls.ts'

type Services = { pipeline: StageOrchestrator; generator: GeneratorService }

/** What the actions of a person reach. */
export interface ControlsOptions {
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

/** @returns actions; what may not be done is refused, with a reason for a person. */
export function createControls(options: ControlsOptions): Actions {
  const { services, faults, follower, lessons } = options
  const gate = gateOf(options)
  const { act } = gate
  return {
    ...stageControls(gate, options.waiting),
    ...generatorControls(act, options.state),
    injectFault: (name, durationMs) => act(() => faults.inject(name, durationMs)),
    mendFaults: (name) => act(() => faults.mend(name)),
    // Tracing only reads, so it is not a control.
    trace: (query) => (services() ? follower.follow(query) : refused(NOT_CONNECTED)),
    endTrace: () => follower.end(),
    sendOne: (reading) => act(() => follower.sendOne(reading)),
    lessons,
    audience: roomControls(gate, options.hall),
  }
}

type Perform = (services: Services) => ActionResult

/** Every action goes through one of these. */
interface Gate {
  act(perform: Perform): ActionResult
  /** Starts are taken before the stages are known, and carried out then. */
  actOrWait(perform: Perform, wait: () => ActionResult): ActionResult
  /** The room is asked for before there is a target, and opens then. */
  actOnRoom(perform: () => ActionResult): ActionResult
}

function gateOf({ state, services, log, onDone }: ControlsOptions): Gate {
  const done = (result: ActionResult): ActionResult => {
    if (result.ok) log.info('you', result.message)
    onDone()
    return result
  }
  const act = (perform: Perform): ActionResult => {
    if (state().session.readOnly) return refused(READ_ONLY)
    const found = services()
    return found ? done(perform(found)) : refused(NOT_CONNECTED)
  }
  return {
    act,
    actOrWait: (perform, wait) => {
      const { readOnly, connected } = state().session
      return readOnly || connected ? act(perform) : done(wait())
    },
    actOnRoom: (perform) => (state().session.readOnly ? refused(READ_ONLY) : done(perform())),
  }
}

const stageControls = (
  { act, actOrWait }: Gate,
  waiting: WaitingStarts,
): Pick<Actions, 'start' | 'stop' | 'toggle' | 'startAll' | 'stopAll'> => ({
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
})

const roomControls = ({ actOnRoom }: Gate, hall: Hall): AudienceActions => ({
  toggle: () => actOnRoom(() => hall.toggle()),
  choose: (address) => actOnRoom(() => hall.choose(address)),
  change: (rules) => actOnRoom(() => hall.change(rules)),
  remove: (name) => actOnRoom(() => hall.remove(name)),
  clearNames: () => actOnRoom(() => hall.clearNames()),
})
