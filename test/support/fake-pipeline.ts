/** A pipeline without services: takes every action, shows its effect in the store, and notes it down. For tests of the screen. */

import { STAGE_IDS, type StageId } from '../../src/pipeline/ports/stages.ts'
import type { ReadonlyStore } from '../../src/pipeline/session/session-types.ts'
import { type ActionResult, type Actions, accepted, refused } from '../../src/pipeline/state/actions.ts'
import type { AppState, StageSlice } from '../../src/pipeline/state/state.ts'

export interface FakePipeline {
  store: ReadonlyStore
  actions: Actions
  /** `toggle silver`, `scaleStations 2`, …: what was asked for, in order. */
  calls: readonly string[]
  /** Replaces the state and tells the readers. */
  set(state: AppState): void
  /** Replaces parts of the state. */
  change(change: (state: AppState) => AppState): void
  /** How many readers there are: a frozen screen is none. */
  readers(): number
}

const READ_ONLY = 'read-only: every control is off'

export function fakePipeline(initial: AppState): FakePipeline {
  let state = initial
  const listeners = new Set<(state: AppState, before: AppState) => void>()
  const calls: string[] = []
  const set = (next: AppState) => {
    const before = state
    state = next
    for (const listener of listeners) listener(next, before)
  }
  const stage = (id: StageId, changes: Partial<StageSlice>) =>
    set({ ...state, stages: { ...state.stages, [id]: { ...state.stages[id], ...changes } } })
  /** Notes the action, and refuses it as the real ones do on a read-only session. */
  const act = (name: string, effect: () => void): ActionResult => {
    if (state.session.readOnly) return refused(READ_ONLY)
    calls.push(name)
    effect()
    set({
      ...state,
      log: [...state.log, { at: state.now, level: 'info', source: 'you', message: name }],
    })
    return accepted(name)
  }
  const runs = (id: StageId) => !['stopped', 'failed', 'unknown'].includes(state.stages[id].state)
  const start = (id: StageId) => stage(id, { state: 'starting', providerStatus: 'Starting' })
  const stop = (id: StageId) => stage(id, { state: 'stopping', providerStatus: 'Stopping' })
  const stations = (count: number) => set({ ...state, generator: { ...state.generator, stations: count } })
  const dirty = (share: number) => set({ ...state, generator: { ...state.generator, dirty: share } })
  const actions: Actions = {
    start: (id) => act(`start ${id}`, () => start(id)),
    stop: (id) => act(`stop ${id}`, () => stop(id)),
    toggle: (id) => act(`toggle ${id}`, () => (runs(id) ? stop(id) : start(id))),
    startAll: () => act('startAll', () => STAGE_IDS.forEach(start)),
    stopAll: () => act('stopAll', () => STAGE_IDS.forEach(stop)),
    setStations: (count) => act(`setStations ${count}`, () => stations(count)),
    scaleStations: (factor) =>
      act(`scaleStations ${factor}`, () => stations(Math.round(state.generator.stations * factor))),
    injectFault: (name) => act(`injectFault ${name}`, () => {}),
    mendFaults: () => act('mendFaults', () => set({ ...state, faults: [] })),
    trace: (query) => act(`trace ${JSON.stringify(query)}`, () => {}),
    endTrace: () => act('endTrace', () => set({ ...state, trace: undefined })),
    audience: {
      toggle: () => act('audience toggle', () => {}),
      choose: (address) => act(`audience choose ${address}`, () => {}),
      change: (rules) => act(`audience change ${JSON.stringify(rules)}`, () => {}),
      remove: (name) => act(`audience remove ${name}`, () => {}),
      clearNames: () => act('audience clearNames', () => {}),
    },
    sendOne: (reading) => act(`sendOne ${JSON.stringify(reading)}`, () => {}),
    burst: () =>
      act('burst', () =>
        set({ ...state, generator: { ...state.generator, burstUntil: state.now + 10_000 } }),
      ),
    setInterval: (ms) =>
      act(`setInterval ${ms}`, () => set({ ...state, generator: { ...state.generator, intervalMs: ms } })),
    setCorruption: (share) => act(`setCorruption ${share}`, () => dirty(share)),
    toggleCorruption: () => act('toggleCorruption', () => dirty(state.generator.dirty > 0 ? 0 : 0.05)),
  }
  return {
    store: {
      getState: () => state,
      getInitialState: () => initial,
      subscribe: (listener) => {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    },
    actions,
    calls,
    set,
    change: (change) => set(change(state)),
    readers: () => listeners.size,
  }
}
