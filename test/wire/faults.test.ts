/**
 * Everything that can be broken on purpose, broken in pairs, under load, over the real protocols; each is seen, each
 * heals, and in the end the ledger balances. One session for all of them: what one leaves behind would be found by the next.
 */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { SERVICE_FAULTS } from '../../src/local/faults/fault-switch.ts'
import { type LocalAzure, startLocalAzure } from '../../src/local/hosting/host.ts'
import { FAULTS } from '../../src/pipeline/faults/registry.ts'
import { STAGE_IDS, type StageId } from '../../src/pipeline/ports/stages.ts'
import type { Target } from '../../src/pipeline/ports/target.ts'
import { systemClock } from '../../src/pipeline/runtime/clock.ts'
import { createSession } from '../../src/pipeline/session/session.ts'
import type { Session } from '../../src/pipeline/session/session-types.ts'
import { silentLogger } from '../../src/pipeline/state/log.ts'
import type { AppState } from '../../src/pipeline/state/state.ts'
import { connect, dataFolder, localOptions, removeDataFolders } from '../support/local-azure.ts'

let azure: LocalAzure
let target: Target
let session: Session
const injected = new Set<string>()
let dataDir: string

const state = () => session.store.getState()
const until = (what: string, passes: (state: AppState) => boolean) =>
  vi.waitFor(() => expect(passes(state()), `${what}\n${describeState()}`).toBe(true), {
    timeout: 30_000,
    interval: 50,
  })
const describeState = () => {
  const { stages, ledger, faults, hub } = state()
  return JSON.stringify({
    stages: STAGE_IDS.map((id) => `${id} ${stages[id].state} ${stages[id].detail ?? ''}`),
    ledger,
    faults,
    hub: hub.error,
    log: state().log.slice(-6),
  })
}
const inject = (...names: string[]) => {
  for (const name of names) {
    expect(session.actions.injectFault(name)).toMatchObject({ ok: true })
    injected.add(name)
  }
}
const allRun = ({ stages }: AppState) => STAGE_IDS.every((id) => stages[id].state === 'running')
/** Mends everything, and sees new readings come through to the end. */
const mend = async () => {
  expect(session.actions.mendFaults()).toMatchObject({ ok: true })
  await until('nothing is broken any more', ({ faults }) => faults.length === 0)
  await until('every stage runs again', allRun)
  const { aggregated } = state().ledger
  await until('readings come through again', ({ ledger }) => ledger.aggregated > aggregated)
}
const hasFailed = (id: StageId) => (now: AppState) => now.stages[id].state === 'failed'

describe('faults on purpose', () => {
  beforeAll(async () => {
    dataDir = dataFolder()
    azure = await startLocalAzure(localOptions(dataDir))
    target = { ...(await connect(azure.endpoints)), faults: azure.faults }
    session = createSession(
      {
        session: { target: 'local', dataDir },
        stations: 100,
        intervalMs: 500,
        dirty: 0.02,
        seed: 'faults',
        nodeType: '',
      },
      {
        clock: systemClock,
        logger: silentLogger,
        storage: { load: async () => undefined, save: async () => {} } as never,
        newRunId: randomUUID,
      },
    )
    await session.connect(target)
    session.actions.startAll()
    await until('every stage runs', allRun)
  }, 60_000)
  afterAll(async () => {
    await session?.close()
    await azure?.close()
    removeDataFolders()
  })

  it('are known on both sides of the thread', () => {
    const services = FAULTS.filter(({ place }) => place === 'service').map(({ name }) => name)
    expect(services.sort()).toEqual([...SERVICE_FAULTS].sort())
  })

  it('of senders, all at once, beside a consumer that never reads', async () => {
    const before = state()
    inject('duplicate-storm', 'schema-change', 'late-hour', 'wrong-clock', 'poison', 'stuck-consumer')
    expect(session.actions.injectFault('poison')).toMatchObject({ ok: false })
    await until('copies are dropped', ({ ledger }) => ledger.duplicates > before.ledger.duplicates + 20)
    await until('poison is rejected', ({ ledger }) => ledger.rejected >= before.ledger.rejected + 7)
    await until('a missing humidity is quarantined', ({ events }) =>
      events.some(({ reasons }) => reasons.includes('humidity is missing')),
    )
    await until('future and past hours are there', ({ aggregate }) => aggregate.readings > 0)
    await mend()
  }, 60_000)

  it('of one partition that takes everything, while the lake is slow', async () => {
    inject('hot-partition', 'slow-lake')
    await until('one partition takes everything', ({ hub }) =>
      hub.partitions.some(({ share }) => share > 0.9),
    )
    await until('the lake is seen to be slow', ({ log }) => log.some(({ source }) => source === 'lake'))
    await mend()
  }, 60_000)

  it('of the job, killed while the hub throttles', async () => {
    inject('job-killed')
    await until('the job fails', hasFailed('streamAnalytics'))
    inject('hub-throttles')
    await until('readings wait', ({ generator }) => generator.buffered > 100)
    await until('the reason is shown', ({ stages }) => /50002/.test(stages.generator.detail ?? ''))
    await mend()
  }, 60_000)

  it('of silver, killed in the middle of a batch before the hub goes away', async () => {
    inject('silver-killed')
    await until('silver fails', hasFailed('silver'))
    expect(state().stages.silver.detail).toMatch(/killed/)
    inject('hub-away')
    await until('readings wait', ({ generator }) => generator.buffered > 100)
    await until('the hub is seen to be away', ({ hub }) => hub.error !== undefined)
    await mend()
  }, 60_000)

  it('of a lake without room, and then of an expired token', async () => {
    inject('lake-full')
    await until('the job fails', hasFailed('streamAnalytics'))
    inject('token-expired')
    await until('the generator stops', hasFailed('generator'))
    await until('the services are not seen', ({ stages }) => stages.silver.state === 'unknown')
    await mend()
  }, 60_000)

  it('leave nothing behind: the ledger balances', async () => {
    expect([...injected].sort()).toEqual(FAULTS.map(({ name }) => name).sort())
    const drained = await session.drain()
    expect(drained.reason).toBeUndefined()
    expect(drained.balanced).toBe(true)
    expect(drained.ledger.lost).toBe(0)
    const audit = await target.auditor.audit({ since: new Date(0) })
    expect(audit).toMatchObject({ duplicates: 0, goldRows: audit.silverRows })
    expect(audit.silverRows).toBe(drained.ledger.silver)
    expect(audit.aggregatedReadings).toBe(audit.goldRows)
  }, 90_000)
})
