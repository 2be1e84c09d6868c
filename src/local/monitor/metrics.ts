/**
 * Azure Monitor's metrics, for the one resource there is: the job. Its values have no lag here.
 * Two doors to the same numbers: the batch API, and Resource Manager's below the resource.
 */

import { apiVersionIn } from '../http/arm-request.ts'
import { readJson } from '../http/body.ts'
import { HttpError } from '../http/errors.ts'
import type { Call, Route } from '../http/router.ts'
import type { Clock } from '../runtime/clock.ts'
import { LOCAL_NAMES } from '../runtime/options.ts'
import type { StreamAnalyticsJob } from '../stream-analytics/job.ts'
import { type DataPoint, GAUGES, type GaugeName, type JobMeter } from '../stream-analytics/job-meter.ts'
import { JOB_RESOURCE_ID, JOB_TYPE, REGION } from '../stream-analytics/job-resource.ts'
import { badRequest } from './metrics-error.ts'
import {
  type Aggregation,
  batchQuery,
  DESCRIPTIONS,
  INTERVALS,
  METRIC_NAMES,
  type MetricsQuery,
  NAMESPACE,
  namespaceIn,
  resourceQuery,
} from './metrics-query.ts'

const BATCH_VERSIONS = ['2023-10-01', '2024-02-01', '2024-07-01']
const RESOURCE_VERSIONS = ['2018-01-01', '2019-07-01', '2021-05-01', '2023-10-01', '2024-02-01']
/** Of the list of namespaces: it never left its preview. */
const NAMESPACE_VERSIONS = ['2017-12-01-preview', ...RESOURCE_VERSIONS]
const MAX_RESOURCES = 50

/** Each question samples the job's gauges first, so that they are as of now. */
export function metricsRoutes(job: StreamAnalyticsJob, clock: Clock): Route[] {
  const route = (
    method: string,
    pattern: string,
    versions: readonly string[],
    handle: Route['handle'],
  ): Route => ({
    method,
    pattern,
    handle: (call) => {
      checkVersion(call, versions)
      return handle(call)
    },
  })
  const insights =
    '/subscriptions/:subscription/resourceGroups/:group/providers/Microsoft.StreamAnalytics/streamingjobs/:job/providers/Microsoft.Insights'
  return [
    route('POST', '/subscriptions/:subscription/metrics:getBatch', BATCH_VERSIONS, async (call) => {
      const query = batchQuery(call.query, clock.now())
      await checkResources(call)
      job.sample()
      return {
        body: {
          values: [
            {
              starttime: iso(query.from),
              endtime: iso(query.to),
              ...described(query, job.meter),
              resourceid: JOB_RESOURCE_ID,
            },
          ],
        },
      }
    }),
    route('GET', `${insights}/metrics`, RESOURCE_VERSIONS, (call) => {
      checkJob(call)
      const query = resourceQuery(call.query, clock.now())
      job.sample()
      return {
        body: { cost: 0, timespan: `${iso(query.from)}/${iso(query.to)}`, ...described(query, job.meter) },
      }
    }),
    route('GET', `${insights}/metricNamespaces`, NAMESPACE_VERSIONS, (call) => {
      checkJob(call)
      return { body: { value: [describeNamespace()] } }
    }),
    route('GET', `${insights}/metricDefinitions`, RESOURCE_VERSIONS, (call) => {
      checkJob(call)
      namespaceIn(call.query)
      return { body: { value: METRIC_NAMES.map(definition) } }
    }),
  ]
}

/** @throws HttpError 400 */
function checkVersion({ query }: Call, versions: readonly string[]): void {
  const version = apiVersionIn(query)
  if (!versions.includes(version))
    throw badRequest(`The api-version '${version}' is not supported; ${versions.join(', ')} are.`)
}

