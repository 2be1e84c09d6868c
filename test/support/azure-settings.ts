/** What the built program needs to take services on loopback for Azure: settings, and a sign-in with the Azure CLI. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { localAzureConfig } from '../../src/commands/shared/local-config.ts'
import type { LocalAzureEndpoints } from '../../src/local/runtime/options.ts'

/** A local Azure in this process, or what `serve --json` says of itself. */
interface Addressed {
  endpoints: LocalAzureEndpoints
}

/** Stands in for `az account get-access-token`. */
function azureCli({ endpoints }: Addressed, bin: string): void {
  mkdirSync(bin)
  const expires = Math.floor(Date.now() / 1000) + 3600
  const answer = JSON.stringify({
    accessToken: endpoints.token,
    expires_on: expires,
    expiresOn: new Date(expires * 1000).toISOString(),
    tokenType: 'Bearer',
  })
  writeFileSync(join(bin, 'az'), `#!/bin/sh\necho '${answer}'\n`)
  chmodSync(join(bin, 'az'), 0o755)
}

/** @param bin a folder to be made, for the program that stands in for the Azure CLI. @returns variables of the environment. */
export function settingsFor(azure: Addressed, bin: string): Record<string, string> {
  azureCli(azure, bin)
  const { endpoints } = azure
  const config = localAzureConfig(endpoints)
  const { management } = endpoints
  return {
    PATH: `${bin}${delimiter}${process.env.PATH}`,
    AZURE_TOKEN_CREDENTIALS: 'AzureCliCredential',
    // The certificate of the services on loopback.
    NODE_EXTRA_CA_CERTS: endpoints.certificateFile,
    NO_PROXY: 'localhost,127.0.0.1',
    RTSTREAM_SUBSCRIPTION_ID: String(config.subscriptionId),
    RTSTREAM_RESOURCE_GROUP: String(config.resourceGroup),
    RTSTREAM_EVENT_HUBS_CONNECTION_STRING: endpoints.eventHubsConnectionString,
    RTSTREAM_STORAGE_ACCOUNT: String(config.storageAccount),
    RTSTREAM_LAKE_ENDPOINT: endpoints.lakeTls,
    RTSTREAM_LOCATION: 'westeurope',
    RTSTREAM_STREAM_ANALYTICS_JOB: String(config.streamAnalyticsJob),
    RTSTREAM_DATABRICKS_WORKSPACE_URL: `${management}/databricks`,
    RTSTREAM_SYNAPSE_ENDPOINT: `${management}/synapse`,
    RTSTREAM_METRICS_ENDPOINT: management,
    RTSTREAM_MANAGEMENT_ENDPOINT: management,
  }
}
