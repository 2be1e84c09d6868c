/** The generator's state in words. */
import { grouped } from '../../contract/grouped.ts'
import type { StageStatus } from '../ports/stages.ts'

/** What the generator itself is about, whatever the hub does. */
export type GeneratorPhase = 'stopped' | 'starting' | 'running' | 'stopping' | 'failed'

/** Everything that its status depends on. */
export interface GeneratorCondition {
  phase: GeneratorPhase
  detail: string | undefined
  /** Epoch milliseconds at which it began to run. */
  since: number | undefined
  /** Why the hub takes nothing at present, and for how long it has not. */
  hubProblem: { reason: string; forMs: number } | undefined
  /** Readings made and not yet acknowledged. */
  waiting: number
  /** No room is left for them. */
  backPressure: boolean
}

/** A hub that is away for less than this is not worth a warning colour (ms). */
const BLINK_MS = 1000

/** `degraded` while it runs and the hub takes nothing, or there is no room for readings. */
export function describeGenerator(condition: GeneratorCondition): StageStatus {
  const { phase, detail, since } = condition
  const trouble = phase === 'running' ? troubleOf(condition) : undefined
  return {
    state: trouble ? 'degraded' : phase,
    providerStatus: trouble?.providerStatus ?? phase,
    detail: trouble?.detail ?? detail,
    since: since === undefined ? undefined : new Date(since),
  }
}

function troubleOf({ hubProblem, waiting, backPressure }: GeneratorCondition) {
  const readings = readingsWait(waiting)
  const pause = backPressure ? ', no more are made meanwhile' : ''
  if (hubProblem && (hubProblem.forMs >= BLINK_MS || backPressure))
    return { providerStatus: 'waiting for the hub', detail: `${hubProblem.reason} ${readings}${pause}` }
  if (backPressure)
    return { providerStatus: 'slowed down', detail: `The hub takes less than is made: ${readings}${pause}` }
  return undefined
}

/** `1 reading waits`, `2,000 readings wait`. */
export const readingsWait = (count: number): string =>
  `${grouped(count)} reading${count === 1 ? ' waits' : 's wait'}`
