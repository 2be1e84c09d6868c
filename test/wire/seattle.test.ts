/** Weather that nobody here made, sent by a Python client, through hub, job and the embedded engine: equal to what pandas makes of it. */
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { ensurePython } from '../../scripts/python-env.ts'
import { type LocalAzure, startLocalAzure } from '../../src/local/hosting/host.ts'
import type { Target } from '../../src/pipeline/ports/target.ts'
import { connect, dataFolder, localOptions, removeDataFolders } from '../support/local-azure.ts'
import { runPython } from '../support/python.ts'

const found = ensurePython()
if ('missing' in found) console.warn(`Seattle's weather is left out: ${found.missing}`)

let azure: LocalAzure | undefined
let target: Target | undefined
afterEach(async () => {
  await target?.close()
  await azure?.close()
})
afterAll(removeDataFolders)

const MODULES = resolve(import.meta.dirname, '../notebooks')

/** Both forms, each from a partition key of its own. */
const SEND = `
import json, sys
sys.path.insert(0, sys.argv[2])
sys.dont_write_bytecode = True
from azure.eventhub import EventData, EventHubProducerClient
from seattle import FORMS, events
sent = 0
with EventHubProducerClient.from_connection_string(sys.argv[1]) as client:
    for form in FORMS:
        batch = client.create_batch(partition_key=form)
        for event in events(form):
            data = EventData(json.dumps(event))
            try:
                batch.add(data)
            except ValueError:
                client.send_batch(batch)
                batch = client.create_batch(partition_key=form)
                batch.add(data)
            sent += 1
        client.send_batch(batch)
print(sent)`

const COMPARE = `
import sys
sys.path.insert(0, sys.argv[2])
sys.dont_write_bytecode = True
from deltalake import DeltaTable
from seattle import assert_equal
assert_equal(*(DeltaTable(f"{sys.argv[1]}/{table}").to_pandas() for table in ("silver/weather", "gold/weather", "gold/weather_aggregated")))
print("equal")`

describe.skipIf('missing' in found)('Seattle', () => {
  it('in the seed’s four fields and in the full form comes out as pandas has it', {
    timeout: 120_000,
  }, async () => {
    const dataDir = dataFolder()
    mkdirSync(dataDir, { recursive: true })
    azure = await startLocalAzure(localOptions(dataDir))
    target = await connect(azure.endpoints)
    const { lake, stages } = target
    for (const stage of ['streamAnalytics', 'silver', 'gold', 'aggregate'] as const)
      await stages[stage].start()
    const sent = Number(await runPython(SEND, [azure.endpoints.eventHubsConnectionString, MODULES]))
    expect(sent).toBe(2 * 2 * 1461)
    await vi.waitFor(
      async () => {
        const { snapshot } = await lake.poll(undefined)
        expect(snapshot.aggregated.commitMetadata?.totals.output).toBe(sent)
      },
      { timeout: 60_000, interval: 200 },
    )
    expect(await runPython(COMPARE, [join(dataDir, 'lake'), MODULES])).toBe('equal')
  })
})
