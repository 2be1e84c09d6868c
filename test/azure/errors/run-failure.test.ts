import { expect, it } from 'vitest'
import { runFailure } from '../../../src/azure/errors/run-failure.ts'

it.each([
  [
    'Unexpected failure while waiting for the cluster (1102-1ju7) to be ready: Cluster 1102-1ju7 is in unexpected state Terminated: AZURE_QUOTA_EXCEEDED_EXCEPTION(CLIENT_ERROR): azure_error_code:QuotaExceeded,azure_error_message:Operation could not be completed as it results in exceeding approved standardDSv3Family Cores quota. Additional details - Location: westeurope, Current Limit: 4. Submit a request for Quota increase at https://aka.ms/x',
    /^It would exceed approved standardDSv3Family Cores quota\. Additional details - Location: westeurope, Current Limit: 4\. — Ask for more vCPUs/,
  ],
  [
    "Cluster '1' was terminated. Reason: CLOUD_PROVIDER_RESOURCE_STOCKOUT (CLOUD_FAILURE). Parameters: azure_error_code:SkuNotAvailable, azure_error_message:The requested VM size is not available in 'westeurope'.",
    /^The requested VM size is not available in 'westeurope'\. — Azure has no such machine free/,
  ],
  [
    'Operation on target aggregate failed: Failed to create Livy session for executing notebook. Error: AVAILABLE_WORKSPACE_CAPACITY_EXCEEDED: Livy session has failed. Error code: AVAILABLE_WORKSPACE_CAPACITY_EXCEEDED. Your Spark job requested 12 vcores. However, the workspace has a 0 core limit. Try reducing the numbers of vcores requested or increasing your vcore quota.',
    /^Your Spark job requested 12 vcores\. However, the workspace has a 0 core limit\. — Other Spark sessions/,
  ],
  [
    'InvalidHttpRequestToLivy: Your Spark job requested 12 vcores. However, the workspace has a 0 core limit. Try reducing it.',
    /^Your Spark job requested 12 vcores\. However, the workspace has a 0 core limit\. — /,
  ],
  ["AnalysisException: Table 'x' does not exist.", /^AnalysisException: Table 'x' does not exist\.$/],
  ['', /^$/],
])('%s', (message, told) => {
  expect(runFailure(message)).toMatch(told)
})
