/** What doctor and setup ask of Azure Resource Manager: reads only. */
import type { RestClient } from '../http/rest-client.ts'

/** The names of a deployment's resources, and their resource ids. */
export interface ResourceIds {
  subscription: string
  group: string
  namespace: string
  hub: string
  account: string
  job: string
}

/** As the settings have them. */
export interface ResourceNames {
  subscriptionId: string
  resourceGroup: string
  /** Host name or name. */
  eventHubsNamespace: string
  eventHub: string
  storageAccount: string
  streamAnalyticsJob: string
}

/** ARM ids; none is checked to exist. */
export function resourceIds(names: ResourceNames): ResourceIds {
  const subscription = `/subscriptions/${names.subscriptionId}`
  const group = `${subscription}/resourceGroups/${names.resourceGroup}`
  const namespace = `${group}/providers/Microsoft.EventHub/namespaces/${names.eventHubsNamespace.split('.')[0]}`
  return {
    subscription,
    group,
    namespace,
    hub: `${namespace}/eventhubs/${names.eventHub}`,
    account: `${group}/providers/Microsoft.Storage/storageAccounts/${names.storageAccount}`,
    job: `${group}/providers/Microsoft.StreamAnalytics/streamingjobs/${names.streamAnalyticsJob}`,
  }
}

/** The workspace's name is the first label of its development endpoint. */
export function synapseWorkspaceId(deployment: {
  subscriptionId?: string | undefined
  resourceGroup?: string | undefined
  synapseEndpoint?: string | undefined
}): string {
  const name = new URL(deployment.synapseEndpoint ?? 'https://none').host.split('.')[0]
  return `/subscriptions/${deployment.subscriptionId}/resourceGroups/${deployment.resourceGroup}/providers/Microsoft.Synapse/workspaces/${name}`
}

/** Also the answer by which doctor compares the clocks. */
export interface SubscriptionAnswer {
  displayName: string
  /** Enabled, Warned, PastDue, Disabled, Deleted. */
  state: string
  tenantId: string
  latencyMs: number
  /** The service's clock, epoch milliseconds; undefined when it did not say. */
  serverTime: number | undefined
}

/** A job's settings, as far as the pipeline depends on them; undefined: the job does not have that one. */
export interface JobDescription {
  state: string
  principalId: string | undefined
  inputs: readonly { name: string; consumerGroup: string | undefined; eventHub: string | undefined }[]
  outputs: readonly {
    name: string
    container: string | undefined
    pathPattern: string | undefined
    dateFormat: string | undefined
    timeFormat: string | undefined
    writeMode: string | undefined
  }[]
  query: string | undefined
  /** Seconds that the job waits for late events; -1 means for ever. */
  lateArrivalSeconds: number | undefined
  latencyMs: number
}

/** Each call throws ServiceError, `not-found` when the resource is missing. */
export interface ResourceManager {
  subscription(signal?: AbortSignal): Promise<SubscriptionAnswer>
  /** Resolves when it exists. */
  consumerGroup(group: string, signal?: AbortSignal): Promise<void>
  job(signal?: AbortSignal): Promise<JobDescription>
}

interface JobBody {
  identity?: { principalId?: string }
  properties?: {
    jobState?: string
    eventsLateArrivalMaxDelayInSeconds?: number
    transformation?: { properties?: { query?: string } }
  }
}
interface OutputBody {
  container?: string
  pathPattern?: string
  dateFormat?: string
  timeFormat?: string
  blobWriteMode?: string
}
interface ListBody<T> {
  value?: { name?: string; properties?: { datasource?: { properties?: T } } }[]
}

/** @param ids of the deployment's resources */
export function createResourceManager(client: RestClient, ids: ResourceIds): ResourceManager {
  return {
    subscription: async (signal) => {
      const path = ids.subscription
      const answer = await client.request<{ displayName?: string; state?: string; tenantId?: string }>(
        'GET',
        path,
        {
          query: { 'api-version': '2022-12-01' },
          signal,
        },
      )
      const date = Date.parse(answer.headers.get('date') ?? '')
      return {
        displayName: answer.body?.displayName ?? ids.subscription,
        state: answer.body?.state ?? 'unknown',
        tenantId: answer.body?.tenantId ?? '',
        latencyMs: answer.latencyMs,
        serverTime: Number.isNaN(date) ? undefined : date,
      }
    },
    consumerGroup: async (group, signal) => {
      const path = `${ids.hub}/consumergroups/${encodeURIComponent(group)}`
      await client.request('GET', path, { query: { 'api-version': '2024-01-01' }, signal })
    },
    job: async (signal) => {
      // Only the preview version knows the output's write mode.
      const list = { query: { 'api-version': '2021-10-01-preview' }, signal }
      const [job, inputs, outputs] = await Promise.all([
        client.request<JobBody>('GET', ids.job, {
          query: { 'api-version': '2020-03-01', $expand: 'transformation' },
          signal,
        }),
        client.request<ListBody<{ consumerGroupName?: string; eventHubName?: string }>>(
          'GET',
          `${ids.job}/inputs`,
          list,
        ),
        client.request<ListBody<OutputBody>>('GET', `${ids.job}/outputs`, list),
      ])
      const { identity, properties } = job.body ?? {}
      return {
        state: properties?.jobState ?? 'unknown',
        principalId: identity?.principalId,
        query: properties?.transformation?.properties?.query,
        lateArrivalSeconds: properties?.eventsLateArrivalMaxDelayInSeconds,
        inputs: (inputs.body?.value ?? []).map(({ name = '', properties: { datasource } = {} }) => ({
          name,
          consumerGroup: datasource?.properties?.consumerGroupName,
          eventHub: datasource?.properties?.eventHubName,
        })),
        outputs: (outputs.body?.value ?? []).map(({ name = '', properties: { datasource } = {} }) => ({
          name,
          container: datasource?.properties?.container,
          pathPattern: datasource?.properties?.pathPattern,
          dateFormat: datasource?.properties?.dateFormat,
          timeFormat: datasource?.properties?.timeFormat,
          writeMode: datasource?.properties?.blobWriteMode,
        })),
        latencyMs: job.latencyMs,
      }
    },
  }
}
