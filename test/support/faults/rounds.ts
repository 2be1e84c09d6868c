/** Rounds of faults in several pipelines side by side: most of a round is waiting. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type FaultRoom, openFaultRoom } from './fault-room.ts'

export interface Rounds {
  /** Resolves once the round has held; rejects with what did not. */
  outcome(names: readonly string[]): Promise<void>
  /** Every pipeline is closed. */
  ended: Promise<void>
}

/**
 * Plays every round. A pipeline in which one did not hold is replaced: what is left of it would be found by the next round.
 * @param folder of the caller; each pipeline gets a folder in it.
 */
export function playRounds(rounds: readonly (readonly string[])[], folder: string, lanes: number): Rounds {
  const waiting = [...rounds]
  const outcomes = new Map(rounds.map((names) => [keyOf(names), Promise.withResolvers<void>()]))
  for (const { promise } of outcomes.values()) promise.catch(() => {})
  let opened = 0
  const open = () => {
    const dataDir = join(folder, String(opened++))
    mkdirSync(dataDir)
    return openFaultRoom(dataDir)
  }
  const lane = async () => {
    let room: FaultRoom | undefined
    for (let names = waiting.shift(); names; names = waiting.shift()) {
      const outcome = outcomes.get(keyOf(names))
      try {
        room ??= await open()
        await room.round(names)
        outcome?.resolve()
      } catch (error) {
        outcome?.reject(new Error(`${names.join(' and ')}: ${(error as Error).message}`, { cause: error }))
        await room?.close()
        room = undefined
      }
    }
    await room?.close()
  }
  return {
    outcome: (names) => outcomes.get(keyOf(names))?.promise ?? Promise.reject(new Error('was not played')),
    ended: Promise.all(Array.from({ length: lanes }, lane)).then(() => {}),
  }
}

const keyOf = (names: readonly string[]) => names.join('+')
