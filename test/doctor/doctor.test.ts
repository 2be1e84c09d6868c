import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createServiceClients } from '../../src/azure/resources/service-clients.ts'
import type { AzureConfig } from '../../src/config/schema.ts'
import { azureChecks } from '../../src/doctor/azure.ts'
import { type Check, type Finding, runDoctor } from '../../src/doctor/doctor.ts'
import { ServiceError } from '../../src/pipeline/ports/errors.ts'
import { azureConfig } from '../support/azure-config.ts'
import {
  type AzureStub,
  createAzureStub,
  JOB_PRINCIPAL,
  PERSON,
  personCredential,
  SUBSCRIPTION,
} from '../support/azure-stub.ts'
import { expiredToken, type FaultProxy, startFaultProxy, throttled } from '../support/fault-proxy.ts'

let stub: AzureStub
let proxy: FaultProxy
beforeEach(async () => {
  stub = createAzureStub()
  proxy = await startFaultProxy({ handler: stub.handler })
  // What setup makes.
  const names = [
    'storage-credentials/rtstream-stdemo',
    ...['bronze', 'silver', 'gold', 'checkpoints'].map(
      (name) => `external-locations/rtstream-stdemo-${name}`,
    ),
  ]
  for (const name of names) stub.made.set(name, {})
  stub.made
    .set('job:1', { name: 'rtstream-silver' })
    .set('job:2', { name: 'rtstream-gold' })
    .set('/pipelines/rtstream-aggregate', {})
})
afterEach(() => proxy.close())

interface Options {
  azure?: Partial<AzureConfig>
  credential?: ReturnType<typeof personCredential>
  probeHub?: () => Promise<{ partitions: number; latencyMs: number }>
  connectionString?: boolean
  now?: () => number
  timeoutMs?: number
}

type Found = Finding & { check: string }

async function doctor(options: Options = {}) {
  const azure = azureConfig(proxy.url, options.azure)
  const credential = options.credential ?? personCredential()
  const hub = options.connectionString
    ? { connectionString: 'Endpoint=sb://x', hub: 'weather', consumerGroup: 'monitor' }
    : {
        fullyQualifiedNamespace: 'evhns-demo.servicebus.windows.net',
        hub: 'weather',
        consumerGroup: 'monitor',
        credential,
      }
  const checks = azureChecks({
    azure,
    credential,
    clients: createServiceClients(azure, credential),
    hub,
    probeHub: options.probeHub ?? (async () => ({ partitions: 4, latencyMs: 12 })),
    now: options.now ?? Date.now,
  })
  const written: string[] = []
  const { timeoutMs = 10_000 } = options
  const code = await runDoctor({
    target: 'azure',
    checks,
    json: true,
    ascii: false,
    write: (text) => written.push(text),
    timeoutMs,
  })
  const report = JSON.parse(written.join('')) as {
    ok: boolean
    failures: number
    warnings: number
    findings: Found[]
  }
  const of = (check: string) => report.findings.filter((finding) => finding.check === check)
  return { code, report, of, one: (check: string) => of(check)[0] as Found }
}

const HUB_SCOPE = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg-demo/providers/Microsoft.EventHub/namespaces/evhns-demo/eventhubs/weather`
const ACCOUNT_SCOPE = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg-demo/providers/Microsoft.Storage/storageAccounts/stdemo`

describe('the jobs’ runtime', () => {
  it('is told, and one that is not the setting’s is named with what to do', async () => {
    const cluster = (version: string) => ({ job_clusters: [{ new_cluster: { spark_version: version } }] })
    stub.made
      .set('job:1', { name: 'rtstream-silver', ...cluster('16.4.x-scala2.12') })
      .set('job:2', { name: 'rtstream-gold', ...cluster('16.4.x-scala2.12') })
    expect((await doctor()).one('databricks')).toMatchObject({
      level: 'ok',
      detail: 'rtstream-silver, rtstream-gold, runtime 16.4 LTS',
    })
    stub.made.set('job:2', { name: 'rtstream-gold', ...cluster('15.4.x-scala2.12') })
    expect((await doctor()).of('databricks')).toMatchObject([
      {
        level: 'warning',
        detail: 'the job rtstream-gold runs on 15.4.x-scala2.12, the setting is 16.4 LTS',
        fix: 'rtstream-tui setup',
      },
    ])
    const newer = await doctor({ azure: { databricksRuntime: '17.3' } })
    expect(newer.of('databricks').map(({ level }) => level)).toEqual(['warning', 'warning'])
  })
})

