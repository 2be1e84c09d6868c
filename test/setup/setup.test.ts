import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createServiceClients } from '../../src/azure/resources/service-clients.ts'
import { runSetup, type SetupReport } from '../../src/setup/setup.ts'
import { setupSteps } from '../../src/setup/steps.ts'
import { azureConfig } from '../support/azure-config.ts'
import { type AzureStub, createAzureStub, personCredential } from '../support/azure-stub.ts'
import { expiredToken, type FaultProxy, startFaultProxy, throttled } from '../support/fault-proxy.ts'

const notebooks = [
  {
    name: 'aggregate.py',
    content:
      '# Databricks notebook source\n# MAGIC %md\n# MAGIC # Aggregate\n\n# COMMAND ----------\n\nprint(1)\n',
  },
  { name: 'gold.py', content: '# Databricks notebook source\nprint("gold")\n' },
  { name: 'rules.py', content: 'RULES = []\n' },
  { name: 'silver.py', content: '# Databricks notebook source\nprint("silver")\n' },
]

let stub: AzureStub
let proxy: FaultProxy
let waits: number[]
beforeEach(async () => {
  stub = createAzureStub()
  proxy = await startFaultProxy({ handler: stub.handler })
  waits = []
})
afterEach(() => proxy.close())

const sleep = async (ms: number) => {
  waits.push(ms)
}

async function setup(
  options: {
    dryRun?: boolean
    withoutSynapse?: boolean
    credential?: ReturnType<typeof personCredential>
  } = {},
) {
  const azure = azureConfig(proxy.url, options.withoutSynapse ? { synapseEndpoint: undefined } : {})
  const clients = createServiceClients(azure, options.credential ?? personCredential(), { retries: 3, sleep })
  const written: string[] = []
  const code = await runSetup({
    steps: setupSteps({ azure, clients, notebooks, sleep }),
    dryRun: options.dryRun ?? false,
    json: true,
    write: (text) => written.push(text),
  })
  const report = JSON.parse(written.join('')) as { ok: boolean; steps: SetupReport[] }
  const results = Object.fromEntries(report.steps.map(({ what, result }) => [what, result]))
  return {
    code,
    report,
    results,
    find: (what: string) => report.steps.find((step) => step.what.includes(what)),
  }
}

