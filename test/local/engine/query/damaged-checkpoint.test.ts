/** A damaged newest entry of a checkpoint is set aside by the engine itself: nothing is lost, nothing stands twice. */
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { newestCommitMetadata } from '../../../support/delta-log.ts'
import { readings, type TestLake, testLake } from '../lake-fixture.ts'

let lake: TestLake
afterEach(() => lake.remove())

const QUERIES = ['silver', 'gold', 'aggregate'] as const
const TABLES = ['silver/weather', 'gold/weather', 'gold/weather_aggregated']

/** What the newest commit of each table says was read over its whole life. */
const totals = () => TABLES.map((table) => newestCommitMetadata(join(lake.root, table))?.totals)

async function runUntil(rows: number): Promise<void> {
  const { engine } = lake.engine()
  const runs = QUERIES.map((name) => engine.run(name))
  try {
    await vi.waitFor(() => {
      for (const run of runs) expect(run.error).toBeUndefined()
      expect(totals()).toMatchObject(TABLES.map(() => ({ input: rows, output: rows })))
    }, 30_000)
  } finally {
    await engine.close()
  }
}

const newestOf = (query: string, kind: string) => {
  const folder = join(lake.root, 'checkpoints', query, kind)
  return join(folder, readdirSync(folder).sort().at(-1) as string)
}

it.each([
  ['commits', 'empty'],
  ['commits', 'cut'],
  ['offsets', 'cut'],
  ['offsets', 'zeros'],
  ['commits', 'other'],
] as const)(
  'the newest of %s, %s',
  async (kind, how) => {
    lake = testLake()
    for (const from of [0, 20]) {
      await lake.place(0, readings(from, 20))
      await runUntil(from + 20)
    }
    // Retention has taken older bronze: tables that were deleted could not be built again.
    const [oldest] = readdirSync(join(lake.root, 'bronze'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.json'))
      .sort()
    rmSync(join(lake.root, 'bronze', oldest as string))
    const damaged = { empty: '', cut: '{"batchId":', zeros: '\0'.repeat(64), other: '[{}]' }[how]
    for (const query of QUERIES) {
      writeFileSync(newestOf(query, kind), damaged)
      if (how === 'zeros') writeFileSync(join(lake.root, 'checkpoints', query, 'metadata.json'), damaged)
    }
    await lake.place(0, readings(40, 20))
    await runUntil(60)
    for (const query of QUERIES)
      expect(readdirSync(join(lake.root, 'checkpoints', query, 'damaged'))).toHaveLength(1)
  },
  90_000,
)

it('says what to do when an older one is damaged too, and nothing that loses rows', async () => {
  lake = testLake()
  for (const from of [0, 20]) {
    await lake.place(0, readings(from, 20))
    await runUntil(from + 20)
  }
  const folder = join(lake.root, 'checkpoints/silver/commits')
  for (const name of readdirSync(folder)) writeFileSync(join(folder, name), '')
  const { engine } = lake.engine()
  try {
    const run = engine.run('silver')
    await vi.waitFor(
      () => expect(run.error).toMatch(/is damaged: it is not JSON\. Put it back .*Delete nothing/),
      30_000,
    )
  } finally {
    await engine.close()
  }
}, 60_000)
