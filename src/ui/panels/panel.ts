/** What a panel is: a pure function from the state and a size to a title, a value and lines. */
import type { AppState } from '../../pipeline/state/state.ts'
import type { Detail, LogSource } from '../input/view-state.ts'
import type { Framed } from '../text/frame.ts'

/** Everything that a panel may depend on: it asks neither clock nor store. */
export interface PanelContext {
  state: AppState
  /** Inside the frame. */
  width: number
  height: number
  /** Full screen: room for more detail. */
  isZoomed: boolean
  /** Case-insensitive text that rows of the log and the events must contain; empty: all. */
  filter: string
  /** Lines scrolled back from the newest (log, events), or down from the top (everything else). */
  scroll: number
  /** Epoch milliseconds at which charts over time end; undefined: now. */
  chartAt?: number | undefined
  /** Whose lines the zoomed log shows; undefined: all. */
  logSource?: LogSource | undefined
}

/** What the frame is drawn around. */
export interface PanelContent extends Framed {
  /** Lines that could be scrolled beyond what is shown; undefined: everything is shown. */
  scrollable?: number | undefined
  /** What is behind each of the lines, in their order; a row without is not opened. Asked when a key or a click needs it. */
  details?: (() => readonly (Detail | undefined)[]) | undefined
}

/** No more lines than the height that it is given are shown. */
export type Panel = (context: PanelContext) => PanelContent
