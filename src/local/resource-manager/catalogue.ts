/** The resources that stand on this machine, as Azure Resource Manager would list them. */
import { EVENT_HUB_NAME, LOCAL_NAMES, LOCAL_TAGS } from '../runtime/options.ts'
import { JOB_TYPE } from '../stream-analytics/job-resource.ts'

const { subscription, resourceGroup, namespace, account, job, synapseWorkspace: workspace } = LOCAL_NAMES

/** What the descriptions contain besides names. */
export interface ResourceFacts {
  /** Where the services listen. */
  ports: { hubTls: number; lakeTls: number }
  partitions: number
  consumerGroups: readonly string[]
  /** Of the hub, epoch ms. */
  createdAt: number
  retentionMs: number
}

/** In the form of ARM's generic list. */
export interface Resource {
  id: string
  name: string
  type: string
  location?: string
  kind?: string
  sku?: Readonly<Record<string, unknown>>
  tags?: Readonly<Record<string, string>>
  properties?: Readonly<Record<string, unknown>>
}

/** Resource Manager's own form of the region that the job names. */
export const LOCATION = 'westus'
/** ARM id. */
export const SUBSCRIPTION_ID = `/subscriptions/${subscription}`
/** ARM id. */
export const GROUP_ID = `${SUBSCRIPTION_ID}/resourceGroups/${resourceGroup}`
/** On the group and on every resource in it. */
export const TAGS = LOCAL_TAGS

/** The one that there is. */
export const describeSubscription = () => ({
  id: SUBSCRIPTION_ID,
  subscriptionId: subscription,
  tenantId: subscription,
  displayName: 'rtstream-tui local',
  state: 'Enabled',
  authorizationSource: 'RoleBased',
  tags: TAGS,
  subscriptionPolicies: { locationPlacementId: 'Public_2014-09-01', spendingLimit: 'Off' },
})

/** Has the subscription's id, as there is no directory. */
export const describeTenant = () => ({
  id: `/tenants/${subscription}`,
  tenantId: subscription,
  displayName: 'rtstream-tui local',
  tenantCategory: 'Home',
})

/** The one that there is. */
export const describeGroup = () => ({
  id: GROUP_ID,
  name: resourceGroup,
  type: 'Microsoft.Resources/resourceGroups',
  location: LOCATION,
  tags: TAGS,
  properties: { provisioningState: 'Succeeded' },
})

const SUCCEEDED = { provisioningState: 'Succeeded' } as const
const HUBS = 'Microsoft.EventHub/namespaces'
const STORAGE = 'Microsoft.Storage/storageAccounts'
const SYNAPSE = 'Microsoft.Synapse/workspaces'
const STORAGE_SKU = { name: 'Standard_LRS', tier: 'Standard' } as const
/** What the reference of Namespaces - Get has besides times and addresses: tools that look for weak settings read it. */
const NAMESPACE = {
  status: 'Active',
  minimumTlsVersion: '1.2',
  publicNetworkAccess: 'Enabled',
  disableLocalAuth: false,
  zoneRedundant: false,
  privateEndpointConnections: [],
  isAutoInflateEnabled: false,
  maximumThroughputUnits: 0,
  kafkaEnabled: true,
  metricId: `${subscription}:${namespace}`,
} as const
/** The only one, of the namespace: it may do all. */
const RULE = {
  name: LOCAL_NAMES.keyName,
  type: `${HUBS}/authorizationrules`,
  properties: { rights: ['Listen', 'Manage', 'Send'] },
}
/** There is always one. Whoever reaches the port may connect. */
const NETWORK_RULES = {
  name: 'default',
  type: `${HUBS}/networkrulesets`,
  properties: {
    publicNetworkAccess: 'Enabled',
    defaultAction: 'Allow',
    virtualNetworkRules: [],
    ipRules: [],
    trustedServiceAccessEnabled: false,
  },
}
/** What the lake does not do is off. */
const BLOB_SERVICE = {
  name: 'default',
  type: `${STORAGE}/blobServices`,
  sku: STORAGE_SKU,
  properties: {
    cors: { corsRules: [] },
    deleteRetentionPolicy: { enabled: false, allowPermanentDelete: false },
    containerDeleteRetentionPolicy: { enabled: false },
  },
}

/** What recordings of Azure CLI have besides times and addresses: tools that look for weak settings read it. */
const ACCOUNT = {
  isHnsEnabled: true,
  accessTier: 'Hot',
  supportsHttpsTrafficOnly: false,
  allowSharedKeyAccess: true,
  allowBlobPublicAccess: false,
  minimumTlsVersion: 'TLS1_2',
  privateEndpointConnections: [],
  networkAcls: { bypass: 'AzureServices', virtualNetworkRules: [], ipRules: [], defaultAction: 'Allow' },
  primaryLocation: LOCATION,
  statusOfPrimary: 'available',
} as const
/** The same of a workspace. */
const WORKSPACE = {
  encryption: { doubleEncryptionEnabled: false },
  managedResourceGroupName: resourceGroup,
  privateEndpointConnections: [],
  publicNetworkAccess: 'Enabled',
  workspaceUID: '00000000-0000-0000-0000-000000000003',
} as const

