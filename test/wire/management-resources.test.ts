/** Resource Manager through the unmodified JavaScript SDK, as programs look for what there is. */
import { ResourceManagementClient } from '@azure/arm-resources'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LOCAL_NAMES } from '../../src/local/runtime/options.ts'
import { sources } from '../infra/bicep/snapshot.ts'
import { type ControlPlane, removeFolders, startControlPlane, TOKEN } from '../support/control-plane.ts'
import { restCaller } from '../support/rest.ts'

const { subscription, resourceGroup, namespace, account, job, synapseWorkspace } = LOCAL_NAMES
const GROUP = `/subscriptions/${subscription}/resourceGroups/${resourceGroup}`

let plane: ControlPlane
let arm: ResourceManagementClient
beforeEach(async () => {
  plane = await startControlPlane()
  arm = new ResourceManagementClient(plane.credential, subscription, {
    endpoint: plane.url,
    credentials: { scopes: ['https://management.azure.com/.default'] },
    retryOptions: { maxRetries: 0 },
  })
})
afterEach(() => plane.close())
afterAll(removeFolders)

/** Every page of a listing. */
async function all<Item, Told>(pages: AsyncIterable<Item>, tell: (item: Item) => Told): Promise<Told[]> {
  const told: Told[] = []
  for await (const one of pages) told.push(tell(one))
  return told
}

describe('@azure/arm-resources', () => {
  it('finds the group in any case, and knows that another is not there', async () => {
    expect(await all(arm.resourceGroups.list(), ({ id }) => id)).toEqual([GROUP])
    expect((await arm.resourceGroups.get(resourceGroup.toUpperCase())).id).toBe(GROUP)
    expect((await arm.resourceGroups.checkExistence(resourceGroup)).body).toBe(true)
    expect((await arm.resourceGroups.checkExistence('another')).body).toBe(false)
    await expect(arm.resourceGroups.get('another')).rejects.toMatchObject({
      statusCode: 404,
      code: 'ResourceGroupNotFound',
    })
  })

  it('finds the job, the namespace and the account, all together and by type', async () => {
    const named = ({ type, name }: { type?: string; name?: string }) => `${type}/${name}`
    const names = await all(arm.resources.list(), named)
    expect(names).toEqual(
      expect.arrayContaining([
        `Microsoft.EventHub/namespaces/${namespace}`,
        `Microsoft.Storage/storageAccounts/${account}`,
        `Microsoft.StreamAnalytics/streamingjobs/${job}`,
      ]),
    )
    expect(await all(arm.resources.listByResourceGroup(resourceGroup.toUpperCase()), named)).toEqual(names)
    const filter = "resourceType eq 'Microsoft.StreamAnalytics/streamingjobs'"
    expect(await all(arm.resources.listByResourceGroup(resourceGroup, { filter }), named)).toEqual([
      `Microsoft.StreamAnalytics/streamingjobs/${job}`,
    ])
    const id = `${GROUP}/providers/Microsoft.StreamAnalytics/streamingjobs/${job}`
    expect((await arm.resources.getById(id, '2020-03-01')).name).toBe(job)
  })

  it('learns the api-versions of a provider, and the tags', async () => {
    const provider = await arm.providers.get('Microsoft.StreamAnalytics')
    expect(provider.resourceTypes?.[0]).toMatchObject({
      resourceType: 'streamingjobs',
      apiVersions: ['2021-10-01-preview', '2020-03-01'],
    })
    expect(await all(arm.providers.list(), ({ namespace }) => namespace)).toContain('Microsoft.EventHub')
    expect(await all(arm.tagsOperations.list(), ({ tagName }) => tagName)).toContain('application')
    expect((await arm.tagsOperations.getAtScope(GROUP)).properties.tags).toMatchObject({
      application: 'rtstream-tui',
    })
  })

  it('learns that what infra/ deploys with is the newest of each type, and reads what there is with it', async () => {
    const used = Object.values(sources()).flatMap((text) => [
      ...text.matchAll(/'(Microsoft\.[A-Za-z]+)\/([A-Za-z/]+)@([^']+)'/g),
    ])
    expect(used.length).toBeGreaterThan(20)
    for (const [reference, namespace = '', type, version = ''] of used) {
      const { resourceTypes = [] } = await arm.providers.get(namespace)
      const { apiVersions = [] } = resourceTypes.find(({ resourceType }) => resourceType === type) ?? {}
      expect(apiVersions, reference).toContain(version)
      const newer = apiVersions.filter((one) => one > version && !one.endsWith('-preview'))
      expect(newer, reference).toEqual([])
    }
    const ids = {
      [`Microsoft.EventHub/namespaces/${namespace}`]: '2026-01-01',
      [`Microsoft.Storage/storageAccounts/${account}`]: '2026-06-01',
    }
    for (const [id, version] of Object.entries(ids))
      expect((await arm.resources.getById(`${GROUP}/providers/${id}`, version)).id).toBe(
        `${GROUP}/providers/${id}`,
      )
  })

  it.each([
    ['Storage', account, false, { reason: 'AlreadyExists' }],
    ['Storage', 'mine1', true, {}],
    ['Storage', 'Mine-1', false, { reason: 'AccountNameInvalid' }],
    ['EventHub', namespace.toUpperCase(), false, { reason: 'NameInUse' }],
    ['EventHub', 'my-namespace', true, { reason: 'None', message: '' }],
    ['EventHub', '1', false, { reason: 'InvalidName' }],
    ['Synapse', synapseWorkspace, false, { reason: 'AlreadyExists', name: synapseWorkspace }],
    ['Synapse', 'mine', true, { name: 'mine' }],
  ])('asks %s whether the name %s is free: %s', async (provider, name, isFree, more) => {
    const type =
      provider === 'Storage' ? 'storageAccounts' : provider === 'Synapse' ? 'workspaces' : undefined
    const rest = restCaller(plane.url, TOKEN)
    const path = `/subscriptions/${subscription}/providers/Microsoft.${provider}/checkNameAvailability?api-version=2021-06-01`
    const answer = await rest('POST', path, { name, ...(type && { type: `Microsoft.${provider}/${type}` }) })
    expect(answer).toMatchObject({
      status: 200,
      body: { ...more, [provider === 'Synapse' ? 'available' : 'nameAvailable']: isFree },
    })
    expect((await rest('POST', path, {})).status).toBe(400)
  })

  it.each<[string, () => Promise<unknown>]>([
    ['a group', () => arm.resourceGroups.createOrUpdate('new', { location: 'westus' })],
    ['tags of a group', () => arm.resourceGroups.update(resourceGroup, { tags: { a: 'b' } })],
    ['tags', () => arm.tagsOperations.createOrUpdateAtScope(GROUP, { properties: { tags: { a: 'b' } } })],
  ])('is refused to change %s, in ARM’s own words', async (_, change) => {
    await expect(change()).rejects.toMatchObject({ statusCode: 405, code: 'MethodNotAllowed' })
  })
})
