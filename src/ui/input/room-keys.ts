/** What keys and the palette do with the room for phones. */
import { type ActionResult, type Actions, refused } from '../../pipeline/state/actions.ts'
import type { AppState } from '../../pipeline/state/state.ts'
import type { RoomCommand } from './keymap.ts'
import type { TypedKind, ViewState } from './view-state.ts'

const NO_ROOM = 'A recording has no room for phones.'

/** A decision of the presenter, or the question that comes before it. */
export function roomCommand(
  command: RoomCommand,
  { audience: slice }: AppState,
  { audience }: Actions,
): (() => ActionResult) | { ask: TypedKind } {
  const rules = slice?.rules
  const change = (changes: Parameters<NonNullable<typeof audience>['change']>[0]) => () =>
    audience?.change(changes) ?? refused(NO_ROOM)
  switch (command) {
    case 'roomMischief':
      return change({ isMischiefAllowed: !rules?.isMischiefAllowed })
    case 'roomPause':
      return change({ isPaused: !rules?.isPaused })
    case 'roomNames':
      return change({ hasOwnNames: !rules?.hasOwnNames })
    case 'roomClear':
      return () => audience?.clearNames() ?? refused(NO_ROOM)
    case 'roomRate':
      return { ask: 'phoneRate' }
    case 'roomRemove':
      return { ask: 'phone' }
  }
}

/** The answer to such a question. @param names of the phones: the first letters of one are enough. */
export function setOfRoom(
  kind: 'phoneRate' | 'phone',
  text: string,
  { audience: slice }: AppState,
  { audience }: Actions,
): ActionResult {
  if (!audience) return refused(NO_ROOM)
  if (kind === 'phoneRate') return audience.change({ readingsPerSecond: Number(text) })
  const [found, other] = namesThatBegin(text, slice?.names ?? [])
  return audience.remove(found !== undefined && other === undefined ? found : text)
}

/** Names that begin as it was typed; the whole name alone, if there is one. */
export function namesThatBegin(text: string, names: readonly string[]): string[] {
  const wanted = text.trim().toLowerCase()
  const whole = names.filter((name) => name.toLowerCase() === wanted)
  return whole.length > 0 ? whole : names.filter((name) => name.toLowerCase().startsWith(wanted))
}

/** An open room that is hidden is shown; one that is shown is closed. @returns the action, if there is one. */
export function toggleRoom(
  view: ViewState,
  { audience: slice }: AppState,
  { audience }: Actions,
): { view: ViewState; act?: () => ActionResult } {
  // It may have been opened since the screen was frozen: a second key would close it unseen.
  const shown: ViewState = {
    ...view,
    isFrozen: false,
    overlay: 'audience',
    detail: undefined,
    cursor: undefined,
  }
  if (slice !== undefined && view.overlay !== 'audience') return { view: shown }
  return {
    view: slice === undefined ? shown : { ...view, overlay: undefined },
    act: () => audience?.toggle() ?? refused(NO_ROOM),
  }
}