/**
 * Resources of the group, and the children by which clients find their hub.
 * @param origin of the management services, as the client reached them.
 */
export function resources(facts: ResourceFacts, origin: string): { top: Resource[]; children: Resource[] } {
  const { ports } = facts
  const created = new Date(facts.createdAt).toISOString()
  const lake = `https://localhost:${ports.lakeTls}/${account}`
  const top: Omit<Resource, 'id'>[] = [
    {
      name: namespace,
      type: HUBS,
      sku: { name: 'Standard', tier: 'Standard', capacity: 1 },
      properties: {
        ...SUCCEEDED,
        ...NAMESPACE,
        createdAt: created,
        updatedAt: created,
        serviceBusEndpoint: `https://localhost:${ports.hubTls}/`,
      },
    },
    {
      name: account,
      type: STORAGE,
      kind: 'StorageV2',
      sku: STORAGE_SKU,
      properties: {
        ...SUCCEEDED,
        ...ACCOUNT,
        creationTime: created,
        keyCreationTime: { key1: created, key2: created },
        encryption: {
          services: { blob: { keyType: 'Account', enabled: true, lastEnabledTime: created } },
          keySource: 'Microsoft.Storage',
        },
        primaryEndpoints: { blob: `${lake}/`, dfs: `${lake}/` },
      },
    },
    { name: job, type: JOB_TYPE, properties: SUCCEEDED },
    {
      name: 'dbw-rtstream-local',
      type: 'Microsoft.Databricks/workspaces',
      sku: { name: 'premium' },
      properties: {
        ...SUCCEEDED,
        workspaceId: '1',
        workspaceUrl: new URL(origin).host,
        managedResourceGroupId: GROUP_ID,
      },
    },
    {
      name: workspace,
      type: SYNAPSE,
      properties: {
        ...SUCCEEDED,
        ...WORKSPACE,
        defaultDataLakeStorage: { accountUrl: lake, filesystem: 'bronze' },
        connectivityEndpoints: { dev: `${origin}/synapse`, web: `${origin}/synapse` },
      },
    },
  ]
  return {
    top: top.map((one) => ({ id: idOf(one.type, one.name), location: LOCATION, tags: TAGS, ...one })),
    children: [
      ...hubChildren(facts, created),
      { id: `${idOf(STORAGE, account)}/blobServices/default`, ...BLOB_SERVICE },
    ],
  }
}

/** As the workspace itself describes it, too: its development endpoint has no other form. */
export const synapseWorkspace = (facts: ResourceFacts, origin: string) =>
  resources(facts, origin).top.find(({ type }) => type === SYNAPSE)

const idOf = (type: string, name: string) => `${GROUP_ID}/providers/${type}/${name}`

/** What stands below the namespace, each with its place, as recorded by Azure CLI's tests. */
function hubChildren(
  { partitions, consumerGroups, retentionMs }: ResourceFacts,
  created: string,
): Resource[] {
  const hub = {
    name: EVENT_HUB_NAME,
    type: `${HUBS}/eventhubs`,
    properties: {
      status: 'Active',
      createdAt: created,
      updatedAt: created,
      partitionCount: partitions,
      partitionIds: Array.from({ length: partitions }, (_, id) => String(id)),
      messageRetentionInDays: Math.max(1, Math.round(retentionMs / 86_400_000)),
      retentionDescription: {
        cleanupPolicy: 'Delete',
        retentionTimeInHours: Math.max(1, Math.round(retentionMs / 3_600_000)),
      },
    },
  }
  const groups = consumerGroups.map((name) => ({
    name,
    type: `${HUBS}/eventhubs/consumergroups`,
    properties: { createdAt: created, updatedAt: created },
  }))
  const namespaceId = idOf(HUBS, namespace)
  const hubId = `${namespaceId}/eventhubs/${EVENT_HUB_NAME}`
  return [
    { id: `${namespaceId}/authorizationRules/${LOCAL_NAMES.keyName}`, ...RULE },
    { id: `${namespaceId}/networkRuleSets/default`, ...NETWORK_RULES },
    { id: hubId, ...hub },
    ...groups.map((one) => ({ id: `${hubId}/consumergroups/${one.name}`, ...one })),
  ].map((one) => ({ ...one, location: LOCATION }))
}
