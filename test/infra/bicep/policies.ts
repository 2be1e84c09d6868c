// biome-ignore-all lint/suspicious/noTemplateCurlyInString: interpolations of Bicep, inside strings
/** What no schema knows: the rules by which this deployment is right. Each returns what violates it. */
import { settings } from '../../../src/config/settings.ts'
import { BRONZE_OUTPUT } from '../../../src/contract/bronze-layout.ts'
import { EVENT_HUB_NAME, LOCAL_NAMES } from '../../../src/local/runtime/options.ts'
import type { Deployment } from './check.ts'
import { assignments, grants } from './roles.ts'
import {
  accountName,
  allowedValues,
  assignmentForm,
  blobServices,
  bound,
  deployed,
  deploymentNames,
  expectValues,
  firewall,
  hubKeys,
  indexOfOutput,
  jobOrder,
  lengths,
  moduleNamed,
  moduleOutputs,
  normalisedToken,
  OUTPUT_REFERENCES,
  optional,
  passedOn,
  passwordOnce,
  reference,
  secret,
  strings,
  tagged,
  unequal,
} from './rules.ts'

export const policies: Record<string, (deployment: Deployment) => string[]> = {
  'the hub has four partitions and a consumer group for each reader': (deployment) => {
    const eventHubs = moduleNamed(deployment, 'event-hubs')
    return [
      ...expectValues(deployment, 'Microsoft.EventHub/namespaces', {
        'sku.name': 'Standard',
        'sku.tier': 'Standard',
        'sku.capacity': 1,
        'properties.minimumTlsVersion': '1.2',
        'properties.isAutoInflateEnabled': false,
      }),
      ...expectValues(deployment, 'Microsoft.EventHub/namespaces/eventhubs', {
        name: EVENT_HUB_NAME,
        'properties.partitionCount': 4,
        'properties.retentionDescription.cleanupPolicy': 'Delete',
        'properties.retentionDescription.retentionTimeInHours': 24,
      }),
      ...unequal('consumer groups', strings(eventHubs, 'consumerGroupNames'), [
        LOCAL_NAMES.asaConsumerGroup,
        LOCAL_NAMES.monitorConsumerGroup,
      ]),
      ...indexOfOutput(eventHubs, 'streamAnalyticsConsumerGroup', 0),
      ...indexOfOutput(eventHubs, 'monitorConsumerGroup', 1),
    ]
  },

  'shared access keys of the hub are off unless asked for': hubKeys,

  'the lake is hierarchical, private and keyless': (deployment) => [
    ...expectValues(deployment, 'Microsoft.Storage/storageAccounts', {
      kind: 'StorageV2',
      'sku.name': 'Standard_LRS',
      'properties.isHnsEnabled': true,
      'properties.accessTier': 'Hot',
      'properties.allowBlobPublicAccess': false,
      'properties.allowSharedKeyAccess': false,
      'properties.defaultToOAuthAuthentication': true,
      'properties.minimumTlsVersion': 'TLS1_2',
      'properties.supportsHttpsTrafficOnly': true,
    }),
    ...blobServices(deployment),
    ...expectValues(deployment, 'Microsoft.Storage/storageAccounts/blobServices/containers', {
      'properties.publicAccess': 'None',
    }),
    ...unequal('containers', strings(moduleNamed(deployment, 'data-lake'), 'containerNames'), [
      'bronze',
      'silver',
      'gold',
      'checkpoints',
      'synapse',
    ]),
    ...accountName(deployment),
  ],

  'the job reads the hub and writes each bronze file once': (deployment) => [
    ...expectValues(deployment, 'Microsoft.StreamAnalytics/streamingjobs', {
      'identity.type': 'SystemAssigned',
      'properties.sku.name': 'StandardV2',
      'properties.compatibilityLevel': '1.2',
      'properties.contentStoragePolicy': 'SystemAccount',
      'properties.dataLocale': 'en-US',
      'properties.eventsOutOfOrderPolicy': 'Adjust',
      'properties.eventsOutOfOrderMaxDelayInSeconds': 0,
      'properties.eventsLateArrivalMaxDelayInSeconds': 5,
      'properties.jobType': 'Cloud',
      'properties.outputErrorPolicy': 'Stop',
    }),
    ...expectValues(deployment, 'Microsoft.StreamAnalytics/streamingjobs/inputs', {
      name: 'weather',
      'properties.type': 'Stream',
      'properties.datasource.type': 'Microsoft.EventHub/EventHub',
      'properties.datasource.properties.authenticationMode': 'Msi',
      'properties.serialization.type': 'Json',
      'properties.serialization.properties.encoding': 'UTF8',
    }),
    ...expectValues(deployment, 'Microsoft.StreamAnalytics/streamingjobs/outputs', {
      name: 'bronze',
      'properties.datasource.type': 'Microsoft.Storage/Blob',
      'properties.datasource.properties.authenticationMode': 'Msi',
      'properties.datasource.properties.blobWriteMode': 'Once',
      'properties.datasource.properties.pathPattern': BRONZE_OUTPUT.pathPattern,
      'properties.datasource.properties.dateFormat': BRONZE_OUTPUT.dateFormat,
      'properties.datasource.properties.timeFormat': BRONZE_OUTPUT.timeFormat,
      'properties.serialization.type': 'Json',
      'properties.serialization.properties.encoding': 'UTF8',
      'properties.serialization.properties.format': 'LineSeparated',
    }),
    ...expectValues(deployment, 'Microsoft.StreamAnalytics/streamingjobs/transformations', { name: 'query' }),
    ...unequal(
      'streaming units',
      allowedValues(moduleNamed(deployment, 'stream-analytics'), 'streamingUnits'),
      [3, 7, 10, 20],
    ),
    ...bound(
      deployment,
      'Microsoft.StreamAnalytics/streamingjobs/outputs',
      ['properties', 'datasource', 'properties', 'storageAccounts'],
      'accountName',
    ),
    ...bound(
      deployment,
      'Microsoft.StreamAnalytics/streamingjobs/outputs',
      ['properties', 'datasource', 'properties', 'container'],
      'bronze',
    ),
    ...jobOrder(moduleNamed(deployment, 'stream-analytics')),
  ],

  'Synapse pauses, admits no passwords and lets in one address': (deployment) => [
    ...expectValues(deployment, 'Microsoft.Synapse/workspaces', {
      'identity.type': 'SystemAssigned',
      'properties.azureADOnlyAuthentication': true,
      'properties.defaultDataLakeStorage.filesystem': 'synapse',
      'properties.publicNetworkAccess': 'Enabled',
    }),
    ...expectValues(deployment, 'Microsoft.Synapse/workspaces/bigDataPools', {
      name: 'spark',
      'properties.sparkVersion': '3.5',
      'properties.nodeSize': 'Small',
      'properties.nodeSizeFamily': 'MemoryOptimized',
      'properties.nodeCount': 3,
      'properties.autoScale.enabled': false,
      'properties.autoPause.enabled': true,
      'properties.autoPause.delayInMinutes': 15,
    }),
    ...expectValues(deployment, 'Microsoft.Synapse/workspaces', {
      'properties.sqlAdministratorLogin': 'sqladminuser',
    }),
    ...passwordOnce(deployment),
    ...bound(
      deployment,
      'Microsoft.Synapse/workspaces',
      ['properties', 'cspWorkspaceAdminProperties', 'initialWorkspaceAdminObjectId'],
      'principalId',
    ),
    // Without a slash at its end.
    ...bound(
      deployment,
      'Microsoft.Synapse/workspaces',
      ['properties', 'defaultDataLakeStorage', 'accountUrl'],
      'https://${accountName}.dfs.${environment().suffixes.storage}',
    ),
    ...secret(moduleNamed(deployment, 'synapse'), 'sqlPassword'),
    ...expectValues(deployment, 'Microsoft.Synapse/workspaces/administrators', {
      name: 'activeDirectory',
      'properties.administratorType': 'ActiveDirectory',
      'properties.login': 'rtstream-tui',
    }),
    ...bound(deployment, 'Microsoft.Synapse/workspaces/administrators', ['properties', 'sid'], 'principalId'),
    ...bound(
      deployment,
      'Microsoft.Synapse/workspaces/administrators',
      ['properties', 'tenantId'],
      'tenant().tenantId',
    ),
    ...firewall(deployment),
    ...optional(deployment),
  ],

  'Databricks is premium, with an identity of its own for the lake': (deployment) => [
    ...expectValues(deployment, 'Microsoft.Databricks/workspaces', {
      'sku.name': 'premium',
      // Serverless workspaces have no clusters, and so none of our jobs.
      'properties.computeMode': 'Hybrid',
      'properties.publicNetworkAccess': 'Enabled',
      'properties.requiredNsgRules': 'AllRules',
      'properties.parameters.enableNoPublicIp.value': true,
    }),
    ...expectValues(deployment, 'Microsoft.Databricks/accessConnectors', {
      'identity.type': 'SystemAssigned',
    }),
  ],

  'nobody has more rights than the work needs': (deployment) =>
    unequal('grants', grants(deployment), [
      'accessConnectors: Storage Blob Data Contributor on containers checkpoints of (accountName)',
      'accessConnectors: Storage Blob Data Contributor on containers gold of (accountName)',
      'accessConnectors: Storage Blob Data Contributor on containers silver of (accountName)',
      'accessConnectors: Storage Blob Data Reader on containers bronze of (accountName)',
      'accessConnectors: Storage Blob Delegator on storageAccounts (accountName)',
      'person: Azure Event Hubs Data Receiver on eventhubs weather',
      'person: Azure Event Hubs Data Sender on eventhubs weather',
      'person: Storage Blob Data Reader on storageAccounts',
      'streamingjobs: Azure Event Hubs Data Receiver on eventhubs (hubName) of (namespaceName)',
      'streamingjobs: Storage Blob Data Contributor on containers bronze of (accountName)',
      'workspaces: Storage Blob Data Contributor on containers checkpoints of (accountName)',
      'workspaces: Storage Blob Data Contributor on containers gold of (accountName)',
      'workspaces: Storage Blob Data Contributor on containers synapse of (accountName)',
    ]),

  'a role assignment has a name of its own and says what its principal is': ({ modules }) =>
    [...modules.values()].flatMap((template) =>
      assignments(template).flatMap((block) => assignmentForm(block, template)),
    ),

  'nothing is left out, and nothing is only referred to that should be made': deployed,

  'a module tells of itself what it is asked for': moduleOutputs,

  'a module is given what it takes, unchanged': passedOn,

  'one environment has one set of resources, however it is spelt': (deployment) => [
    ...normalisedToken(deployment),
    ...lengths(deployment.main, 'environmentName', 1, 40),
  ],

  'everything is tagged with the environment': tagged,

  'a person can read the names': (deployment) => [
    ...deploymentNames(deployment),
    ...unequal('kinds of deployer', allowedValues(deployment.main, 'principalType'), [
      'User',
      'ServicePrincipal',
    ]),
  ],

  'the outputs are the keys that the configuration reads': ({ main }) => {
    const outputs = main.outputs.map(({ name }) => name).sort()
    // azd itself writes the subscription.
    const keys = settings.flatMap(({ azd }) => (azd && azd !== 'AZURE_SUBSCRIPTION_ID' ? [azd] : [])).sort()
    return unequal('outputs', outputs, keys)
  },

  'an output names the resource that its key is about': ({ main }) =>
    main.outputs.flatMap(({ name, value }) => unequal(name, [reference(value)], [OUTPUT_REFERENCES[name]])),
}
