/** ARM's REST form of the job, api-version 2020-03-01: get, list, start, stop, and the long-running operations of the two. */

import { readJson } from '../http/body.ts'
import { HttpError } from '../http/errors.ts'
import type { Answer, Call, Route } from '../http/router.ts'
import { EVENT_HUB_NAME, LOCAL_NAMES } from '../options.ts'
import { JobConflictError, type OutputStart, type StreamAnalyticsJob } from './job.ts'

const { subscription, resourceGroup, job: jobName, account, namespace, asaConsumerGroup } = LOCAL_NAMES
const TYPE = 'Microsoft.StreamAnalytics/streamingjobs'
const GROUP = `/subscriptions/${subscription}/resourceGroups/${resourceGroup}`
export const JOB_RESOURCE_ID = `${GROUP}/providers/${TYPE}/${jobName}`
const API_VERSIONS = ['2020-03-01', '2021-10-01-preview', '2017-04-01-preview']
/** The client polls that often (s); the header overrides its own interval. */
const POLL_SECONDS = '1'
const LOCATION = 'local'

interface Operation {
  id: string
  /** Accepted once it is over; the status is then that of the job. */
  done: boolean
}

/** @param nextId makes operation ids. */
export function streamAnalyticsRoutes(job: StreamAnalyticsJob, nextId: () => string): Route[] {
  const operations = new Map<string, Operation>()
  const base = '/subscriptions/:subscription/resourcegroups/:group/providers/Microsoft.StreamAnalytics'

  const begin = (): Answer => {
    const operation: Operation = { id: nextId(), done: false }
    // Only the latest few can still be polled for.
    if (operations.size > 20) operations.delete(operations.keys().next().value as string)
    operations.set(operation.id, operation)
    void job.settled().then(() => {
      operation.done = true
    })
    const location = (host: string) =>
      `https://${host}/subscriptions/${subscription}/providers/Microsoft.StreamAnalytics/locations/${LOCATION}/operationresults/${operation.id}?api-version=2020-03-01`
    return { status: 202, headers: { 'retry-after': POLL_SECONDS, location: location('') } }
  }

  const accepted = (call: Call): Answer => {
    const answer = begin()
    const host = call.request.headers.host ?? 'localhost'
    const location = answer.headers?.location?.replace('https:///', `https://${host}/`) ?? ''
    return { ...answer, headers: { ...answer.headers, location } }
  }

  return [
    {
      method: 'GET',
      pattern: `${base}/streamingjobs`,
      handle: (call) => {
        checkScope(call)
        return { body: { value: [describe(job, call)] } }
      },
    },
    {
      method: 'GET',
      pattern: '/subscriptions/:subscription/providers/Microsoft.StreamAnalytics/streamingjobs',
      handle: (call) => {
        checkVersion(call)
        return { body: { value: [describe(job, call)] } }
      },
    },
    {
      method: 'GET',
      pattern: `${base}/streamingjobs/:job`,
      handle: (call) => {
        checkJob(call)
        return { body: describe(job, call), headers: { etag: etag(job) } }
      },
    },
    {
      method: 'POST',
      pattern: `${base}/streamingjobs/:job/start`,
      handle: async (call) => {
        checkJob(call)
        const output = outputStart(await readJson(call.request))
        conflictsAsArm(() => job.start(output))
        return accepted(call)
      },
    },
    {
      method: 'POST',
      pattern: `${base}/streamingjobs/:job/stop`,
      handle: (call) => {
        checkJob(call)
        if (job.state === 'Stopped' || job.state === 'Created' || job.state === 'Failed') {
          job.stop()
          return { status: 200 }
        }
        job.stop()
        return accepted(call)
      },
    },
    ...parts(job).flatMap(({ kind, name, properties }): Route[] => {
      const resource = () => ({
        id: `${JOB_RESOURCE_ID}/${kind}/${name}`,
        name,
        type: `${TYPE}/${kind}`,
        properties,
      })
      return [
        {
          method: 'GET',
          pattern: `${base}/streamingjobs/:job/${kind}`,
          handle: (call) => {
            checkJob(call)
            return { body: { value: [resource()] } }
          },
        },
        {
          method: 'GET',
          pattern: `${base}/streamingjobs/:job/${kind}/:name`,
          handle: (call) => {
            checkJob(call)
            if (call.params.name?.toLowerCase() !== name.toLowerCase())
              throw notFound(`${kind}/${call.params.name}`)
            return { body: resource() }
          },
        },
      ]
    }),
    {
      method: 'GET',
      pattern: `/subscriptions/:subscription/providers/Microsoft.StreamAnalytics/locations/:location/operationresults/:id`,
      handle: (call) => {
        checkVersion(call)
        const operation = operations.get(call.params.id ?? '')
        if (!operation) throw notFound(`operationresults/${call.params.id}`)
        const again = `https://${call.request.headers.host}${call.request.url}`
        if (!operation.done) return { status: 202, headers: { 'retry-after': POLL_SECONDS, location: again } }
        if (job.state === 'Failed')
          throw new HttpError(409, 'StreamingJobFailed', job.failure ?? 'The streaming job failed.')
        return { status: 200 }
      },
    },
  ]
}

