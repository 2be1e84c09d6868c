/** Resource providers that a subscription must have registered before the templates can be deployed. */
import type { RestClient } from '../http/rest-client.ts'

/**
 * Namespaces of everything deployed, directly or indirectly: Databricks' own group has an identity and a
 * network.
 */
const PROVIDERS = [
  'Microsoft.EventHub',
  'Microsoft.Storage',
  'Microsoft.StreamAnalytics',
  'Microsoft.Databricks',
  'Microsoft.ManagedIdentity',
  'Microsoft.Compute',
  'Microsoft.Network',
  'Microsoft.Insights',
]
/** A Synapse workspace always contains a SQL server. */
const SYNAPSE_PROVIDERS = ['Microsoft.Synapse', 'Microsoft.Sql']

/** Namespaces, such as `Microsoft.EventHub`. */
export const requiredProviders = (withSynapse: boolean): readonly string[] => [
  ...PROVIDERS,
  ...(withSynapse ? SYNAPSE_PROVIDERS : []),
]

const API_VERSION = '2021-04-01'

interface ProviderBody {
  registrationState?: string
  resourceTypes?: { resourceType?: string; locations?: string[] }[]
}

/** As services know a region in addresses: `West Europe` is `westeurope`. */
export const regionName = (location: string): string => location.replaceAll(' ', '').toLowerCase()

/** @param subscription `/subscriptions/…`. @returns `Registered`, `NotRegistered`, `Registering`, … @throws ServiceError */
export async function providerState(
  client: RestClient,
  subscription: string,
  namespace: string,
  signal?: AbortSignal,
): Promise<string> {
  const path = `${subscription}/providers/${namespace}`
  const { body } = await client.request<ProviderBody>('GET', path, {
    query: { 'api-version': API_VERSION },
    signal,
  })
  return body?.registrationState ?? 'unknown'
}

/** @param type `workspaces`. @returns the regions that have it, by their names; none: Azure does not say. @throws ServiceError */
export async function regionsOf(
  client: RestClient,
  subscription: string,
  namespace: string,
  type: string,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const { body } = await client.request<ProviderBody>('GET', `${subscription}/providers/${namespace}`, {
    query: { 'api-version': API_VERSION },
    signal,
  })
  const found = body?.resourceTypes?.find(({ resourceType }) => resourceType === type)
  return (found?.locations ?? []).map(regionName)
}

/** Starts the registration, which takes a minute or two. @throws ServiceError */
export async function registerProvider(
  client: RestClient,
  subscription: string,
  namespace: string,
  signal?: AbortSignal,
): Promise<void> {
  await client.request('POST', `${subscription}/providers/${namespace}/register`, {
    query: { 'api-version': API_VERSION },
    signal,
  })
}
