/** Where the resources of a deployment are seen in a browser: the portal, the Databricks workspace, Synapse Studio. Pure. */
import type { EndpointLine } from '../../pipeline/state/state.ts'
import type { AzureDeployment } from './deployment.ts'

const PORTAL = 'https://portal.azure.com/#'

/** One for each resource whose name is known. The portal's addresses end in the resource's id. */
export function linksOf(azure: AzureDeployment): EndpointLine[] {
  const { tenantId, subscriptionId, resourceGroup } = azure
  const group =
    subscriptionId && resourceGroup
      ? `/subscriptions/${subscriptionId}/resourceGroups/${encodeURIComponent(resourceGroup)}/providers`
      : undefined
  const portal = (type: string, name: string | undefined) =>
    group && name
      ? `${PORTAL}@${tenantId ?? ''}/resource${group}/${type}/${encodeURIComponent(name)}`
      : undefined
  const host = (address: string | undefined) => address?.replace(/^https:\/\//, '').split('.')[0]
  const synapse = host(azure.synapseEndpoint)
  const links: readonly (readonly [EndpointLine['opens'], string, string | undefined])[] = [
    [
      'hub',
      'event hub in the portal',
      portal('Microsoft.EventHub/namespaces', host(azure.eventHubsNamespace)),
    ],
    [
      'lake',
      'data lake in the portal',
      portal('Microsoft.Storage/storageAccounts', host(azure.lakeEndpoint)),
    ],
    [
      'streamAnalytics',
      'Stream Analytics in the portal',
      portal('Microsoft.StreamAnalytics/streamingjobs', azure.streamAnalyticsJob),
    ],
    [
      'silver',
      'Databricks jobs',
      azure.databricksWorkspaceUrl && `${azure.databricksWorkspaceUrl}/#job/list`,
    ],
    ['gold', 'Databricks jobs', azure.databricksWorkspaceUrl && `${azure.databricksWorkspaceUrl}/#job/list`],
    [
      'aggregate',
      'Synapse runs',
      group && synapse
        ? `https://web.azuresynapse.net/en/monitoring/pipelineruns?workspace=${encodeURIComponent(`${group}/Microsoft.Synapse/workspaces/${synapse}`)}`
        : undefined,
    ],
  ]
  return links.flatMap(([opens, name, value]) => (value ? [{ name, value, opens }] : []))
}