describe('doctor on a sound deployment', () => {
  it('finds nothing wrong and shows the latency of a real call to each service', async () => {
    const { code, report } = await doctor()
    expect(report.findings.filter(({ level }) => level !== 'ok')).toEqual([])
    expect([code, report.ok]).toEqual([0, true])
    const timed = report.findings.filter(({ latencyMs }) => latencyMs !== undefined).map(({ check }) => check)
    expect(timed).toEqual(
      expect.arrayContaining([
        'sign-in',
        'subscription',
        'event-hubs',
        'data-lake',
        'stream-analytics',
        'metrics',
        'databricks',
        'synapse',
      ]),
    )
  })

  it('changes nothing', async () => {
    await doctor()
    const changing = proxy.requests.filter(
      ({ method, path }) => method !== 'GET' && !path.includes('metrics:getBatch'),
    )
    expect(changing).toEqual([])
  })

  it('is content without Synapse', async () => {
    const { code, one } = await doctor({ azure: { synapseEndpoint: undefined } })
    expect([code, one('synapse').detail]).toEqual([0, 'not deployed: there is no aggregate stage'])
  })
})

describe('who one is', () => {
  it('asks to sign in, and then does not ask the services at all', async () => {
    const getToken = async () => {
      throw new Error('CredentialUnavailableError: run az login\nmore')
    }
    const { code, one } = await doctor({ credential: { getToken } })
    expect(code).toBe(1)
    expect(one('sign-in')).toMatchObject({ level: 'failure', fix: 'az login', why: expect.any(String) })
    expect(one('data-lake')).toMatchObject({ level: 'warning', detail: 'not checked: needs Sign-in' })
    expect(one('clock').detail).toBe('not checked: needs Subscription')
    expect(proxy.requests).toEqual([])
  })

  it('names the tenant when it is another one', async () => {
    const { one } = await doctor({ credential: personCredential({ tid: 'other' }) })
    expect(one('sign-in')).toMatchObject({
      level: 'failure',
      fix: expect.stringMatching(/^az login --tenant 99999999/),
    })
  })

  it('still looks at the hub with a connection string when nobody is signed in', async () => {
    const { one } = await doctor({ credential: { getToken: async () => null }, connectionString: true })
    expect([one('sign-in').level, one('event-hubs').level]).toEqual(['failure', 'ok'])
  })

  it('never tries an expired token twice', async () => {
    proxy.inject({ respond: expiredToken })
    const { code, one } = await doctor()
    expect([code, one('subscription').level]).toEqual([1, 'failure'])
    expect(one('subscription').detail).toContain('The access token has expired.')
    const paths = proxy.requests.map(({ method, path }) => `${method} ${path}`)
    expect(new Set(paths).size).toBe(paths.length)
  })
})

