/** The ledger hop by hop, and the five assertions. */
import { verdictOf } from '../../pipeline/reconciliation/verdict.ts'
import type { AppState, Assertion } from '../../pipeline/state/state.ts'
import { formatAge, formatCount, formatRate } from '../text/format.ts'
import { STATE_GLYPHS } from '../text/glyphs.ts'
import { type Line, left, right, type Span, span } from '../text/line.ts'
import type { Panel, PanelContext } from './panel.ts'
import { scrolledDown } from './scrolled.ts'

const NAME = 13
const HUB_HOPS = ['acknowledged', '  audience', 'enqueued']
const NUMBER = 10

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

/** Rows of the hops and the assertions without the audience's own. */
const USUAL_ROWS = 13

function hops({ state, width, height }: PanelContext): Line[] {
  const { ledger } = state
  const room = ledger.audience ?? 0
  const hasLine = height > USUAL_ROWS
  const { inFlight } = ledger
  const isRoomy = width >= 80
  const isHubRead = state.hub.updatedAt !== undefined
  const isRead = isHubRead && state.lake.layers.silver.updatedAt !== undefined
  const hop = (name: string, value: number, waiting: number | undefined, ...more: Span[]): Line => {
    // Nothing was read: neither is there nothing, nor does nothing wait.
    const isKnown = HUB_HOPS.includes(name) ? isHubRead : isRead
    return [
      span(left(name, NAME), 'muted'),
      span(right(formatCount(isKnown ? value : undefined), NUMBER)),
      waiting === undefined || !isRead ? span(' '.repeat(NUMBER)) : flight(waiting),
      span('  '),
      ...(isKnown ? more : []),
    ]
  }
  const beside = (name: string, value: number, token: 'warn' | 'fail' = 'warn'): Span[] => [
    span(`${name} `, 'muted'),
    span(`${formatCount(value)}   `, value > 0 ? token : undefined),
  ]
  return [
    [
      span(left('', NAME)),
      span(right('rows', NUMBER), 'muted'),
      span(right('in flight', NUMBER), 'muted'),
      span(isRoomy ? '  and beside' : '', 'muted'),
    ],
    hop(
      'acknowledged',
      ledger.acknowledged,
      undefined,
      ...(hasLine || !room ? [] : beside('audience', room)),
    ),
    ...(hasLine && room ? [hop('  audience', room, undefined, span('of them, by phones', 'muted'))] : []),
    hop(
      'enqueued',
      ledger.enqueued,
      inFlight.hub,
      ...beside('skipped', ledger.skipped, 'fail'),
      ...((ledger.enqueuedTwice ?? 0) > 0 ? beside('twice', ledger.enqueuedTwice ?? 0) : []),
    ),
    hop('bronze', ledger.bronze, inFlight.bronze, ...beside('rejected', ledger.rejected)),
    hop(
      'silver',
      ledger.silver,
      inFlight.silver,
      ...(isRoomy
        ? [...beside('quarantined', ledger.quarantined), ...beside('duplicates', ledger.duplicates)]
        : beside('duplic.', ledger.duplicates)),
    ),
    ...(isRoomy ? [] : [hop('quarantine', ledger.quarantined, undefined)]),
    hop('gold', ledger.gold, inFlight.gold),
    hop('aggregated', ledger.aggregated, inFlight.aggregate, ...beside('lost', ledger.lost, 'fail')),
  ]
}

const flight = (waiting: number): Span =>
  waiting < 0
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
