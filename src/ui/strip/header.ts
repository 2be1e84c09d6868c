/** The top line: what this is, how long it runs, whether the ledger balances, how fast, what it costs. */
import { costPerHour } from '../../pipeline/state/known.ts'
import type { AppState } from '../../pipeline/state/state.ts'
import { verdict } from '../panels/ledger-panel.ts'
import { formatAge, formatMoney, formatUptime, UNKNOWN } from '../text/format.ts'
import { badge, type Line, lineWidth, span, spread } from '../text/line.ts'

/** What does not fit is left out; what is marked stays. */
export function headerLine(state: AppState, width: number, { isFrozen }: { isFrozen: boolean }): Line {
  const { session, now } = state
  const name = [span(' '), span('rtstream', 'accent', true), span('  ')]
  const target = span(session.target, 'title', true)
  const uptime = span(`  ${formatUptime(now - session.startedAt)}  `, 'muted')
  const badges = (frozen = 'frozen, p goes on'): Line => [
    ...(session.connected ? [] : [badge('connecting', 'warn'), span(' ')]),
    ...(session.readOnly ? [badge('read-only', 'warn'), span(' ')] : []),
    ...(isFrozen ? [badge(frozen, 'accent'), span(' ')] : []),
  ]
  const parts = [
    ledger(state),
    latency(state, width >= 100),
    cost(state, width >= 130),
    [span('? help', 'muted')],
  ]
  const starts: readonly Line[] = [
    [...name, target, uptime, ...badges()],
    [...name, target, span('  '), ...badges()],
    [...name, ...badges()],
    [...name, ...badges('frozen')],
  ]
  const least = lineWidth(endOf(parts, 0))
  const start = starts.find((one) => lineWidth(one) + least <= width) ?? (starts.at(-1) as Line)
  return spread(start, endOf(parts, width - lineWidth(start)), width)
}

/** What does not fit goes, from the help on to the left; the ledger stays. */
function endOf(parts: readonly Line[], room: number): Line {
  const shown = parts.filter((part) => part.length > 0)
  const joined = (count: number): Line => [
    ...shown.slice(0, count).flatMap((part, index) => [...(index === 0 ? [] : [span('   ')]), ...part]),
    span(' '),
  ]
  for (let count = shown.length; count > 1; count--)
    if (lineWidth(joined(count)) <= room) return joined(count)
  return joined(1)
}

const ledger = (state: AppState): Line => [span('ledger ', 'muted'), ...verdict(state)]

function latency({ assertions }: AppState, isWide: boolean): Line {
  const { value, holds } = assertions.latencyP95
  if (value === undefined) return []
  return [
    span(isWide ? 'created→gold ' : 'gold ', 'muted'),
    span(formatAge(value), holds === false ? 'warn' : undefined),
    span(isWide ? ' p95 of 60 s' : '', 'muted'),
  ]
}

function cost(state: AppState, isWide: boolean): Line {
  const { cost, session } = state
  const perHour = costPerHour(state)
  const isFree = session.target === 'local'
  return [
    span('≈ ', 'muted'),
    span(`${perHour === undefined ? UNKNOWN : formatMoney(perHour)}/h`, perHour ? 'warn' : 'muted'),
    span(!isFree && isWide && perHour !== undefined ? `  ${formatMoney(cost.spent)} spent` : '', 'muted'),
  ]
}
