/**
 * Everything that can be broken on purpose, under load, over the real protocols: each fault alone, and a few pairs. Each is seen,
 * heals, and leaves a ledger that balances and tables that agree with it. Every pair: `npm run torture -- --only faults`.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SERVICE_FAULTS } from '../../src/local/faults/fault-switch.ts'
import { FAULTS } from '../../src/pipeline/faults/registry.ts'
import { seededRandom } from '../../src/pipeline/runtime/random.ts'
import { playRounds, type Rounds } from '../support/faults/rounds.ts'
import { NAMES, PAIRS, SEEN } from '../support/faults/seen.ts'
import { dataFolder, removeDataFolders } from '../support/local-azure.ts'

const LANES = 4
/** Another seed plays other pairs. */
const SEED = Number(process.env.RTSTREAM_FAULT_SEED ?? 20)
const CHOSEN = 3
/** For everything: a round may have to wait for those before it. */
const PATIENCE_MS = 600_000

const random = seededRandom(SEED)
const pairs = PAIRS.map((pair) => ({ pair, at: random() }))
  .toSorted((one, other) => one.at - other.at)
  .slice(0, CHOSEN)
  .map(({ pair }) => pair)

describe('faults on purpose', () => {
  let rounds: Rounds
  beforeAll(() => {
    rounds = playRounds([...NAMES.map((name) => [name]), ...pairs], dataFolder(), LANES)
  })
  afterAll(async () => {
    await rounds.ended
    removeDataFolders()
  }, PATIENCE_MS)

  it('are known on both sides of the thread', () => {
    const services = FAULTS.filter(({ place }) => place === 'service').map(({ name }) => name)
    expect(services.sort()).toEqual([...SERVICE_FAULTS].sort())
  })

  it('are fourteen, each with what is seen of it, and ninety-one pairs', () => {
    expect([NAMES.length, PAIRS.length]).toEqual([14, 91])
    expect(Object.keys(SEEN).sort()).toEqual([...NAMES].sort())
  })

  it.each(NAMES)(
    '%s is seen, heals, and leaves a ledger that balances',
    (name) => rounds.outcome([name]),
    PATIENCE_MS,
  )

  it.each(pairs)(`%s and %s heal together (seed ${SEED})`, (...pair) => rounds.outcome(pair), PATIENCE_MS)
})
