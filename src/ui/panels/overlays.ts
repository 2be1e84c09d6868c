/** What covers the panels: help, the books, the endpoints, questions. */
import type { AppState, Assertion } from '../../pipeline/state.ts'
import { formatCount } from '../format.ts'
import { KEYMAP } from '../keymap.ts'
import { type Line, left, printable, span } from '../line.ts'
import type { Style } from '../style.ts'

/** @param columns two columns of keys where there is room. */
export function helpLines(width: number): Line[] {
  const groups = [...new Set(KEYMAP.map(({ group }) => group))]
  const blocks = groups.map((group): Line[] => [
    [span(group, 'title', true)],
    ...KEYMAP.filter((one) => one.group === group).map(
      (one): Line => [span(`  ${left(one.shown, 12)}`, 'accent'), span(one.does)],
    ),
    [],
  ])
  if (width < 110) return blocks.flat()
  const half = Math.floor(width / 2)
  const [first = [], second = []] = [[blocks[0], blocks[1]].flat(), [blocks[2], blocks[3]].flat()] as (
    | Line
    | undefined
  )[][]
  return Array.from({ length: Math.max(first.length, second.length) }, (_, index) => {
    const start = first[index] ?? []
    const used = start.reduce((sum, { text }) => sum + text.length, 0)
    return [...start, span(' '.repeat(Math.max(1, half - used))), ...(second[index] ?? [])]
  })
}

export function endpointsLines(state: AppState): Line[] {
  if (state.endpoints.length === 0) return [[span('Nothing runs yet.', 'muted')]]
  const width = Math.max(...state.endpoints.map(({ name }) => name.length)) + 2
  const hint =
    state.session.target === 'local'
      ? 'Whole, with their keys: rtstream-tui endpoints, in another terminal.'
      : ''
  return [
    ...state.endpoints.flatMap(({ name, value }): Line[] => [
      [span(left(name, width), 'muted'), span(printable(value))],
    ]),
    [],
    [span(hint, 'muted')],
  ]
}

export function booksLines(state: AppState, { glyphs }: Style): Line[] {
  const { ledger, assertions } = state
  const hop = (name: string, value: number, more: string): Line => [
    span(left(name, 16), 'muted'),
    span(formatCount(value).padStart(12)),
    span(`   ${more}`, 'muted'),
  ]
  const flight = (value: number) =>
    value > 0 ? `${formatCount(value)} in flight` : value < 0 ? `${formatCount(-value)} too many` : ''
  const check = (name: string, { value, holds, expectation }: Assertion, unit: string): Line => {
    const mark = holds === undefined ? glyphs.states.stopped : holds ? glyphs.check : glyphs.cross
    const shown = value === undefined ? '–' : `${Math.round(value * 10) / 10}${unit}`
    return [
      span(`${mark} `, holds === undefined ? 'muted' : holds ? 'ok' : 'fail'),
      span(left(name, 22)),
      span(shown.padStart(12)),
      span(`   ${expectation}`, 'muted'),
    ]
  }
  return [
    [
      span('The ledger', 'title', true),
      span(`   ${ledger.verdict}${ledger.explanation ? `: ${ledger.explanation}` : ''}`, 'muted'),
    ],
    hop('acknowledged', ledger.acknowledged, 'by the hub, to the generator'),
    hop('enqueued', ledger.enqueued, flight(ledger.inFlight.hub)),
    hop(
      'bronze',
      ledger.bronze,
      [`rejected ${formatCount(ledger.rejected)}`, flight(ledger.inFlight.bronze)]
        .filter(Boolean)
        .join('   '),
    ),
    hop(
      'silver',
      ledger.silver,
      [
        `quarantined ${formatCount(ledger.quarantined)}`,
        `duplicates ${formatCount(ledger.duplicates)}`,
        flight(ledger.inFlight.silver),
      ]
        .filter(Boolean)
        .join('   '),
    ),
    hop('gold', ledger.gold, flight(ledger.inFlight.gold)),
    hop('aggregated', ledger.aggregated, ''),
    hop('lost', ledger.lost, ledger.skipped > 0 ? `${formatCount(ledger.skipped)} expired in the hub` : ''),
    [],
    [span('The five assertions', 'title', true)],
    check('rate', assertions.rate, '/s'),
    check('latency p95, to gold', assertions.latencyP95, ' ms'),
    check('duplicates', assertions.duplicates, ''),
    check('out of sequence', assertions.outOfSequence, ''),
    check('missing', assertions.missing, ''),
  ]
}
