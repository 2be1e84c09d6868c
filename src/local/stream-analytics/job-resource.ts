/** The job as ARM describes it, with its one input, its one output and its query. */
import { createHash } from 'node:crypto'
import { BRONZE, BRONZE_OUTPUT } from '../../contract/bronze-layout.ts'
import { EVENT_HUB_NAME, LOCAL_NAMES, LOCAL_TAGS } from '../runtime/options.ts'
import type { Condition } from './conditions.ts'
import type { StreamAnalyticsJob } from './job.ts'

const { subscription, resourceGroup, job: jobName, account, namespace, asaConsumerGroup } = LOCAL_NAMES

/** As ARM writes it. */
export const JOB_TYPE = 'Microsoft.StreamAnalytics/streamingjobs'
/** ARM id of the one job. */
export const JOB_RESOURCE_ID = `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/${JOB_TYPE}/${jobName}`
/** In the form in which the service gives it back: the region's name for people. */
const LOCATION = 'West US'
/** The same region as programs name it. */
export const REGION = 'westus'
/** The identity of the job. Nobody asks for it here: the local lake and hub take the session's token. */
const IDENTITY = {
  principalId: '00000000-0000-0000-0000-000000000002',
  tenantId: '00000000-0000-0000-0000-000000000000',
  type: 'SystemAssigned',
}
/** An id for the job's whole life, as there is one job. */
const JOB_ID = '00000000-0000-0000-0000-000000000001'

/** A job of ours has no functions, so their list is empty. */
export const CHILD_KINDS = ['inputs', 'outputs', 'transformations', 'functions'] as const
/** Segment of the path. */
export type ChildKind = (typeof CHILD_KINDS)[number]

/** As the template deploys it; the local job is one process, whatever it is said to have. */
const STREAMING_UNITS = 3
/** Of a subscription in a region, by the recording of Azure CLI's stream-analytics extension. */
const QUOTAS = { StreamingUnits: 500, StreamingClusters: 5 }
/** A job takes its units while it has a process. */
const WITHOUT_UNITS = ['Created', 'Stopped', 'Failed']

/** An input, an output or the query. */
export interface Child {
  kind: ChildKind
  name: string
  properties: Readonly<Record<string, unknown>>
}

/** @param withDiagnostics as `$select=*` asks: what is wrong with the input or output. */
export function childrenOf(job: StreamAnalyticsJob, withDiagnostics: boolean): Child[] {
  const { input, output } = job.conditions
  const diagnostics = (condition: Condition | undefined) =>
    withDiagnostics ? { diagnostics: { conditions: condition ? [describeCondition(condition)] : [] } } : {}
  return [
    {
      kind: 'inputs',
      name: EVENT_HUB_NAME,
      properties: {
        type: 'Stream',
        datasource: {
          type: 'Microsoft.EventHub/EventHub',
          properties: {
            serviceBusNamespace: namespace,
            eventHubName: EVENT_HUB_NAME,
            consumerGroupName: asaConsumerGroup,
            authenticationMode: 'Msi',
          },
        },
        // Both filled in by the service (recordings of Azure PowerShell).
        compression: { type: 'None' },
        partitionKey: '',
        serialization: { type: 'Json', properties: { encoding: 'UTF8' } },
        ...diagnostics(input),
      },
    },
    {
      kind: 'outputs',
      name: BRONZE.container,
      properties: {
        datasource: {
          type: 'Microsoft.Storage/Blob',
          properties: {
            storageAccounts: [{ accountName: account }],
            container: BRONZE.container,
            ...BRONZE_OUTPUT,
            blobWriteMode: 'Once',
            authenticationMode: 'Msi',
          },
        },
        serialization: { type: 'Json', properties: { encoding: 'UTF8', format: 'LineSeparated' } },
        ...diagnostics(output),
      },
    },
    {
      kind: 'transformations',
      name: 'query',
      properties: {
        streamingUnits: STREAMING_UNITS,
        query: `SELECT *, GetMetadataPropertyValue(${EVENT_HUB_NAME}, '[EventHub].[SequenceNumber]') AS SequenceNumber INTO ${BRONZE.container} FROM ${EVENT_HUB_NAME}`,
      },
    },
  ]
}

/** As ARM describes it. */
export const describeChild = ({ kind, name, properties }: Child) => ({
  id: `${JOB_RESOURCE_ID}/${kind}/${name}`,
  name,
  type: `${JOB_TYPE}/${kind}`,
  properties,
})

