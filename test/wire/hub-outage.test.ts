/** The whole pipeline while its hub is away: the session as the program makes it, on the local Azure. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, expect, it, vi } from 'vitest'
import { fileStorage } from '../../src/commands/shared/generator-storage.ts'
import { startLocalAzure } from '../../src/local/hosting/host.ts'
import { STAGE_IDS } from '../../src/pipeline/ports/stages.ts'
import { systemClock } from '../../src/pipeline/runtime/clock.ts'
import { createSession } from '../../src/pipeline/session/session.ts'
import { silentLogger } from '../../src/pipeline/state/log.ts'
import { startCuttableLink } from '../support/cuttable-link.ts'
import { connect, dataFolder, localOptions, removeDataFolders } from '../support/local-azure.ts'

const open: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})
afterAll(removeDataFolders)

const STATIONS = 1000

it('away under load: nothing is lost, and readings flow again once it is back', async () => {
  const folder = dataFolder()
  mkdirSync(folder, { recursive: true })
  const azure = await startLocalAzure(localOptions(folder))
  open.push(() => azure.close())
  const link = await startCuttableLink(Number(new URL(azure.endpoints.eventHubsTls).port))
  open.push(() => link.close())
  const target = await connect({ ...azure.endpoints, eventHubsTls: `sb://localhost:${link.port}` })
  const session = createSession(
    {
      session: { target: 'local', dataDir: folder },
      stations: STATIONS,
      intervalMs: 1000,
      dirty: 0.02,
      seed: 'outage',
      nodeType: '',
    },
    {
      clock: systemClock,
      logger: silentLogger,
      storage: fileStorage(join(folder, 'state', 'generator.bin')),
      newRunId: () => 'run',
    },
  )
  open.push(() => session.close())
  await session.connect(target)
  const state = () => session.store.getState()
  session.actions.startAll()
  await vi.waitFor(
    () => {
      expect(STAGE_IDS.map((id) => state().stages[id].state)).toEqual(STAGE_IDS.map(() => 'running'))
      expect(state().ledger.gold).toBeGreaterThan(STATIONS)
    },
    { timeout: 60_000, interval: 100 },
  )

  link.cut()
  await vi.waitFor(() => expect(state().stages.generator.state).toBe('degraded'), 20_000)
  const atCut = state().generator.acknowledged
  await vi.waitFor(() => expect(state().generator.buffered).toBeGreaterThan(5 * STATIONS), 30_000)
  expect(state().generator.acknowledged).toBe(atCut)
  link.mend()
  await vi.waitFor(() => expect(state().generator.acknowledged).toBeGreaterThan(atCut), 20_000)

  await vi.waitFor(() => expect(state().stages.generator.state).toBe('running'), { timeout: 20_000 })
  const { balanced, ledger, reason } = await session.drain()
  expect({ balanced, reason, lost: ledger.lost }).toEqual({ balanced: true, reason: undefined, lost: 0 })
  const audit = await target.auditor.audit({ since: new Date(0) })
  expect(audit).toMatchObject({ duplicates: 0, outOfSequence: 0, goldRows: ledger.silver })
}, 150_000)
