/** What each fault looks like from outside while it lasts, on the screen or in the tables. */
import { FAULTS } from '../../../src/pipeline/faults/registry.ts'
import type { StageId } from '../../../src/pipeline/ports/stages.ts'
import type { Target } from '../../../src/pipeline/ports/target.ts'
import type { AppState } from '../../../src/pipeline/state/state.ts'

/** @param before the state as the fault began. */
export type Seen = (now: AppState, before: AppState, target: Target) => boolean | Promise<boolean>

const hasFailed = (id: StageId) => (now: AppState) => now.stages[id].state === 'failed'
const hasWaiting = ({ generator }: AppState) => generator.buffered > 100
const HOUR_MS = 3_600_000
const FUTURE = 'SELECT date FROM aggregated WHERE CAST(date AS DATE) > current_date + 1000'

export const SEEN: Readonly<Record<string, Seen>> = {
  'hub-away': (now) => hasWaiting(now) && now.hub.error !== undefined,
  'hub-throttles': (now) => hasWaiting(now) && /50002/.test(now.stages.generator.detail ?? ''),
  'slow-lake': ({ log }, before) => log.some(({ source, at }) => source === 'lake' && at >= before.now),
  'job-killed': (now) =>
    hasFailed('streamAnalytics')(now) && /killed/.test(now.stages.streamAnalytics.detail ?? ''),
  'silver-killed': (now) => hasFailed('silver')(now) && /killed/.test(now.stages.silver.detail ?? ''),
  // Of the thirteen bodies.
  poison: ({ ledger }, before) => ledger.rejected >= before.ledger.rejected + 7,
  'duplicate-storm': ({ ledger }, before) => ledger.duplicates > before.ledger.duplicates + 20,
  'late-hour': ({ assertions }) => (assertions.percentiles?.p95 ?? 0) > 0.9 * HOUR_MS,
  'wrong-clock': async (_now, _before, { query }) => {
    const { rows = [] } =
      (await query?.run(FUTURE, { rows: 1, timeoutMs: 30_000 }).catch(() => undefined)) ?? {}
    return rows.length > 0
  },
  'schema-change': ({ events }, before) =>
    events.some(({ at, reasons }) => at >= before.now && reasons.includes('humidity is missing')),
  'hot-partition': ({ hub }) => hub.partitions.some(({ share }) => share > 0.9),
  'lake-full': hasFailed('streamAnalytics'),
  'token-expired': (now) => hasFailed('generator')(now) && now.stages.silver.state === 'unknown',
  'stuck-consumer': ({ hub }, before) => readers(hub) > readers(before.hub),
}

/** Of all groups that speak AMQP. */
const readers = ({ groups = [] }: AppState['hub']) =>
  groups.reduce((sum, { protocol, members }) => sum + (protocol === 'AMQP' ? members : 0), 0)

export const NAMES = FAULTS.map(({ name }) => name)

/** Every two of them, once: 91. */
export const PAIRS: readonly (readonly [string, string])[] = NAMES.flatMap((one, index) =>
  NAMES.slice(index + 1).map((other) => [one, other] as const),
)
