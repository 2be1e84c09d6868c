/** The words of a report, the same in each of its forms. */

import { clockText } from '../pipeline/state/clock-text.ts'
import { grouped, groupedRate } from '../pipeline/state/count-of.ts'
import type { ReportModel } from './model.ts'

const VERDICTS: Readonly<Record<ReportModel['verdict'], string>> = {
  balanced: 'Balanced: everything that went in came out.',
  flowing: 'Rows were still in flight when the session ended; they are kept for the next start.',
  unbalanced: 'Not balanced.',
  empty: 'Nothing was sent.',
  unknown: 'Not known:',
}

const OF_A_FOLDER: Partial<typeof VERDICTS> = {
  flowing: 'Rows are in flight; they are kept.',
  empty: 'Nothing has been sent.',
}

const GIVEN_UP: Partial<typeof VERDICTS> = {
  flowing: 'Rows were still in flight when the session ended, and went with its temporary folder.',
}

/** A sentence, which the explanation ends where nobody knows; of a folder other words than of a session. */
export const verdictText = ({ verdict, source, isEphemeral }: ReportModel): string =>
  (source === 'folder' ? OF_A_FOLDER : isEphemeral ? GIVEN_UP : undefined)?.[verdict] ?? VERDICTS[verdict]

/** `bad`: rows are lost, or more than they should be; `open`: nobody knows. */
export const gradeOf = ({ verdict }: ReportModel): 'good' | 'bad' | 'open' =>
  verdict === 'unbalanced' ? 'bad' : verdict === 'unknown' ? 'open' : 'good'

/** At most one decimal. */
export const count = (value: number | undefined): string =>
  value === undefined ? 'not known' : grouped(value, 1)

/** UTC, to the second. */
export const time = (at: number): string => new Date(at).toISOString().slice(11, 19)
/** UTC, to the second. */
export const moment = (at: number): string =>
  `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`
/** How long it was. */
export const span = ({ startedAt, endedAt }: ReportModel): string =>
  clockText(Math.max(0, endedAt - startedAt))

/** For each hop: what came in, what became of it, and what is in flight after it. */
export function ledgerRows({
  ledger,
}: ReportModel): (readonly [hop: string, rows: string, beside: string])[] {
  const { inFlight } = ledger
  const waiting = (rows = 0) => (rows > 0 ? `${count(rows)} in flight` : '')
  const listed = (...parts: (readonly [name: string, rows: number | undefined])[]) =>
    parts.flatMap(([name, rows = 0]) => (rows > 0 ? [`${name} ${count(rows)}`] : []))
  const join = (...parts: string[]) => parts.filter((part) => part !== '').join(', ')
  return [
    [
      'acknowledged',
      count(ledger.acknowledged),
      join(
        ...listed(['by phones of the room', ledger.audience], ['typed by the presenter', ledger.typed]),
        waiting(inFlight.hub),
      ),
    ],
    [
      'enqueued',
      count(ledger.enqueued),
      join(...listed(['expired', ledger.skipped]), waiting(inFlight.bronze)),
    ],
    [
      'bronze',
      count(ledger.bronze),
      join(...listed(['rejected', ledger.rejected]), waiting(inFlight.silver)),
    ],
    [
      'silver',
      count(ledger.silver),
      join(
        ...listed(['quarantined', ledger.quarantined], ['duplicates dropped', ledger.duplicates]),
        waiting(inFlight.gold),
      ),
    ],
    ['gold', count(ledger.gold), waiting(inFlight.aggregate)],
    ['aggregated', count(ledger.aggregated), ''],
    ['lost', count(ledger.lost), ''],
  ]
}

/** Of the room for phones; none when it was not open. */
export function audienceRows({ audience }: ReportModel): (readonly [what: string, value: string])[] {
  if (!audience) return []
  return [
    ['phones, most at a time', count(audience.most)],
    ['their events, acknowledged by the hub', count(audience.acknowledged)],
  ]
}

const measured = (value: number, unit: string): string =>
  unit === '/s' ? `${groupedRate(value)}/s` : `${count(value)}${unit === 'ms' ? ' ms' : unit}`

/** A mark, the name, what was measured, and what must hold. */
export function assertionRows({
  assertions,
}: ReportModel): (readonly [mark: '✓' | '✗' | '–', name: string, value: string, limit: string])[] {
  return assertions.map(({ name, value, unit, expectation, holds }) => [
    holds === undefined ? '–' : holds ? '✓' : '✗',
    name,
    value === undefined ? 'not known' : measured(value, unit),
    expectation,
  ])
}
