/** Commands that change what is shown and nothing else, as data. Pure. */
import type { AppState } from '../../pipeline/state/state.ts'
import type { Drawn } from './key-options.ts'
import type { Command } from './keymap.ts'
import {
  CHART_STEP_MS,
  chooseSource,
  focusPanel,
  moveCursor,
  moveInTime,
  page,
  shiftTable,
  startFilter,
  toggleOverlay,
  upOrDown,
} from './view-keys.ts'
import {
  moveFocus,
  type Overlay,
  openPalette,
  type TypedKind,
  toggleZoomOf,
  type ViewState,
} from './view-state.ts'

type Change = (view: ViewState, key: string, drawn: Drawn, state: AppState) => ViewState

const askFor =
  (kind: TypedKind): Change =>
  (view) => ({ ...view, question: { kind, text: '' } })
const toggle =
  (overlay: Overlay): Change =>
  (view) =>
    toggleOverlay(view, overlay)
/** Left and right have a use of their own in a wide table and in the zoomed log. */
const sideways =
  (by: 1 | -1): Change =>
  (view, key, { focusable }) =>
    shiftTable(view, key) ??
    chooseSource(view, key) ??
    moveFocus({ ...view, overlay: undefined, detail: undefined }, by, focusable)

const CHANGES = {
  setStations: askFor('stations'),
  setShare: askFor('share'),
  setInterval: askFor('interval'),
  export: askFor('export'),
  sendOne: (view) => ({ ...view, question: { kind: 'own', parts: ['', '', ''], at: 0 } }),
  palette: (view) => openPalette(view, true),
  help: (view) => openPalette(view, false),
  endpoints: toggle('endpoints'),
  faults: toggle('faults'),
  lessons: toggle('lessons'),
  rowUp: (view, _key, drawn) => moveCursor(view, -1, drawn),
  rowDown: (view, _key, drawn) => moveCursor(view, 1, drawn),
  focusPanel,
  nextPanel: sideways(1),
  previousPanel: sideways(-1),
  ledger: (view) => toggleZoomOf(view, 'ledger'),
  up: (view, _key, drawn) => upOrDown(view, -1, drawn),
  down: (view, _key, drawn) => upOrDown(view, 1, drawn),
  page,
  filter: startFilter,
  follow: (view) => ({ ...view, scroll: { ...view.scroll, [view.focused]: 0 } }),
  freeze: (view) => ({ ...view, isFrozen: !view.isFrozen }),
  earlier: (view, _key, _drawn, state) => moveInTime(view, -CHART_STEP_MS, state),
  present: (view) => ({
    ...view,
    isPresenting: !view.isPresenting,
    overlay: undefined,
    isZoomed: false,
    detail: undefined,
    cursor: undefined,
  }),
} satisfies Partial<Record<Command, Change>>

/** A recording and a read-only session have these too. */
export type ViewCommand = keyof typeof CHANGES

export const isViewCommand = (command: Command): command is ViewCommand => Object.hasOwn(CHANGES, command)

/** A pure function from one view to the next. */
export const changeOf = (command: ViewCommand): Change => CHANGES[command]