describe('subscription and region', () => {
  it.each([
    ['Disabled', 'failure'],
    ['PastDue', 'warning'],
  ])('%s is a %s', async (state, level) => {
    stub.subscriptionState = state
    expect((await doctor()).one('subscription')).toMatchObject({ level, detail: `Workshop is ${state}` })
  })

  it('says how to choose a subscription that cannot be seen', async () => {
    proxy.inject({
      match: /^GET \/subscriptions\/[^/]+\?/,
      respond: { status: 404, body: { error: { code: 'SubscriptionNotFound', message: 'x' } } },
    })
    expect((await doctor()).one('subscription').fix).toBe(`az account set --subscription ${SUBSCRIPTION}`)
  })

  it.each([
    [1, 'ok', 'in step'],
    [60, 'warning', '60 s behind'],
    [-600, 'failure', '600 s ahead of'],
  ])('a service whose clock is %i s ahead gives %s', async (seconds, level, words) => {
    const now = Math.floor(Date.now() / 1000) * 1000
    stub.time = now + seconds * 1000
    const found = (await doctor({ now: () => now })).one('clock')
    expect([found.level, found.detail.startsWith(words)]).toEqual([level, true])
  })

  it('registers what is not registered', async () => {
    stub.providers = { 'Microsoft.Sql': 'NotRegistered', 'Microsoft.Databricks': 'Registering' }
    const { of } = await doctor()
    expect(of('providers')).toMatchObject([
      { level: 'warning', detail: 'Microsoft.Databricks is being registered' },
      { level: 'failure', fix: 'az provider register --namespace Microsoft.Sql --wait' },
    ])
  })

  it('asks for the quota of a region by the name that services know, however it is written', async () => {
    const { of } = await doctor({ azure: { location: 'West Europe' } })
    expect(of('quota')).toMatchObject([{ level: 'ok' }])
    expect(proxy.requests.some(({ path }) => path.includes('/locations/westeurope/usages'))).toBe(true)
  })

  it.each([
    [
      'subscription',
      /GET \/subscriptions\/[^/]+\?/,
      {
        status: 401,
        body: {
          error: {
            code: 'InvalidAuthenticationTokenTenant',
            message: `The access token is from the wrong issuer 'https://sts.windows.net/x/'. It must match the tenant 'https://sts.windows.net/${PERSON}/' associated with this subscription.`,
          },
        },
      },
      `az login --tenant ${PERSON}`,
    ],
    [
      'databricks',
      /GET \/api\/2.2\/jobs\/list/,
      {
        status: 403,
        body: {
          error_code: 403,
          message: 'Source IP address: 203.0.113.7 is blocked by Databricks IP ACL for workspace: 1',
        },
      },
      'IP access list',
    ],
    [
      'synapse',
      /GET \/pipelines\//,
      {
        status: 403,
        body: {
          code: 'PublicNetworkAccessDenied',
          message: 'The public network interface on this Workspace is not accessible.',
        },
      },
      'Networking',
    ],
  ])(
    '%s: a refusal that says why is told with its own remedy, not with a role',
    async (id, match, respond, words) => {
      proxy.inject({ match, respond })
      const { of } = await doctor()
      expect(of(id)).toMatchObject([{ level: 'failure', fix: expect.stringContaining(words) }])
    },
  )

  it('reads all pages of role assignments', async () => {
    const roles = stub.roles[JOB_PRINCIPAL] ?? []
    proxy.inject({
      match: /roleAssignments\?(?!.*page=2)/,
      respond: { status: 200, body: { value: [], nextLink: `${proxy.url}/x/roleAssignments?page=2` } },
    })
    proxy.inject({
      match: /roleAssignments\?page=2$/,
      respond: {
        status: 200,
        body: {
          value: roles.map((role) => ({ properties: { roleDefinitionId: `/x/roleDefinitions/${role}` } })),
        },
      },
    })
    const { of } = await doctor()
    expect(of('stream-analytics')).toMatchObject([{ level: 'ok' }])
  })

  it('compares the cores that are needed with the quota', async () => {
    stub.quotas = { cores: { used: 0, limit: 4 }, standardDSv3Family: { used: 8, limit: 10 } }
    const { of } = await doctor()
    expect(of('quota')).toMatchObject([
      {
        level: 'failure',
        detail: 'cores: 0 of 4 in use, 8 needed in westeurope',
        fix: expect.stringContaining('--databricks-node-type'),
      },
      { level: 'warning', detail: 'standardDSv3Family: 8 of 10 in use, 8 needed in westeurope' },
    ])
  })
})

