/** What set-up makes of the package's own notebooks: the shared modules reach Databricks as files and Synapse as cells. */
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createServiceClients } from '../../src/azure/resources/service-clients.ts'
import { runSetup } from '../../src/setup/setup.ts'
import { readNotebooks, setupSteps } from '../../src/setup/steps.ts'
import { azureConfig } from '../support/azure-config.ts'
import { type AzureStub, createAzureStub, personCredential } from '../support/azure-stub.ts'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts'

let stub: AzureStub
let proxy: FaultProxy
beforeEach(async () => {
  stub = createAzureStub()
  proxy = await startFaultProxy({ handler: stub.handler })
})
afterEach(() => proxy.close())

it('uploads the modules beside the notebooks that import them, and an aggregate that imports none', async () => {
  const azure = azureConfig(proxy.url, {})
  const sleep = async () => {}
  const clients = createServiceClients(azure, personCredential(), { retries: 0, sleep })
  const notebooks = readNotebooks(join(import.meta.dirname, '../../notebooks'))
  const steps = setupSteps({ azure, clients, notebooks, sleep })
  expect(await runSetup({ steps, dryRun: false, json: true, write: () => {} })).toBe(0)

  const uploaded = [...stub.made.keys()].filter((path) => path.startsWith(`${azure.databricksFolder}/`))
  const names = uploaded.map((path) => path.slice(azure.databricksFolder.length + 1)).sort()
  expect(names).toEqual(['gold', 'rtstream_lake.py', 'rtstream_rules.py', 'silver'])
  for (const { name, content } of notebooks.filter(({ name }) => /^(silver|gold)\.py$/.test(name)))
    for (const [, module] of content.matchAll(/^from (rtstream_\w+) import/gm))
      expect(names, name).toContain(`${module}.py`)

  const { properties } = stub.made.get('/notebooks/aggregate') as {
    properties: { cells: { source: string[] }[] }
  }
  const text = properties.cells.map(({ source }) => source.join('')).join('\n')
  expect(text).not.toMatch(/^(from|import) rtstream_/m)
  expect(text).toContain('def run_stream(')
})
