// The workspace of the silver and gold jobs, and the identity by which Unity Catalog reaches the lake. Notebooks, jobs,
// credential and external locations are made by `rtstream-tui setup`: no template can.
param workspaceName string
param connectorName string
param managedGroupName string
param location string
param tags object
param accountName string

// Storage Blob Data Reader, Contributor and Delegator; the last signs the short-lived keys that Unity Catalog hands out.
var readerRole = '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'
var contributorRole = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
var delegatorRole = 'db58b8e5-c6ad-4a2a-8342-4190687cbf4a'

var containerRoles = [
  {
    container: 'bronze'
    role: readerRole
  }
  {
    container: 'silver'
    role: contributorRole
  }
  {
    container: 'gold'
    role: contributorRole
  }
  {
    container: 'checkpoints'
    role: contributorRole
  }
]

resource account 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: accountName
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-01-01' existing = {
  parent: account
  name: 'default'
}

resource containers 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' existing = [for item in containerRoles: {
  parent: blobs
  name: item.container
}]

resource workspace 'Microsoft.Databricks/workspaces@2024-05-01' = {
  name: workspaceName
  location: location
  tags: tags
  sku: {
    name: 'premium'
  }
  properties: {
    managedResourceGroupId: subscriptionResourceId('Microsoft.Resources/resourceGroups', managedGroupName)
    publicNetworkAccess: 'Enabled'
    requiredNsgRules: 'AllRules'
    parameters: {
      enableNoPublicIp: {
        value: true
      }
    }
  }
}

resource connector 'Microsoft.Databricks/accessConnectors@2024-05-01' = {
  name: connectorName
  location: location
  tags: tags
  identity: {
    type: 'SystemAssigned'
  }
}

resource signsKeys 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: account
  name: guid(account.id, connector.id, delegatorRole)
  properties: {
    principalId: connector.identity.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', delegatorRole)
  }
}

resource usesContainers 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for (item, index) in containerRoles: {
  scope: containers[index]
  name: guid(containers[index].id, connector.id, item.role)
  properties: {
    principalId: connector.identity.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', item.role)
  }
}]

output workspaceId string = workspace.id
output workspaceUrl string = 'https://${workspace.properties.workspaceUrl}'
output connectorId string = connector.id
