// The hub that the readings arrive in. Each reader has its own consumer group: a partition serves five readers per group.
import { Tags } from '../types.bicep'

param namespaceName string
param location string
param tags Tags
param allowConnectionStrings bool
param principalId string
param principalType string

var consumerGroupNames = [
  'stream-analytics'
  'monitor'
]

// Azure Event Hubs Data Sender, Azure Event Hubs Data Receiver
var personRoles = [
  '2b629674-e913-4c01-ae53-ef4638d8f975'
  'a638d3c7-ab3a-418d-83e6-5f17a39d4fde'
]

resource namespace 'Microsoft.EventHub/namespaces@2026-01-01' = {
  name: namespaceName
  location: location
  tags: tags
  sku: {
    name: 'Standard'
    tier: 'Standard'
    capacity: 1
  }
  properties: {
    disableLocalAuth: !allowConnectionStrings
    isAutoInflateEnabled: false
    minimumTlsVersion: '1.2'
  }
}

resource hub 'Microsoft.EventHub/namespaces/eventhubs@2026-01-01' = {
  parent: namespace
  name: 'weather'
  properties: {
    partitionCount: 4
    retentionDescription: {
      cleanupPolicy: 'Delete'
      retentionTimeInHours: 24
    }
  }
}

resource consumerGroups 'Microsoft.EventHub/namespaces/eventhubs/consumergroups@2026-01-01' = [for name in consumerGroupNames: {
  parent: hub
  name: name
}]

resource personAccess 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for role in personRoles: {
  scope: hub
  name: guid(hub.id, principalId, role)
  properties: {
    principalId: principalId
    principalType: principalType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
  }
}]

output namespaceName string = namespace.name
output namespaceHost string = '${namespace.name}.servicebus.windows.net'
output hubName string = hub.name
output streamAnalyticsConsumerGroup string = consumerGroups[0].name
output monitorConsumerGroup string = consumerGroups[1].name
