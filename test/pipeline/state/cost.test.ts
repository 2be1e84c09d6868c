import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { sparkVersionOf } from '../../../src/azure/provisioning/databricks.ts'
import type { StageState } from '../../../src/pipeline/ports/stages.ts'
import {
  advanceCost,
  type BilledStage,
  type CostInput,
  DEPLOYED,
  hourlyPrice,
  newCostMeter,
  nodeOf,
  prices,
  standingPrice,
} from '../../../src/pipeline/state/cost.ts'

const HOUR = 3_600_000
const MINUTE = 60_000

function running(
  stages: Partial<Record<BilledStage, StageState>> = {},
  rest: Partial<CostInput> = {},
): CostInput {
  const status = (stage: BilledStage) => ({ state: stages[stage] ?? 'stopped', since: undefined })
  return {
    stages: {
      streamAnalytics: status('streamAnalytics'),
      silver: status('silver'),
      gold: status('gold'),
      aggregate: status('aggregate'),
    },
    streamingUnits: 3,
    nodeType: 'Standard_D4s_v3',
    throughputUnits: 1,
    natGateways: 0,
    eventRate: 0,
    ...rest,
  }
}

describe('the cost meter', () => {
  it('counts the hub alone while nothing runs', () => {
    const meter = advanceCost(newCostMeter(0), running(), HOUR)
    expect(meter.perHour).toBeCloseTo(0.03, 6)
    expect(meter.spent).toBeCloseTo(0.03, 6)
    expect(meter.lines).toEqual([{ what: 'Event Hubs', perHour: 0.03 }])
  })

  it('counts the network of Databricks, which stands as long as the workspace does', () => {
    const meter = advanceCost(newCostMeter(0), running({}, { natGateways: 1 }), HOUR)
    expect(meter.perHour).toBeCloseTo(0.08, 6)
    expect(meter.spent).toBeCloseTo(0.08, 6)
    expect(meter.lines).toContainEqual({ what: 'Databricks network', perHour: 0.05 })
  })

  it('adds what runs, from the moment it is seen', () => {
    const all = running({
      streamAnalytics: 'running',
      silver: 'starting',
      gold: 'degraded',
      aggregate: 'stopping',
    })
    const started = advanceCost(newCostMeter(0), all, 0)
    expect(started.perHour).toBeCloseTo(0.03 + 0.11 + 2 * (0.24 + 0.75 * 0.3) + 12 * 0.155, 6)
    expect(started.spent).toBe(0)
    expect(advanceCost(started, all, HOUR / 2).spent).toBeCloseTo(started.perHour / 2, 6)
  })

  it('charges a run that was found running from its own start', () => {
    const adopted = running()
    adopted.stages.silver.state = 'running'
    adopted.stages.silver.since = -HOUR
    const meter = advanceCost(newCostMeter(0), adopted, 0)
    expect(meter.spent).toBeCloseTo(hourlyPrice('silver', adopted), 6)
    expect(advanceCost(meter, adopted, 0).spent).toBe(meter.spent)
  })

  it('charges up to the poll that saw the stage stop, and no further', () => {
    const on = running({ streamAnalytics: 'running' }, { throughputUnits: 0 })
    const off = running({}, { throughputUnits: 0 })
    let meter = advanceCost(newCostMeter(0), on, 0)
    meter = advanceCost(meter, off, HOUR)
    expect(meter.spent).toBeCloseTo(0.11, 6)
    expect(meter.perHour).toBe(0)
    expect(advanceCost(meter, off, 9 * HOUR).spent).toBe(meter.spent)
  })

  it('goes on charging what cannot be seen', () => {
    let meter = advanceCost(newCostMeter(0), running({ gold: 'running' }), 0)
    meter = advanceCost(meter, running({ gold: 'unknown' }), HOUR)
    expect(meter.perHour).toBeGreaterThan(0.4)
    expect(advanceCost(newCostMeter(0), running({ gold: 'unknown' }), HOUR).perHour).toBeCloseTo(0.03, 6)
  })

  it('knows that the Spark pool lives on until it pauses', () => {
    const off = running({}, { throughputUnits: 0 })
    let meter = advanceCost(newCostMeter(0), running({ aggregate: 'running' }, { throughputUnits: 0 }), 0)
    meter = advanceCost(meter, off, 10 * MINUTE)
    expect(meter.lines.map(({ what }) => what)).toContain('Synapse Spark pool, pausing')
    meter = advanceCost(meter, off, 15 * MINUTE)
    expect(meter.perHour).toBe(0)
    expect(meter.spent).toBeCloseTo((12 * 0.155) / 4, 6)
  })

  it('counts events', () => {
    expect(advanceCost(newCostMeter(0), running({}, { eventRate: 1000 }), 0).perHour).toBeCloseTo(
      0.03 + 3.6 * 0.028,
      6,
    )
  })

  it('never goes backwards when the clock does', () => {
    const meter = advanceCost(newCostMeter(HOUR), running({ silver: 'running' }), HOUR)
    expect(advanceCost(meter, running({ silver: 'running' }), 0).spent).toBe(meter.spent)
  })
})

describe('prices', () => {
  it('are dated, and the same in the guide', () => {
    expect(prices.asOf).toMatch(/^\d{4}-\d{2}$/)
    const guide = readFileSync(new URL('../../../docs/azure.md', import.meta.url), 'utf8')
    const input = running()
    for (const stage of ['streamAnalytics', 'silver', 'aggregate'] as const) {
      expect(guide).toContain(`| ${hourlyPrice(stage, input).toFixed(2)} |`)
    }
    for (const price of [prices.eventHubs.throughputUnitHour, prices.databricks.natGatewayHour])
      expect(guide).toContain(`| always | ${price.toFixed(2)} |`)
    expect(guide).toContain(`Nothing running: ${standingPrice(DEPLOYED).toFixed(2)}`)
    expect(guide).toContain(prices.asOf)
  })

  it('scale with the streaming units, and take an unknown VM size for the usual one', () => {
    expect(hourlyPrice('streamAnalytics', { streamingUnits: undefined, nodeType: '' })).toBeCloseTo(0.11)
    expect(hourlyPrice('streamAnalytics', { streamingUnits: 10, nodeType: '' })).toBeCloseTo(0.66)
    expect(hourlyPrice('streamAnalytics', { streamingUnits: 30, nodeType: '' })).toBeCloseTo(1.98)
    expect(nodeOf('Standard_X1')).toEqual(nodeOf('Standard_D4s_v3'))
  })
  it('hold for each runtime of the job clusters: a machine counts as many DBUs under any that is not Photon', () => {
    expect([sparkVersionOf('16.4'), sparkVersionOf('17.3')]).toEqual(['16.4.x-scala2.12', '17.3.x-scala2.13'])
  })
})
