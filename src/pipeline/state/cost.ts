/**
 * What the Azure target costs, estimated from dated list prices: dollars per hour of what runs now, and spent so far.
 * Pure: the caller says what runs and what time it is, in milliseconds of a monotonic clock that goes on during sleep.
 */
import type { StageId, StageState } from '../ports/stages.ts'
import prices from './prices.json' with { type: 'json' }

export { prices }

/** The stages that a service runs; the generator runs here and costs nothing. */
export type BilledStage = Exclude<StageId, 'generator'>

/** Of a stage that costs while it is up. */
export interface BilledStageStatus {
  state: StageState
  /** When the present run began, also if that was before this session. By the meter's clock. */
  since: number | undefined
}

/** What runs now. */
export interface CostInput {
  stages: Readonly<Record<BilledStage, BilledStageStatus>>
  /** As the job says, in tenths of a StandardV2 unit; undefined: the smallest that can be. */
  streamingUnits: number | undefined
  /** VM size of the job clusters. */
  nodeType: string
  /** Of the Event Hubs namespace. */
  throughputUnits: number
  /** That Databricks makes for its network, and that cost as long as the workspace stands, clusters or none. */
  natGateways: number
  /** Events per second into the hub. */
  eventRate: number
}

/** One thing that costs, as the screen lists it. */
export interface CostLine {
  what: string
  /** US dollars. */
  perHour: number
}

/** What was spent so far; each step makes a new one. */
export interface CostMeter {
  /** US dollars since the meter began, and for runs found running, since they began. */
  spent: number
  /** US dollars, of what runs now. */
  perHour: number
  lines: readonly CostLine[]
  /** Until when each cost has been counted. */
  counted: Readonly<Partial<Record<BilledStage | 'standing', number>>>
  /** The Spark pool keeps its nodes until then, after its last session. */
  poolUntil: number | undefined
}

/** @param now by the meter's clock. */
export const newCostMeter = (now: number): CostMeter => ({
  spent: 0,
  perHour: 0,
  lines: [],
  counted: { standing: now },
  poolUntil: undefined,
})

/** The stages by the meter's clock. @param zero what the wall clock shows at the other's zero, as it is set now. */
export function billedStages(stages: CostInput['stages'], zero: number): CostInput['stages'] {
  const by = ({ state, since }: BilledStageStatus) => ({
    state,
    since: since === undefined ? undefined : since - zero,
  })
  const { streamAnalytics, silver, gold, aggregate } = stages
  return {
    streamAnalytics: by(streamAnalytics),
    silver: by(silver),
    gold: by(gold),
    aggregate: by(aggregate),
  }
}

const HOUR = 3_600_000
/** Dollars per hour of what costs money for as long as it exists, used or not. */
export function standingPrice(input: Pick<CostInput, 'throughputUnits' | 'natGateways'>): number {
  return (
    input.throughputUnits * prices.eventHubs.throughputUnitHour +
    input.natGateways * prices.databricks.natGatewayHour
  )
}

/** As the templates deploy it. */
export const DEPLOYED = { throughputUnits: 1, natGateways: 1 } as const

/** True while the service bills the stage. */
function isBilled(state: StageState): boolean {
  return state === 'starting' || state === 'running' || state === 'stopping' || state === 'degraded'
}

/** Dollars per hour of each stage while it is billed. */
export function hourlyPrice(
  stage: BilledStage,
  input: Pick<CostInput, 'streamingUnits' | 'nodeType'>,
): number {
  switch (stage) {
    case 'streamAnalytics': {
      const units: Readonly<Record<string, number>> = prices.streamAnalytics.classicUnits
      const known = input.streamingUnits ?? 3
      return (units[known] ?? (known * 6) / 10) * prices.streamAnalytics.classicUnitHour
    }
    case 'aggregate':
      return prices.synapse.vCores * prices.synapse.vCoreHour
    // One after another: a stage that is added here without a price does not compile.
    case 'silver':
    case 'gold': {
      const { vmHour, dbu } = nodeOf(input.nodeType)
      return vmHour + dbu * prices.databricks.jobsDbuHour
    }
  }
}

/** US dollars an hour for the VM, and DBUs an hour that Databricks counts for it. */
export interface NodePrice {
  vmHour: number
  dbu: number
  cores: number
  /** Name of the quota that the VM counts against. */
  family: string
}

/** Price and cores of a VM size; sizes that are not in the list count as the usual one. */
export function nodeOf(nodeType: string): NodePrice {
  const nodes: Readonly<Record<string, NodePrice>> = prices.databricks.nodes
  return nodes[nodeType] ?? prices.databricks.nodes.Standard_D4s_v3
}

const NAMES: Readonly<Record<BilledStage, string>> = {
  streamAnalytics: 'Stream Analytics job',
  silver: 'Databricks silver',
  gold: 'Databricks gold',
  aggregate: 'Synapse Spark pool',
}
const STAGES = Object.keys(NAMES) as readonly BilledStage[]

/** The meter moved on to `now`, and the rate from here on. A stage in state unknown goes on as it was. */
export function advanceCost(meter: CostMeter, input: CostInput, now: number): CostMeter {
  const hubHour =
    input.throughputUnits * prices.eventHubs.throughputUnitHour +
    ((input.eventRate * 3600) / 1e6) * prices.eventHubs.millionEvents
  const gatewayHour = input.natGateways * prices.databricks.natGatewayHour
  const lines: CostLine[] = [
    { what: 'Event Hubs', perHour: hubHour },
    ...(gatewayHour > 0 ? [{ what: 'Databricks network', perHour: gatewayHour }] : []),
  ]
  const counted: Partial<Record<BilledStage | 'standing', number>> = { standing: now }
  let spent = meter.spent + cost(hubHour + gatewayHour, meter.counted.standing ?? now, now)
  let poolUntil = meter.poolUntil

  for (const stage of STAGES) {
    const { state, since } = input.stages[stage]
    const before = meter.counted[stage]
    const runs = isBilled(state) || (state === 'unknown' && before !== undefined)
    const lingers = stage === 'aggregate' && !runs && (poolUntil ?? 0) > now
    const price = hourlyPrice(stage, input)
    if (runs || before !== undefined) spent += cost(price, before ?? Math.min(since ?? now, now), now)
    if (!runs && !lingers) continue
    counted[stage] = now
    if (runs && stage === 'aggregate') poolUntil = now + prices.synapse.autoPauseMinutes * 60_000
    lines.push({ what: lingers ? `${NAMES[stage]}, pausing` : NAMES[stage], perHour: price })
  }
  const perHour = lines.reduce((sum, line) => sum + line.perHour, 0)
  return { spent, perHour, lines, counted, poolUntil }
}

const cost = (perHour: number, from: number, to: number) => (perHour * Math.max(0, to - from)) / HOUR
