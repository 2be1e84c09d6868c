/** The orderly end of a run: nothing new goes in, everything in flight comes out, then all stages stop. */

import type { Hall } from '../audience/hall.ts'
import type { GeneratorService } from '../generator/generator-service.ts'
import type { Watcher } from '../observation/watcher.ts'
import { RESTING_LOOKS } from '../reconciliation/reconciler.ts'
import { type Clock, pause, within } from '../runtime/clock.ts'
import { isAtRest, isUp } from '../stages/stage.ts'
import type { StageOrchestrator } from '../stages/stage-orchestrator.ts'
import { countOf } from '../state/count-of.ts'
import type { LedgerSlice } from '../state/state.ts'
import type { StateStore } from '../state/store.ts'
import type { DrainOptions, DrainResult } from './session-types.ts'

const DEFAULT_PATIENCE_MS = 20_000
/** A micro-batch of Spark may take that long by itself. */
const SPARK_PATIENCE_MS = 120_000
const LOOK_EVERY_MS = 250
/** Stages that do not stop for so long are left to their service (ms). */
const STOP_PATIENCE_MS = { local: 30_000, azure: 180_000 }
/** A look at the services, or the taking of a stop, that lasts longer is not waited for: an end must come in any case (ms). */
const ANSWER_PATIENCE_MS = { local: 30_000, azure: 120_000 }

/** What is stopped, in which the rows still move. */
export interface DrainContext {
  pipeline: StageOrchestrator
  generator: GeneratorService
  watcher: Watcher
  hall: Pick<Hall, 'close'>
  store: StateStore
  clock: Clock
}

/** @returns whether all came out; if not, why, for a person. Stages are stopped in either case. */
export async function drain(context: DrainContext, options: DrainOptions = {}): Promise<DrainResult> {
  const { pipeline, generator, watcher, hall, store, clock } = context
  const { target, engine } = store.state.session
  const isSpark = target === 'azure' || engine === 'spark'
  const { patienceMs = isSpark ? SPARK_PATIENCE_MS : DEFAULT_PATIENCE_MS, signal } = options
  const states = () => store.state.stages
  const wait = () => pause(clock, LOOK_EVERY_MS, signal)
  const refresh = async (times: number) => {
    const end = clock.monotonic() + ANSWER_PATIENCE_MS[target]
    for (let look = 0; look < times && clock.monotonic() < end; look++)
      await within(clock, end - clock.monotonic(), watcher.refresh())
  }
  const limit = STOP_PATIENCE_MS[target]

  await hall.close()
  if (!isAtRest(states().generator.state)) pipeline.stop('generator')
  const asked = clock.monotonic()
  while (states().generator.command && !signal?.aborted && clock.monotonic() - asked < limit) await wait()

  let seen = ''
  let movedAt = clock.monotonic()
  while (!signal?.aborted) {
    await refresh(1)
    const { ledger } = store.state
    // Spark counts nothing until a micro-batch is through: what seems to rest, or to be lost, may still be under way.
    if (isSpark ? isSettled(ledger) : ledger.verdict !== 'flowing') break
    const { streamAnalytics, silver, gold, aggregate } = states()
    if (![streamAnalytics, silver, gold, aggregate].some(({ state }) => isUp(state) || state === 'starting'))
      break
    const now = JSON.stringify(ledger)
    if (now !== seen) movedAt = clock.monotonic()
    seen = now
    if (clock.monotonic() - movedAt >= patienceMs) break
    await wait()
  }
  await within(clock, limit, pipeline.stopInOrder())
  const stopped = clock.monotonic()
  const isMoving = () => Object.values(states()).some((stage) => stage.command || stage.state === 'stopping')
  while (isMoving() && !signal?.aborted && clock.monotonic() - stopped < limit) await wait()
  // A last word of a stage that stopped may have moved the ledger once more.
  await refresh(RESTING_LOOKS + 1)
  store.flush()
  return resultOf(store.state.ledger, generator.facts().buffered, signal)
}

const isSettled = ({ verdict }: LedgerSlice) => verdict === 'balanced' || verdict === 'empty'

function resultOf(ledger: LedgerSlice, waiting: number, signal: AbortSignal | undefined): DrainResult {
  if (waiting > 0) {
    const reason = `${countOf(waiting, 'reading was', 'readings were')} made and not taken by the hub.`
    return { balanced: false, reason, ledger }
  }
  const balanced = isSettled(ledger)
  if (balanced) return { balanced, reason: undefined, ledger }
  const why =
    ledger.verdict === 'unbalanced'
      ? `The ledger does not balance: ${ledger.explanation ?? 'hops differ'}.`
      : `Not everything has come through${signal?.aborted ? '' : ', and nothing moves any more'}: ${ledger.explanation ?? 'rows are in flight'}.`
  return { balanced, reason: why, ledger }
}
