// The Spark pool of the aggregate stage. The pipeline's runs act as the workspace's identity.
import { Tags } from '../types.bicep'

param workspaceName string
param managedGroupName string
param location string
param tags Tags
param accountName string
param principalId string
param clientIpAddress string

@description('True: the workspace is there, and takes no password any more.')
param isDeployed bool

@secure()
@description('Of a login that Entra-only authentication shuts out; a new one each time.')
param sqlPassword string = newGuid()

// Storage Blob Data Contributor
var contributorRole = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'

// synapse: the workspace's own file system. gold: reads weather, writes weather_aggregated.
var containerNames = [
  'synapse'
  'gold'
  'checkpoints'
]

resource workspace 'Microsoft.Synapse/workspaces@2021-06-01' = {
  name: workspaceName
  location: location
  tags: tags
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    azureADOnlyAuthentication: true
    // Asked for at first all the same; nobody can sign in with it. Brought again it is refused (AadOnlyAuthenticationIsEnabled).
    sqlAdministratorLogin: 'sqladminuser'
    sqlAdministratorLoginPassword: isDeployed ? null : sqlPassword
    cspWorkspaceAdminProperties: {
      initialWorkspaceAdminObjectId: principalId
    }
    defaultDataLakeStorage: {
      // Without a slash at its end.
      accountUrl: 'https://${accountName}.dfs.${environment().suffixes.storage}'
      filesystem: 'synapse'
    }
    managedResourceGroupName: managedGroupName
    publicNetworkAccess: 'Enabled'
  }
}

resource administrator 'Microsoft.Synapse/workspaces/administrators@2021-06-01' = {
  parent: workspace
  name: 'activeDirectory'
  properties: {
    administratorType: 'ActiveDirectory'
    // A name to show; the object id is what counts.
    login: 'rtstream-tui'
    sid: principalId
    tenantId: tenant().tenantId
  }
}

module usesContainers 'roles/container.bicep' = [for name in containerNames: {
  name: 'synapse-uses-${name}'
  params: {
    accountName: accountName
    containerName: name
    principalId: workspace.identity.principalId
    roleId: contributorRole
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
