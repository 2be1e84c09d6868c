/** A table with deletion vectors: another writer than ours may turn them on. */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Commit } from '../../../src/azure/trace/commit-search.ts'
import { searchAggregate } from '../../../src/azure/trace/gold-search.ts'
import { DeltaBuilder } from '../../support/delta-builder.ts'
import { inlineVector } from '../../support/inline-vector.ts'
import { lakeClient } from '../../support/lake-client.ts'
import { type LakeServer, startLake } from '../../support/lake-server.ts'

let lake: LakeServer
beforeAll(async () => {
  lake = await startLake()
})
afterAll(() => lake.close())

const meanOf = (readings: number) =>
  `SELECT 'Paris' AS city, DATE '2026-03-01' AS date, 12::INTEGER AS hour, ${readings}::BIGINT AS readings`
const OTHER = `SELECT 'Oslo' AS city, DATE '2026-03-01' AS date, 12::INTEGER AS hour, 7::BIGINT AS readings`

it('shows the mean that a commit wrote, not the row that it deleted from a file which stays', async () => {
  const builder = new DeltaBuilder(join(lake.root, 'gold/weather_aggregated'))
  await builder.parquet('old', `${meanOf(5)} UNION ALL ${OTHER}`)
  await builder.parquet('new', meanOf(6))
  const { add } = builder.add('old', { rows: 2 }) as { add: object }
  builder.commit([{ add }], 1000)
  builder.commit(
    [builder.remove('old'), { add: { ...add, deletionVector: inlineVector([0]) } }, builder.add('new')],
    2000,
  )
  builder.close()
  const gold: Commit = { version: 0, at: 1500, metadata: undefined, added: [], removed: [] }
  const silver = { city: 'Paris', timestamp: new Date('2026-03-01T12:34:00Z') }

  const { state, facts } = await searchAggregate(lakeClient(lake), gold, silver)

  expect(state).toBe('done')
  expect(facts).toMatchObject({ version: 1, before: { readings: 5 }, after: { readings: 6 } })
})
