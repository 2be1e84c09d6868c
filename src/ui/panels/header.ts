/** The top line: what this is, how long it runs, whether the books balance. */
import type { AppState } from '../../pipeline/state.ts'
import { formatAge, formatCount, formatMoney, formatUptime } from '../format.ts'
import { type Line, span, spread } from '../line.ts'
import type { Style } from '../style.ts'

export function headerLine(state: AppState, style: Style, width: number, flags: { isFrozen: boolean }): Line {
  const { session, cost, assertions, now } = state
  const badges: Line = [
    ...(session.readOnly ? [span(' read-only ', 'warn', true), span(' ')] : []),
    ...(flags.isFrozen ? [span(' frozen ', 'warn', true), span(' ')] : []),
    ...(session.connected ? [] : [span(' connecting … ', 'warn')]),
  ]
  const start: Line = [
    span(' rtstream', 'accent', true),
    span('  '),
    span(session.target, 'title'),
    span(`  ${formatUptime(now - session.startedAt)}  `, 'muted'),
    ...badges,
  ]
  const latency = assertions.latencyP95.value
  const isWide = width >= 100
  const end: Line = [
    ...verdict(state, style),
    ...(latency === undefined
      ? []
      : [span(isWide ? '   created→gold ' : '  gold ', 'muted'), span(formatAge(latency))]),
    ...(session.target === 'azure'
      ? [
          span('   ≈ ', 'muted'),
          span(`${formatMoney(cost.perHour)}/h`, cost.perHour > 0 ? 'warn' : undefined),
          span(isWide ? ` ${formatMoney(cost.spent)} spent` : '', 'muted'),
        ]
      : []),
    span(isWide ? '   ? help ' : '  ? help ', 'muted'),
  ]
  return spread(start, end, width)
}

function verdict({ ledger }: AppState, { glyphs }: Style): Line {
  switch (ledger.verdict) {
    case 'empty':
      return [span('books empty', 'muted')]
    case 'balanced':
      return [span('books ', 'muted'), span(`${glyphs.check} balanced`, 'ok')]
    case 'flowing': {
      // Hop by hop in the books (l); here one number that can be read from afar.
      const waiting = Object.values(ledger.inFlight).reduce((sum, hop) => sum + Math.max(0, hop), 0)
      return [span('books ', 'muted'), span(glyphs.check, 'ok'), span(` ${formatCount(waiting)} in flight`)]
    }
    case 'unbalanced':
      return [
        span('books ', 'muted'),
        span(`${glyphs.cross} ${ledger.explanation ?? 'unbalanced'}`, 'fail', true),
      ]
  }
}
