import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createRestClient } from '../../src/azure/http/rest-client.ts'
import { type PrepareSettings, prepareSettings, runPrepare } from '../../src/setup/prepare.ts'
import { type AzureStub, createAzureStub, personCredential, SUBSCRIPTION } from '../support/azure-stub.ts'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts'

let stub: AzureStub
let proxy: FaultProxy
beforeEach(async () => {
  stub = createAzureStub()
  proxy = await startFaultProxy({ handler: stub.handler })
})
afterEach(() => proxy.close())

/** As azd sets them for a deployment that is there already. */
const ENV = {
  AZURE_SUBSCRIPTION_ID: SUBSCRIPTION,
  AZURE_ENV_NAME: 'demo',
  AZURE_LOCATION: 'West Europe',
  AZURE_RESOURCE_GROUP: 'rg-demo',
  STREAM_ANALYTICS_JOB: 'asa-demo',
}

async function prepare(more: Partial<Record<string, string>> = {}) {
  let time = 0
  const written: string[] = []
  const settings: PrepareSettings = prepareSettings({ ...ENV, ...more }, 'Standard_D4s_v3')
  const code = await runPrepare({
    settings,
    management: createRestClient({
      service: 'Azure Resource Manager',
      endpoint: proxy.url,
      credential: personCredential(),
      scope: 'https://management.azure.com/.default',
    }),
    write: (text) => written.push(text),
    now: () => time,
    sleep: async (ms) => {
      time += ms
    },
  })
  const text = written.join('')
  // One line, whatever it has to say.
  expect(text.trimEnd().split('\n')).toHaveLength(1)
  return { code, text, waited: time }
}

const posts = () =>
  proxy.requests.filter(({ method }) => method === 'POST').map(({ path }) => path.split('?')[0])

