/** What every program for Azure Resource Manager asks first: subscriptions, groups, resources, providers, tags. */
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LOCAL_NAMES } from '../../src/local/runtime/options.ts'
import { type ControlPlane, removeFolders, startControlPlane, TOKEN } from '../support/control-plane.ts'
import { restCaller } from '../support/rest.ts'

const { subscription, resourceGroup, namespace, account, job } = LOCAL_NAMES
const VERSION = 'api-version=2021-04-01'
const SUBSCRIPTION = `/subscriptions/${subscription}`
const GROUP = `${SUBSCRIPTION}/resourceGroups/${resourceGroup}`
const HUBS = `${GROUP}/providers/Microsoft.EventHub/namespaces`

let plane: ControlPlane
let rest: ReturnType<typeof restCaller>
beforeEach(async () => {
  plane = await startControlPlane()
  rest = restCaller(plane.url, TOKEN)
})
afterEach(() => plane.close())
afterAll(removeFolders)

const get = async (path: string, more = '') => (await rest('GET', `${path}?${VERSION}${more}`)).body

describe('Resource Manager', () => {
  it('lists the tenant, the subscription and its one group', async () => {
    expect((await get('/tenants')).value).toMatchObject([{ tenantId: subscription }])
    expect((await get('/subscriptions')).value).toMatchObject([{ id: SUBSCRIPTION, state: 'Enabled' }])
    expect(await get(SUBSCRIPTION)).toMatchObject({ subscriptionId: subscription })
    expect((await get(`${SUBSCRIPTION}/locations`)).value).toMatchObject([{ name: 'westus' }])
    expect((await get(`${SUBSCRIPTION}/resourcegroups`)).value).toMatchObject([{ id: GROUP }])
  })

  it.each([GROUP, GROUP.toLowerCase(), GROUP.toUpperCase().replace('/SUBSCRIPTIONS', '/Subscriptions')])(
    'knows the group in any case: %s',
    async (path) => {
      expect(await get(path)).toMatchObject({
        id: GROUP,
        name: resourceGroup,
        type: 'Microsoft.Resources/resourceGroups',
        properties: { provisioningState: 'Succeeded' },
      })
      expect((await rest('HEAD', `${path}?${VERSION}`)).status).toBe(204)
      expect((await get(`${path}/resources`)).value).toHaveLength(5)
    },
  )

  it.each([
    [`${HUBS}/${namespace}/networkRuleSets`, { publicNetworkAccess: 'Enabled', defaultAction: 'Allow' }],
    [
      `${GROUP}/providers/Microsoft.Storage/storageAccounts/${account}/blobServices`,
      { deleteRetentionPolicy: { enabled: false } },
    ],
  ])('tells what each namespace and account has by itself: %s', async (path, properties) => {
    const found = await get(`${path}/default`)
    expect(found).toMatchObject({ id: `${path}/default`, name: 'default', properties })
    expect((await get(path)).value).toEqual([found])
    expect((await rest('GET', `${path}/other?${VERSION}`)).status).toBe(404)
  })

  it('tells by HEAD whether a resource is there', async () => {
    const hub = `${HUBS}/${namespace}`
    expect((await rest('HEAD', `${hub}?${VERSION}`)).status).toBe(204)
    expect((await rest('HEAD', `${hub}/eventhubs/weather?${VERSION}`)).status).toBe(204)
    expect((await rest('HEAD', `${HUBS}/other?${VERSION}`)).status).toBe(404)
  })

  it('gives lists in pages of $top, each with the address of the next', async () => {
    const all = (await get(`${GROUP}/resources`)).value
    const seen: unknown[] = []
    const sizes: number[] = []
    let next: string | undefined = `${GROUP}/resources?${VERSION}&$top=2&$expand=createdTime`
    while (next !== undefined) {
      const { body } = await rest('GET', next.replace(plane.url, ''))
      sizes.push(body.value.length)
      seen.push(...body.value)
      next = body.nextLink
    }
    expect(sizes).toEqual([2, 2, 1])
    expect(seen).toMatchObject(all)
    expect(seen.every((one) => (one as { createdTime?: string }).createdTime !== undefined)).toBe(true)
    expect((await get(`${SUBSCRIPTION}/resources`, '&$top=5')).nextLink).toBeUndefined()
    const groups = (more: string) => get(`${HUBS}/${namespace}/eventhubs/weather/consumergroups`, more)
    const named = async (more: string) => (await groups(more)).value.map(({ name }: { name: string }) => name)
    const every = await named('')
    expect(await named('&$skip=1')).toEqual(every.slice(1))
    expect(await named('&$skip=1&$top=1')).toEqual(every.slice(1, 2))
    const refusal = async (wrong: string) => {
      const { status, body } = await rest('GET', `${GROUP}/resources?${VERSION}&${wrong}`)
      return [status, body.error?.code]
    }
    expect((await get(`${GROUP}/resources`, '&$top=1000')).value).toHaveLength(all.length)
    for (const wrong of ['$top=0', '$top=-1', '$top=x', '$top=1001'])
      expect(await refusal(wrong)).toEqual([400, 'InvalidTopInQueryString'])
    for (const wrong of ['$skip=x', '$skiptoken=x']) expect((await refusal(wrong))[0]).toBe(400)
  })

  it.each([
    ['POST', `/${subscription}/oauth2/v2.0/token`],
    ['GET', `/${subscription}/v2.0/.well-known/openid-configuration`],
    ['GET', '/common/discovery/instance'],
    ['GET', '/oidc/.well-known/oauth-authorization-server'],
    ['POST', '/oidc/v1/token'],
  ])('tells whoever signs in at %s %s that nobody does, in the form of OAuth', async (method, path) => {
    const { status, body } = await restCaller(plane.url, undefined)(method, path)
    expect(status).toBe(400)
    expect(body).toEqual({
      error: 'unauthorized_client',
      error_description: expect.stringContaining('`rtstream-tui endpoints`'),
    })
  })

  it('lists what is in the group, by type and name, without and with a filter', async () => {
    const { value } = await get(`${GROUP}/resources`)
    expect(value.map(({ type, name }: Record<string, string>) => `${type}/${name}`)).toEqual([
      `Microsoft.EventHub/namespaces/${namespace}`,
      `Microsoft.Storage/storageAccounts/${account}`,
      `Microsoft.StreamAnalytics/streamingjobs/${job}`,
      'Microsoft.Databricks/workspaces/dbw-rtstream-local',
      'Microsoft.Synapse/workspaces/synw-rtstream-local',
    ])
    expect((await get(`${SUBSCRIPTION}/resources`)).value).toEqual(value)
    for (const one of value) {
      // Each of them is found at its own id; the job knows its own versions only.
      if (one.name !== job) expect(await get(one.id)).toMatchObject(one)
      const filter = encodeURIComponent(`resourceType eq '${one.type}'`)
      expect((await get(`${GROUP}/resources`, `&$filter=${filter}`)).value).toEqual([one])
    }
    const none = encodeURIComponent("resourceType eq 'Microsoft.Compute/virtualMachines'")
    expect((await get(`${GROUP}/resources`, `&$filter=${none}`)).value).toEqual([])
    expect((await rest('GET', `${value[2].id}?api-version=2020-03-01`)).body).toMatchObject({
      name: job,
      tags: value[2].tags,
    })
  })

  const names = async (path: string, filter: string) => {
    const { status, body } = await rest('GET', `${path}?${VERSION}&$filter=${encodeURIComponent(filter)}`)
    return status === 200 ? body.value.map(({ name }: { name: string }) => name) : body.error.code
  }

  it.each([
    ["name eq 'ASA-rtstream-local'", [job]],
    ["substringof('lytics', name)", []],
    ["substringof('asa', name) or substringof('dbw', name)", [job, 'dbw-rtstream-local']],
    ["resourceType ne 'Microsoft.Storage/storageAccounts' and substringof('rtstreamlocal', name)", []],
    ["(resourceType eq 'Microsoft.Storage/storageAccounts') or (name eq 'it''s')", [account]],
    ["name eq 'asa-rtstream-local' or name eq 'x' and name eq 'y'", [job]],
    ["resourceGroup eq 'another'", []],
    ["location ne 'westus'", []],
    ["tagName eq 'APPLICATION' and tagValue eq 'local'", []],
    ["tagName eq 'toString'", []],
    ["tagName eq 'application' and tagValue eq 'RTSTREAM-TUI'", []],
    ["startswith(tagName, 'env') and name eq 'asa-rtstream-local'", [job]],
  ])('finds resources by %s', async (filter, found) => {
    expect(await names(`${GROUP}/resources`, filter)).toEqual(found)
  })

  it('finds resources by a tag, and leaves their tags out then, as the service does', async () => {
    const filter = encodeURIComponent("tagName eq 'Application' and tagValue eq 'rtstream-tui'")
    const { value } = await get(`${GROUP}/resources`, `&$filter=${filter}`)
    expect(value).toHaveLength(5)
    for (const one of value) expect(one).not.toHaveProperty('tags')
  })

  it.each([
    'name',
    "name like 'x'",
    "name eq x'",
    "name eq 'x",
    "name eq 'x' and",
    "(name eq 'x'",
    "name eq 'x') ",
    "constructor eq 'x'",
    "substringof('x', location)",
    "startswith(name, 'x')",
    "tagValue ne 'x'",
    `name eq '${'x'.repeat(4000)}'`,
  ])('refuses a filter that the service would not take: %s', async (filter) => {
    expect(await names(`${GROUP}/resources`, filter)).toBe('InvalidFilterInQueryString')
  })

  it('tells when resources were made, when it is asked to', async () => {
    const [plain] = (await get(`${GROUP}/resources`)).value
    expect(plain).not.toHaveProperty('createdTime')
    const [one] = (await get(`${GROUP}/resources`, '&$expand=createdTime,changedTime,provisioningState'))
      .value
    expect(one).toEqual({
      ...plain,
      createdTime: '2026-01-02T00:00:00.000Z',
      changedTime: '2026-01-02T00:00:00.000Z',
      provisioningState: 'Succeeded',
    })
  })

  it('finds the group by its tags only, as azd looks for the group of an environment', async () => {
    const groups = `${SUBSCRIPTION}/resourcegroups`
    expect(await names(groups, "tagName eq 'azd-env-name' and tagValue eq 'demo'")).toEqual([])
    expect(await names(groups, "tagName eq 'environment' and tagValue eq 'local'")).toEqual([resourceGroup])
  })

  it('has no children of a namespace that is not there, and no tags of a resource that is not', async () => {
    for (const path of [`${HUBS}/another/eventhubs`, `${HUBS}/${namespace}/eventhubs/another/consumergroups`])
      expect(await get(path)).toMatchObject({ error: { code: 'ParentResourceNotFound' } })
    const site = `${GROUP}/providers/Microsoft.Web/sites/x/providers/Microsoft.Resources/tags/default`
    expect(await get(site)).toMatchObject({ error: { code: 'ResourceNotFound' } })
  })

  it('tells the namespace’s one rule without its keys', async () => {
    const rules = `${HUBS}/${namespace}/authorizationRules`
    const [rule] = (await get(rules)).value
    expect(rule).toMatchObject({
      name: 'RootManageSharedAccessKey',
      properties: { rights: ['Listen', 'Manage', 'Send'] },
    })
    expect(await get(`${rules}/rootmanagesharedaccesskey`)).toEqual(rule)
    expect((await get(`${HUBS}/${namespace}/eventhubs/weather/authorizationRules`)).value).toEqual([])
  })

  it.each([
    'Microsoft.Synapse/workspaces/synw-rtstream-local/bigDataPools',
    'Microsoft.Synapse/workspaces/synw-rtstream-local/firewallRules',
    'Microsoft.EventHub/namespaces/rtstream-local/schemagroups',
    'Microsoft.EventHub/namespaces/rtstream-local/disasterRecoveryConfigs',
    'Microsoft.Storage/storageAccounts/rtstreamlocal/privateEndpointConnections',
    'Microsoft.Databricks/accessConnectors',
    'Microsoft.EventHub/clusters',
    'Microsoft.StreamAnalytics/clusters',
  ])('has none of %s', async (kind) => {
    expect(await get(`${GROUP}/providers/${kind}`)).toEqual({ value: [] })
    expect(await get(`${GROUP}/providers/${kind}/mine`)).toMatchObject({
      error: { code: 'ResourceNotFound' },
    })
  })

  it('keeps no logs of any resource, and says so', async () => {
    const settings = 'providers/Microsoft.Insights/diagnosticSettings'
    for (const one of [
      `${HUBS}/${namespace}`,
      `${GROUP}/providers/Microsoft.StreamAnalytics/streamingjobs/${job}`,
    ])
      expect(await get(`${one}/${settings}`)).toEqual({ value: [] })
    expect(await get(`${HUBS}/none/${settings}`)).toMatchObject({ error: { code: 'ResourceNotFound' } })
  })

  it('registers a provider that it has, which changes nothing', async () => {
    const provider = `${SUBSCRIPTION}/providers/microsoft.eventhub`
    expect(await rest('POST', `${provider}/register?${VERSION}`)).toMatchObject({
      status: 200,
      body: await get(provider),
    })
    expect(
      (await rest('POST', `${SUBSCRIPTION}/providers/Microsoft.Nothing/register?${VERSION}`)).body,
    ).toMatchObject({
      error: { code: 'InvalidResourceNamespace' },
    })
  })

  it('names every answer, and the call that it belongs to', async () => {
    const { headers } = await rest('GET', `${GROUP}?${VERSION}`)
    expect(headers.get('x-ms-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    expect(headers.get('x-ms-correlation-request-id')).toBe(headers.get('x-ms-request-id'))
    const other = await fetch(`${plane.url}${GROUP}/nothing`, {
      headers: { authorization: `Bearer ${TOKEN}`, 'x-ms-correlation-request-id': 'mine' },
    })
    expect(other.headers.get('x-ms-correlation-request-id')).toBe('mine')
    expect(headers.get('cache-control')).toBe('no-cache')
    expect(other.headers.get('x-ms-request-id')).not.toBe(headers.get('x-ms-request-id'))
  })

  it.each([
    [`${SUBSCRIPTION}/providers/Microsoft.Storage/locations/westus/quotas`, 'no quotas'],
    [`${SUBSCRIPTION}/providers/Microsoft.StreamAnalytics/locations/westus/compileQuery`, 'rtstream-tui sql'],
    [`${GROUP}/providers/Microsoft.StreamAnalytics/streamingjobs/${job}/functions/f/test`, 'no functions'],
    [`${GROUP}/providers/Microsoft.Authorization/roleAssignments`, 'no roles'],
    [`${GROUP}/providers/Microsoft.Resources/deployments`, 'no deployments'],
    [`${GROUP}/exportTemplate`, 'infra/'],
    ['/providers/Microsoft.ResourceGraph/resources', '$filter'],
    ['/providers/Microsoft.StreamAnalytics/operations', 'api-versions'],
    [`${SUBSCRIPTION}/providers/Microsoft.EventHub/unregister`, 'registered'],
  ])('says why nothing is served at %s', async (path, words) => {
    const { status, body } = await rest('POST', `${path}?${VERSION}`, {})
    expect(status).toBe(404)
    expect(body.error.code).toMatch(/^(?:NotFound|InvalidResourceType|InvalidResourceNamespace)$/)
    expect(body.error.message).toContain(words)
  })

  it.each([
    // As users report them: a name in place of the id, and none at all.
    ['/subscriptions/mine/resourceGroups', 400, 'InvalidSubscriptionId', "'mine' is malformed"],
    [
      `/subscriptions//resourceGroups/${resourceGroup}/providers/Microsoft.Storage/storageAccounts/x`,
      400,
      'InvalidSubscriptionId',
      "'resourceGroups' is malformed",
    ],
    [`${GROUP}/providers/Microsoft.Nothing/things`, 404, 'InvalidResourceNamespace', "'Microsoft.Nothing'"],
    [
      `${GROUP}/providers/microsoft.storage/things/x`,
      404,
      'InvalidResourceType',
      "The resource type 'things' could not be found in the namespace 'Microsoft.Storage' for api version '2021-04-01'.",
    ],
    [
      `${HUBS}/another`,
      404,
      'ResourceNotFound',
      "The Resource 'Microsoft.EventHub/namespaces/another' under resource group",
    ],
  ])('names what it does not know as the service does: %s', async (path, status, code, words) => {
    const answer = await rest('GET', `${path}?api-version=2021-04-01`)
    expect(answer).toMatchObject({
      status,
      body: { error: { code, message: expect.stringContaining(words) } },
    })
  })

  it('has the job for programs that ask whether it is there', async () => {
    const at = `${GROUP}/providers/Microsoft.StreamAnalytics/streamingjobs`
    expect((await rest('HEAD', `${at}/${job}?api-version=2020-03-01`)).status).toBe(204)
    expect((await rest('HEAD', `${at}/another?api-version=2020-03-01`)).status).toBe(404)
  })

  it('describes the namespace, its hub and the consumer groups, and the account', async () => {
    const [hubs] = (await get(HUBS)).value
    expect(hubs).toMatchObject({
      name: namespace,
      properties: {
        serviceBusEndpoint: 'https://localhost:5671/',
        kafkaEnabled: true,
        minimumTlsVersion: '1.2',
        publicNetworkAccess: 'Enabled',
        isAutoInflateEnabled: false,
        privateEndpointConnections: [],
      },
    })
    expect(await get(`${HUBS}/${namespace}/eventhubs/weather`)).toMatchObject({
      name: 'weather',
      location: 'westus',
      properties: {
        partitionCount: 2,
        partitionIds: ['0', '1'],
        messageRetentionInDays: 1,
        retentionDescription: { cleanupPolicy: 'Delete', retentionTimeInHours: 24 },
        updatedAt: expect.any(String),
      },
    })
    expect((await get(`${HUBS}/${namespace}/eventhubs`)).value).toHaveLength(1)
    const groups = await get(`${HUBS}/${namespace}/eventhubs/weather/consumergroups`)
    expect(groups.value.map(({ name }: { name: string }) => name)).toEqual(['$Default', 'alerts'])
    expect(await get(`${HUBS}/${namespace}/eventhubs/weather/consumergroups/alerts`)).toMatchObject({
      name: 'alerts',
      location: 'westus',
    })
    const storage = await get(`${GROUP}/providers/microsoft.storage/storageaccounts/${account}`)
    expect(storage.properties).toMatchObject({
      isHnsEnabled: true,
      primaryEndpoints: { dfs: `https://localhost:10443/${account}/` },
      // As recorded by Azure CLI's tests.
      creationTime: expect.stringMatching(/Z$/),
      encryption: { keySource: 'Microsoft.Storage', services: { blob: { enabled: true } } },
      networkAcls: { defaultAction: 'Allow' },
      allowBlobPublicAccess: false,
    })
  })

  it('tells the api-versions of a provider, the newest first, and each of them is served', async () => {
    const provider = await get(`${SUBSCRIPTION}/providers/microsoft.streamanalytics`)
    expect(provider.namespace).toBe('Microsoft.StreamAnalytics')
    const [{ resourceType, apiVersions }] = provider.resourceTypes
    expect(resourceType).toBe('streamingjobs')
    for (const version of apiVersions)
      expect(
        (
          await rest(
            'GET',
            `${GROUP}/providers/Microsoft.StreamAnalytics/streamingjobs?api-version=${version}`,
          )
        ).status,
      ).toBe(200)
    expect((await get(`${SUBSCRIPTION}/providers`)).value.length).toBeGreaterThan(5)
    expect(await get(`${SUBSCRIPTION}/providers/Microsoft.Nothing`)).toMatchObject({
      error: { code: 'InvalidResourceNamespace' },
    })
  })

  it('tells the tags of the subscription, the group and a resource', async () => {
    for (const scope of [SUBSCRIPTION, GROUP, `${HUBS}/${namespace}`])
      expect(await get(`${scope}/providers/Microsoft.Resources/tags/default`)).toMatchObject({
        name: 'default',
        properties: { tags: { application: 'rtstream-tui' } },
      })
    const { value } = await get(`${SUBSCRIPTION}/tagNames`)
    expect(value.map(({ tagName }: { tagName: string }) => tagName)).toContain('application')
  })

  it.each([
    ['PATCH', `${GROUP}/providers/Microsoft.Resources/tags/default`],
    ['PUT', GROUP],
    ['DELETE', GROUP],
    ['PUT', `${HUBS}/${namespace}`],
    ['DELETE', `${HUBS}/${namespace}/eventhubs/weather`],
    ['PATCH', `${GROUP}/providers/Microsoft.StreamAnalytics/streamingjobs/${job}`],
    ['DELETE', `${GROUP}/providers/Microsoft.StreamAnalytics/streamingjobs/${job}`],
  ])('refuses to change: %s %s', async (method, path) => {
    const { status, headers, body } = await rest(method, `${path}?api-version=2021-04-01`, {})
    expect(status).toBe(405)
    expect(headers.get('allow')).toContain('GET')
    expect(body.error).toEqual({ code: 'MethodNotAllowed', message: expect.stringContaining(method) })
    expect(body.error.message).toContain('read only')
  })

  it.each([
    [`/subscriptions/11111111-1111-1111-1111-111111111111`, 404, 'SubscriptionNotFound'],
    [`${SUBSCRIPTION}/resourceGroups/another`, 404, 'ResourceGroupNotFound'],
    [`${HUBS}/another`, 404, 'ResourceNotFound'],
    [`${HUBS}/${namespace}/eventhubs/another`, 404, 'ResourceNotFound'],
  ])('has nothing at %s', async (path, status, code) => {
    const answer = await rest('GET', `${path}?${VERSION}`)
    expect({ status: answer.status, code: answer.body.error.code }).toEqual({ status, code })
  })

  it('tells without a token what this cloud is, as az asks before it registers one', async () => {
    const stranger = restCaller(plane.url, undefined)
    const { status, body } = await stranger('GET', '/metadata/endpoints?api-version=2022-09-01')
    expect(status).toBe(200)
    expect(body).toMatchObject({
      name: 'RtstreamLocal',
      resourceManager: `${plane.url}/`,
      authentication: { loginEndpoint: `${plane.url}/oidc`, audiences: expect.arrayContaining([]) },
      suffixes: { storage: 'core.windows.net' },
    })
    expect((await stranger('PUT', '/metadata/endpoints')).status).toBe(405)
    expect((await stranger('GET', '/metadata/instance')).status).toBe(401)
  })

  it.each([
    `${GROUP}/providers/Microsoft.Storage/storageAccounts/${account}/listKeys`,
    `${GROUP}/providers/Microsoft.Storage/storageAccounts/${account}/regenerateKey`,
    `${HUBS}/${namespace}/authorizationRules/RootManageSharedAccessKey/listKeys`,
    `${HUBS}/${namespace}/authorizationrules/RootManageSharedAccessKey/LISTKEYS`,
    `${HUBS}/${namespace}/eventhubs/weather/authorizationRules/mine/listKeys`,
  ])('tells no keys, and says where they are told: %s', async (path) => {
    const { status, body } = await rest('POST', `${path}?${VERSION}`)
    expect(status).toBe(404)
    expect(body.error.code).toBe('NotFound')
    expect(body.error.message).toContain('`rtstream-tui endpoints` prints them')
  })

  it('wants a version, and the token', async () => {
    expect((await rest('GET', GROUP)).body.error.code).toBe('MissingApiVersionParameter')
    expect((await rest('GET', `${GROUP}?api-version=`)).body.error.code).toBe('MissingApiVersionParameter')
    // Names of parameters have no case.
    expect((await rest('GET', `${GROUP}?Api-Version=2021-04-01`)).status).toBe(200)
    expect((await rest('GET', `${GROUP}?api-version=latest`)).body.error.code).toBe(
      'InvalidApiVersionParameter',
    )
    expect((await restCaller(plane.url, undefined)('GET', `${GROUP}?${VERSION}`)).status).toBe(401)
  })
})
