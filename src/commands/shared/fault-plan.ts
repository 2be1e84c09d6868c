/** `--fault NAME@10s:5s`: what is broken on purpose in a run without a screen, when, and for how long. */
import { parseDuration } from '../../config/units.ts'
import { FAULT_NAMES, faultNamed } from '../../pipeline/faults/registry.ts'
import type { ReadonlyStore } from '../../pipeline/session/session-types.ts'
import type { Actions } from '../../pipeline/state/actions.ts'
import { UserError } from './user-error.ts'

/** One `--fault`. */
export interface PlannedFault {
  name: string
  /** From the moment that every stage runs (ms). */
  atMs: number
  durationMs: number
}

/** Timers of Node count to 24.8 days at most: one of more would be over at once. */
const LONGEST = '24d'

const FORM = /^([a-z-]+)@([^:]+):([^:]+)$/

/** @throws RangeError with one line that says what would have been accepted. */
export function plannedFault(text: string): PlannedFault {
  const [, name = '', at = '', lasting = ''] = FORM.exec(text) ?? []
  const atMs = parseDuration(at)
  const durationMs = parseDuration(lasting)
  if (name === '' || atMs === undefined || durationMs === undefined || durationMs <= 0)
    throw new RangeError('expected NAME@START:TIME, such as hub-away@10s:5s.')
  if (!faultNamed(name)) throw new RangeError(`there is no fault named ${name}: ${FAULT_NAMES.join(', ')}.`)
  if (durationMs > (parseDuration(LONGEST) as number))
    throw new RangeError(`a fault lasts ${LONGEST} at most, not ${lasting}.`)
  return { name, atMs, durationMs }
}

/** @throws UserError when one would begin after the run: it would balance, and nothing would have been broken. */
export function requireWithin(plan: readonly PlannedFault[], durationMs: number): void {
  const late = plan.find(({ atMs }) => atMs >= durationMs)
  if (!late) return
  throw new UserError(
    `The fault ${late.name} would begin after ${late.atMs / 1000} s, when the run of ${durationMs / 1000} s has ended: begin it earlier, or run longer with --duration.`,
    undefined,
    { exitCode: 2 },
  )
}

/** Breaks what is planned from now on, until the signal aborts. @param onRefused why one could not be injected. */
export function injectPlanned(
  plan: readonly PlannedFault[],
  actions: Actions,
  signal: AbortSignal,
  onRefused: (reason: string) => void,
): void {
  for (const { name, atMs, durationMs } of plan) {
    const timer = setTimeout(() => {
      const result = actions.injectFault(name, durationMs)
      if (!result.ok) onRefused(result.reason)
    }, atMs)
    signal.addEventListener('abort', () => clearTimeout(timer), { once: true })
  }
}

/** Nothing is broken any more, and what had failed by it runs again. */
export const isMended = (store: ReadonlyStore): boolean => store.getState().faults.length === 0
