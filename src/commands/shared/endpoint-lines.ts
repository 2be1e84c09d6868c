/** The addresses of the local Azure, as the screen and `rtstream-tui endpoints` show them. */
import { EVENT_HUB_NAME, LOCAL_NAMES, type LocalAzureEndpoints } from '../../local/runtime/options.ts'
import { type EndpointLine, MASKED_KEY } from '../../pipeline/state/state.ts'

/** Everything that a client needs, in the order in which data flows. Without `secrets`, keys and token are masked. */
export function endpointLines(endpoints: LocalAzureEndpoints, options: { secrets: boolean }): EndpointLine[] {
  const lines = [
    { name: 'Event Hubs connection string', value: endpoints.eventHubsConnectionString },
    { name: 'event hub', value: EVENT_HUB_NAME },
    { name: 'partitions', value: String(endpoints.partitions) },
    { name: 'consumer groups', value: endpoints.consumerGroups.join(', ') },
    { name: 'Event Hubs (TLS, key or bearer token)', value: endpoints.eventHubsTls },
    { name: 'Kafka (SASL_SSL; SASL_PLAINTEXT)', value: `${endpoints.kafkaTls}; ${endpoints.kafka}` },
    { name: 'data lake connection string', value: endpoints.lakeConnectionString },
    { name: 'data lake (TLS, bearer token)', value: endpoints.lakeTls },
    { name: 'data lake account', value: LOCAL_NAMES.account },
    { name: 'containers', value: 'bronze, silver, gold, checkpoints' },
    { name: 'Stream Analytics (ARM), metrics', value: endpoints.management },
    { name: 'subscription', value: LOCAL_NAMES.subscription },
    { name: 'resource group', value: LOCAL_NAMES.resourceGroup },
    { name: 'Stream Analytics job', value: LOCAL_NAMES.job },
    { name: 'Databricks', value: databricksUrl(endpoints) },
    { name: 'Databricks jobs', value: `${LOCAL_NAMES.silverJob}, ${LOCAL_NAMES.goldJob}` },
    { name: 'Synapse', value: synapseUrl(endpoints) },
    { name: 'Synapse pipeline', value: LOCAL_NAMES.pipeline },
    { name: 'bearer token', value: endpoints.token },
    { name: 'certificate to trust', value: endpoints.certificateFile },
  ]
  if (options.secrets) return lines
  const secrets = [endpoints.token, endpoints.accountKey, ...sharedKeys(endpoints)]
  const masked = (text: string) =>
    secrets.reduce((shown, secret) => shown.replaceAll(secret, MASKED_KEY), text)
  return lines.map(({ name, value }) => ({ name, value: masked(value) }))
}

/** At the root: most clients of Databricks drop the path of its address. */
const databricksUrl = ({ management }: LocalAzureEndpoints) => management
const synapseUrl = ({ management }: LocalAzureEndpoints) => `${management}/synapse`

/** The same for programs, with the secrets: what `--json` prints. */
export const endpointsObject = ({ pid, endpoints }: { pid: number; endpoints: LocalAzureEndpoints }) => ({
  pid,
  eventHub: EVENT_HUB_NAME,
  account: LOCAL_NAMES.account,
  subscription: LOCAL_NAMES.subscription,
  resourceGroup: LOCAL_NAMES.resourceGroup,
  streamAnalyticsJob: LOCAL_NAMES.job,
  databricksJobs: [LOCAL_NAMES.silverJob, LOCAL_NAMES.goldJob],
  synapsePipeline: LOCAL_NAMES.pipeline,
  databricks: databricksUrl(endpoints),
  synapse: synapseUrl(endpoints),
  ...endpoints,
})

function sharedKeys({ eventHubsConnectionString, lakeConnectionString }: LocalAzureEndpoints): string[] {
  const text = `${eventHubsConnectionString};${lakeConnectionString}`
  return [/SharedAccessKey=([^;]+)/, /AccountKey=([^;]+)/].flatMap((pattern) => pattern.exec(text)?.[1] ?? [])
}
