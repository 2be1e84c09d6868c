/** What can be said of the ledger, in one place: the screen, the summary, its JSON and the exit code all say this. Pure. */
import { grouped } from '../../contract/grouped.ts'
import { type AppState, LAYERS, type LayerName } from '../state/state.ts'

/** `unknown`: a service was not read yet. */
export type VerdictKind = 'unknown' | 'empty' | 'balanced' | 'flowing' | 'unbalanced'

/** In words that can stand alone. */
export interface Verdict {
  kind: VerdictKind
  /** Without the mark: `balanced`, `38 in flight`, `17 lost`, `not read yet`. */
  text: string
  mark: '✓' | '✗' | '–'
}

/** Tables that the ledger counts; the means by minute are made of the same rows. */
const COUNTED: readonly LayerName[] = LAYERS.filter((name) => name !== 'byMinute')

/** Nothing is balanced that was not read: bad news stands all the same. */
export function verdictOf(state: Pick<AppState, 'ledger' | 'hub' | 'lake'>): Verdict {
  const { ledger } = state
  if (ledger.verdict === 'unbalanced')
    return {
      kind: 'unbalanced',
      text: ledger.lost > 0 ? `${grouped(ledger.lost)} lost` : 'unbalanced',
      mark: '✗',
    }
  const unread = unreadOf(state)
  if (unread !== undefined) return { kind: 'unknown', text: unread, mark: '–' }
  switch (ledger.verdict) {
    case 'empty':
      return { kind: 'empty', text: 'empty', mark: '–' }
    case 'balanced':
      return { kind: 'balanced', text: 'balanced', mark: '✓' }
    case 'flowing':
      return { kind: 'flowing', text: `${grouped(inFlightOf(state))} in flight`, mark: '✓' }
  }
}

/** What was not read, for a person; undefined: everything was. */
function unreadOf({ hub, lake, ledger }: Pick<AppState, 'hub' | 'lake' | 'ledger'>): string | undefined {
  if (hub.error !== undefined) return 'unknown: the hub cannot be read'
  const failing = COUNTED.find((name) => lake.layers[name].error !== undefined)
  if (failing !== undefined) return `unknown: ${failing} cannot be read`
  if (hub.updatedAt === undefined) return 'not read yet'
  if (COUNTED.some((name) => lake.layers[name].updatedAt === undefined)) return 'not read yet'
  return ledger.isUnread ? 'unknown: a table does not tell its rows' : undefined
}

/** Rows that are on their way, over all hops. */
export const inFlightOf = ({ ledger }: Pick<AppState, 'ledger'>): number =>
  Object.values(ledger.inFlight).reduce((sum, hop) => sum + Math.max(0, hop), 0)