/** In a list, where no header can tell its etag. */
export const listChild = (job: StreamAnalyticsJob, child: Child) => {
  const described = describeChild(child)
  return { ...described, properties: { ...described.properties, etag: etagOfChild(job, child) } }
}

/** In a list, where no header can tell its etag. @param expand as for {@link describeJob}. */
export function listJob(job: StreamAnalyticsJob, expand: string): object {
  const described = describeJob(job, expand)
  return { ...described, properties: { ...described.properties, etag: etagOf(job) } }
}

/** @param location as the request has it: a region's name, or how it is shown. */
export function describeQuotas(job: StreamAnalyticsJob, location: string): object[] {
  const isHere = location.toLowerCase().replaceAll(' ', '') === REGION
  const units = isHere && !WITHOUT_UNITS.includes(job.state) ? STREAMING_UNITS : 0
  return Object.entries(QUOTAS).map(([name, maxCount]) => ({
    id: `/subscriptions/${subscription}/providers/Microsoft.StreamAnalytics/locations/${location}/quotas/${name}`,
    name,
    type: 'Microsoft.StreamAnalytics/quotas',
    properties: { maxCount, currentCount: name === 'StreamingUnits' ? units : 0 },
  }))
}

/** @param expand the `$expand` parameter: `inputs,outputs,transformation,functions` in any choice. */
export function describeJob(job: StreamAnalyticsJob, expand: string) {
  return {
    id: JOB_RESOURCE_ID,
    name: jobName,
    type: JOB_TYPE,
    location: LOCATION,
    tags: LOCAL_TAGS,
    identity: IDENTITY,
    properties: {
      sku: { name: 'StandardV2' },
      jobId: JOB_ID,
      provisioningState: 'Succeeded',
      jobState: job.state,
      jobType: 'Cloud',
      ...startOf(job),
      ...(job.lastOutputEventTime === undefined ? {} : { lastOutputEventTime: iso(job.lastOutputEventTime) }),
      createdDate: iso(job.createdAt),
      compatibilityLevel: '1.2',
      eventsOutOfOrderPolicy: 'Adjust',
      eventsOutOfOrderMaxDelayInSeconds: 0,
      eventsLateArrivalMaxDelayInSeconds: 5,
      outputErrorPolicy: 'Stop',
      dataLocale: 'en-US',
      contentStoragePolicy: 'SystemAccount',
      jobStorageAccount: null,
      cluster: null,
      ...expanded(job, expand),
    },
  }
}

/** Of its last start: a job that was never started has none, and one whose start failed no time (recordings of Azure PowerShell). */
function startOf({ outputStart, startedAt, state }: StreamAnalyticsJob): object {
  const { mode } = outputStart
  if (state === 'Created') return {}
  const time = mode === 'CustomTime' ? outputStart.time : mode === 'JobStartTime' ? startedAt : undefined
  return { outputStartMode: mode, ...(time === undefined ? {} : { outputStartTime: iso(time) }) }
}

/** Inside the job its inputs and outputs are lists, its transformation is one. */
function expanded(job: StreamAnalyticsJob, expand: string): object {
  const wanted = expand
    .toLowerCase()
    .split(',')
    .map((one) => one.trim())
  const children = childrenOf(job, false)
  const list = (kind: ChildKind) =>
    children.filter((child) => child.kind === kind).map((child) => listChild(job, child))
  return {
    ...(wanted.includes('inputs') ? { inputs: list('inputs') } : {}),
    ...(wanted.includes('outputs') ? { outputs: list('outputs') } : {}),
    ...(wanted.includes('transformation') ? { transformation: list('transformations')[0] } : {}),
    ...(wanted.includes('functions') ? { functions: list('functions') } : {}),
  }
}

/** Changes whenever what {@link describeJob} says may have changed; a GUID without quotes, as recorded. */
export function etagOf(job: StreamAnalyticsJob): string {
  return guidOf(`${job.createdAt} ${job.state} ${job.lastOutputEventTime ?? 0}`)
}

/** Of an input, an output or the query: its own, the same as long as nobody changes it, whatever the job does. */
export const etagOfChild = (job: StreamAnalyticsJob, { kind, name }: Child): string =>
  guidOf(`${job.createdAt} ${kind} ${name}`)

const guidOf = (text: string): string =>
  createHash('sha256')
    .update(text)
    .digest('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5')

const describeCondition = ({ since, code, message }: Condition) => ({ since: iso(since), code, message })

const iso = (time: number) => new Date(time).toISOString()
