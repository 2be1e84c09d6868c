/** The ledger hop by hop, and the five assertions. */
import { verdictOf } from '../../pipeline/reconciliation/verdict.ts'
import { counted, type LedgerCount, waitingAt } from '../../pipeline/state/known.ts'
import type { AppState, Assertion, LedgerSlice } from '../../pipeline/state/state.ts'
import { formatAge, formatCount, formatRate } from '../text/format.ts'
import { STATE_GLYPHS } from '../text/glyphs.ts'
import { type Line, left, lineWidth, right, type Span, span } from '../text/line.ts'
import type { Panel, PanelContext } from './panel.ts'
import { scrolledDown } from './scrolled.ts'

const NAME = 13
const NUMBER = 10

/** Zoomed: also why it does not balance. */
export const ledgerPanel: Panel = (context) => {
  const { state, height, scroll, isZoomed } = context
  const lines = [
    ...hops(context),
    ...(isZoomed ? [[]] : []),
    ...assertions(state),
    ...(isZoomed && state.ledger.explanation ? [[], [span(state.ledger.explanation, 'warn')] as Line] : []),
  ]
  return {
    hotkey: 'l',
    title: 'ledger',
    subtitle: 'hop by hop',
    value: verdict(state),
    ...scrolledDown(lines, height, scroll, isZoomed),
  }
}

/** `✓ balanced`, `✓ 38 in flight`, `✗ 17 lost`, `– not read yet`: the same here and in the header. */
export function verdict(state: AppState): Line {
  const { kind, mark, text } = verdictOf(state)
  switch (kind) {
    case 'flowing':
      return [span(`${mark} `, 'ok'), span(text)]
    case 'balanced':
      return [span(`${mark} ${text}`, 'ok')]
    case 'unbalanced':
      return [span(`${mark} ${text}`, 'fail', true)]
    default:
      return [span(kind === 'empty' ? text : `${mark} ${text}`, kind === 'empty' ? 'muted' : 'warn')]
  }
}

/** Rows of the hops and the assertions without those of other senders. */
const USUAL_ROWS = 13

function hops({ state, width, height }: PanelContext): Line[] {
  const { ledger } = state
  /** Who sent some of them: a line each, where there is room. */
  const senders = [
    { name: 'audience', events: ledger.audience ?? 0, by: 'by phones' },
    { name: 'typed', events: ledger.typed ?? 0, by: 'by you' },
  ].filter(({ events }) => events > 0)
  const hasLines = height >= USUAL_ROWS + senders.length
  const isRoomy = width >= 80
  const hop = (name: LedgerCount, of: keyof LedgerSlice['inFlight'] | undefined, ...more: Span[][]): Line => [
    span(left(HOP_NAMES[name] ?? name, NAME), 'muted'),
    span(right(formatCount(counted(state, name)), NUMBER)),
    // What stands beside has the column to itself.
    of === undefined ? span('') : flight(waitingAt(state, of)),
    span('  '),
    ...thatFit(more, width - NAME - (of === undefined ? NUMBER : 2 * NUMBER) - 2),
  ]
  /** Empty while the count is unknown. */
  const beside = (label: string, name: LedgerCount, token: 'warn' | 'fail' = 'warn'): Span[] => {
    const value = counted(state, name)
    if (value === undefined) return []
    return [span(`${label} `, 'muted'), span(`${formatCount(value)}   `, value > 0 ? token : undefined)]
  }
  const twice = ledger.enqueuedTwice ?? 0
  return [
    [
      span(left('', NAME)),
      span(right('rows', NUMBER), 'muted'),
      span(right('in flight', NUMBER), 'muted'),
      span(isRoomy ? '  and beside' : '', 'muted'),
    ],
    hop('acknowledged', undefined, ...(hasLines ? [] : senders.map(senderBeside))),
    ...(hasLines ? senders.map(senderLine) : []),
    hop(
      'enqueued',
      'hub',
      beside('skipped', 'skipped', 'fail'),
      twice > 0 ? [span('twice ', 'muted'), span(`${formatCount(twice)}   `, 'warn')] : [],
    ),
    hop('bronze', 'bronze', beside('rejected', 'rejected')),
    hop(
      'silver',
      'silver',
      ...(isRoomy
        ? [beside('quarantined', 'quarantined'), beside('duplicates', 'duplicates')]
        : [beside('duplic.', 'duplicates')]),
    ),
    ...(isRoomy ? [] : [hop('quarantined', undefined)]),
    hop('gold', 'gold'),
    hop('aggregated', 'aggregate', beside('lost', 'lost', 'fail')),
  ]
}

/** Counts are shown whole or not at all: those of nothing go first, then the last. */
function thatFit(counts: readonly Span[][], room: number): Span[] {
  const kept = counts.filter((one) => one.length > 0)
  // Blanks at the end may be cut.
  const isTooWide = () => lineWidth(kept.flat()) - BETWEEN > room
  while (kept.length > 1 && isTooWide()) {
    const ofNothing = kept.findIndex((one) => one.at(-1)?.token === undefined)
    kept.splice(ofNothing < 0 ? kept.length - 1 : ofNothing, 1)
  }
  return kept.flat()
}
/** Blanks between two counts. */
const BETWEEN = 3

interface Sender {
  name: string
  events: number
  by: string
}

const senderBeside = ({ name, events }: Sender): Span[] => [
  span(`${name} `, 'muted'),
  span(`${formatCount(events)}   `, 'warn'),
]
const senderLine = ({ name, events, by }: Sender): Line => [
  span(left(`  ${name}`, NAME), 'muted'),
  span(right(formatCount(events), NUMBER)),
  span(' '.repeat(NUMBER)),
  span('  '),
  span(`of them, ${by}`, 'muted'),
]

/** Where the row of a count is called otherwise. */
const HOP_NAMES: Readonly<Partial<Record<LedgerCount, string>>> = { quarantined: 'quarantine' }

const flight = (waiting: number | undefined): Span =>
  waiting === undefined
    ? span(' '.repeat(NUMBER))
    : waiting < 0
      ? span(right(`${formatCount(-waiting)} over`, NUMBER), 'fail')
      : span(right(formatCount(waiting), NUMBER), waiting > 0 ? 'accent' : 'muted')

function assertions({ assertions: five }: AppState): Line[] {
  const line = (
    name: string,
    { holds, expectation, value }: Assertion,
    format: (value: number) => string,
  ): Line => {
    const mark =
      holds === undefined
        ? span(STATE_GLYPHS.stopped, 'muted')
        : holds
          ? span('✓', 'ok')
          : span(STATE_GLYPHS.failed, 'fail')
    return [
      mark,
      span(` ${left(name, NAME + 2)}`),
      span(right(value === undefined ? '–' : format(value), NUMBER - 3)),
      span(`  ${expectation}`, 'muted'),
    ]
  }
  return [
    [span('five assertions', 'title', true)],
    line('rate', five.rate, (value) => `${formatRate(value)}/s`),
    line('latency p95', five.latencyP95, formatAge),
    line('duplicates', five.duplicates, formatCount),
    line('out of sequence', five.outOfSequence, formatCount),
    line('missing', five.missing, formatCount),
  ]
}
