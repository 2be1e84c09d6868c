/** ARM's REST form of the job: get, list, start, stop, its input, output and query, and the operations of start and stop. */

import {
  apiVersionIn,
  checkScope,
  isSame,
  noProviderOfVersion,
  resourceNotFound,
} from '../http/arm-request.ts'
import { readJson } from '../http/body.ts'
import { isoTime } from '../http/iso-time.ts'
import type { Call, Route } from '../http/router.ts'
import type { Clock } from '../runtime/clock.ts'
import { LOCAL_NAMES } from '../runtime/options.ts'
import { INPUT_FAILED } from './conditions.ts'
import { JobConflictError, type StreamAnalyticsJob } from './job.ts'
import type { OutputStart } from './job-record.ts'
import {
  CHILD_KINDS,
  type ChildKind,
  childrenOf,
  describeChild,
  describeJob,
  describeQuotas,
  etagOf,
  etagOfChild,
  JOB_RESOURCE_ID,
  JOB_TYPE,
  listChild,
  listJob,
  REGION,
} from './job-resource.ts'
import { type Failure, Operations } from './operations.ts'
import { ProviderError } from './provider-error.ts'

/** The version of the SDK, and the preview that knows `blobWriteMode`. */
export const API_VERSIONS = ['2020-03-01', '2021-10-01-preview']
/** As recorded at the start and the stop of a job (s). */
const RETRY_AFTER_SECONDS = 10

export interface StreamAnalyticsRoutesOptions {
  job: StreamAnalyticsJob
  clock: Clock
  /** Makes operation ids. */
  nextId: () => string
  /** What a client waits before its first poll (s); less in tests. */
  retryAfterSeconds?: number | undefined
}

/** The routes of the job itself, and those that its operations are polled by. */
export function streamAnalyticsRoutes(options: StreamAnalyticsRoutesOptions): Route[] {
  const { job, clock, nextId, retryAfterSeconds = RETRY_AFTER_SECONDS } = options
  const provider = '/providers/Microsoft.StreamAnalytics'
  const group = `/subscriptions/:subscription/resourcegroups/:group${provider}/streamingjobs`
  const operations = new Operations({
    pattern: `${group}/:job`,
    path: JOB_RESOURCE_ID,
    apiVersion: '2020-03-01',
    nextId,
    now: () => clock.now(),
    check,
    retryAfterSeconds,
  })
  const route = (method: string, pattern: string, handle: Route['handle']): Route => ({
    method,
    pattern,
    handle: (call) => {
      check(call)
      return handle(call)
    },
  })
  const expand = ({ query }: Call) => query.get('$expand') ?? ''
  const list = (call: Call) => ({ body: { value: [listJob(job, expand(call))], nextLink: null } })
  return [
    route('GET', `/subscriptions/:subscription${provider}/streamingjobs`, list),
    route('GET', group, list),
    route('GET', `${group}/:job`, (call) => ({
      body: describeJob(job, expand(call)),
      headers: {
        etag: etagOf(job),
        // There is none before the first start.
        ...(job.state === 'Created' ? {} : { 'azure-asyncoperation': operations.reference(call) }),
      },
    })),
    route('GET', `/subscriptions/:subscription${provider}/locations/:location/quotas`, ({ params }) => ({
      body: { value: describeQuotas(job, params.location ?? '') },
    })),
    // Whether it is there.
    route('HEAD', `${group}/:job`, () => ({ status: 204 })),
    route('POST', `${group}/:job/start`, async (call) => {
      const output = outputStart(await readJson(call.request))
      refuseConflict(() => job.start(output))
      return operations.accept(call, outcome(job, 'start'))
    }),
    route('POST', `${group}/:job/stop`, (call) => {
      if (job.state === 'Stopped' || job.state === 'Created' || job.state === 'Failed') return { status: 200 }
      job.stop()
      return operations.accept(call, outcome(job, 'stop'))
    }),
    route('POST', `${group}/:job/scale`, () => {
      // Not 404: the job is there, and programs take that for its absence.
      throw badRequest(
        'The local job is one process, whatever units it is said to have: it is not scaled. Start and stop are served.',
      )
    }),
    ...CHILD_KINDS.flatMap((kind) => childRoutes(kind)),
    ...operations.routes(),
  ]

  /** Of the input or output as it is: the local job takes no other that a request may bring. */
  function testRoute(kind: 'inputs' | 'outputs'): Route {
    return route('POST', `${group}/:job/${kind}/:name/test`, (call) => {
      const { name = '' } = call.params
      if (!childrenOf(job, false).some((child) => child.kind === kind && isSame(child.name, name)))
        throw childNotFound(kind, name)
      const trouble = troubleOf(kind, job)
      const result = trouble
        ? { status: 'TestFailed', error: { code: trouble.code, message: trouble.message } }
        : { status: 'TestSucceeded' }
      return operations.accept(call, Promise.resolve(undefined), result)
    })
  }

  function childRoutes(kind: ChildKind): Route[] {
    const children = ({ query }: Call) =>
      childrenOf(job, query.get('$select') === '*').filter((child) => child.kind === kind)
    return [
      route('GET', `${group}/:job/${kind}`, (call) => ({
        body: { value: children(call).map((child) => listChild(job, child)), nextLink: null },
      })),
      route('GET', `${group}/:job/${kind}/:name`, (call) => {
        const { name = '' } = call.params
        const child = children(call).find((one) => isSame(one.name, name))
        if (!child) throw childNotFound(kind, name)
        return { body: describeChild(child), headers: { etag: etagOfChild(job, child) } }
      }),
      ...(kind === 'inputs' || kind === 'outputs' ? [testRoute(kind)] : []),
    ]
  }
}

