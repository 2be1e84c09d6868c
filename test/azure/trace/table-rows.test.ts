/** Tables in forms that other writers than ours may turn on: deletion vectors, mapped columns, partitions. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
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

describe('rows of a table', () => {
  const gold: Commit = { version: 0, at: 1500, metadata: undefined, added: [], removed: [] }
  const silver = { city: 'Paris', timestamp: new Date('2026-03-01T12:34:00Z') }
  const types = { city: 'string', date: 'date', hour: 'integer', readings: 'long', avg_temperature: 'double' }
  const fields = (mode: string) =>
    Object.entries(types).map(([name, type], index) => ({
      name,
      type,
      nullable: true,
      metadata:
        mode === 'none'
          ? {}
          : { 'delta.columnMapping.id': index + 1, 'delta.columnMapping.physicalName': `col-${index}` },
    }))
  const schema = (mode: string) => ({
    metaData: {
      id: 'x',
      schemaString: JSON.stringify({ type: 'struct', fields: fields(mode) }),
      configuration: { 'delta.columnMapping.mode': mode },
    },
  })
  const traced = async () => searchAggregate(lakeClient(lake), gold, silver)

  it.each(['name', 'id'])(
    'with columns mapped by %s are found by the names that the table has',
    async (mode) => {
      const builder = new DeltaBuilder(join(lake.root, 'gold/weather_aggregated'))
      const mapped = (readings: number) =>
        `SELECT city AS "col-0", date AS "col-1", hour AS "col-2", readings AS "col-3", 21.5::DOUBLE AS "col-4" FROM (${meanOf(readings)})`
      await builder.parquet('old', mapped(5))
      await builder.parquet('new', mapped(6))
      builder.commit([schema(mode), builder.add('old')], 1000)
      builder.commit([builder.remove('old'), builder.add('new')], 2000)
      builder.close()
      const { facts } = await traced()
      expect(facts?.before).toMatchObject({ city: 'Paris', readings: 5, avg_temperature: 21.5 })
      expect(facts?.after).toEqual({
        city: 'Paris',
        date: '2026-03-01',
        hour: 12,
        readings: 6,
        avg_temperature: 21.5,
      })
    },
  )

  it('that is partitioned have the values of their partition', async () => {
    const builder = new DeltaBuilder(join(lake.root, 'gold/weather_aggregated'))
    await builder.parquet('old', 'SELECT 12::INTEGER AS hour, 5::BIGINT AS readings')
    await builder.parquet('new', 'SELECT 12::INTEGER AS hour, 6::BIGINT AS readings')
    const within = (action: object) => ({ ...action, partitionValues: { city: 'Paris', date: '2026-03-01' } })
    const { add: old } = builder.add('old') as { add: object }
    const { add: fresh } = builder.add('new') as { add: object }
    const { remove } = builder.remove('old') as { remove: object }
    builder.commit([schema('none'), { add: within(old) }], 1000)
    builder.commit([{ remove: within(remove) }, { add: within(fresh) }], 2000)
    builder.close()
    expect((await traced()).facts).toMatchObject({
      before: { readings: 5 },
      after: { readings: 6, city: 'Paris' },
    })
  })

  it('that has files of another are refused in words', async () => {
    const builder = new DeltaBuilder(join(lake.root, 'gold/weather_aggregated'))
    builder.commit([builder.add('a', { path: 'abfss://other@account.dfs.core.windows.net/a' })], 2000)
    builder.close()
    await expect(traced()).rejects.toMatchObject({
      message: expect.stringMatching(/^gold\/weather_aggregated has a file that is not in its container/),
    })
  })
})
