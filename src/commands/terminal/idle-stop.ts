/** A forgotten window must not run up a bill. */

import type { Clock } from '../../pipeline/runtime/clock.ts'
import type { Actions } from '../../pipeline/state/actions.ts'
import { formatInterval } from '../../ui/text/format.ts'

/** A timer that every key starts anew. */
export interface IdleStop {
  /** A key was pressed. */
  reset(): void
  cancel(): void
}

/**
 * Stops all stages after that long without a key, and again each time that long has passed: what others start beside an
 * unattended window is stopped too.
 * @param afterMs undefined: never.
 */
export function idleStop(
  afterMs: number | undefined,
  actions: Pick<Actions, 'stopAll'>,
  clock: Clock,
): IdleStop {
  if (afterMs === undefined) return { reset: () => {}, cancel: () => {} }
  let cancel = () => {}
  const arm = () => {
    cancel()
    cancel = clock.after(afterMs, () => {
      actions.stopAll(`no key for ${formatInterval(afterMs)}`)
      arm()
    })
  }
  arm()
  return { reset: arm, cancel: () => cancel() }
}
