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
    const strange = encodeURIComponent("substringof('a', name)")
    expect((await rest('GET', `${GROUP}/resources?${VERSION}&$filter=${strange}`)).status).toBe(400)
    expect((await rest('GET', `${value[2].id}?api-version=2020-03-01`)).body).toMatchObject({ name: job })
  })

  it('describes the namespace, its hub and the consumer groups, and the account', async () => {
    const [hubs] = (await get(HUBS)).value
    expect(hubs).toMatchObject({
      name: namespace,
      properties: { serviceBusEndpoint: 'https://localhost:5671/', kafkaEnabled: true },
    })
    expect(await get(`${HUBS}/${namespace}/eventhubs/weather`)).toMatchObject({
      name: 'weather',
      properties: { partitionCount: 2, partitionIds: ['0', '1'], messageRetentionInDays: 1 },
    })
    expect((await get(`${HUBS}/${namespace}/eventhubs`)).value).toHaveLength(1)
    const groups = await get(`${HUBS}/${namespace}/eventhubs/weather/consumergroups`)
    expect(groups.value.map(({ name }: { name: string }) => name)).toEqual(['$Default', 'alerts'])
    expect(await get(`${HUBS}/${namespace}/eventhubs/weather/consumergroups/alerts`)).toMatchObject({
      name: 'alerts',
    })
    const storage = await get(`${GROUP}/providers/microsoft.storage/storageaccounts/${account}`)
    expect(storage.properties).toMatchObject({
      isHnsEnabled: true,
      primaryEndpoints: { dfs: `https://localhost:10443/${account}/` },
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
    // Names of parameters have no case.
    expect((await rest('GET', `${GROUP}?Api-Version=2021-04-01`)).status).toBe(200)
    expect((await rest('GET', `${GROUP}?api-version=latest`)).body.error.code).toBe(
      'InvalidApiVersionParameter',
    )
    expect((await restCaller(plane.url, undefined)('GET', `${GROUP}?${VERSION}`)).status).toBe(401)
  })
})
