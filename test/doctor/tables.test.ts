import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { tableStates } from '../../src/azure/lake/table-upgrades.ts'
import { tablesCheck } from '../../src/doctor/tables.ts'
import { DeltaBuilder } from '../support/delta-builder.ts'
import { lakeClient } from '../support/lake-client.ts'
import { type LakeServer, startLake } from '../support/lake-server.ts'

let running: LakeServer
beforeAll(async () => {
  running = await startLake()
})
afterAll(() => running.close())

const protocol = (...features: string[]) => ({
  protocol: { minReaderVersion: 3, minWriterVersion: 7, readerFeatures: features, writerFeatures: features },
})
const run = () =>
  tablesCheck((signal) => tableStates(lakeClient(running), signal)).run(new AbortController().signal)

it('names a table that was upgraded, and one that nobody here can read', async () => {
  expect(await run()).toEqual({ level: 'ok', detail: 'none yet' })
  const of = (table: string) => new DeltaBuilder(join(running.root, table))
  of('silver/weather').commit([{ protocol: { minReaderVersion: 1, minWriterVersion: 2 } }])
  expect(await run()).toEqual({ level: 'ok', detail: '1, as the notebooks make them' })
  of('gold/weather').commit([protocol('deletionVectors', 'v2Checkpoint')])
  of('gold/weather_by_minute').commit([{ protocol: { minReaderVersion: 2, minWriterVersion: 5 } }])
  of('gold/weather_aggregated').commit([protocol('catalogManaged')])
  expect(await run()).toEqual([
    {
      level: 'warning',
      detail: expect.stringMatching(
        /^gold\/weather was upgraded \(deletionVectors, v2Checkpoint\); Synapse's Delta 3.2/,
      ),
      fix: 'ALTER TABLE delta.`…/weather` DROP FEATURE deletionVectors',
    },
    expect.objectContaining({
      detail: expect.stringMatching(/^gold\/weather_by_minute was upgraded \(columnMapping\)/),
    }),
    {
      level: 'failure',
      detail: expect.stringMatching(/^gold\/weather_aggregated is managed by a catalog/),
      fix: expect.stringContaining('DROP FEATURE catalogManaged'),
    },
  ])
})