describe('setup', () => {
  it('makes everything in the order in which it is needed', async () => {
    const { code, report } = await setup()
    expect(code).toBe(0)
    expect(report.steps.map(({ what, result }) => `${result} ${what}`)).toEqual([
      'unchanged Databricks workspace',
      'created Unity Catalog credential rtstream-stdemo',
      'created Unity Catalog location rtstream-stdemo-bronze',
      'created Unity Catalog location rtstream-stdemo-silver',
      'created Unity Catalog location rtstream-stdemo-gold',
      'created Unity Catalog location rtstream-stdemo-checkpoints',
      'created Databricks folder /Shared/rtstream-tui',
      'created Databricks notebook /Shared/rtstream-tui/gold',
      'created Databricks file /Shared/rtstream-tui/rules.py',
      'created Databricks notebook /Shared/rtstream-tui/silver',
      'created Databricks job rtstream-silver',
      'created Databricks job rtstream-gold',
      'unchanged Synapse firewall rule control-room',
      'created Synapse notebook aggregate',
      'created Synapse pipeline rtstream-aggregate',
    ])
  })

  it('changes nothing the second time', async () => {
    await setup()
    const before = proxy.requests.length
    const { code, results } = await setup()
    expect([code, new Set(Object.values(results))]).toEqual([0, new Set(['unchanged'])])
    expect(proxy.requests.slice(before).every(({ method }) => method === 'GET')).toBe(true)
  })

  it('changes only what differs', async () => {
    await setup()
    const [key, job] = [...stub.made].find(([name]) => name.startsWith('job:')) as [string, object]
    stub.made.set(key, { ...job, max_concurrent_runs: 5 })
    const { results } = await setup()
    expect(results['Databricks job rtstream-silver']).toBe('changed')
    expect(Object.values(results).filter((result) => result !== 'unchanged')).toHaveLength(1)
    expect(stub.made.get(key)).toMatchObject({ max_concurrent_runs: 1 })
  })

  it('says what it would do and touches nothing with --dry-run', async () => {
    const { code, results } = await setup({ dryRun: true })
    expect([code, results['Databricks job rtstream-gold'], results['Synapse notebook aggregate']]).toEqual([
      0,
      'would create',
      'would create',
    ])
    expect(stub.made.size).toBe(0)
    expect(proxy.requests.every(({ method }) => method === 'GET')).toBe(true)
  })

  it('makes jobs that run one notebook on one machine', async () => {
    await setup()
    const jobs = [...stub.made].flatMap(([key, value]) => (key.startsWith('job:') ? [value] : []))
    expect(jobs[0]).toMatchObject({
      name: 'rtstream-silver',
      max_concurrent_runs: 1,
      job_clusters: [
        {
          new_cluster: { num_workers: 0, node_type_id: 'Standard_D4s_v3', data_security_mode: 'SINGLE_USER' },
        },
      ],
      tasks: [{ notebook_task: { notebook_path: '/Shared/rtstream-tui/silver' } }],
    })
    expect(JSON.stringify(jobs)).toContain('abfss://{container}@stdemo.dfs.core.windows.net')
    expect(JSON.stringify([...stub.made.values()])).not.toMatch(/accountKey|sig=|password/i)
  })

  it('uploads the aggregate to Synapse alone, as cells, with the parameters first', async () => {
    await setup()
    expect(stub.made.has('/Shared/rtstream-tui/aggregate')).toBe(false)
    const notebook = stub.made.get('/notebooks/aggregate') as {
      properties: { cells: { cell_type: string; metadata: { tags?: string[] }; source: string[] }[] }
    }
    const { cells } = notebook.properties
    expect(cells.map(({ cell_type }) => cell_type)).toEqual(['code', 'code', 'markdown', 'code'])
    expect(cells[0]?.metadata.tags).toEqual(['parameters'])
    expect(cells[2]?.source).toEqual(['# Aggregate'])
    expect(waits).toContain(1000)
  })

  it('leaves Synapse alone where there is none', async () => {
    const { code, report } = await setup({ withoutSynapse: true })
    expect(code).toBe(0)
    expect(report.steps.some(({ what }) => what.includes('Synapse'))).toBe(false)
  })

  it('names the privilege that is missing and the statement that gives it, and goes on with the rest', async () => {
    const refused = {
      status: 403,
      body: { error_code: 'PERMISSION_DENIED', message: 'User does not have CREATE STORAGE CREDENTIAL.' },
    }
    proxy.inject({ match: /POST .*storage-credentials/, respond: refused })
    const { code, find, results } = await setup()
    expect(code).toBe(1)
    expect(find('credential')).toMatchObject({
      result: 'failed',
      hint: "You lack CREATE STORAGE CREDENTIAL on the metastore. The metastore's administrator can give it: GRANT CREATE STORAGE CREDENTIAL ON METASTORE TO `ada@example.org`;",
    })
    expect(find('location')).toMatchObject({
      result: 'skipped',
      detail: 'needs Unity Catalog credential rtstream-stdemo',
    })
    expect(results['Databricks job rtstream-silver']).toBe('created')
    expect(
      proxy.requests.filter(({ method, path }) => method === 'POST' && path.includes('storage-credentials')),
    ).toHaveLength(1)
  })

  it('names the privilege for a location, on the metastore and on the credential of somebody else', async () => {
    proxy.inject({
      match: /POST .*external-locations/,
      respond: { status: 403, body: { error_code: 'PERMISSION_DENIED', message: 'no' } },
    })
    const { hint } = (await setup()).find('location rtstream-stdemo-gold') as SetupReport
    expect(hint).toContain('GRANT CREATE EXTERNAL LOCATION ON METASTORE TO `ada@example.org`;')
    expect(hint).toContain(
      'GRANT CREATE EXTERNAL LOCATION ON STORAGE CREDENTIAL `rtstream-stdemo` TO `ada@example.org`;',
    )
  })

  it.each([
    [404, 'METASTORE_DOES_NOT_EXIST', 'has no Unity Catalog metastore'],
    [400, 'METASTORE_DOES_NOT_EXIST', 'has no Unity Catalog metastore'],
    [403, 'METASTORE_DOES_NOT_EXIST', 'has no Unity Catalog metastore'],
    [400, 'FEATURE_DISABLED', 'Unity Catalog is switched off'],
    [403, 'FEATURE_DISABLED', 'Unity Catalog is switched off'],
  ])('says that a workspace has no metastore: %i %s', async (status, error_code, detail) => {
    proxy.inject({
      match: /storage-credentials/,
      respond: { status, body: { error_code, message: 'Not here.' } },
    })
    expect((await setup()).find('credential')).toMatchObject({
      result: 'failed',
      detail: expect.stringContaining(detail),
      hint: expect.stringContaining('accounts.azuredatabricks.net'),
    })
  })

  it('makes locations without file events, and turns them off where they are on', async () => {
    await setup()
    const key = 'external-locations/rtstream-stdemo-bronze'
    expect(stub.made.get(key)).toMatchObject({ enable_file_events: false })
    stub.made.set(key, { ...(stub.made.get(key) as object), enable_file_events: true })
    expect((await setup()).results['Unity Catalog location rtstream-stdemo-bronze']).toBe('changed')
    expect(stub.made.get(key)).toMatchObject({ enable_file_events: false })
    // A service that leaves out what is false.
    const { enable_file_events: _, ...rest } = stub.made.get(key) as { enable_file_events: boolean }
    stub.made.set(key, rest)
    expect((await setup()).results['Unity Catalog location rtstream-stdemo-bronze']).toBe('unchanged')
  })

  it('takes the present name of an access mode for the one that it sent', async () => {
    await setup()
    const [key, job] = [...stub.made].find(([name]) => name.startsWith('job:')) as [string, object]
    const renamed = (mode: string) => JSON.parse(JSON.stringify(job).replace('"SINGLE_USER"', `"${mode}"`))
    stub.made.set(key, renamed('DATA_SECURITY_MODE_DEDICATED'))
    expect((await setup()).results['Databricks job rtstream-silver']).toBe('unchanged')
    stub.made.set(key, renamed('DATA_SECURITY_MODE_STANDARD'))
    expect((await setup()).results['Databricks job rtstream-silver']).toBe('changed')
  })

  it('says how to get into a workspace that does not know one', async () => {
    proxy.inject({ match: /scim/, respond: { status: 403, body: { message: 'User not authorized.' } } })
    const { find, results } = await setup()
    expect(find('workspace')).toMatchObject({
      result: 'failed',
      hint: expect.stringContaining('Launch Workspace'),
    })
    expect(results['Databricks job rtstream-silver']).toBe('skipped')
    expect(results['Synapse pipeline rtstream-aggregate']).toBe('created')
  })

  it('waits out throttling and a cut connection', async () => {
    proxy.inject({ match: /jobs\/create/, times: 1, respond: throttled(3) })
    proxy.inject({ match: /workspace\/import/, times: 1, cut: 'before' })
    expect((await setup()).code).toBe(0)
    expect(waits).toEqual(expect.arrayContaining([3000, 500]))
  })

  it('makes no second job when the answer to the first is lost, and finds it the next time', async () => {
    proxy.inject({ match: /jobs\/create/, times: 1, cut: 'midway' })
    const first = await setup()
    expect(first.results['Databricks job rtstream-silver']).toBe('failed')
    expect(first.results['Databricks job rtstream-gold']).toBe('created')
    expect(proxy.requests.filter(({ path }) => path.includes('jobs/create'))).toHaveLength(2)
    expect((await setup()).code).toBe(0)
  })

  it('tells a policy that forbids the firewall’s rule from a right that is missing', async () => {
    const denied = {
      status: 403,
      body: {
        error: {
          code: 'RequestDisallowedByPolicy',
          message: "Resource 'control-room' was disallowed by policy.",
        },
      },
    }
    proxy.inject({
      match: /GET \/pipelines\//,
      times: 1,
      respond: {
        status: 403,
        body: { code: 'ClientIpAddressNotAuthorized', message: 'Client Ip address : 203.0.113.7' },
      },
    })
    proxy.inject({ match: /PUT .*firewallRules/, respond: denied })
    expect((await setup()).find('firewall')).toMatchObject({
      result: 'failed',
      hint: expect.stringContaining('Azure policy'),
    })
  })

  it('reports junk, a refused operation and an expired token each in the words of the service', async () => {
    await setup()
    proxy.inject({ match: /GET \/notebooks/, times: 1, malformed: true })
    expect((await setup()).find('Synapse notebook')?.detail).toContain('not JSON')
    stub.made.delete('/notebooks/aggregate')
    proxy.inject({
      match: /operationResults/,
      times: 1,
      respond: {
        status: 200,
        body: { status: 'Failed', error: { code: 'BadRequest', message: 'Unknown pool.' } },
      },
    })
    expect((await setup()).find('Synapse notebook')?.detail).toBe(
      'Synapse notebook aggregate was refused: BadRequest Unknown pool.',
    )
    proxy.inject({ respond: expiredToken })
    const before = proxy.requests.length
    const { code, report } = await setup()
    expect(code).toBe(1)
    expect(report.steps[0]?.detail).toContain('The access token has expired.')
    // One for the Databricks workspace, one for that of Synapse; nothing twice.
    expect(proxy.requests.length - before).toBe(2)
  })

  it('asks a long-running operation again when the service says, also where it names a moment', async () => {
    const later = (seconds: number) => ({
      date: new Date(0).toUTCString(),
      'retry-after': new Date(seconds * 1000).toUTCString(),
    })
    const answer = (headers: Record<string, string>) => ({
      match: /operationResults/,
      times: 1,
      respond: { status: 202, headers },
    })
    for (const headers of [later(7), later(3600), {}]) proxy.inject(answer(headers))
    expect((await setup()).code).toBe(0)
    expect(waits).toEqual(expect.arrayContaining([7000, 15_000, 2000]))
  })

  it('lets the aggregate run as long as an activity may, where the default may be twelve hours', async () => {
    await setup()
    const put = proxy.requests.find(({ method, path }) => /PUT .*\/pipelines\//.test(`${method} ${path}`))
    expect(JSON.parse(put?.body ?? '').properties.activities).toMatchObject([
      { name: 'aggregate', policy: { timeout: '7.00:00:00' } },
    ])
    expect((await setup()).results['Synapse pipeline rtstream-aggregate']).toBe('unchanged')
  })

  it('takes a put that is accepted without a place to ask at for done, and looks again the next time', async () => {
    proxy.inject({ match: /PUT \/notebooks/, times: 1, respond: { status: 202 } })
    expect((await setup()).find('Synapse notebook')?.result).toBe('created')
    expect((await setup()).find('Synapse notebook')?.result).toBe('created')
    expect((await setup()).find('Synapse notebook')?.result).toBe('unchanged')
  })

  describe('behind the firewall of Synapse', () => {
    const rule = /PUT .*Microsoft\.Synapse\/workspaces\/127\/firewallRules\/control-room/
    const refuse = (times?: number) =>
      proxy.inject({
        match: /(pipelines|notebooks)\/|operationResults/,
        ...(times === undefined ? {} : { times }),
        respond: {
          status: 403,
          body: {
            error: { code: 'ClientIpAddressNotAuthorized', message: 'Client Ip address : 203.0.113.7' },
          },
        },
      })
    const puts = () => proxy.requests.filter(({ method, path }) => rule.test(`${method} ${path}`))

    it('lets the machine in by the address that the service names, waits until it does, and goes on', async () => {
      refuse(3)
      proxy.inject({ match: rule, respond: { status: 202 } })
      const { code, results } = await setup()
      expect([
        code,
        results['Synapse firewall rule control-room'],
        results['Synapse notebook aggregate'],
      ]).toEqual([0, 'created', 'created'])
      expect(puts().map(({ body }) => JSON.parse(body))).toEqual([
        { properties: { startIpAddress: '203.0.113.7', endIpAddress: '203.0.113.7' } },
      ])
      expect(waits.filter((ms) => ms === 5000)).toHaveLength(2)
    })

    it('lists the rule and all behind it with --dry-run', async () => {
      refuse()
      const { code, results } = await setup({ dryRun: true })
      const synapse = Object.entries(results).filter(([what]) => what.startsWith('Synapse'))
      expect([code, synapse.map(([, result]) => result)]).toEqual([0, Array(3).fill('would create')])
      expect(puts()).toEqual([])
    })

    it('without the right to change it says which command does', async () => {
      refuse()
      proxy.inject({
        match: rule,
        respond: { status: 403, body: { error: { code: 'AuthorizationFailed', message: 'no' } } },
      })
      const { code, find } = await setup()
      expect(code).toBe(1)
      expect(find('firewall')?.hint).toContain('azd env set CLIENT_IP_ADDRESS 203.0.113.7')
      expect(find('notebook aggregate')).toMatchObject({ result: 'skipped' })
    })
  })

  it('refuses to choose between two jobs of one name', async () => {
    await setup()
    stub.made.set('job:7', { name: 'rtstream-silver' })
    expect((await setup()).find('job rtstream-silver')).toMatchObject({
      result: 'failed',
      detail: expect.stringContaining('2 jobs are named'),
    })
  })

  it('lets the owner of the workspace in who is no user of it yet', async () => {
    const azure = azureConfig(proxy.url, { databricksWorkspaceId: '/subscriptions/s/workspaces/w' })
    await createServiceClients(azure, personCredential()).databricks.request(
      'GET',
      '/api/2.0/preview/scim/v2/Me',
    )
    expect(proxy.requests[0]?.headers).toMatchObject({
      'x-databricks-azure-workspace-resource-id': '/subscriptions/s/workspaces/w',
      'x-databricks-azure-sp-management-token': expect.stringMatching(/^h\./),
    })
  })

  it('never sends its token to an address that a service names', async () => {
    proxy.inject({
      match: /PUT \/notebooks/,
      respond: { status: 202, headers: { location: 'https://elsewhere.example/x' } },
    })
    expect((await setup()).find('Synapse notebook')?.detail).toBe(
      'Synapse sent us to another address, https://elsewhere.example',
    )
  })

  it('prints a line per step, the reason below it, and what comes next', async () => {
    proxy.inject({
      match: /jobs\/list\?name=rtstream-gold/,
      respond: { status: 500, body: { message: 'Internal.' } },
    })
    const azure = azureConfig(proxy.url)
    const lines: string[] = []
    const steps = setupSteps({
      azure,
      clients: createServiceClients(azure, personCredential()),
      notebooks,
      sleep,
    })
    expect(await runSetup({ steps, dryRun: false, json: false, write: (text) => lines.push(text) })).toBe(1)
    expect(lines).toContain('created       Databricks job rtstream-silver\n')
    expect(lines).toContain(
      'failed        Databricks job rtstream-gold\n              Databricks: 500 Internal. (GET /api/2.2/jobs/list)\n',
    )
    expect(lines.at(-1)).toBe('\nSetup is not complete: 1 failed. Mend it and run setup again.\n')
  })
})
