/** Every setting of the product: its type, bounds and default. Nothing else decides what a setting may be. */
import * as z from 'zod'
import { PHONE_RATES } from '../pipeline/state/actions.ts'
import { choice, duration, integer, names, share, size, text, toggle, url } from './fields.ts'

// One reading of the settings in a process: code made for the schema takes longer to make than it saves.
z.config({ jitless: true })

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const MB = 1000 ** 2
const GB = 1000 ** 3

const UUID = /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/
const HOST = /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/
const RESOURCE_ID = /^\/subscriptions\/[^/\s]+\/\S+$/

const port = (what: string) =>
  integer(`Port of ${what}; 0 takes a free one`, 0, 65_535, { placeholder: 'port' })

/** Where the Azure resources are. `azd up` fills these in; each `azd` name is an output of infra/main.bicep. */
export const azureSchema = z.strictObject({
  subscriptionId: text('Azure subscription', 'a subscription id (UUID)', UUID, {
    azd: 'AZURE_SUBSCRIPTION_ID',
  }).optional(),
  tenantId: text('Microsoft Entra tenant', 'a tenant id (UUID)', UUID, { azd: 'AZURE_TENANT_ID' }).optional(),
  location: text('Azure region of the resources', 'a region, such as westeurope', /^[a-z][a-z0-9]+$/, {
    azd: 'AZURE_LOCATION',
  }).optional(),
  resourceGroup: text('Resource group', 'the name of a resource group', /^[\w().-]{1,90}$/, {
    azd: 'AZURE_RESOURCE_GROUP',
  }).optional(),
  eventHubsNamespace: text(
    'Event Hubs namespace, as a host name',
    'a host name, such as evhns-demo.servicebus.windows.net',
    HOST,
    { azd: 'EVENT_HUBS_NAMESPACE' },
  ).optional(),
  eventHub: text('Event hub', 'the name of an event hub', /\S/, { azd: 'EVENT_HUB' }).default('weather'),
  eventHubsConnectionString: text(
    'Connection string of the namespace or hub, in place of the signed-in identity; for the hub only',
    'Endpoint=sb://…;SharedAccessKeyName=…;SharedAccessKey=…',
    /^(?=.*Endpoint=sb:\/\/[^;]+)(?=.*SharedAccessKeyName=)(?=.*SharedAccessKey=).*$/,
    { secret: true },
  ).optional(),
  streamAnalyticsConsumerGroup: text(
    'Consumer group of the Stream Analytics job',
    'the name of a consumer group',
    /\S/,
    {
      azd: 'EVENT_HUB_STREAM_ANALYTICS_CONSUMER_GROUP',
    },
  ).default('stream-analytics'),
  monitorConsumerGroup: text('Consumer group of this program', 'the name of a consumer group', /\S/, {
    azd: 'EVENT_HUB_MONITOR_CONSUMER_GROUP',
  }).default('monitor'),
  storageAccount: text('ADLS Gen2 account', '3 to 24 lower-case letters and digits', /^[a-z0-9]{3,24}$/, {
    azd: 'STORAGE_ACCOUNT',
  }).optional(),
  lakeEndpoint: url('DFS endpoint of the lake; derived from the account when not given', {
    azd: 'LAKE_ENDPOINT',
  }).optional(),
  streamAnalyticsJob: text('Stream Analytics job', 'the name of a job', /\S/, {
    azd: 'STREAM_ANALYTICS_JOB',
  }).optional(),
  databricksWorkspaceUrl: url('Databricks workspace', { azd: 'DATABRICKS_WORKSPACE_URL' }).optional(),
  databricksWorkspaceId: text(
    'Azure resource of the Databricks workspace, by which its owner gets in before having been made a user of it',
    'an Azure resource id, /subscriptions/…',
    RESOURCE_ID,
    { azd: 'DATABRICKS_WORKSPACE_ID' },
  ).optional(),
  databricksFolder: text(
    'Workspace folder of the notebooks',
    'an absolute workspace path',
    /^\/\S+$/,
  ).default('/Shared/rtstream-tui'),
  databricksAccessConnectorId: text(
    'Access connector through which Unity Catalog reaches the lake (used by setup)',
    'an Azure resource id, /subscriptions/…',
    RESOURCE_ID,
    { azd: 'DATABRICKS_ACCESS_CONNECTOR_ID' },
  ).optional(),
  databricksNodeType: text(
    'VM size of the job clusters',
    'a VM size, such as Standard_D4s_v3',
    /^Standard_\w+$/,
  ).default('Standard_D4s_v3'),
  databricksRuntime: choice(
    'Databricks runtime of the job clusters: 16.4 LTS has Spark 3.5, 17.3 LTS Spark 4',
    ['16.4', '17.3'],
  ).default('16.4'),
  silverJob: text('Databricks job of the silver stage', 'the name of a job').default('rtstream-silver'),
  goldJob: text('Databricks job of the gold stage', 'the name of a job').default('rtstream-gold'),
  synapseEndpoint: url(
    'Development endpoint of the Synapse workspace; without one there is no aggregate stage',
    {
      azd: 'SYNAPSE_ENDPOINT',
    },
  ).optional(),
  sparkPool: text('Synapse Spark pool', 'the name of a Spark pool', /\S/, {
    azd: 'SYNAPSE_SPARK_POOL',
  }).default('spark'),
  pipeline: text('Synapse pipeline of the aggregate stage', 'the name of a pipeline').default(
    'rtstream-aggregate',
  ),
  metricsEndpoint: url('Azure Monitor metrics endpoint; derived from the region when not given').optional(),
  metricsAudience: url('Audience of the token for the metrics endpoint').prefault(
    'https://metrics.monitor.azure.com',
  ),
  managementEndpoint: url('Azure Resource Manager').prefault('https://management.azure.com'),
})

