/** What `g` opens: the address of what is opened or chosen, else that of what the panel in focus shows. Pure. */
import type { AppState, EndpointLine } from '../../pipeline/state/state.ts'
import type { PanelId } from '../layout.ts'
import type { Detail, ViewState } from './view-state.ts'

type Subject = NonNullable<EndpointLine['opens']>

const OF_PANEL: Readonly<Partial<Record<PanelId, Subject>>> = {
  hub: 'hub',
  job: 'streamAnalytics',
  lake: 'lake',
  databricks: 'silver',
  synapse: 'aggregate',
}

/** Addresses of a detail, its own first. */
export function linksOfDetail({ link, subject }: Detail, { endpoints }: AppState): EndpointLine[] {
  const own = link === undefined ? [] : [{ name: 'address', value: link }]
  return [...own, ...endpoints.filter(({ opens }) => opens !== undefined && opens === subject)]
}

/** Where phones reach the room that is shown. @returns undefined: none is shown, or it is not open. */
export const roomAddress = ({ overlay }: ViewState, { audience }: AppState): string | undefined =>
  overlay === 'audience' && audience?.phase === 'open' ? audience.url : undefined

/** @param chosen what is behind the chosen row. */
export function linkFor(view: ViewState, chosen: Detail | undefined, state: AppState): string | undefined {
  const detail = view.detail ?? chosen
  if (detail) return linksOfDetail(detail, state)[0]?.value
  if (view.overlay) return roomAddress(view, state)
  const subject = OF_PANEL[view.focused]
  return subject && state.endpoints.find(({ opens }) => opens === subject)?.value
}

/** Why there is nothing to open, and what there is instead. */
export const noLink = ({ session }: AppState): string =>
  session.target === 'local'
    ? 'Offline there is no portal: e lists the addresses of the local services.'
    : 'Nothing with an address is chosen: g opens the job, the hub, the lake, a run.'
