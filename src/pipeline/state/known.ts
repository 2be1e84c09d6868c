/** Numbers as far as somebody has read them: nothing counted is 0 only where a service was looked at. Pure. */
import type { StageState } from '../ports/stages.ts'
import { type AppState, type JobSlice, LAYERS, type LayerName, type LedgerSlice } from './state.ts'

/** A number of the hub's; undefined before the first look at it. */
export const ofHub = <T>({ hub }: Pick<AppState, 'hub'>, value: T): T | undefined =>
  hub.updatedAt === undefined ? undefined : value

/** A number over the whole lake; undefined before the first look at any layer. */
export const ofLake = <T>({ lake }: Pick<AppState, 'lake'>, value: T): T | undefined =>
  LAYERS.some((name) => lake.layers[name].updatedAt !== undefined) ? value : undefined

/** False where it is known that the stage does nothing; a state that nobody knows proves nothing. */
export const isAtWork = (state: StageState): boolean =>
  state !== 'stopped' && state !== 'failed' && state !== 'starting'

/** What the job's metrics tell of this moment, not in sum. */
export type JobGauges = Pick<JobSlice, 'watermarkDelaySeconds' | 'backlogged' | 'resourceUtilization'>

export const NO_GAUGES: JobGauges = {
  watermarkDelaySeconds: undefined,
  backlogged: undefined,
  resourceUtilization: undefined,
}

/** The gauges of a job that works; of another the service still tells those of its last minute. */
export const gaugesOf = ({ job, stages }: Pick<AppState, 'job' | 'stages'>): JobGauges =>
  isAtWork(stages.streamAnalytics.state) ? job : NO_GAUGES

/** Counts of the ledger, and the layers that each is counted in; none: the hub alone. */
const COUNTED_IN: Readonly<Record<LedgerCount, readonly LayerName[]>> = {
  acknowledged: [],
  enqueued: [],
  skipped: ['bronze'],
  bronze: ['bronze'],
  rejected: ['bronze'],
  extraRows: ['bronze'],
  silver: ['silver'],
  quarantined: ['quarantine'],
  duplicates: ['silver'],
  gold: ['gold'],
  aggregated: ['aggregated'],
  lost: ['bronze', 'silver', 'quarantine', 'gold', 'aggregated'],
}
/** The ledger's members that are always a number. */
export type LedgerCount = Exclude<
  { [K in keyof LedgerSlice]-?: LedgerSlice[K] extends number ? K : never }[keyof LedgerSlice],
  undefined
>

/** Layers on both sides of what is in flight. */
const BETWEEN: Readonly<Record<keyof LedgerSlice['inFlight'], readonly LayerName[]>> = {
  hub: [],
  bronze: ['bronze'],
  silver: ['bronze', 'silver', 'quarantine'],
  gold: ['silver', 'gold'],
  aggregate: ['gold', 'aggregated'],
}

/** For names that come from a lesson or an option. */
export const isLedgerCount = (name: string): name is LedgerCount => name in COUNTED_IN

type Readable = Pick<AppState, 'ledger' | 'hub' | 'lake'>

const areRead = ({ ledger, hub, lake }: Readable, layers: readonly LayerName[]): boolean =>
  ledger.isUnread !== true &&
  hub.updatedAt !== undefined &&
  layers.every((name) => lake.layers[name].updatedAt !== undefined)

/** A count of the ledger; undefined as long as not all was read that it is made from. More than 0 somebody has seen. */
export const counted = (state: Readable, name: LedgerCount): number | undefined =>
  state.ledger[name] > 0 || areRead(state, COUNTED_IN[name]) ? state.ledger[name] : undefined

/** What is in flight behind a hop; undefined likewise. */
export const waitingAt = (state: Readable, hop: keyof LedgerSlice['inFlight']): number | undefined =>
  areRead(state, BETWEEN[hop]) ? state.ledger.inFlight[hop] : undefined

/** Dollars that were spent; undefined as long as {@link costPerHour} is. */
export const spentSoFar = (state: Pick<AppState, 'session' | 'stages' | 'cost'>): number | undefined =>
  costPerHour(state) === undefined ? undefined : state.cost.spent

/** Dollars per hour; undefined while no service has been heard of, and nobody knows what runs. */
export function costPerHour({
  session,
  stages,
  cost,
}: Pick<AppState, 'session' | 'stages' | 'cost'>): number | undefined {
  if (session.target === 'local' || cost.perHour > 0) return cost.perHour
  const { generator: _, ...services } = stages
  return Object.values(services).some(({ updatedAt }) => updatedAt !== undefined) ? cost.perHour : undefined
}
