/** What the filter does to the lists that it works on. */
import { type Line, printable, span } from '../text/line.ts'
import type { PanelContext } from './panel.ts'
import type { Window } from './scrolled.ts'

/** Anywhere in the text, without regard to case. */
export const isMatch = (text: string, filter: string): boolean =>
  filter === '' || text.toLowerCase().includes(filter.toLowerCase())

/** Why a list is empty. @param otherwise what to say without a filter. */
export const emptyText = (filter: string, otherwise: string): string =>
  filter === '' ? otherwise : `nothing matches “${printable(filter)}”; esc clears the filter`

/** Right of the title: the filter, how far back one has scrolled, or that the newest is shown. */
export function tailState(
  { filter, scroll }: PanelContext,
  window: Window<unknown>,
  following: string,
): Line {
  const back = Math.min(scroll, window.scrollable)
  return [
    span(filter === '' ? '' : `/${printable(filter)}  `, 'accent', true),
    back > 0 ? span(`${back} back, f follows`, 'accent') : span(following, 'muted'),
  ]
}
