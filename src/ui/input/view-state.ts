/** What a person has done to the screen itself: focus, zoom, scroll, filter, questions. Pure. */
import type { TraceQuery } from '../../pipeline/ports/trace.ts'
import type { ActionResult } from '../../pipeline/state/actions.ts'
import type { EndpointLine, LayerName } from '../../pipeline/state/state.ts'
import type { PanelId } from '../layout.ts'

const OVERLAYS = ['help', 'endpoints', 'audience', 'table', 'trace', 'faults', 'lessons'] as const
/** What lies on the panels. */
export type Overlay = (typeof OVERLAYS)[number]

/** What is typed: a number of stations, a share of dirty data in percent, a time, a question, a table, a phone's rate or name. */
export type TypedKind = 'stations' | 'share' | 'interval' | 'sql' | 'export' | 'phoneRate' | 'phone'

/** What was typed and chosen in it. */
export interface PaletteState {
  query: string
  isTyping: boolean
  /** Place of the chosen action among those that are found. */
  chosen: number
  /** What it lies on, which an action may be about: a row that is chosen, or what is opened. */
  over?: Pick<ViewState, 'overlay' | 'detail' | 'cursor'>
}
export const noPalette: PaletteState = { query: '', isTyping: false, chosen: 0 }

/** A question that waits for an answer; nothing else is done meanwhile. */
export type Question =
  | { kind: 'stopAll' }
  /** `askedAt` is monotonic (ms): a second press soon after is an answer. */
  | { kind: 'quit'; askedAt: number }
  | { kind: 'costs'; perform: () => ActionResult }
  | { kind: TypedKind; text: string }
  /** A reading of a person's own: what was typed so far, and which part is being typed. */
  | { kind: 'own'; parts: readonly [city: string, temperature: string, humidity: string]; at: 0 | 1 | 2 }

/** What the last key came to. */
export interface Toast {
  text: string
  isRefusal: boolean
  /** Store time (ms): it goes with the next key, or after a while. */
  at: number
}

/** What is behind a row of a list. */
export interface Detail {
  title: string
  /** The layer of the lake that it is. */
  layer?: LayerName | undefined
  facts: readonly (readonly [name: string, value: string])[]
  /** The row behind which it is, where the list shows a part of it. */
  row?: string | undefined
  /** As it stands: a body, an error. */
  text?: string | undefined
  /** What can be opened elsewhere. */
  link?: string | undefined
  /** What it is part of: its addresses are the detail's too. */
  subject?: NonNullable<EndpointLine['opens']> | undefined
  /** The event behind it, which can be followed. */
  trace?: TraceQuery | undefined
}

/** Rows as text; the first is the head. */
export interface TableView {
  title: string
  lines: readonly string[]
  /** Where each column begins; empty: the lines are plain text, not a table. */
  starts: readonly number[]
  /** Names and values, row by row, none of them cut. */
  cells: readonly (readonly string[])[]
  /** Lines at the end that belong to no column. */
  foot: number
  /** Index of the first column that is shown. */
  shifted: number
}
/** @param lines what stands there in place of rows. */
export const noTable = (title: string, lines: readonly string[] = []): TableView => ({
  title,
  lines,
  starts: [],
  cells: [],
  foot: 0,
  shifted: 0,
})

/** Sources that the zoomed log can be narrowed to, in the order of the pipeline; the first is all. */
export const LOG_SOURCES = [
  'all',
  'generator',
  'hub',
  'streamAnalytics',
  'silver',
  'gold',
  'aggregate',
  'lake',
  'you',
] as const
/** `all`, or one source. */
export type LogSource = (typeof LOG_SOURCES)[number]

/** Replaced at each change, never changed. */
export interface ViewState {
  focused: PanelId
  /** What was focused before a key opened another panel at once. */
  before: PanelId | undefined
  isZoomed: boolean
  overlay: Overlay | undefined
  palette: PaletteState
  /** Rows that were asked for. */
  table: TableView
  /** Row of the focused panel that is chosen, from the top of what is shown; undefined: none. */
  cursor: number | undefined
  /** Opened on a row: what it holds, line by line. */
  detail: Detail | undefined
  question: Question | undefined
  filter: string
  /** The filter is being typed. */
  isFiltering: boolean
  scroll: Readonly<Partial<Record<ScrollTarget, number>>>
  /** Epoch milliseconds at which charts over time end; undefined: now. */
  chartAt: number | undefined
  /** Whose lines the zoomed log shows. */
  logSource: LogSource
  /** Large digits instead of panels. */
  isPresenting: boolean
  isFrozen: boolean
  toast: Toast | undefined
}