/** All resources of a batch must be of the subscription; the job is the only one that has these metrics. */
async function checkResources({ request, params }: Call): Promise<void> {
  checkSubscription(params.subscription)
  const { resourceids } = await readJson(request)
  if (!Array.isArray(resourceids) || resourceids.length === 0 || resourceids.length > MAX_RESOURCES)
    throw badRequest(`The body needs between 1 and ${MAX_RESOURCES} resourceids.`)
  for (const id of resourceids) checkResource(String(id))
}

function checkJob({ params: { subscription = '', group, job } }: Call): void {
  checkSubscription(subscription)
  checkResource(
    `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.StreamAnalytics/streamingjobs/${job}`,
  )
}

/** @throws HttpError 404 */
function checkSubscription(subscription: string | undefined): void {
  if (subscription === LOCAL_NAMES.subscription) return
  throw new HttpError(404, 'SubscriptionNotFound', `The subscription '${subscription}' could not be found.`)
}

/** @throws HttpError 404 */
function checkResource(id: string): void {
  if (id.toLowerCase() === JOB_RESOURCE_ID.toLowerCase()) return
  throw new HttpError(404, 'ResourceNotFound', `The Resource '${id}' was not found.`)
}

type MetricName = MetricsQuery['names'][number]

const unitOf = (name: MetricName) => (name in GAUGES ? GAUGES[name as GaugeName] : 'Count')
const primaryAggregation = (name: MetricName): Aggregation => (name in GAUGES ? 'average' : 'total')

function described(query: MetricsQuery, meter: JobMeter): object {
  const { from, to, interval, names } = query
  return {
    interval,
    // As the request wrote it.
    namespace: query.namespace,
    resourceregion: REGION,
    value: names.map((name) => {
      const wanted = query.aggregations ?? [primaryAggregation(name)]
      const length = INTERVALS[interval] as number
      const points = meter.points(name, from, to, length)
      const starts = Number.isFinite(length)
        ? meter.starts(from, to, length)
        : points.map(({ start }) => start)
      return {
        id: `${JOB_RESOURCE_ID}/providers/Microsoft.Insights/metrics/${name}`,
        type: 'Microsoft.Insights/metrics',
        name: { value: name, localizedValue: name },
        displayDescription: DESCRIPTIONS[name],
        unit: unitOf(name),
        timeseries: points.length === 0 ? [] : [{ metadatavalues: [], data: dataOf(starts, points, wanted) }],
        errorCode: 'Success',
      }
    }),
  }
}

/** An interval without data has its time alone, as in the reference's sample and in what users see (AzureMonitorAddonForSplunk, issue 76). */
function dataOf(starts: readonly number[], points: readonly DataPoint[], wanted: readonly Aggregation[]) {
  const known = new Map(points.map((point) => [point.start, point]))
  return starts.map((start) => {
    const point = known.get(start)
    const values = point ? wanted.map((aggregation) => [aggregation, point[aggregation]]) : []
    return { timeStamp: iso(start), ...Object.fromEntries(values) }
  })
}

const describeNamespace = () => ({
  id: `${JOB_RESOURCE_ID}/providers/Microsoft.Insights/metricNamespaces/${JOB_TYPE.replace('/', '-')}`,
  type: 'Microsoft.Insights/metricNamespaces',
  name: JOB_TYPE.replace('/', '-'),
  classification: 'Platform',
  properties: { metricNamespaceName: JOB_TYPE },
})

const definition = (name: MetricName) => ({
  id: `${JOB_RESOURCE_ID}/providers/Microsoft.Insights/metricDefinitions/${name}`,
  resourceId: JOB_RESOURCE_ID,
  namespace: NAMESPACE,
  displayDescription: DESCRIPTIONS[name],
  name: { value: name, localizedValue: name },
  unit: unitOf(name),
  primaryAggregationType: name in GAUGES ? 'Average' : 'Total',
  supportedAggregationTypes: ['Average', 'Count', 'Maximum', 'Minimum', 'Total'],
  metricAvailabilities: Object.keys(INTERVALS)
    .filter((interval) => interval !== 'FULL')
    .map((timeGrain) => ({ timeGrain, retention: 'P1D' })),
})

const iso = (at: number) => new Date(at).toISOString()
