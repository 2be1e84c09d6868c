/** Keys that move about the screen and change nothing else: rows, pages, filter, panels, time. Pure. */
import type { AppState } from '../../pipeline/state/state.ts'
import type { PanelId } from '../layout.ts'
import type { Drawn } from './key-options.ts'
import { edited } from './typing.ts'
import {
  growsAtEnd,
  LOG_SOURCES,
  moveFocus,
  noPalette,
  type Overlay,
  scrollBy,
  scrollTarget,
  type ViewState,
} from './view-state.ts'

const FILTER_LENGTH = 40

/** How far one press goes back in the charts, and how far at most (ms): as long as series are kept. */
export const CHART_STEP_MS = 30_000
const CHART_MOST_MS = 3_600_000

/** @param by milliseconds; negative: back. Bounded by what charts remember. */
export function moveInTime(view: ViewState, by: number, { now }: AppState): ViewState {
  const at = Math.max(now - CHART_MOST_MS, (view.chartAt ?? now) + by)
  // Time goes on while one looks: what is left of a step towards now is now.
  const isNow = at >= now || (by > 0 && now - at < CHART_STEP_MS)
  return { ...view, chartAt: isNow ? undefined : at }
}

/** Panels by the number that alt goes with. */
const NUMBERED: readonly PanelId[] = ['rate', 'hub', 'job', 'lake', 'databricks', 'synapse', 'events', 'log']

/** @param key alt and a number. */
export function focusPanel(view: ViewState, key: string): ViewState {
  const id = NUMBERED[Number(key.at(-1)) - 1]
  return id ? { ...view, focused: id, overlay: undefined, detail: undefined, cursor: undefined } : view
}

/** The first press chooses the first row that has something behind it; at the edges the list scrolls. */
export function moveCursor(view: ViewState, by: 1 | -1, { details, texts, scrollable }: Drawn): ViewState {
  if (view.detail) return scrollBy(view, by, scrollable)
  const first = details.findIndex((one) => one !== undefined)
  if (view.cursor === undefined) {
    const last = details.findLastIndex((one) => one !== undefined)
    const start = growsAtEnd(scrollTarget(view)) ? last : first
    return start < 0 ? scrollBy(view, by, scrollable) : { ...view, cursor: start }
  }
  const next = view.cursor + by
  const isInside = next >= Math.max(0, first) && next < texts.length
  return isInside ? { ...view, cursor: next } : scrollBy(view, by, scrollable)
}

/** The lists that it changes go to their newest line. Its length is bounded. */
export function typeFilter(view: ViewState, key: string): ViewState {
  if (key === 'escape') return { ...view, isFiltering: false, filter: '' }
  if (key === 'return') return { ...view, isFiltering: false }
  const shorter = edited(view.filter, key)
  if (shorter === undefined && ([...key].length !== 1 || view.filter.length >= FILTER_LENGTH)) return view
  return {
    ...view,
    filter: shorter ?? view.filter + key,
    cursor: undefined,
    scroll: { ...view.scroll, log: 0, events: 0 },
  }
}

/** What is filtered must be seen: nothing lies on it, and in presenter mode it has the place of the digits. */
export function startFilter(view: ViewState): ViewState {
  const focused = growsAtEnd(view.focused) ? view.focused : 'log'
  return {
    ...view,
    isFiltering: true,
    isZoomed: view.isZoomed || view.isPresenting,
    overlay: undefined,
    detail: undefined,
    cursor: undefined,
    focused,
  }
}

/** Left and right go through the columns of a table that is wider than the window. @returns undefined: no table is open. */
export function shiftTable(view: ViewState, key: string): ViewState | undefined {
  const { overlay, detail, table } = view
  if (overlay !== 'table' || detail || table.starts.length < 2 || (key !== 'left' && key !== 'right'))
    return undefined
  const shifted = table.shifted + (key === 'right' ? 1 : -1)
  return { ...view, table: { ...table, shifted: Math.min(table.starts.length - 1, Math.max(0, shifted)) } }
}

/** In the zoomed log left and right choose whose lines are shown. @returns undefined: no such log is open. */
export function chooseSource(view: ViewState, key: string): ViewState | undefined {
  if (!view.isZoomed || view.focused !== 'log' || view.overlay || view.detail) return undefined
  if (key !== 'left' && key !== 'right') return undefined
  const count = LOG_SOURCES.length
  const at = (LOG_SOURCES.indexOf(view.logSource) + (key === 'right' ? 1 : -1) + count) % count
  const logSource = LOG_SOURCES[at] ?? 'all'
  return { ...view, logSource, cursor: undefined, scroll: { ...view.scroll, log: 0 } }
}

/** Scrolls where more is to be seen; else the focus moves, unless something covers the panels. */
export function upOrDown(view: ViewState, by: 1 | -1, drawn: Drawn): ViewState {
  if (drawn.scrollable > 0) return scrollBy(view, by, drawn.scrollable)
  return view.overlay || view.detail ? view : moveFocus(view, by, drawn.focusable)
}

/** @param key `pageup`, `pagedown`, `home` or `end`. */
export function page(view: ViewState, key: string, { page: rows, scrollable }: Drawn): ViewState {
  const by = { pageup: -rows, pagedown: rows, home: -scrollable, end: scrollable }[key] ?? 0
  return scrollBy(view, by, scrollable)
}

/** It takes the place of what lay on the panels, and begins with its first line. */
export const toggleOverlay = (view: ViewState, overlay: Overlay): ViewState => ({
  ...view,
  palette: noPalette,
  cursor: undefined,
  detail: undefined,
  overlay: view.overlay === overlay && !view.detail ? undefined : overlay,
  scroll: { ...view.scroll, [overlay]: 0 },
})
