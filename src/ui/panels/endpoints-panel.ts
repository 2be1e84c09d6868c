/** Where other programs reach the pipeline: connection strings and addresses, secrets masked. */
import type { AppState } from '../../pipeline/state/state.ts'
import type { Detail } from '../input/view-state.ts'
import { cut, type Line, left, printable, span, wrap } from '../text/line.ts'
import textWidth from '../text/text-width.ts'

/** Columns between a name and its address. */
const GAP = 2

/** Narrower than this an address takes more rows than it helps. */
const LEAST_WIDTH = 20

/** What a browser or a desktop opens. */
const OPENS = /^(https?|file):/

/** A line of the list, and what it is a part of. */
export interface EndpointRow {
  line: Line
  /** Whole, however many rows it takes. */
  detail?: Detail
}

/** An address is wrapped and never cut: somebody will copy it. */
export function endpointRows(state: AppState, width: number): EndpointRow[] {
  const { session, endpoints } = state
  const facts = [
    ...endpoints.map(({ name, value }) => [name, value] as const),
    ...(session.dataDir ? [['data folder', session.dataDir] as const] : []),
    ...(session.logFile ? [['log file', session.logFile] as const] : []),
    ['version', session.version] as const,
  ]
  const longest = Math.max(...facts.map(([name]) => textWidth(name)))
  const names = Math.min(longest, Math.floor(width / 2)) + GAP
  const hint =
    endpoints.length === 0
      ? 'No address yet: nothing is connected.'
      : session.target === 'local'
        ? 'Whole, with their keys, for a script of your own:  rtstream-tui endpoints'
        : 'Azure: sign in with az login; no key is needed.'
  return [
    ...facts.flatMap(([name, value]) => {
      const opens = OPENS.test(value) ? { link: value } : {}
      const detail: Detail = { title: name, facts: [], text: value, row: value, ...opens }
      return wrap(printable(value), Math.max(LEAST_WIDTH, width - names)).map(
        (part, index): EndpointRow => ({
          line: [
            span(left(index === 0 ? cut(name, names - GAP) : '', names), 'muted'),
            { text: part, ...(/^https?:/.test(value) ? { link: value } : {}) },
          ],
          detail,
        }),
      )
    }),
    { line: [] },
    { line: [span(hint, 'muted')] },
  ]
}

/** The same, to be read. */
export const endpointLines = (state: AppState, width: number): Line[] =>
  endpointRows(state, width).map(({ line }) => line)
