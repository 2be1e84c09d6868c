/** Where the resources of one deployment are: what the adapters need of the settings. */
export interface AzureDeployment {
  tenantId?: string | undefined
  subscriptionId?: string | undefined
  resourceGroup?: string | undefined
  /** Host name. */
  eventHubsNamespace?: string | undefined
  eventHub: string
  /** Used instead of the signed-in identity, for the hub only. */
  eventHubsConnectionString?: string | undefined
  monitorConsumerGroup: string
  /** URLs have no trailing slash. */
  lakeEndpoint?: string | undefined
  streamAnalyticsJob?: string | undefined
  databricksWorkspaceUrl?: string | undefined
  /** Azure resource id; lets in an owner who is not a user of the workspace yet. */
  databricksWorkspaceId?: string | undefined
  silverJob: string
  goldJob: string
  /** Undefined when Synapse was left out. */
  synapseEndpoint?: string | undefined
  pipeline: string
  metricsEndpoint?: string | undefined
  metricsAudience: string
  managementEndpoint: string
}