/** Of a session that begins. */
export const initialView: ViewState = {
  focused: 'rate',
  before: undefined,
  isZoomed: false,
  overlay: undefined,
  palette: noPalette,
  table: noTable(''),
  cursor: undefined,
  detail: undefined,
  question: undefined,
  filter: '',
  isFiltering: false,
  scroll: {},
  chartAt: undefined,
  logSource: 'all',
  isPresenting: false,
  isFrozen: false,
  toast: undefined,
}

/** A field is open: letters are text, not keys. */
export const asksForText = ({ isFiltering, question, palette }: ViewState): boolean =>
  isFiltering ||
  palette.isTyping ||
  (question !== undefined && ('text' in question || question.kind === 'own'))

/** What keys of scrolling work on: what is opened lies on top. */
export type ScrollTarget = PanelId | Overlay | 'detail'
/** What up and down move. */
export const scrollTarget = (view: ViewState): ScrollTarget =>
  view.detail ? 'detail' : (view.overlay ?? view.focused)

/** @param focusable panels in the order of the focus. */
export function moveFocus(view: ViewState, by: 1 | -1, focusable: readonly PanelId[]): ViewState {
  const at = focusable.indexOf(view.focused)
  const next = focusable[(Math.max(0, at) + by + focusable.length) % focusable.length]
  return { ...view, focused: next ?? view.focused, before: undefined, cursor: undefined }
}

/** Opens a panel full screen, or goes back to where one was. */
export function toggleZoomOf(view: ViewState, id: PanelId): ViewState {
  if (view.isZoomed && view.focused === id && !view.overlay && !view.detail) return leaveZoom(view)
  const before = view.before ?? view.focused
  return {
    ...view,
    focused: id,
    before,
    isZoomed: true,
    overlay: undefined,
    detail: undefined,
    cursor: undefined,
  }
}

/** The list of all actions lies on top of everything. */
export function openPalette(view: ViewState, isTyping: boolean): ViewState {
  const { overlay, detail, cursor, palette } = view
  const below =
    overlay === 'help'
      ? palette.over
      : detail || cursor !== undefined
        ? { overlay, detail, cursor }
        : undefined
  return {
    ...view,
    overlay: 'help',
    detail: undefined,
    cursor: undefined,
    palette: { query: '', isTyping, chosen: 0, ...(below ? { over: below } : {}) },
  }
}

/** What it lay on is there again. */
export const closePalette = (view: ViewState): ViewState => ({
  ...view,
  overlay: undefined,
  ...view.palette.over,
  palette: noPalette,
})

/** Back to the panel that had the focus before. */
export const leaveZoom = (view: ViewState): ViewState => ({
  ...view,
  isZoomed: false,
  cursor: undefined,
  focused: view.before ?? view.focused,
  before: undefined,
})

/** Lists that grow at their end scroll back from it; everything else scrolls down from its top. */
export const growsAtEnd = (id: ScrollTarget): boolean => id === 'events' || id === 'log'

/** @param rows towards the end; negative: towards the start. @param most lines that can be scrolled. */
export function scrollBy(view: ViewState, rows: number, most: number): ViewState {
  const id = scrollTarget(view)
  const wanted = (view.scroll[id] ?? 0) + (growsAtEnd(id) ? -rows : rows)
  return { ...view, scroll: { ...view.scroll, [id]: Math.min(most, Math.max(0, wanted)) } }
}

/** Something lies on top of the panels, which a key can close. */
export const isCovered = (view: ViewState): boolean =>
  view.detail !== undefined ||
  view.cursor !== undefined ||
  view.overlay !== undefined ||
  view.isZoomed ||
  view.isFiltering ||
  view.filter !== ''

/** What `q` and ctrl+c leave before they end the session. */
export const canClose = (view: ViewState): boolean => isCovered(view) || view.isPresenting

/** Leaves one thing at a time: overlay, zoom, presenter mode, filter, scrolling. */
export function goBack(view: ViewState): ViewState {
  if (view.detail) return { ...view, detail: undefined }
  if (view.overlay === 'help') return closePalette(view)
  // The row that is chosen in it goes with it: behind it stands another list.
  if (view.overlay) return { ...view, overlay: undefined, cursor: undefined }
  if (view.cursor !== undefined) return { ...view, cursor: undefined }
  if (view.isZoomed) return leaveZoom(view)
  if (view.isPresenting) return { ...view, isPresenting: false }
  if (view.filter) return { ...view, filter: '' }
  if (view.chartAt !== undefined) return { ...view, chartAt: undefined }
  return { ...view, scroll: {} }
}
