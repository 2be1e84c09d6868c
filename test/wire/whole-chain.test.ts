import { mkdirSync } from 'node:fs'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { type LocalAzure, startLocalAzure } from '../../src/local/hosting/host.ts'
import type { OutgoingEvent } from '../../src/pipeline/ports/hub.ts'
import type { LakeSnapshot } from '../../src/pipeline/ports/lake.ts'
import type { Target } from '../../src/pipeline/ports/target.ts'
import { connect, dataFolder, localOptions, removeDataFolders } from '../support/local-azure.ts'

let azure: LocalAzure | undefined
let target: Target | undefined
async function start(dataDir: string): Promise<Target> {
  mkdirSync(dataDir, { recursive: true })
  azure = await startLocalAzure(localOptions(dataDir))
  target = await connect(azure.endpoints)
  return target
}
async function stop() {
  await target?.close()
  await azure?.close()
  target = undefined
  azure = undefined
}
afterEach(stop)
afterAll(removeDataFolders)

const STAGES = ['streamAnalytics', 'silver', 'gold', 'aggregate'] as const

/** Readings of one station each, some of them corrupted; numbered on from `first`. */
function readings(first: number, count: number): OutgoingEvent[] {
  return Array.from({ length: count }, (_, index) => {
    const number = first + index
    const body = {
      eventId: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
      deviceId: `station-0000${number % 5}`,
      deviceSequenceNumber: Math.floor(number / 5),
      city: ['Oslo', 'Zürich', 'Lima'][number % 3],
      temperature: number % 10 === 9 ? 1000 : 20 + (number % 3),
      humidity: 50,
      timestamp: '2026-11-24 02:07:11',
      createdAt: new Date().toISOString(),
    }
    return { body: Buffer.from(JSON.stringify(body)), partitionKey: body.deviceId }
  })
}

/** In the form that has neither id nor station. */
const shortForm: OutgoingEvent = {
  body: Buffer.from('{"temperature":21,"humidity":40,"city":"Rome","timestamp":"1984-05-06 07:08:09"}'),
  partitionKey: 'seed',
}
const junk: OutgoingEvent = { body: Buffer.from('no JSON'), partitionKey: 'junk' }

async function allIn(state: string, of: Target) {
  await vi.waitFor(
    async () => {
      const statuses = await Promise.all(STAGES.map((stage) => of.stages[stage].status()))
      expect(statuses.map((status) => status.state)).toEqual(STAGES.map(() => state))
    },
    { timeout: 20_000, interval: 100 },
  )
}

async function lakeHolding(of: Target, aggregated: number): Promise<LakeSnapshot> {
  return vi.waitFor(
    async () => {
      const { snapshot, errors } = await of.lake.poll(undefined)
      expect([...errors]).toEqual([])
      expect(snapshot.aggregated.commitMetadata?.totals.output).toBe(aggregated)
      return snapshot
    },
    { timeout: 30_000, interval: 200 },
  )
}

const countsOf = ({ bronze, silver, quarantine, gold, aggregated }: LakeSnapshot) => ({
  bronze: bronze.rows,
  rejected: bronze.rejected,
  silver: silver.rows,
  quarantine: quarantine.rows,
  duplicates: silver.commitMetadata?.totals.duplicates,
  gold: gold.rows,
  aggregated: aggregated.commitMetadata?.totals.output,
})

describe('the whole chain, through the adapters that drive Azure', () => {
  it('hub → job → silver → gold → aggregate, started, balanced, stopped, and gone on with', {
    timeout: 90_000,
  }, async () => {
    const folder = dataFolder()
    const first = await start(folder)
    // What the hub holds before the job's first start is not left behind.
    await first.producer.send([...readings(0, 100), ...readings(0, 5), shortForm, junk])
    for (const stage of STAGES) await first.stages[stage].start()
    await allIn('running', first)
    // Starting what runs changes nothing.
    for (const stage of STAGES) await first.stages[stage].start()
    const before = await lakeHolding(first, 91)
    expect(countsOf(before)).toEqual({
      bronze: 106,
      rejected: 1,
      silver: 91,
      quarantine: 10,
      duplicates: 5,
      gold: 91,
      aggregated: 91,
    })
    const metrics = await first.metrics.jobMetrics()
    expect(metrics).toMatchObject({
      inputEvents: 107,
      outputEvents: 106,
      deserializationErrors: 1,
      backloggedInputEvents: 0,
      watermarkDelaySeconds: 0,
    })
    const runIds = await Promise.all(
      STAGES.slice(1).map(async (stage) => (await first.stages[stage].status()).runId),
    )
    expect(new Set(runIds).size).toBe(3)
    for (const stage of STAGES) await first.stages[stage].stop()
    await allIn('stopped', first)
    await first.producer.send(readings(100, 50))
    await stop()

    // Another process on the same folder goes on where this one stopped.
    const second = await start(folder)
    const adopted = await second.stages.silver.status()
    expect(adopted).toMatchObject({ state: 'stopped', providerStatus: 'TERMINATED USER_CANCELED' })
    for (const stage of STAGES) await second.stages[stage].start()
    const after = await lakeHolding(second, 91 + 45)
    expect(countsOf(after)).toEqual({
      bronze: 156,
      rejected: 1,
      silver: 136,
      quarantine: 15,
      duplicates: 5,
      gold: 136,
      aggregated: 136,
    })
    // The totals are those of the job's whole life, not of this process.
    expect(await second.metrics.jobMetrics()).toMatchObject({ inputEvents: 157, outputEvents: 156 })
    const audit = await second.auditor.audit({ since: new Date(0) })
    expect(audit).toMatchObject({ silverRows: 136, duplicates: 0, aggregatedReadings: 136 })
  })
})
