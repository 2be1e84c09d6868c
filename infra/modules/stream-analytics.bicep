// The job that copies the hub to bronze. Its identity exists only once the job does, and its input and output only work
// once that identity has its roles: hence job, then roles, then input, output and query.
import { Tags } from '../types.bicep'

param jobName string
param location string
param tags Tags
param namespaceName string
param hubName string
param consumerGroupName string
param accountName string

@allowed([
  3
  7
  10
  20
])
@description('In tenths of a StandardV2 streaming unit; 3 stands for one third, the smallest.')
param streamingUnits int = 3

// Azure Event Hubs Data Receiver
var receiverRole = 'a638d3c7-ab3a-418d-83e6-5f17a39d4fde'
// Storage Blob Data Contributor
var contributorRole = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
var bronze = 'bronze'

resource job 'Microsoft.StreamAnalytics/streamingjobs@2020-03-01' = {
  name: jobName
  location: location
  tags: tags
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    sku: {
      name: 'StandardV2'
    }
    compatibilityLevel: '1.2'
    contentStoragePolicy: 'SystemAccount'
    dataLocale: 'en-US'
    eventsOutOfOrderPolicy: 'Adjust'
    eventsOutOfOrderMaxDelayInSeconds: 0
    // Left out it is -1, for ever: the last minute's file might never be closed.
    eventsLateArrivalMaxDelayInSeconds: 5
    jobType: 'Cloud'
    // Stop means: a failed write is tried again until it succeeds. Drop would lose rows.
    outputErrorPolicy: 'Stop'
  }
}

module readsHub 'roles/hub.bicep' = {
  name: 'stream-analytics-reads-hub'
  params: {
    namespaceName: namespaceName
    hubName: hubName
    principalId: job.identity.principalId
    roleId: receiverRole
  }
}

module writesBronze 'roles/container.bicep' = {
  name: 'stream-analytics-writes-bronze'
  params: {
    accountName: accountName
    containerName: bronze
    principalId: job.identity.principalId
    roleId: contributorRole
  }
}

resource hubInput 'Microsoft.StreamAnalytics/streamingjobs/inputs@2020-03-01' = {
  parent: job
  name: 'weather'
  properties: {
    type: 'Stream'
    datasource: {
      type: 'Microsoft.EventHub/EventHub'
      properties: {
        serviceBusNamespace: namespaceName
        eventHubName: hubName
        consumerGroupName: consumerGroupName
        authenticationMode: 'Msi'
      }
    }
    serialization: {
      type: 'Json'
      properties: {
        encoding: 'UTF8'
      }
    }
  }
  dependsOn: [
    readsHub
  ]
}

// Written once: the default mode appends to files that a Spark reader has already taken as finished, and their later
// rows would never be read. Only the preview API knows the mode, and the mode takes {date} and {time} with their formats and
// no other field in the path. HH-mm: docs/decisions/012-folders-of-the-write-mode-once.md.
resource bronzeOutput 'Microsoft.StreamAnalytics/streamingjobs/outputs@2021-10-01-preview' = {
  parent: job
  name: 'bronze'
  properties: {
    datasource: {
      type: 'Microsoft.Storage/Blob'
      properties: {
        storageAccounts: [
          {
            accountName: accountName
          }
        ]
        container: bronze
        pathPattern: 'weather/{date}/{time}'
        dateFormat: 'yyyy/MM/dd'
        timeFormat: 'HH-mm'
        authenticationMode: 'Msi'
        blobWriteMode: 'Once'
      }
    }
    serialization: {
      type: 'Json'
      properties: {
        encoding: 'UTF8'
        format: 'LineSeparated'
      }
    }
  }
  dependsOn: [
    writesBronze
  ]
}

resource query 'Microsoft.StreamAnalytics/streamingjobs/transformations@2020-03-01' = {
  parent: job
  name: 'query'
  properties: {
    streamingUnits: streamingUnits
    query: loadTextContent('job.asaql')
  }
  dependsOn: [
    hubInput
    bronzeOutput
  ]
}

output jobName string = job.name