/** Strict: an unknown key is an error. What depends on another setting or on the machine is checked in `load.ts`. */
export const configSchema = z.strictObject({
  target: choice('Where the pipeline runs: on this machine, or on Azure', ['local', 'azure']).default(
    'local',
  ),
  stations: integer('Simulated weather stations', 1, 1_000_000).default(100),
  interval: duration('How often each station reports', 100, DAY).prefault('10s'),
  seed: text('Makes the readings repeatable', 'a text, such as "42"').optional(),
  dirty: share('Share of readings corrupted on purpose').default(0),
  partitions: integer(
    'Partitions of the local event hub; a data folder keeps those that it was made with',
    1,
    32,
  ).default(4),
  consumerGroups: names(
    'Further consumer groups of the local event hub, for readers of your own',
    'names of consumer groups, such as "alerts,dashboard"',
    /^[A-Za-z0-9](?:[\w.-]{0,48}[A-Za-z0-9])?$/,
  ).prefault(''),
  dataDir: text('Folder of the local hub, lake and state', 'a folder', /\S/, { placeholder: 'folder' }),
  ephemeral: toggle('Use a temporary data folder and remove it at exit').default(false),
  engine: choice('What runs the notebooks locally', ['duckdb', 'spark']).default('duckdb'),
  keys: choice(
    'Keys, token and certificate of the local services: new at every start, kept in the data folder, or fixed and known to everybody',
    ['new', 'kept', 'fixed'],
  ).default('new'),
  theme: choice('Colours; auto asks the terminal for its background', [
    'auto',
    'dark',
    'light',
    'color-blind',
    'high-contrast',
    'ansi',
    'mono',
  ]).default('auto'),
  presenter: toggle('Begin in presenter mode: large digits for a room').default(false),
  ascii: toggle('Draw with ASCII characters only').default(false),
  fps: integer('Repaints per second, at most', 1, 30).default(2),
  readOnly: toggle('Watch only: every control is disabled').default(false),
  idleStop: duration('Stop everything after that long without a key', MINUTE, DAY).optional(),
  acceptCosts: toggle('Do not ask before starting what costs money').default(false),
  yesQuit: toggle('Quit at the first press of q, also while stages run').default(false),
  mouse: toggle('Clicks and the wheel in the terminal').default(true),
  hubRetention: duration('The local hub keeps events that long', MINUTE, 7 * DAY).prefault('24h'),
  hubSize: size('The local hub keeps that much at most', 10 * MB, 1000 * GB).prefault('1GB'),
  lakeLimit: size('The local lake refuses writes above this size', 10 * MB, 10_000 * GB).prefault('5GB'),
  lakeRetention: duration(
    'The local lake keeps read bronze files, superseded table files and old log files that long',
    MINUTE,
    365 * DAY,
  ).prefault('1h'),
  hubPort: port('the local hub for other clients (AMQP)').default(0),
  hubTlsPort: port('the local hub (AMQP over TLS)').default(0),
  kafkaPort: port("the local hub's Kafka endpoint (SASL_PLAINTEXT)").default(0),
  kafkaTlsPort: port("the local hub's Kafka endpoint (SASL_SSL)").default(0),
  lakePort: port('the local lake for other clients (http)').default(0),
  lakeTlsPort: port('the local lake (https)').default(0),
  managementPort: port('the local management services (https)').default(0),
  audience: toggle(
    'Open the room for phones at the start; without audienceHost the screen asks for the address',
  ).default(false),
  audienceHost: text(
    'Address of this machine on which phones reach the room; without one the screen asks for it',
    'one address or name, without a port or brackets, not all addresses',
    /^(?!0\.0\.0\.0$|::$|\*$|[\w.-]+:\d+$)[\w.:-]+$/,
    { placeholder: 'address' },
  ).optional(),
  audiencePort: port('the room for phones').default(0),
  audienceRate: integer(
    'Readings a second that each phone may send',
    PHONE_RATES.least,
    PHONE_RATES.most,
  ).default(5),
  audienceMischief: toggle('Mischief of phones (rubbish, readings twice)').default(true),
  audienceNames: toggle('Phones may type names of their own; else names are those of animals').default(false),
  audienceCert: text('Certificate with which the room speaks TLS; needs audienceKey', 'a PEM file', /\S/, {
    placeholder: 'file',
  }).optional(),
  audienceKey: text('Key of that certificate', 'a PEM file', /\S/, { placeholder: 'file' }).optional(),
  logLevel: choice('How much the log file tells', [
    'trace',
    'debug',
    'info',
    'warn',
    'error',
    'silent',
  ]).default('info'),
  azure: azureSchema.prefault({}),
})

/** Effective settings. Durations are milliseconds, sizes bytes. */
export type Config = z.output<typeof configSchema>
/** The part that only the target `azure` needs. */
export type AzureConfig = Config['azure']
