/** The REST clients of one deployment, each with the address, token scope and headers of its service. */
import type { TokenCredential } from '@azure/identity'
import { createRestClient, type RestClient, type RestClientOptions } from '../http/rest-client.ts'
import type { AzureDeployment } from './deployment.ts'

/** Made together: they share a credential. */
export interface ServiceClients {
  management: RestClient
  lake: RestClient
  databricks: RestClient
  /** Undefined when Synapse was left out. */
  synapse: RestClient | undefined
  /** Azure Monitor's batch endpoint of the region. */
  metrics: RestClient
}

/** The Databricks application, the same in every tenant. */
const DATABRICKS_SCOPE = '2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default'
const MANAGEMENT_SCOPE = 'https://management.azure.com/.default'

/** Token scopes of the public cloud. */
export const SCOPES = {
  management: MANAGEMENT_SCOPE,
  databricks: DATABRICKS_SCOPE,
  lake: 'https://storage.azure.com/.default',
  synapse: 'https://dev.azuresynapse.net/.default',
} as const

/** @param common retries, time limits and hints for all clients */
export function createServiceClients(
  azure: AzureDeployment,
  credential: TokenCredential,
  common: Pick<RestClientOptions, 'retries' | 'timeoutMs' | 'sleep' | 'hints'> = {},
): ServiceClients {
  const client = (
    service: string,
    endpoint: string | undefined,
    scope: string,
    headers?: RestClientOptions['headers'],
  ) =>
    createRestClient({
      service,
      endpoint: endpoint ?? '',
      scope,
      credential,
      ...common,
      ...(headers ? { headers } : {}),
    })
  return {
    management: client('Azure Resource Manager', azure.managementEndpoint, SCOPES.management),
    lake: client('the data lake', azure.lakeEndpoint, SCOPES.lake, async () => ({
      'x-ms-version': '2023-11-03',
    })),
    databricks: client(
      'Databricks',
      azure.databricksWorkspaceUrl,
      SCOPES.databricks,
      ownerHeaders(azure, credential),
    ),
    synapse: azure.synapseEndpoint ? client('Synapse', azure.synapseEndpoint, SCOPES.synapse) : undefined,
    metrics: client('Azure Monitor', azure.metricsEndpoint, `${azure.metricsAudience}/.default`),
  }
}

/** These let the owner of the Azure resource in before being added as a user of the workspace. */
function ownerHeaders(
  { databricksWorkspaceId }: AzureDeployment,
  credential: TokenCredential,
): RestClientOptions['headers'] {
  if (databricksWorkspaceId === undefined) return undefined
  return async () => ({
    'x-databricks-azure-workspace-resource-id': databricksWorkspaceId,
    'x-databricks-azure-sp-management-token': (await credential.getToken(MANAGEMENT_SCOPE))?.token ?? '',
  })
}
