// Everything that the pipeline needs, in one resource group. `azd up` deploys it and runs `rtstream-tui setup` afterwards.
targetScope = 'subscription'

@minLength(1)
@maxLength(40)
@description('Name of the azd environment; part of every name and tag.')
param environmentName string

@minLength(1)
@description('Region of all resources.')
param location string

@description('Region of the Synapse workspace, for subscriptions whose region refuses SQL servers; empty: that of the rest.')
param synapseLocation string = ''

@minLength(1)
@description('Object id of the person (or service principal) who deploys and then runs the control room.')
param principalId string

@allowed([
  'User'
  'ServicePrincipal'
])
param principalType string = 'User'

@description('False leaves Synapse out: no aggregate stage, and the cheapest deployment.')
param deploySynapse bool = true

@description('Public address of the machine that drives Synapse; empty: only Azure services get through its firewall.')
param clientIpAddress string = ''

@description('Of the Synapse workspace, as the last deployment told it to azd; empty: there was none.')
param synapseEndpoint string = ''

@description('True lets clients use shared access keys of the hub beside Microsoft Entra identities.')
param allowConnectionStrings bool = false

// Azure does not tell `Dev` from `dev`, nor `West Europe` from `westeurope`: written otherwise, a second `azd up` must find
// what the first has made.
var token = uniqueString(subscription().id, toLower(environmentName), toLower(replace(location, ' ', '')))
var tags = {
  'azd-env-name': environmentName
  project: 'rtstream-tui'
}

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module eventHubs 'modules/event-hubs.bicep' = {
  name: 'event-hubs'
  scope: group
  params: {
    namespaceName: 'evhns-${token}'
    location: location
    tags: tags
    allowConnectionStrings: allowConnectionStrings
    principalId: principalId
    principalType: principalType
  }
}

module dataLake 'modules/data-lake.bicep' = {
  name: 'data-lake'
  scope: group
  params: {
    accountName: 'st${token}'
    location: location
    tags: tags
    principalId: principalId
    principalType: principalType
  }
}

module streamAnalytics 'modules/stream-analytics.bicep' = {
  name: 'stream-analytics'
  scope: group
  params: {
    jobName: 'asa-${token}'
    location: location
    tags: tags
    namespaceName: eventHubs.outputs.namespaceName
    hubName: eventHubs.outputs.hubName
    consumerGroupName: eventHubs.outputs.streamAnalyticsConsumerGroup
    accountName: dataLake.outputs.accountName
  }
}

module databricks 'modules/databricks.bicep' = {
  name: 'databricks'
  scope: group
  params: {
    workspaceName: 'dbw-${token}'
    connectorName: 'dbac-${token}'
    managedGroupName: 'rg-${environmentName}-databricks-${token}'
    location: location
    tags: tags
    accountName: dataLake.outputs.accountName
  }
}

module synapse 'modules/synapse.bicep' = if (deploySynapse) {
  name: 'synapse'
  scope: group
  params: {
    workspaceName: 'syn-${token}'
    managedGroupName: 'rg-${environmentName}-synapse-${token}'
    location: empty(synapseLocation) ? location : synapseLocation
    tags: tags
    accountName: dataLake.outputs.accountName
    principalId: principalId
    clientIpAddress: clientIpAddress
    isDeployed: !empty(synapseEndpoint)
  }
}

// azd writes these to .azure/<environment>/.env, where the configuration finds them.
output AZURE_TENANT_ID string = tenant().tenantId
output AZURE_LOCATION string = location
output AZURE_RESOURCE_GROUP string = group.name
output EVENT_HUBS_NAMESPACE string = eventHubs.outputs.namespaceHost
output EVENT_HUB string = eventHubs.outputs.hubName
output EVENT_HUB_STREAM_ANALYTICS_CONSUMER_GROUP string = eventHubs.outputs.streamAnalyticsConsumerGroup
output EVENT_HUB_MONITOR_CONSUMER_GROUP string = eventHubs.outputs.monitorConsumerGroup
output STORAGE_ACCOUNT string = dataLake.outputs.accountName
output LAKE_ENDPOINT string = dataLake.outputs.dfsEndpoint
output STREAM_ANALYTICS_JOB string = streamAnalytics.outputs.jobName
output DATABRICKS_WORKSPACE_ID string = databricks.outputs.workspaceId
output DATABRICKS_WORKSPACE_URL string = databricks.outputs.workspaceUrl
output DATABRICKS_ACCESS_CONNECTOR_ID string = databricks.outputs.connectorId
output SYNAPSE_ENDPOINT string = deploySynapse ? synapse!.outputs.endpoint : ''
output SYNAPSE_SPARK_POOL string = deploySynapse ? synapse!.outputs.sparkPool : ''
