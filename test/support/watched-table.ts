/** A Delta table in a lake over the wire, written by hand: before each test a new one. */
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { DeltaTable } from '../../src/azure/lake/delta-table.ts'
import { DeltaBuilder } from './delta-builder.ts'
import { lakeClient, type WatchedClient } from './lake-client.ts'
import { type LakeServer, startLake } from './lake-server.ts'

export interface WatchedTable {
  running: LakeServer
  client: WatchedClient
  builder: DeltaBuilder
  table: DeltaTable
}

/** Sets up `silver/weather` around the tests of a file. @param each gets what is new for each test. */
export function watchTable(each: (watched: WatchedTable) => void): void {
  let running: LakeServer
  let builder: DeltaBuilder
  beforeAll(async () => {
    running = await startLake()
  })
  afterAll(() => running.close())
  beforeEach(() => {
    const client = lakeClient(running)
    builder = new DeltaBuilder(join(running.root, 'silver/weather'))
    each({ running, client, builder, table: new DeltaTable(client, 'silver', 'weather') })
  })
  afterEach(() => builder.close())
}
