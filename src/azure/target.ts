/** All adapters of one deployment, from addresses and a credential: the same for Azure and for its local stand-ins. */
import { randomUUID } from 'node:crypto'
import type { TokenCredential } from '@azure/identity'
import type { LakeChanges } from '../contract/lake-changes.ts'
import type { HubReader } from '../pipeline/ports/hub.ts'
import type { StageService } from '../pipeline/ports/stages.ts'
import type { Target } from '../pipeline/ports/target.ts'
import { azureCredential, sessionCredential } from './auth/credential.ts'
import { oldestEnqueuedAt } from './event-hubs/oldest-event.ts'
import { createHubProducer, createHubReader, type HubConnection, newConsumer } from './event-hubs/producer.ts'
import { createLakeClient } from './lake/data-lake.ts'
import { createLakeQuery } from './lake/lake-query.ts'
import { createLakeReader } from './lake/lake-reader.ts'
import { createTableAuditor } from './lake/table-audit.ts'
import type { AzureDeployment } from './resources/deployment.ts'
import { createServiceClients } from './resources/service-clients.ts'
import { askedWhenChanged } from './stages/asked-when-changed.ts'
import { createDatabricksStage } from './stages/databricks.ts'
import { createMetricsSource } from './stages/metrics.ts'
import { createStreamAnalyticsStage } from './stages/stream-analytics.ts'
import { createSynapseStage } from './stages/synapse.ts'
import { HubSearch } from './trace/hub-search.ts'
import { createTracer } from './trace/tracer.ts'

const clock = { now: () => Date.now(), monotonic: () => performance.now() }
const HINTS = { 403: 'Ask for the missing role; rtstream-tui doctor names it.' }

export interface TargetSettings {
  name: Target['name']
  azure: AzureDeployment
  credential: TokenCredential
  /** `sb://localhost:PORT`: the local hub uses a host name in Azure's form. */
  customEndpointAddress?: string
  /** What came into the lake, where its server tells. */
  lakeChanges?: LakeChanges | undefined
}

/** `DefaultAzureCredential` and the resources that the configuration names. */
export async function connectAzureTarget(azure: AzureDeployment): Promise<Target> {
  return connectTarget({ name: 'azure', azure, credential: await azureCredential(azure.tenantId) })
}

/** What the local Azure says about itself, in the form of a configuration. */
export interface LocalAddresses {
  token: string
  eventHubsTls: string
  azure: AzureDeployment
  lakeChanges?: LakeChanges | undefined
}

/** The same adapters on the local services; the session's token stands for a sign-in. */
export const connectLocalTarget = ({
  token,
  eventHubsTls,
  azure,
  lakeChanges,
}: LocalAddresses): Promise<Target> =>
  connectTarget({
    name: 'local',
    azure,
    credential: sessionCredential(token),
    customEndpointAddress: eventHubsTls,
    lakeChanges,
  })

/** Makes every adapter, connects none: the first call finds out whether its service answers. */
export async function connectTarget({
  name,
  azure,
  credential,
  customEndpointAddress,
  lakeChanges,
}: TargetSettings): Promise<Target> {
  const connection = hubConnection(azure, credential, customEndpointAddress)
  const producer = createHubProducer(connection)
  const hub = createHubReader(connection)
  const clients = createServiceClients(azure, credential, { hints: HINTS })
  const subscriptionId = azure.subscriptionId ?? ''
  const resourceGroup = azure.resourceGroup ?? ''
  const job = azure.streamAnalyticsJob ?? ''
  const search = new HubSearch(connection, hub)
  const lakeClient = createLakeClient({ endpoint: azure.lakeEndpoint ?? '', credential })
  const databricks = (jobName: string) =>
    createDatabricksStage({ client: clients.databricks, jobName, newToken: randomUUID })
  const streamAnalytics = createStreamAnalyticsStage({
    endpoint: azure.managementEndpoint,
    credential,
    subscriptionId,
    resourceGroup,
    job,
    oldestEvent: (signal) => oldestEvent(connection, hub, signal),
    clock,
  })
  const told = (stage: StageService) => askedWhenChanged(stage, lakeChanges, clock)
  return {
    name,
    producer,
    hub,
    stages: {
      streamAnalytics: told(streamAnalytics),
      silver: told(databricks(azure.silverJob)),
      gold: told(databricks(azure.goldJob)),
      aggregate: clients.synapse
        ? told(createSynapseStage({ client: clients.synapse, pipeline: azure.pipeline, clock }))
        : absent('Synapse was left out of this deployment'),
    },
    metrics: createMetricsSource({
      endpoint: azure.metricsEndpoint ?? '',
      audience: azure.metricsAudience,
      credential,
      management: clients.management,
      resourceId: `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.StreamAnalytics/streamingjobs/${job}`,
      createdAt: (signal) => streamAnalytics.createdAt(signal),
      clock,
    }),
    lake: createLakeReader({ client: lakeClient, clock, changes: lakeChanges }),
    auditor: createTableAuditor({ client: lakeClient }),
    query: createLakeQuery({ client: lakeClient }),
    tracer: createTracer({ hub: search, client: lakeClient, clock }),
    close: async () => {
      await Promise.all([producer.close(), hub.close(), search.close()])
    },
  }
}

/** Called once in a job's life, so it uses its own client. */
async function oldestEvent(
  connection: HubConnection,
  hub: HubReader,
  signal: AbortSignal | undefined,
): Promise<Date | undefined> {
  const client = newConsumer(connection)
  try {
    return await oldestEnqueuedAt(client, await hub.partitions(signal), signal)
  } finally {
    await client.close()
  }
}

/** How to connect to the hub: by connection string if there is one, else by identity. */
export function hubConnection(
  azure: AzureDeployment,
  credential: TokenCredential,
  customEndpointAddress: string | undefined,
): HubConnection {
  const {
    eventHub: hub,
    monitorConsumerGroup: consumerGroup,
    eventHubsConnectionString: connectionString,
  } = azure
  if (connectionString !== undefined) return { connectionString, hub, consumerGroup }
  return {
    fullyQualifiedNamespace: azure.eventHubsNamespace ?? '',
    hub,
    consumerGroup,
    credential,
    ...(customEndpointAddress === undefined ? {} : { customEndpointAddress }),
  }
}

/** A stage that this deployment lacks: always stopped, and a start says why. */
function absent(reason: string): StageService {
  return {
    status: async () => ({ state: 'stopped', providerStatus: 'not deployed', detail: reason }),
    start: async () => {
      const { ServiceError } = await import('../pipeline/ports/errors.ts')
      throw new ServiceError('not-found', 'Synapse', `${reason}.`, {
        hint: 'Deploy it: azd env set DEPLOY_SYNAPSE true, then azd up.',
      })
    },
    stop: async () => {},
  }
}