describe('rights on the control plane', () => {
  const denied = { status: 403, body: { error: { code: 'AuthorizationFailed', message: 'no' } } }

  it('are not needed for what only readers of the subscription may see', async () => {
    proxy.inject({ match: /providers\/Microsoft\.Sql\?|locations\/westeurope\/usages/, respond: denied })
    const { code, one } = await doctor()
    expect(code).toBe(0)
    expect(one('providers')).toMatchObject({
      level: 'warning',
      detail: expect.stringContaining('cannot be looked at'),
    })
    expect(one('quota')).toMatchObject({ level: 'warning', fix: expect.stringContaining('Reader') })
  })

  it('are assigned where the pipeline needs them', async () => {
    proxy.inject({ match: /streamingjobs\/asa-demo\?|consumergroups\/monitor/, respond: denied })
    const { one } = await doctor()
    expect(one('stream-analytics').fix).toMatch(/--role "Contributor" .*streamingjobs\/asa-demo"$/)
    expect(one('consumer-groups').fix).toMatch(/--role "Reader" .*resourceGroups\/rg-demo"$/)
    expect(one('consumer-groups').why).not.toContain('no access to data')
  })
})

describe('hub and lake', () => {
  it('prints the role assignments for a hub that refuses', async () => {
    const refused = new ServiceError(
      'authorization',
      'Event Hubs',
      "Unauthorized access. 'Send' claim(s) are required",
    )
    const { of } = await doctor({ probeHub: () => Promise.reject(refused) })
    expect(of('event-hubs').map(({ fix }) => fix)).toEqual([
      `az role assignment create --role "Azure Event Hubs Data Sender" --assignee-object-id ${PERSON} --assignee-principal-type User --scope "${HUB_SCOPE}"`,
      `az role assignment create --role "Azure Event Hubs Data Receiver" --assignee-object-id ${PERSON} --assignee-principal-type User --scope "${HUB_SCOPE}"`,
    ])
    expect(of('event-hubs')[0]?.why).toContain('Owner of a subscription has no access to data')
  })

  it('points at the policy when a connection string is refused', async () => {
    const refused = () => Promise.reject(new ServiceError('authorization', 'Event Hubs', 'no'))
    expect((await doctor({ probeHub: refused, connectionString: true })).one('event-hubs').fix).toContain(
      'Send and Listen',
    )
  })

  it('creates a consumer group that is missing', async () => {
    stub.consumerGroups = ['stream-analytics']
    expect((await doctor()).one('consumer-groups').fix).toBe(
      'az eventhubs eventhub consumer-group create --resource-group rg-demo --namespace-name evhns-demo --eventhub-name weather --name monitor',
    )
  })

  it('warns of a shared consumer group', async () => {
    const { one } = await doctor({ azure: { monitorConsumerGroup: 'stream-analytics' } })
    expect(one('consumer-groups')).toMatchObject({ level: 'warning' })
  })

  it('names the role once for a lake that refuses', async () => {
    proxy.inject({
      match: /resource=filesystem/,
      respond: { status: 403, body: '<Error><Code>AuthorizationPermissionMismatch</Code></Error>' },
    })
    const { of } = await doctor()
    expect(of('data-lake')).toHaveLength(1)
    expect(of('data-lake')[0]?.fix).toBe(
      `az role assignment create --role "Storage Blob Data Reader" --assignee-object-id ${PERSON} --assignee-principal-type User --scope "${ACCOUNT_SCOPE}"`,
    )
  })

  it('creates a container that is missing', async () => {
    stub.containers = ['bronze', 'silver', 'gold']
    expect((await doctor()).of('data-lake')).toMatchObject([
      {
        level: 'failure',
        detail: 'container checkpoints does not exist',
        fix: 'az storage fs create --account-name stdemo --name checkpoints --auth-mode login',
      },
    ])
  })
})

describe('the job', () => {
  it.each([
    [{ consumerGroup: '$Default' }, 'the input uses consumer group $Default'],
    [{ writeMode: 'Append' }, 'the output writes in mode Append'],
    [{ writeMode: undefined }, 'the output writes in mode Append'],
    [{ query: undefined }, 'the job has no query'],
  ])('%j is a failure', async (change, detail) => {
    Object.assign(stub.job, change)
    expect((await doctor()).one('stream-analytics')).toMatchObject({
      level: 'failure',
      detail,
      fix: 'azd provision',
    })
  })

  it('assigns the roles that the identity of the job lacks', async () => {
    stub.roles = {}
    const fixes = (await doctor()).of('stream-analytics').map(({ fix }) => fix)
    expect(fixes[0]).toBe(
      `az role assignment create --role "Azure Event Hubs Data Receiver" --assignee-object-id ${JOB_PRINCIPAL} --assignee-principal-type ServicePrincipal --scope "${HUB_SCOPE}"`,
    )
    expect(fixes[1]).toContain(`"Storage Blob Data Contributor"`)
    expect(fixes[1]).toContain('/blobServices/default/containers/bronze"')
  })

  it('says so when role assignments may not be read', async () => {
    proxy.inject({
      match: /roleAssignments/,
      respond: { status: 403, body: { error: { code: 'AuthorizationFailed', message: 'no' } } },
    })
    const { code, of } = await doctor()
    expect([code, of('stream-analytics').map(({ level }) => level)]).toEqual([0, ['warning', 'warning']])
  })

  it('is missing', async () => {
    proxy.inject({
      match: /streamingjobs\/asa-demo\?/,
      respond: { status: 404, body: { error: { code: 'ResourceNotFound', message: 'x' } } },
    })
    expect((await doctor()).one('stream-analytics')).toMatchObject({
      detail: 'there is no job asa-demo',
      fix: 'azd provision',
    })
  })

  it('warns of a failed job, and of metrics that refuse', async () => {
    stub.job.state = 'Failed'
    proxy.inject({
      match: /metrics:getBatch|Microsoft.Insights/,
      respond: { status: 403, body: { error: { code: 'AuthorizationFailed', message: 'no' } } },
    })
    const { code, one } = await doctor()
    expect(one('stream-analytics')).toMatchObject({ level: 'warning', detail: 'the job is Failed' })
    expect(one('metrics')).toMatchObject({
      level: 'warning',
      fix: expect.stringContaining('Monitoring Reader'),
    })
    expect(code).toBe(0)
  })

  it('reads the metrics of the job where those of the subscription refuse', async () => {
    proxy.inject({
      match: /metrics:getBatch/,
      respond: { status: 403, body: { error: { code: 'AuthorizationFailed', message: 'no' } } },
    })
    proxy.inject({ match: /Microsoft.Insights\/metrics/, respond: { status: 200, body: { value: [] } } })
    expect((await doctor()).one('metrics')).toMatchObject({
      level: 'ok',
      detail: expect.stringContaining("the job's own"),
    })
  })

  it('names the path that write mode Once does not take, and takes both forms of the minute', async () => {
    const day = '{datetime:yyyy}/{datetime:MM}/{datetime:dd}'
    stub.job.output = { pathPattern: `weather/${day}/{datetime:HH}/{datetime:mm}` }
    expect((await doctor()).one('stream-analytics')).toMatchObject({
      level: 'failure',
      detail: expect.stringContaining('{datetime:mm}'),
      why: expect.stringContaining('weather/{date}/{time}'),
      fix: 'azd provision',
    })
    for (const [timeFormat, level] of [
      ['HH', 'failure'],
      ['HH/mm', 'ok'],
      ['HH-mm', 'ok'],
    ] as const) {
      stub.job.output = { pathPattern: 'weather/{date}/{time}', dateFormat: 'yyyy/MM/dd', timeFormat }
      expect((await doctor()).one('stream-analytics')).toMatchObject({ level })
    }
  })

  it('warns of a job that waits for late events for ever', async () => {
    stub.job.lateArrivalSeconds = -1
    expect((await doctor()).one('stream-analytics')).toMatchObject({
      level: 'warning',
      detail: expect.stringContaining('late events'),
    })
  })

  it('points at the audience when the metrics do not take the token', async () => {
    proxy.inject({
      match: /metrics:getBatch/,
      respond: { status: 401, body: { error: { code: 'InvalidAudience', message: 'x' } } },
    })
    expect((await doctor()).one('metrics').fix).toContain('metricsAudience')
  })
})

describe('Databricks and Synapse', () => {
  it.each([400, 403, 404, 409])(
    'says once that there is no metastore, with whatever status: %i',
    async (status) => {
      proxy.inject({
        match: /unity-catalog/,
        respond: { status, body: { error_code: 'METASTORE_DOES_NOT_EXIST', message: 'None.' } },
      })
      expect((await doctor()).of('unity-catalog')).toMatchObject([
        { level: 'failure', detail: expect.stringContaining('no Unity Catalog metastore') },
      ])
    },
  )

  it('sends to setup for what setup makes', async () => {
    stub.made.clear()
    const { one, of } = await doctor()
    expect(of('databricks')).toMatchObject([
      { detail: 'there is no job rtstream-silver', fix: 'rtstream-tui setup' },
      { detail: 'there is no job rtstream-gold', fix: 'rtstream-tui setup' },
    ])
    expect(one('synapse')).toMatchObject({
      detail: 'there is no pipeline rtstream-aggregate',
      fix: 'rtstream-tui setup',
    })
    expect(one('unity-catalog').detail).toBe('not checked: needs Databricks')
  })

  it('misses a location of Unity Catalog', async () => {
    stub.made.delete('external-locations/rtstream-stdemo-gold')
    expect((await doctor()).of('unity-catalog')).toMatchObject([
      { detail: 'external-locations/rtstream-stdemo-gold is missing', fix: 'rtstream-tui setup' },
    ])
  })

  it('tells the firewall of Synapse from its roles', async () => {
    const firewall = {
      status: 403,
      body: { error: { code: 'ClientIpAddressNotAuthorized', message: 'Client Ip address : 203.0.113.7' } },
    }
    proxy.inject({ match: /pipelines/, times: 1, respond: firewall })
    expect((await doctor()).one('synapse').fix).toContain(
      '--name control-room --start-ip-address 203.0.113.7 --end-ip-address 203.0.113.7',
    )
    proxy.inject({
      match: /pipelines/,
      respond: {
        status: 403,
        body: { error: { code: 'Unauthorized', message: 'lacks workspaces/pipelines/read' } },
      },
    })
    expect((await doctor()).one('synapse').fix).toMatch(
      new RegExp(`^az synapse role assignment create .*--role "Synapse Administrator" --assignee ${PERSON}$`),
    )
  })

  it('finds the one session that lives behind a hundred that have ended', async () => {
    stub.sessions = Array.from({ length: 101 }, (_, id) => ({
      id,
      name: 'notebook',
      state: id === 100 ? 'idle' : 'dead',
    }))
    expect((await doctor()).one('spark-pool')).toMatchObject({
      level: 'warning',
      detail: 'session 100 (notebook) is idle',
    })
  })

  it('lists the sessions that hold the cores of the pool, with the command that ends each', async () => {
    stub.sessions = [
      { id: 3, name: 'notebook of somebody', state: 'idle' },
      { id: 2, name: 'old', state: 'dead' },
    ]
    const { code, of } = await doctor()
    expect(of('spark-pool')).toMatchObject([
      {
        level: 'warning',
        detail: 'session 3 (notebook of somebody) is idle',
        fix: expect.stringContaining('az synapse spark session cancel --id 3'),
      },
    ])
    expect(code).toBe(0)
  })
})

describe('a service that misbehaves', () => {
  it.each([
    ['throttles', { respond: throttled(5) }, 'TooManyRequests'],
    [
      'breaks',
      { respond: { status: 500, body: { error: { code: 'InternalError', message: 'oops' } } } },
      'InternalError oops',
    ],
    ['talks junk', { malformed: true }, 'not JSON'],
    ['cuts the line', { cut: 'before' as const }, 'cannot be reached'],
    ['cuts the line midway', { cut: 'midway' as const }, 'cannot be reached'],
    ['does not answer', { hang: true }, 'no answer in time'],
  ])('that %s fails its own check alone', async (_, fault, words) => {
    proxy.inject({ match: /resource=filesystem/, ...fault })
    const { code, one, report } = await doctor({ timeoutMs: 'hang' in fault ? 3000 : 10_000 })
    expect([code, one('data-lake').level, one('data-lake').why]).toEqual([
      1,
      'failure',
      'All layers are read from there.',
    ])
    expect(one('data-lake').detail).toContain(words)
    expect(report.failures).toBe(1)
  })
})

describe('the report', () => {
  const check = (id: string, finding: Finding): Check => ({
    id,
    title: id,
    why: 'it matters',
    run: async () => finding,
  })

  it('puts the reason and the remedy below each finding', async () => {
    const lines: string[] = []
    const checks = [
      check('one', { level: 'ok', detail: 'fine', latencyMs: 12.6 }),
      check('two', { level: 'warning', detail: 'hm', fix: 'do this' }),
      check('three', { level: 'failure', detail: 'broken' }),
    ]
    const options = {
      target: 'azure' as const,
      checks,
      json: false,
      write: (text: string) => lines.push(text),
    }
    expect(await runDoctor({ ...options, ascii: false })).toBe(1)
    const indent = ' '.repeat(24)
    expect(lines).toEqual([
      `✓ ${'one'.padEnd(22)}fine (13 ms)\n`,
      `! ${'two'.padEnd(22)}hm\n${indent}why: it matters\n${indent}fix: do this\n`,
      `✗ ${'three'.padEnd(22)}broken\n${indent}why: it matters\n`,
      '\n1 failure, 1 warning. Mend the failures from the top: later ones may follow from earlier ones.\n',
    ])
    lines.length = 0
    await runDoctor({ ...options, ascii: true })
    expect(lines.join('')).toMatch(/^[\x20-\x7e\n]*$/)
  })

  it('ends with the reason when it is interrupted', async () => {
    const controller = new AbortController()
    const hanging: Check = { id: 'x', title: 'x', why: '', run: () => new Promise(() => {}) }
    const run = runDoctor({
      target: 'local',
      checks: [hanging],
      json: true,
      ascii: false,
      write: () => {},
      signal: controller.signal,
    })
    controller.abort(new Error('interrupted'))
    await expect(run).rejects.toThrow('interrupted')
  })
})
