/** What keys mean in lists that a letter takes from, in a lesson, in a recording, and while a reading is typed. */
import { FAULTS } from '../../pipeline/faults/registry.ts'
import { isComplete } from '../../pipeline/ports/trace.ts'
import { type ActionResult, type Actions, type OwnReading, refused } from '../../pipeline/state/actions.ts'
import type { AppState } from '../../pipeline/state/state.ts'
import { NO_LESSON } from './keymap.ts'
import { LETTERS } from './letters.ts'
import { edited } from './typing.ts'
import type { Overlay, Question, ViewState } from './view-state.ts'

/** Longest text of each part of a typed reading. */
const OWN_LENGTH = 40
/** A key of a recording seeks so far (ms). */
const SEEK_MS = 10_000

/** What a letter does in a list that covers the panels; undefined: it is none of it. */
export function chooseFrom(
  overlay: Overlay | undefined,
  key: string,
  state: AppState,
  actions: Actions,
): (() => ActionResult) | undefined {
  const { lessons, audience } = state
  const at = LETTERS.indexOf(key)
  const fault = overlay === 'faults' ? FAULTS[at] : undefined
  if (fault) return () => actions.injectFault(fault.name)
  const address =
    overlay === 'audience' && audience?.phase === 'choosing' ? audience.addresses[at]?.address : undefined
  if (address !== undefined)
    return () => actions.audience?.choose(address) ?? refused('A recording has no room for phones.')
  const lesson = overlay === 'lessons' ? lessons[at] : undefined
  return (
    lesson &&
    (() => {
      // It speaks of the pipeline, whose place in the strip an event may have.
      if (isFollowing(state)) actions.endTrace()
      return actions.lessons?.begin(lesson.name) ?? refused(NO_LESSON)
    })
  )
}

/** Letters bet on an answer of a lesson. */
export type PlayCommand = 'playPause' | 'playBack' | 'playNext' | 'slower' | 'faster' | 'A' | 'B' | 'C'

/** The same keys play a recording and a lesson: there are never both. */
export function playResult(command: PlayCommand, { replay, lessons }: Actions): ActionResult {
  switch (command) {
    case 'playPause':
      return (replay ?? lessons)?.pause() ?? refused(NO_LESSON)
    case 'slower':
    case 'faster':
      return replay?.faster(command === 'slower' ? -1 : 1) ?? refused('Only a recording has a speed.')
    case 'playBack':
      return replay?.seek(-SEEK_MS) ?? lessons?.back() ?? refused(NO_LESSON)
    case 'playNext':
      return replay?.seek(SEEK_MS) ?? lessons?.next() ?? refused(NO_LESSON)
    default:
      return lessons?.bet('ABC'.indexOf(command)) ?? refused(NO_LESSON)
  }
}

/** A key while a reading is typed. @returns the reading once it is to be sent. */
export function typeOwn(
  view: ViewState,
  question: Extract<Question, { kind: 'own' }>,
  key: string,
): ViewState | { reading: OwnReading } {
  const { parts, at } = question
  const show = (changes: Partial<typeof question>): ViewState => ({
    ...view,
    question: { ...question, ...changes },
  })
  const typed = (text: string) => {
    const next: [string, string, string] = [...parts]
    next[at] = text
    return show({ parts: next })
  }
  if (key === 'escape') return { ...view, question: undefined }
  if (key === 'tab' || key === 'down' || (key === 'return' && at < 2))
    return show({ at: ((at + 1) % 3) as 0 | 1 | 2 })
  if (key === 'shift+tab' || key === 'up') return show({ at: ((at + 2) % 3) as 0 | 1 | 2 })
  if (key === 'return') {
    const [city, temperature, humidity] = parts
    return { reading: { city, temperature, humidity } }
  }
  const text = edited(parts[at], key)
  if (text !== undefined) return typed(text)
  return [...key].length === 1 && parts[at].length < OWN_LENGTH ? typed(parts[at] + key) : view
}

/** From its first line, on top of everything; what is opened is not in what was frozen. */
export const openOverlay = (view: ViewState, overlay: Overlay): ViewState => ({
  ...view,
  isFrozen: false,
  overlay,
  detail: undefined,
  cursor: undefined,
  scroll: { ...view.scroll, [overlay]: 0 },
})

/** An event is followed in the strip. A recording shows what was followed then: nobody can end that. */
export const isFollowing = ({ trace, replay }: AppState): boolean => trace !== undefined && !replay

/** Something of it is still to come. */
export const isUnderWay = ({ trace: slice }: AppState): boolean =>
  slice !== undefined && !(slice.trace && isComplete(slice.trace))