/** Whether the job reaches it: as far as it knows, from its last try. Undefined: yes. */
function troubleOf(
  kind: 'inputs' | 'outputs',
  { conditions: { input, output } }: StreamAnalyticsJob,
): Failure {
  // Events that are no JSON came from an input that can be read.
  const isReached = input?.code !== INPUT_FAILED
  return kind === 'outputs' ? output : isReached ? undefined : input
}

/** How a start or stop ended. A stop that came during the start ends the start as well. */
async function outcome(job: StreamAnalyticsJob, what: 'start' | 'stop'): Promise<Failure> {
  await job.settled()
  if (what === 'stop' || job.state !== 'Failed') return undefined
  const { input, output } = job.conditions
  const condition = input ?? output
  return {
    code: condition?.code ?? 'StreamingJobFailed',
    message: condition?.message ?? 'The job has failed.',
  }
}

/** The three modes, and what each needs. @throws HttpError 400, 422 */
function outputStart({ outputStartMode: mode, outputStartTime }: Record<string, unknown>): OutputStart {
  if (mode === undefined || mode === null || mode === 'JobStartTime') return { mode: 'JobStartTime' }
  if (mode === 'LastOutputEventTime') return { mode }
  if (mode !== 'CustomTime')
    throw badRequest(
      `outputStartMode '${String(mode)}' is none of JobStartTime, CustomTime, LastOutputEventTime.`,
    )
  // In the provider's sentences for any property (iot-journey, issue 311; Azure SDK for Python, issue 35339).
  if (outputStartTime === undefined || outputStartTime === null)
    throw new ProviderError(
      422,
      '422',
      "The required property 'outputStartTime' is missing from the request.",
    )
  const time = isoTime(outputStartTime)
  if (time === undefined)
    throw badRequest(
      "The JSON provided in the request body is invalid. Property 'outputStartTime' is no time in ISO-8601.",
    )
  return { mode, time }
}

function refuseConflict(command: () => void): void {
  try {
    command()
  } catch (error) {
    if (!(error instanceof JobConflictError)) throw error
    throw new ProviderError(409, 'Conflict', error.message, { cause: error })
  }
}

/** A version that the provider knows; subscription, group and job are the ones there are. @throws HttpError 400, 404 */
function check({ params, query }: Call): void {
  const version = apiVersionIn(query)
  if (!API_VERSIONS.includes(version))
    throw noProviderOfVersion(REGION, version, 'streamingjobs', API_VERSIONS)
  checkScope(params)
  if (params.job !== undefined && !isSame(params.job, LOCAL_NAMES.job))
    throw resourceNotFound(`${JOB_TYPE}/${params.job}`)
}

/** The provider itself handles everything below the job, and its start and stop. */
const childNotFound = (kind: ChildKind, name: string) =>
  new ProviderError(404, 'NotFound', `The streaming job has no ${kind.replace(/s$/, '')} named '${name}'.`)

const badRequest = (message: string) => new ProviderError(400, 'BadRequest', message)
