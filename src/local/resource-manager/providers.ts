/** Resource providers: the types and their api-versions. Clients take the newest from here. */
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
