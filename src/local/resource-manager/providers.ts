/** Resource providers: the types and their api-versions. Clients take the newest from here. */
import { isSame } from '../http/arm-request.ts'
import { HttpError } from '../http/errors.ts'
import { API_VERSIONS } from '../stream-analytics/routes.ts'
import { LOCATION, SUBSCRIPTION_ID } from './catalogue.ts'

interface ResourceType {
  name: string
  apiVersions: readonly string[]
}

/** One list for a provider: its types are versioned together. The newest is what infra/ deploys with (test/infra/api-versions.test.ts). */
const HUB_VERSIONS = ['2026-01-01', '2024-01-01', '2021-11-01', '2017-04-01']
const STORAGE_VERSIONS = ['2026-06-01', '2024-01-01', '2023-05-01', '2021-04-01']
const JOB_VERSIONS = [...API_VERSIONS].sort().reverse()
const DATABRICKS_VERSIONS = ['2026-01-01', '2024-05-01', '2023-02-01', '2018-04-01']
const SYNAPSE_VERSIONS = ['2021-06-01', '2020-12-01']
const RESOURCES_VERSIONS = ['2025-04-01', '2022-09-01', '2021-04-01', '2020-10-01', '2019-10-01']

const typesOf = (apiVersions: readonly string[], ...names: string[]): readonly ResourceType[] =>
  names.map((name) => ({ name, apiVersions }))

/** Newest version first, as Resource Manager lists them. */
const PROVIDERS: Readonly<Record<string, readonly ResourceType[]>> = {
  'Microsoft.EventHub': typesOf(
    HUB_VERSIONS,
    'namespaces',
    'namespaces/eventhubs',
    'namespaces/eventhubs/consumergroups',
    'namespaces/networkRuleSets',
  ),
  'Microsoft.Storage': typesOf(
    STORAGE_VERSIONS,
    'storageAccounts',
    'storageAccounts/blobServices',
    'storageAccounts/blobServices/containers',
  ),
  'Microsoft.StreamAnalytics': typesOf(
    JOB_VERSIONS,
    'streamingjobs',
    'streamingjobs/inputs',
    'streamingjobs/outputs',
    'streamingjobs/transformations',
  ),
  'Microsoft.Databricks': typesOf(DATABRICKS_VERSIONS, 'workspaces', 'accessConnectors'),
  'Microsoft.Synapse': typesOf(
    SYNAPSE_VERSIONS,
    'workspaces',
    'workspaces/administrators',
    'workspaces/bigDataPools',
    'workspaces/firewallRules',
  ),
  'Microsoft.Resources': typesOf(RESOURCES_VERSIONS, 'subscriptions', 'resourceGroups', 'resources', 'tags'),
  'Microsoft.Authorization': typesOf(['2022-04-01', '2015-07-01'], 'roleAssignments'),
  'Microsoft.Insights': typesOf(['2024-02-01', '2023-10-01', '2018-01-01'], 'metrics'),
}

/** The whole list. */
export const describeProviders = () => Object.keys(PROVIDERS).map((name) => describe(name))

/** @param name in any case. Undefined when there is none. */
export function describeProvider(name: string) {
  const known = Object.keys(PROVIDERS).find((one) => one.toLowerCase() === name.toLowerCase())
  return known === undefined ? undefined : describe(known)
}

/**
 * What Resource Manager says of a path that none of its providers serves, as users report it (cloudquery, issue 6629): which of its
 * names it does not know.
 * @returns undefined where the path names no provider, or a type that the provider has.
 */
export function unknownType(path: string, version: string): HttpError | undefined {
  const [, namespace = '', type = ''] = /^\/subscriptions\/.*\/providers\/([^/]+)\/([^/]+)/i.exec(path) ?? []
  if (namespace === '') return undefined
  const known = describeProvider(namespace)
  if (!known) return invalidNamespace(namespace)
  if (known.resourceTypes.some(({ resourceType }) => isSame(resourceType.split('/')[0] ?? '', type)))
    return undefined
  return new HttpError(
    404,
    'InvalidResourceType',
    `The resource type '${type}' could not be found in the namespace '${known.namespace}' for api version '${version}'.`,
  )
}

/** Of a provider that there is none of. */
export const invalidNamespace = (name: string) =>
  new HttpError(404, 'InvalidResourceNamespace', `The resource namespace '${name}' is invalid.`)

const describe = (name: string) => ({
  id: `${SUBSCRIPTION_ID}/providers/${name}`,
  namespace: name,
  registrationState: 'Registered',
  registrationPolicy: 'RegistrationRequired',
  resourceTypes: (PROVIDERS[name] ?? []).map(({ name: resourceType, apiVersions }) => ({
    resourceType,
    locations: [LOCATION],
    apiVersions,
    capabilities: 'None',
  })),
})
