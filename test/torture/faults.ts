/** Everything that can be broken on purpose, in pairs: what heals alone must heal beside any other. */
import { playRounds } from '../support/faults/rounds.ts'
import { PAIRS } from '../support/faults/seen.ts'
import type { Part, TortureOptions } from './program.ts'

/** Pipelines side by side. */
const LANES = 4

/** @param count of the 91 pairs, and in which order: by the seed. */
export async function faults(count: number, { random, folder, say }: TortureOptions): Promise<Part> {
  const pairs = PAIRS.map((pair) => ({ pair: random() < 0.5 ? pair : pair.toReversed(), at: random() }))
    .toSorted((one, other) => one.at - other.at)
    .slice(0, count)
    .map(({ pair }) => pair)
  const rounds = playRounds(pairs, folder, LANES)
  const broken: string[] = []
  await Promise.all(
    pairs.map((pair) =>
      rounds.outcome(pair).then(
        () => say(`${pair.join(' and ')}: healed, and balanced`),
        (error: Error) => {
          say(error.message)
          broken.push(error.message.split('\n')[0] ?? '')
        },
      ),
    ),
  )
  await rounds.ended
  return {
    name: 'two faults at a time, under 200 events a second',
    tried: `${pairs.length} of the ${PAIRS.length} pairs, each seen, mended and counted`,
    broken,
  }
}
