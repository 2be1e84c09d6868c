/** What a panel shows: pure functions from the state and a size to a title, a value and lines. */
import type { AppState } from '../../pipeline/state.ts'
import type { Line } from '../line.ts'
import type { Style } from '../style.ts'

export interface PanelContext {
  state: AppState
  style: Style
  /** Inner width in columns. */
  width: number
  /** Lines there are. */
  height: number
  isZoomed: boolean
  /** Case-insensitive text that rows of the log and the events must contain; empty: all. */
  filter: string
  /** Lines scrolled back from the newest (log, events), or down from the top (tables). */
  scroll: number
}

export interface PanelContent {
  title: string
  value: Line
  lines: readonly Line[]
  /** Rows that could be scrolled to beyond what is shown. */
  scrollable?: number
}

export type PanelView = (context: PanelContext) => PanelContent
