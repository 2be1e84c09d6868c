/** What keys need: the screen as it is drawn, and whom they ask. */
import type { ExportFormat, QueryTable } from '../../pipeline/ports/query.ts'
import type { ActionResult, Actions } from '../../pipeline/state/actions.ts'
import type { AppState } from '../../pipeline/state/state.ts'
import type { HandOver } from '../ink/hand-over.ts'
import type { PanelId } from '../layout.ts'
import type { Detail, ViewState } from './view-state.ts'

/** What keys need to know of the screen as it is drawn. */
export interface Drawn {
  focusable: readonly PanelId[]
  /** Lines of the target of scrolling that are not shown. */
  scrollable: number
  /** Lines of a page. */
  page: number
  /** The rows of the focused panel or of the overlay, and the details behind each. */
  texts: readonly string[]
  details: readonly (Detail | undefined)[]
}

/** Each function is called at the moment of the key. */
export interface KeyDispatchOptions {
  /** The pipeline as it is now, also while the screen is frozen. */
  state: () => AppState
  /** Milliseconds that never go back: how far apart two presses are. */
  monotonic: () => number
  actions: Actions
  /** Costs were accepted beforehand. */
  acceptCosts: boolean
  /** Quit at the first press, whatever runs. */
  yesQuit: boolean
  /** Goes on to the next theme. @returns its name. */
  onTheme: () => string
  /** To the clipboard of the terminal. */
  onCopy: (text: string) => void
  /** Writes the screen to files. @returns where they are. */
  onSave: () => ActionResult
  /** Opens an address in a browser. @returns why it cannot be. */
  onOpenLink: (url: string) => string | undefined
  /** Switches the mouse. @returns whether it is on. */
  onMouse: () => boolean
  /** Asks the layers in SQL; the answer comes to the screen later. @returns why it cannot be asked. */
  onAsk: (title: string, sql: string) => string | undefined
  /** Writes a table to a file; where it is comes to the screen later. */
  onExport: (table: QueryTable, format: ExportFormat) => void
  /** @returns the screen as it would be drawn with such a view. */
  onShow: (view: ViewState) => Drawn
  onQuit: (choice: { stopAll: boolean }) => void
  /** The terminal is to be drawn on anew, or given back to the shell for a while. @returns why not. */
  onHandOver: (what: HandOver) => string | undefined
}