function describe(job: StreamAnalyticsJob, call: Call): object {
  const iso = (time: number | undefined) => (time === undefined ? undefined : new Date(time).toISOString())
  const started = job.outputStart
  const expanded =
    call.query
      .get('$expand')
      ?.toLowerCase()
      .split(',')
      .map((one) => one.trim()) ?? []
  const children = Object.fromEntries(
    parts(job)
      .filter(({ kind }) => expanded.includes(kind) || expanded.includes(kind.replace(/s$/, '')))
      .map(({ kind, name, properties }) => [
        kind === 'transformations' ? 'transformation' : kind,
        kind === 'transformations' ? { name, properties } : [{ name, properties }],
      ]),
  )
  return {
    id: JOB_RESOURCE_ID,
    name: jobName,
    type: TYPE,
    location: LOCATION,
    tags: {},
    properties: {
      sku: { name: 'Standard' },
      jobId: '00000000-0000-0000-0000-000000000001',
      provisioningState: 'Succeeded',
      jobState: job.state,
      jobType: 'Cloud',
      outputStartMode: started.mode,
      outputStartTime: started.mode === 'CustomTime' ? iso(started.time) : undefined,
      lastOutputEventTime: iso(job.lastOutputEventTime),
      createdDate: iso(job.createdAt),
      compatibilityLevel: '1.2',
      eventsOutOfOrderPolicy: 'Adjust',
      outputErrorPolicy: 'Stop',
      dataLocale: 'en-US',
      ...(job.failure === undefined ? {} : { jobStateDetails: job.failure }),
      ...children,
    },
  }
}

function parts(_job: StreamAnalyticsJob) {
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
          },
        },
        serialization: { type: 'Json', properties: { encoding: 'UTF8' } },
      },
    },
    {
      kind: 'outputs',
      name: 'bronze',
      properties: {
        datasource: {
          type: 'Microsoft.Storage/Blob',
          properties: {
            storageAccounts: [{ accountName: account }],
            container: 'bronze',
            pathPattern: 'weather/{datetime:yyyy}/{datetime:MM}/{datetime:dd}/{datetime:HH}/{datetime:mm}',
            blobWriteMode: 'Once',
          },
        },
        serialization: { type: 'Json', properties: { encoding: 'UTF8', format: 'LineSeparated' } },
      },
    },
    {
      kind: 'transformations',
      name: 'transformation',
      properties: {
        streamingUnits: 1,
        query:
          "SELECT *, GetMetadataPropertyValue(weather, '[EventHub].[SequenceNumber]') AS SequenceNumber INTO bronze FROM weather",
      },
    },
  ]
}

/** The three modes and what each needs. */
function outputStart(body: Record<string, unknown>): OutputStart {
  const mode = body.outputStartMode ?? 'JobStartTime'
  if (mode === 'JobStartTime' || mode === 'LastOutputEventTime') return { mode }
  if (mode !== 'CustomTime')
    throw new HttpError(
      400,
      'BadRequest',
      `outputStartMode ${String(mode)} is none of JobStartTime, CustomTime, LastOutputEventTime.`,
    )
  const time = Date.parse(String(body.outputStartTime ?? ''))
  if (Number.isNaN(time))
    throw new HttpError(400, 'BadRequest', 'outputStartMode CustomTime needs an outputStartTime in ISO-8601.')
  return { mode, time }
}

function conflictsAsArm(command: () => void): void {
  try {
    command()
  } catch (error) {
    if (!(error instanceof JobConflictError)) throw error
    throw new HttpError(409, 'ResourceOperationConflict', error.message, { cause: error })
  }
}

function checkVersion({ query }: Call): void {
  const version = query.get('api-version')
  if (version === null)
    throw new HttpError(400, 'MissingApiVersionParameter', 'The api-version query parameter is required.')
  if (!API_VERSIONS.includes(version))
    throw new HttpError(
      400,
      'InvalidResourceType',
      `The api-version ${version} is not supported; ${API_VERSIONS.join(', ')} are.`,
    )
}

function checkScope(call: Call): void {
  checkVersion(call)
  const { subscription: sub, group } = call.params
  if (sub !== undefined && sub !== subscription)
    throw new HttpError(404, 'SubscriptionNotFound', `The subscription ${sub} could not be found.`)
  if (group !== undefined && group.toLowerCase() !== resourceGroup.toLowerCase())
    throw new HttpError(404, 'ResourceGroupNotFound', `Resource group '${group}' could not be found.`)
}

function checkJob(call: Call): void {
  checkScope(call)
  if (call.params.job?.toLowerCase() !== jobName) throw notFound(`${TYPE}/${call.params.job}`)
}

const notFound = (what: string) =>
  new HttpError(
    404,
    'ResourceNotFound',
    `The resource '${what}' under resource group '${resourceGroup}' was not found.`,
  )

const etag = (job: StreamAnalyticsJob) => `"${job.createdAt.toString(36)}-${job.state}"`
