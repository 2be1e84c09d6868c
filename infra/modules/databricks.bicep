// The workspace of the silver and gold jobs, and the identity by which Unity Catalog reaches the lake. Notebooks, jobs,
// credential and external locations are made by `rtstream-tui setup`: no template can.
import { Tags } from '../types.bicep'

param workspaceName string
param connectorName string
param managedGroupName string
param location string
param tags Tags
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

resource workspace 'Microsoft.Databricks/workspaces@2026-01-01' = {
  name: workspaceName
  location: location
  tags: tags
  sku: {
    name: 'premium'
  }
  properties: {
    // Clusters in the subscription, as the jobs have them; a serverless workspace has none.
    computeMode: 'Hybrid'
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

resource connector 'Microsoft.Databricks/accessConnectors@2026-01-01' = {
  name: connectorName
  location: location
  tags: tags
  identity: {
    type: 'SystemAssigned'
  }
}

module signsKeys 'roles/account.bicep' = {
  name: 'databricks-signs-keys'
  params: {
    accountName: accountName
    principalId: connector.identity.principalId
    roleId: delegatorRole
  }
}

module usesContainers 'roles/container.bicep' = [for item in containerRoles: {
  name: 'databricks-uses-${item.container}'
  params: {
    accountName: accountName
    containerName: item.container
    principalId: connector.identity.principalId
    roleId: item.role
  }
}]

output workspaceId string = workspace.id
output workspaceUrl string = 'https://${workspace.properties.workspaceUrl}'
output connectorId string = connector.id
