/** Resource providers: the types and their api-versions. Clients take the newest from here. */
import { API_VERSIONS } from '../stream-analytics/routes.ts'
import { LOCATION, SUBSCRIPTION_ID } from './catalogue.ts'

interface ResourceType {
  name: string
  apiVersions: readonly string[]
}

const RESOURCES_VERSIONS = ['2022-09-01', '2021-04-01', '2020-10-01', '2019-10-01']
const HUB_VERSIONS = ['2024-01-01', '2021-11-01', '2017-04-01']

/** Newest version first, as Resource Manager lists them. */
const PROVIDERS: Readonly<Record<string, readonly ResourceType[]>> = {
  'Microsoft.EventHub': [
    { name: 'namespaces', apiVersions: HUB_VERSIONS },
    { name: 'namespaces/eventhubs', apiVersions: HUB_VERSIONS },
    { name: 'namespaces/eventhubs/consumergroups', apiVersions: HUB_VERSIONS },
  ],
  'Microsoft.Storage': [{ name: 'storageAccounts', apiVersions: ['2024-01-01', '2023-05-01', '2021-04-01'] }],
  'Microsoft.StreamAnalytics': [
    { name: 'streamingjobs', apiVersions: [...API_VERSIONS].sort().reverse() },
    { name: 'streamingjobs/inputs', apiVersions: [...API_VERSIONS].sort().reverse() },
    { name: 'streamingjobs/outputs', apiVersions: [...API_VERSIONS].sort().reverse() },
  ],
  'Microsoft.Databricks': [{ name: 'workspaces', apiVersions: ['2024-05-01', '2023-02-01', '2018-04-01'] }],
  'Microsoft.Synapse': [{ name: 'workspaces', apiVersions: ['2021-06-01', '2020-12-01'] }],
  'Microsoft.Resources': [
    { name: 'subscriptions', apiVersions: RESOURCES_VERSIONS },
    { name: 'resourceGroups', apiVersions: RESOURCES_VERSIONS },
    { name: 'resources', apiVersions: RESOURCES_VERSIONS },
    { name: 'tags', apiVersions: RESOURCES_VERSIONS },
  ],
  'Microsoft.Insights': [{ name: 'metrics', apiVersions: ['2024-02-01', '2023-10-01', '2018-01-01'] }],
}

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
