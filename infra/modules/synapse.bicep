// The Spark pool of the aggregate stage. The pipeline's runs act as the workspace's identity.
param workspaceName string
param managedGroupName string
param location string
param tags object
param accountName string
param principalId string
param clientIpAddress string

// Storage Blob Data Contributor
var contributorRole = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'

// synapse: the workspace's own file system. gold: reads weather, writes weather_aggregated.
var containerNames = [
  'synapse'
  'gold'
  'checkpoints'
]

resource account 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: accountName
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-01-01' existing = {
  parent: account
  name: 'default'
}

resource containers 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' existing = [for name in containerNames: {
  parent: blobs
  name: name
}]

resource workspace 'Microsoft.Synapse/workspaces@2021-06-01' = {
  name: workspaceName
  location: location
  tags: tags
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    azureADOnlyAuthentication: true
    cspWorkspaceAdminProperties: {
      initialWorkspaceAdminObjectId: principalId
    }
    defaultDataLakeStorage: {
      accountUrl: account.properties.primaryEndpoints.dfs
      filesystem: 'synapse'
    }
    managedResourceGroupName: managedGroupName
    publicNetworkAccess: 'Enabled'
  }
}

resource usesContainers 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for (name, index) in containerNames: {
  scope: containers[index]
  name: guid(containers[index].id, workspace.id, contributorRole)
  properties: {
    principalId: workspace.identity.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', contributorRole)
  }
}]

// The address 0.0.0.0 stands for Azure's own services.
resource azureServices 'Microsoft.Synapse/workspaces/firewallRules@2021-06-01' = {
  parent: workspace
  name: 'AllowAllWindowsAzureIps'
  properties: {
    startIpAddress: '0.0.0.0'
    endIpAddress: '0.0.0.0'
  }
}

resource client 'Microsoft.Synapse/workspaces/firewallRules@2021-06-01' = if (!empty(clientIpAddress)) {
  parent: workspace
  name: 'control-room'
  properties: {
    startIpAddress: clientIpAddress
    endIpAddress: clientIpAddress
  }
}

resource pool 'Microsoft.Synapse/workspaces/bigDataPools@2021-06-01' = {
  parent: workspace
  name: 'spark'
  location: location
  tags: tags
  properties: {
    sparkVersion: '3.5'
    nodeSize: 'Small'
    nodeSizeFamily: 'MemoryOptimized'
    nodeCount: 3
    autoScale: {
      enabled: false
    }
    autoPause: {
      enabled: true
      delayInMinutes: 15
    }
  }
}

output endpoint string = workspace.properties.connectivityEndpoints.dev
output sparkPool string = pool.name
