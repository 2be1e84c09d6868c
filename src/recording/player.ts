/** Plays a recording as a store: the screen needs no services. */
import { createStore } from 'zustand/vanilla'
import type { Clock } from '../pipeline/runtime/clock.ts'
import type { ReadonlyStore } from '../pipeline/session/session-types.ts'
import { type Actions, accepted, RECORDING, refused } from '../pipeline/state/actions.ts'
import { clockText } from '../pipeline/state/clock-text.ts'
import type { AppState } from '../pipeline/state/state.ts'
import type { Recording } from './recording.ts'

export interface PlayerOptions {
  recording: Recording
  clock: Clock
  /** Playback speed; 1 is the original. */
  speed: number
  /** Since the first state (ms). */
  from: number
}

/** A store and actions like those of a session; every action on services is refused. */
export interface Player {
  store: ReadonlyStore
  actions: Actions
  close(): void
}

const SPEEDS = [0.25, 0.5, 1, 2, 4, 8, 16, 32, 64] as const
const TICK_MS = 250

/** Begins to play at `from` (ms into the recording). */
export function play({ recording, clock, speed: first, from }: PlayerOptions): Player {
  let speed = first
  let position = Math.min(Math.max(0, from), recording.durationMs)
  let isPaused = false
  let lastTick = clock.monotonic()
  let cancel: (() => void) | undefined

  const shown = (): AppState => {
    const state = recording.state(recording.indexAt(position))
    const replay = { position, durationMs: recording.durationMs, speed, isPaused }
    return { ...state, session: { ...state.session, readOnly: true, connected: true }, replay }
  }
  const store = createStore<AppState>()(shown)
  const show = () => store.setState(shown(), true)
  const advance = () => {
    const now = clock.monotonic()
    if (!isPaused) position = Math.min(recording.durationMs, position + (now - lastTick) * speed)
    lastTick = now
    if (position >= recording.durationMs) isPaused = true
  }
  const tick = () => {
    cancel = clock.after(TICK_MS, tick)
    if (isPaused) {
      lastTick = clock.monotonic()
      return
    }
    advance()
    show()
  }
  tick()
  const change = (what: () => string) => {
    advance()
    const message = what()
    show()
    return accepted(message)
  }
  const off = () => refused(RECORDING)
  const replay: Actions['replay'] = {
    pause: () =>
      change(() => {
        const isAtEnd = position >= recording.durationMs
        if (isPaused && isAtEnd) position = 0
        isPaused = !isPaused
        return isPaused ? 'Paused.' : 'Playing.'
      }),
    seek: (ms) =>
      change(() => {
        position = Math.min(recording.durationMs, Math.max(0, position + ms))
        return `At ${clockText(position)} of ${clockText(recording.durationMs)}.`
      }),
    faster: (steps) =>
      change(() => {
        const at = SPEEDS.findIndex((one) => one >= speed)
        speed =
          SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, (at < 0 ? SPEEDS.length - 1 : at) + steps))] ?? 1
        return `×${speed}.`
      }),
  }
  const actions: Actions = {
    start: off,
    stop: off,
    toggle: off,
    startAll: off,
    stopAll: off,
    setStations: off,
    scaleStations: off,
    setInterval: off,
    burst: off,
    setCorruption: off,
    toggleCorruption: off,
    injectFault: off,
    mendFaults: off,
    trace: off,
    endTrace: off,
    sendOne: off,
    replay,
  }
  return { store, actions, close: () => cancel?.() }
}
