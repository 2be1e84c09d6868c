/** What the operator has done to the screen itself: focus, zoom, scroll, filter, questions. Pure. */
import { PANELS, type PanelId } from './layout.ts'

export type Overlay = 'help' | 'endpoints' | 'books'
/** A question that waits for an answer. */
export type Question =
  | { kind: 'stopAll' }
  | { kind: 'quit' }
  | { kind: 'costs'; perform: () => void }
  | { kind: 'stations'; text: string }

export interface ViewState {
  focused: PanelId
  isZoomed: boolean
  overlay: Overlay | undefined
  question: Question | undefined
  filter: string
  /** The filter is being typed. */
  isFiltering: boolean
  scroll: Readonly<Partial<Record<PanelId | Overlay, number>>>
  isFrozen: boolean
  /** One line at the foot, and whether it is a refusal. */
  toast: { text: string; isRefusal: boolean; at: number } | undefined
}

export const initialView: ViewState = {
  focused: 'rate',
  isZoomed: false,
  overlay: undefined,
  question: undefined,
  filter: '',
  isFiltering: false,
  scroll: {},
  isFrozen: false,
  toast: undefined,
}

export function moveFocus(view: ViewState, by: 1 | -1): ViewState {
  const index = (PANELS.indexOf(view.focused) + by + PANELS.length) % PANELS.length
  return { ...view, focused: PANELS[index] as PanelId }
}

/** Lists grow at their end, so they scroll back from it; the others scroll down from their top. */
export const scrollsBack = (id: PanelId | Overlay): boolean => id === 'events' || id === 'log'

/** @param most rows that can be scrolled. */
export function scrollBy(view: ViewState, id: PanelId | Overlay, rows: number, most: number): ViewState {
  const signed = scrollsBack(id) ? -rows : rows
  const next = Math.min(most, Math.max(0, (view.scroll[id] ?? 0) + signed))
  return { ...view, scroll: { ...view.scroll, [id]: next } }
}
