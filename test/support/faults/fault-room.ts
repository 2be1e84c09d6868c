/** A whole pipeline on loopback, under load and without a screen, to break things in: real services, real protocols. */
import { randomUUID } from 'node:crypto'
import { startLocalAzure } from '../../../src/local/hosting/host.ts'
import { STAGE_IDS } from '../../../src/pipeline/ports/stages.ts'
import type { Target } from '../../../src/pipeline/ports/target.ts'
import { verdictOf } from '../../../src/pipeline/reconciliation/verdict.ts'
import { pause, systemClock } from '../../../src/pipeline/runtime/clock.ts'
import { createSession } from '../../../src/pipeline/session/session.ts'
import type { Session } from '../../../src/pipeline/session/session-types.ts'
import type { ActionResult } from '../../../src/pipeline/state/actions.ts'
import { silentLogger } from '../../../src/pipeline/state/log.ts'
import type { AppState } from '../../../src/pipeline/state/state.ts'
import { connect, localOptions } from '../local-azure.ts'
import { SEEN } from './seen.ts'

/** 200 events a second. */
const LOAD = { stations: 100, intervalMs: 500, dirty: 0.02 }
/** Longest that anything may take on a busy machine (ms). */
const PATIENCE_MS = 60_000
const LOOK_EVERY_MS = 50
/** Several faults stay together for at least so long (ms). */
const TOGETHER_MS = 1500

export interface FaultRoom {
  session: Session
  target: Target
  /** Breaks them one after the other, each once the one before is seen; mends all; and holds the tables to the ledger. */
  round(names: readonly string[]): Promise<void>
  close(): Promise<void>
}

/** @param dataDir fresh, empty and the caller's to remove. @returns once every stage runs. */
export async function openFaultRoom(dataDir: string): Promise<FaultRoom> {
  const azure = await startLocalAzure(localOptions(dataDir))
  const target: Target = {
    ...(await connect(azure.endpoints)),
    faults: azure.faults,
    consumerGroups: azure.consumerGroups,
  }
  const session = createSession(
    { session: { target: 'local', dataDir }, seed: 'faults', nodeType: '', ...LOAD },
    {
      clock: systemClock,
      logger: silentLogger,
      storage: { load: async () => undefined, save: async () => {} } as never,
      newRunId: randomUUID,
    },
  )
  const close = async () => {
    await session.close()
    await azure.close()
  }
  const state = () => session.store.getState()
  const until = (what: string, passes: (now: AppState) => boolean | Promise<boolean>) =>
    waitFor(session, what, passes)

  const sawBroken = async (names: readonly string[]) => {
    for (const [index, name] of names.entries()) {
      const before = state()
      mustDo(session.actions.injectFault(name))
      // What one hides of the other is seen of the first alone.
      if (index === 0) await until(`${name} is seen`, (now) => SEEN[name]?.(now, before, target) ?? false)
      else await until(`${name} is in effect beside it`, ({ now }) => now >= before.now + TOGETHER_MS)
    }
  }
  const sawHealed = async () => {
    mustDo(session.actions.mendFaults())
    await until('nothing is broken any more', ({ faults }) => faults.length === 0)
    await until('every stage runs again', allRun)
    const { ledger, hub } = state()
    await until('readings come through again', (now) => now.ledger.aggregated > ledger.aggregated)
    await until('the hub is read again', (now) => now.hub.enqueued > hub.enqueued && !now.hub.error)
  }

  /** Nothing new goes in; everything that went in is in the tables once. */
  const balanced = async () => {
    mustDo(session.actions.stop('generator'))
    await until('the generator has stopped', ({ stages }) => stages.generator.state === 'stopped')
    await until('the ledger balances', (now) => verdictOf(now).kind === 'balanced')
    const { ledger } = state()
    const audit = await target.auditor.audit({ since: new Date(0) })
    const found = {
      lost: ledger.lost,
      duplicates: audit.duplicates,
      silver: audit.silverRows,
      gold: audit.goldRows,
      aggregated: audit.aggregatedReadings,
    }
    const { silver } = ledger
    const wanted = { lost: 0, duplicates: 0, silver, gold: silver, aggregated: silver }
    if (JSON.stringify(found) !== JSON.stringify(wanted))
      throw new Error(`the tables hold ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`)
  }

  try {
    await session.connect(target)
    mustDo(session.actions.startAll())
    await until('every stage runs', allRun)
  } catch (error) {
    await close()
    throw error
  }
  return {
    session,
    target,
    close,
    round: async (names) => {
      if (state().stages.generator.state !== 'running') mustDo(session.actions.start('generator'))
      await until('every stage runs', allRun)
      const { aggregated } = state().ledger
      await until('readings come through', ({ ledger }) => ledger.aggregated > aggregated)
      await sawBroken(names)
      await sawHealed()
      await balanced()
    },
  }
}

const allRun = ({ stages }: AppState) => STAGE_IDS.every((id) => stages[id].state === 'running')

function mustDo(result: ActionResult): void {
  if (!result.ok) throw new Error(`refused: ${result.reason}`)
}

/** @throws Error that shows the state in which it was left. */
async function waitFor(
  { store }: Session,
  what: string,
  passes: (now: AppState) => boolean | Promise<boolean>,
): Promise<void> {
  const end = performance.now() + PATIENCE_MS
  while (!(await passes(store.getState()))) {
    if (performance.now() > end)
      throw new Error(`not in ${PATIENCE_MS / 1000} s: ${what}\n${inShort(store.getState())}`)
    await pause(systemClock, LOOK_EVERY_MS)
  }
}

const inShort = ({ stages, ledger, faults, hub, generator, log }: AppState) =>
  JSON.stringify({
    stages: STAGE_IDS.map((id) => `${id} ${stages[id].state} ${stages[id].detail ?? ''}`),
    ledger,
    faults: faults.map(({ name, state }) => `${name} ${state}`),
    hub: hub.error,
    buffered: generator.buffered,
    log: log.slice(-6).map(({ source, message }) => `${source}: ${message}`),
  })
