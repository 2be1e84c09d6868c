import { loadConfig } from '../../src/config/load.ts'
import type { AzureConfig } from '../../src/config/schema.ts'
import { SUBSCRIPTION, TENANT } from './azure-stub.ts'

/** A configuration of which every service is at one loopback address. */
export function azureConfig(url: string, changes: Partial<AzureConfig> = {}): AzureConfig {
  const { config } = loadConfig({
    flags: {
      target: 'azure',
      subscriptionId: SUBSCRIPTION,
      tenantId: TENANT,
      resourceGroup: 'rg-demo',
      location: 'westeurope',
      eventHubsNamespace: 'evhns-demo.servicebus.windows.net',
      storageAccount: 'stdemo',
      lakeEndpoint: url,
      streamAnalyticsJob: 'asa-demo',
      databricksWorkspaceUrl: url,
      databricksAccessConnectorId: `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg-demo/providers/Microsoft.Databricks/accessConnectors/c`,
      synapseEndpoint: url,
      metricsEndpoint: url,
      managementEndpoint: url,
    },
    env: {},
    cwd: '/nowhere',
    home: '/home/ada',
    platform: 'linux',
  })
  return { ...config.azure, ...changes }
}