describe('prepare', () => {
  it('finds nothing to do, and changes nothing', async () => {
    expect(await prepare()).toMatchObject({
      code: 0,
      text: 'Ready to deploy: environment demo; 10 of 10 providers registered; 8 vCPUs free in westeurope; job asa-demo is not running.\n',
    })
    expect(posts()).toEqual([])
  })

  it('says what the region does not have, by the region that each is to stand in', async () => {
    stub.regions['Microsoft.Synapse'] = { workspaces: ['North Europe'] }
    const { code, text } = await prepare()
    expect(code).toBe(0)
    expect(text).toMatch(
      /^Ready to deploy, as far as was checked: .*no Microsoft\.Synapse\/workspaces in westeurope/,
    )
    expect((await prepare({ SYNAPSE_LOCATION: 'northeurope' })).text).not.toContain('Azure lists no')
    expect((await prepare({ DEPLOY_SYNAPSE: 'false' })).text).not.toContain('Azure lists no')
    stub.regions['Microsoft.Databricks'] = { workspaces: ['West US 3'] }
    expect((await prepare()).text).toContain(
      'no Microsoft.Databricks/workspaces in westeurope and no Microsoft.Synapse/workspaces in westeurope',
    )
    expect((await prepare({ AZURE_LOCATION: '' })).text).not.toContain('Azure lists no')
  })

  it('before the first deployment has no job to stop', async () => {
    const { code, text } = await prepare({ AZURE_RESOURCE_GROUP: '', STREAM_ANALYTICS_JOB: '' })
    expect([code, text]).toEqual([0, expect.stringContaining('no job yet')])
  })

  it.each(['Running', 'Starting', 'Degraded', 'Restarting', 'Scaling'])(
    'stops a job that is %s, waits for its end, and says how it goes on',
    async (state) => {
      stub.job.state = state
      const { code, text } = await prepare()
      expect(code).toBe(0)
      expect(text).toContain(`job asa-demo was ${state} and is stopped: start it again afterwards (key 2)`)
      expect(stub.job.state).toBe('Stopped')
      expect(posts()).toEqual([expect.stringMatching(/streamingjobs\/asa-demo\/stop$/)])
    },
  )

  it('waits for a stop that is under way, and asks for no other', async () => {
    stub.job.state = 'Stopping'
    expect(await prepare()).toMatchObject({ code: 0, text: expect.stringContaining('is stopped') })
    expect(posts()).toEqual([])
  })

  it('holds the deployment up when the job does not stop', async () => {
    stub.job.state = 'Running'
    stub.stopsForEver = true
    const { code, text, waited } = await prepare()
    expect([code, text]).toEqual([
      1,
      expect.stringMatching(/^Not ready to deploy: .*has not stopped after five minutes/),
    ])
    expect(waited).toBe(300_000)
  })

  it('says how to stop a job that it may not stop', async () => {
    stub.job.state = 'Running'
    proxy.inject({
      match: /\/stop/,
      respond: { status: 403, body: { error: { code: 'AuthorizationFailed', message: 'No.' } } },
    })
    const { code, text } = await prepare()
    expect([code, text]).toEqual([
      1,
      expect.stringContaining('az stream-analytics job stop --resource-group rg-demo --job-name asa-demo'),
    ])
  })

  it('takes a job that is gone for none, and one that is going as a reason to wait', async () => {
    stub.job.state = 'Deleting'
    expect(await prepare()).toMatchObject({ code: 1, text: expect.stringContaining('is being deleted') })
    proxy.inject({
      match: /streamingjobs/,
      respond: { status: 404, body: { error: { code: 'ResourceNotFound', message: 'x' } } },
    })
    expect(await prepare()).toMatchObject({ code: 0, text: expect.stringContaining('not there any more') })
  })

  it('registers what is not registered, Synapse’s SQL and Databricks’ identity among it, and waits', async () => {
    stub.providers = { 'Microsoft.Sql': 'NotRegistered', 'Microsoft.ManagedIdentity': 'Unregistered' }
    const { code, text } = await prepare()
    expect([code, text]).toEqual([0, expect.stringContaining('10 of 10 providers registered (2 now)')])
    expect(posts().toSorted()).toEqual([
      `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.ManagedIdentity/register`,
      `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.Sql/register`,
    ])
  })

  it('without Synapse leaves its providers alone', async () => {
    stub.providers = { 'Microsoft.Sql': 'NotRegistered' }
    const { text } = await prepare({ DEPLOY_SYNAPSE: 'false' })
    expect(text).toContain('8 of 8 providers registered;')
    expect(posts()).toEqual([])
  })

  it('says what somebody else has to register', async () => {
    stub.providers = { 'Microsoft.Sql': 'NotRegistered' }
    proxy.inject({
      match: /register/,
      respond: { status: 403, body: { error: { code: 'AuthorizationFailed', message: 'No.' } } },
    })
    const { code, text } = await prepare()
    expect([code, text]).toEqual([
      0,
      expect.stringMatching(
        /^Ready to deploy, as far as was checked: .*az provider register --namespace Microsoft\.Sql/,
      ),
    ])
  })

  it('warns of too little quota, which holds nothing up', async () => {
    stub.quotas.cores = { used: 0, limit: 4 }
    const { code, text } = await prepare()
    expect([code, text]).toEqual([
      0,
      expect.stringContaining(
        'too few vCPUs in westeurope for silver and gold (cores: 0 of 4 in use, 8 needed',
      ),
    ])
  })

  it('goes on where something cannot be looked at', async () => {
    proxy.inject({
      match: /usages|providers\/Microsoft.Event/,
      respond: { status: 403, body: { error: { code: 'AuthorizationFailed', message: 'No.' } } },
    })
    const { code, text } = await prepare()
    expect(code).toBe(0)
    expect(text).toMatch(
      /^Ready to deploy, as far as was checked: .*providers could not be checked .*the vCPU quota could not be checked .*job asa-demo is not running/,
    )
  })

  it.each(['demo.', 'a b', 'x'.repeat(41), 'demo/1'])(
    'refuses the name %j before anything is asked',
    async (name) => {
      const { code, text } = await prepare({ AZURE_ENV_NAME: name })
      expect([code, text]).toEqual([1, expect.stringMatching(/^Not ready to deploy: the environment name/)])
      expect(proxy.requests).toEqual([])
    },
  )

  it('without a region says that no quota was looked at', async () => {
    const { code, text } = await prepare({ AZURE_LOCATION: '' })
    expect([code, text]).toEqual([
      0,
      expect.stringMatching(
        /^Ready to deploy, as far as was checked: .*AZURE_LOCATION is not set, so no quota was looked at/,
      ),
    ])
  })

  it('says what azd has not told it', async () => {
    const { code, text } = await prepare({ AZURE_SUBSCRIPTION_ID: '', AZURE_ENV_NAME: '' })
    expect([code, text]).toEqual([
      0,
      expect.stringMatching(
        /^Ready to deploy, as far as was checked: AZURE_ENV_NAME is not set.*AZURE_SUBSCRIPTION_ID is not set/,
      ),
    ])
  })

  it('a second deployment with everything running meets a job at rest', async () => {
    stub.job.state = 'Running'
    await prepare()
    // What `azd provision` then finds: a change of an input is refused only while the job is neither created nor stopped.
    expect(['Created', 'Stopped', 'Failed']).toContain(stub.job.state)
    expect(await prepare()).toMatchObject({ code: 0, text: expect.stringContaining('is not running') })
  })
})
