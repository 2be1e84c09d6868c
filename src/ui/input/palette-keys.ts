/** What keys do in the palette and the help: the same list, in which one types or walks. Pure. */
import type { AppState } from '../../pipeline/state/state.ts'
import { findCommands, type PaletteEntry } from './fuzzy.ts'
import { type KeyBinding, whyNot } from './keymap.ts'
import { edited } from './typing.ts'
import { closePalette, type ViewState } from './view-state.ts'

const QUERY_LENGTH = 40

/** What a key in the palette came to. */
export interface PaletteResult {
  view: ViewState
  /** An action to be carried out, now that the palette is closed. */
  run?: PaletteEntry | undefined
}

/** What can act now. The palette lies on what scrolls, so that this is left open. */
export const ableIn = (state: AppState, view: ViewState) => (binding: KeyBinding) =>
  whyNot(binding, state, view, true) === undefined

/** @returns undefined for a key that means what it means everywhere. */
export function paletteKey(
  view: ViewState,
  key: string,
  page: number,
  state: AppState,
): PaletteResult | undefined {
  const { palette } = view
  const found = findCommands(palette.query, ableIn(state, view))
  const walk = (by: number): PaletteResult => {
    const chosen = Math.min(found.length - 1, Math.max(0, palette.chosen + by))
    return { view: { ...view, palette: { ...palette, chosen } } }
  }
  const typed = (query: string): PaletteResult => ({
    view: { ...view, palette: { ...palette, query, isTyping: true, chosen: 0 } },
  })
  const closed = closePalette(view)
  switch (key) {
    case 'up':
      return walk(-1)
    case 'down':
    case 'tab':
      return walk(1)
    case 'pageup':
      return walk(-page)
    case 'pagedown':
      return walk(page)
    case 'home':
      return walk(-found.length)
    case 'end':
      return walk(found.length)
    case 'return':
      return { view: closed, run: found[palette.chosen] }
    case 'escape':
      return { view: closed }
  }
  const query = palette.isTyping ? edited(palette.query, key) : undefined
  if (query !== undefined) return typed(query)
  if (palette.isTyping)
    return [...key].length === 1 && palette.query.length < QUERY_LENGTH
      ? typed(palette.query + key)
      : { view }
  if (key === '/' || key === ':') return typed('')
  if (key === 'j') return walk(1)
  if (key === 'k') return walk(-1)
  if (key === 'q' || key === '?' || key === 'h') return { view: closed }
  return undefined
}
