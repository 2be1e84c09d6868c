// A role on an event hub. In a module of its own: an assignment is named by its principal, and a resource's identity is
// known only after its deployment. One that is named by the resource's id meets the old assignment when the resource was
// deleted and made anew, and Azure refuses to change its principal.
param namespaceName string
param hubName string
param principalId string
param roleId string

resource namespace 'Microsoft.EventHub/namespaces@2026-01-01' existing = {
  name: namespaceName
}

resource hub 'Microsoft.EventHub/namespaces/eventhubs@2026-01-01' existing = {
  parent: namespace
  name: hubName
}

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: hub
  name: guid(hub.id, principalId, roleId)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleId)
  }
}
