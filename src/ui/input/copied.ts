/** What `y` copies: what is opened, the chosen row, or the address of the room for phones. Pure. */
import type { AppState } from '../../pipeline/state/state.ts'
import type { Drawn } from './key-options.ts'
import { linksOfDetail, roomAddress } from './links.ts'
import type { Detail, ViewState } from './view-state.ts'

/** What is opened; else the chosen row as it stands, and whole where its list shows a part of it. @returns undefined: nothing is chosen. */
export function textToCopy(view: ViewState, drawn: Drawn, state: AppState): string | undefined {
  if (view.detail) return wholeText(view.detail, state)
  if (view.cursor === undefined) return roomAddress(view, state)
  return drawn.details[view.cursor]?.row ?? drawn.texts[view.cursor]
}

/** Its text; without one its facts and addresses, a line each. */
function wholeText(detail: Detail, state: AppState): string {
  const links = linksOfDetail(detail, state).map(({ name, value }) => [name, value] as const)
  return detail.text ?? [...detail.facts, ...links].map(([name, value]) => `${name}  ${value}`).join('\n')
}
