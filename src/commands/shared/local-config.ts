/** The local Azure described as if it were a deployment, so that the same adapters and commands work on it. */
import { type AzureConfig, azureSchema } from '../../config/schema.ts'
import { EVENT_HUB_NAME, LOCAL_NAMES, type LocalAzureEndpoints } from '../../local/runtime/options.ts'

/** Names are the local services' own, addresses those of this start. */
export function localAzureConfig(endpoints: LocalAzureEndpoints): AzureConfig {
  const { management } = endpoints
  return azureSchema.parse({
    subscriptionId: LOCAL_NAMES.subscription,
    resourceGroup: LOCAL_NAMES.resourceGroup,
    eventHubsNamespace: `${LOCAL_NAMES.namespace}.servicebus.windows.net`,
    eventHub: EVENT_HUB_NAME,
    streamAnalyticsConsumerGroup: LOCAL_NAMES.asaConsumerGroup,
    monitorConsumerGroup: LOCAL_NAMES.monitorConsumerGroup,
    storageAccount: LOCAL_NAMES.account,
    lakeEndpoint: endpoints.lakeTls,
    streamAnalyticsJob: LOCAL_NAMES.job,
    databricksWorkspaceUrl: `${management}/databricks`,
    silverJob: LOCAL_NAMES.silverJob,
    goldJob: LOCAL_NAMES.goldJob,
    synapseEndpoint: `${management}/synapse`,
    pipeline: LOCAL_NAMES.pipeline,
    metricsEndpoint: management,
    managementEndpoint: management,
  })
}
