/** Azure Monitor's batch metrics, for the one resource there is: the job. Its values have no lag here. */
import type { Clock } from '../clock.ts'
import { readJson } from '../http/body.ts'
import { HttpError } from '../http/errors.ts'
import type { Call, Route } from '../http/router.ts'
import { LOCAL_NAMES } from '../options.ts'
import type { StreamAnalyticsJob } from '../stream-analytics/job.ts'
import {
  COUNTS,
  type CountName,
  type DataPoint,
  GAUGES,
  type GaugeName,
  type JobMeter,
} from '../stream-analytics/job-meter.ts'
import { JOB_RESOURCE_ID, LOCATION } from '../stream-analytics/job-resource.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** The time grains that the service has for these metrics (ms); `FULL` is one point for the whole span. */
const INTERVALS: Readonly<Record<string, number>> = {
  PT1M: MINUTE_MS,
  PT5M: 5 * MINUTE_MS,
  PT15M: 15 * MINUTE_MS,
  PT30M: 30 * MINUTE_MS,
  PT1H: HOUR_MS,
  PT6H: 6 * HOUR_MS,
  PT12H: 12 * HOUR_MS,
  P1D: 24 * HOUR_MS,
  FULL: Number.POSITIVE_INFINITY,
}
const AGGREGATIONS = ['average', 'count', 'maximum', 'minimum', 'total'] as const
type Aggregation = (typeof AGGREGATIONS)[number]

const NAMESPACE = 'microsoft.streamanalytics/streamingjobs'
const API_VERSIONS = ['2023-10-01', '2024-02-01', '2024-07-01']
const MAX_NAMES = 20
const MAX_RESOURCES = 50

interface Query {
  names: (CountName | GaugeName)[]
  interval: string
  aggregations: readonly Aggregation[] | undefined
  from: number
  to: number
}

export function metricsRoutes(job: StreamAnalyticsJob, clock: Clock): Route[] {
  return [
    {
      method: 'POST',
      pattern: '/subscriptions/:subscription/metrics:getBatch',
      handle: async (call) => {
        const query = parseQuery(call, clock.now())
        await checkResources(call)
        job.sample()
        return { body: { values: [result(query, job.meter)] } }
      },
    },
  ]
}

/** @throws HttpError 400 */
function parseQuery({ query }: Call, now: number): Query {
  const version = query.get('api-version') ?? ''
  if (!API_VERSIONS.includes(version))
    throw badRequest(`The api-version '${version}' is not supported; ${API_VERSIONS.join(', ')} are.`)
  const namespace = query.get('metricnamespace') ?? NAMESPACE
  if (namespace.toLowerCase() !== NAMESPACE)
    throw badRequest(`The metric namespace '${namespace}' is not that of the resource, ${NAMESPACE}.`)
  const interval = query.get('interval') ?? 'PT1M'
  if (!Object.hasOwn(INTERVALS, interval))
    throw badRequest(`The interval '${interval}' is none of ${Object.keys(INTERVALS).join(', ')}.`)
  const to = time(query.get('endtime')) ?? now
  const from = time(query.get('starttime')) ?? to - HOUR_MS
  if (from > to) throw badRequest('The start time lies behind the end time.')
  return {
    names: metricNames(query.get('metricnames')),
    interval,
    aggregations: aggregationsOf(query.get('aggregation')),
    from,
    to,
  }
}

function metricNames(text: string | null): Query['names'] {
  const names = (text ?? '').split(',').filter(Boolean)
  if (names.length === 0 || names.length > MAX_NAMES)
    throw badRequest(`Between 1 and ${MAX_NAMES} metric names are needed.`)
  const known = [...COUNTS, ...(Object.keys(GAUGES) as GaugeName[])]
  return names.map((name) => {
    const found = known.find((one) => one.toLowerCase() === name.toLowerCase())
    if (!found)
      throw badRequest(
        `Failed to find metric configuration for provider: ${NAMESPACE}, metric: ${name}. Valid metrics: ${known.join(',')}.`,
      )
    return found
  })
}

function aggregationsOf(text: string | null): readonly Aggregation[] | undefined {
  if (text === null) return undefined
  return text.split(',').map((one) => {
    const found = AGGREGATIONS.find((aggregation) => aggregation === one.trim().toLowerCase())
    if (!found) throw badRequest(`The aggregation '${one}' is none of ${AGGREGATIONS.join(', ')}.`)
    return found
  })
}

/** All resources of a batch must be of the subscription; the job is the only one that has these metrics. */
async function checkResources({ request, params }: Call): Promise<void> {
  if (params.subscription !== LOCAL_NAMES.subscription)
    throw new HttpError(
      404,
      'SubscriptionNotFound',
      `The subscription '${params.subscription}' could not be found.`,
    )
  const { resourceids } = await readJson(request)
  if (!Array.isArray(resourceids) || resourceids.length === 0 || resourceids.length > MAX_RESOURCES)
    throw badRequest(`The body needs between 1 and ${MAX_RESOURCES} resourceids.`)
  const other = resourceids.find((id) => String(id).toLowerCase() !== JOB_RESOURCE_ID.toLowerCase())
  if (other !== undefined)
    throw new HttpError(404, 'ResourceNotFound', `The Resource '${String(other)}' was not found.`)
}

function result(query: Query, meter: JobMeter): object {
  const { from, to, interval, names } = query
  return {
    starttime: iso(from),
    endtime: iso(to),
    interval,
    namespace: NAMESPACE,
    resourceregion: LOCATION,
    resourceid: JOB_RESOURCE_ID,
    value: names.map((name) => {
      const isGauge = name in GAUGES
      // Without a wish each metric comes in its primary aggregation.
      const wanted = query.aggregations ?? (isGauge ? (['average'] as const) : (['total'] as const))
      const points = meter.points(name, from, to, INTERVALS[interval] as number)
      return {
        id: `${JOB_RESOURCE_ID}/providers/Microsoft.Insights/metrics/${name}`,
        type: 'Microsoft.Insights/metrics',
        name: { value: name, localizedValue: name },
        unit: isGauge ? GAUGES[name as GaugeName] : 'Count',
        timeseries:
          points.length === 0
            ? []
            : [{ metadatavalues: [], data: points.map((point) => dataOf(point, wanted)) }],
        errorCode: 'Success',
      }
    }),
  }
}

const dataOf = (point: DataPoint, wanted: readonly Aggregation[]) => ({
  timeStamp: iso(point.start),
  ...Object.fromEntries(wanted.map((aggregation) => [aggregation, point[aggregation]])),
})

function time(text: string | null): number | undefined {
  if (text === null) return undefined
  const parsed = Date.parse(text)
  if (Number.isNaN(parsed)) throw badRequest(`'${text.slice(0, 40)}' is no time in ISO-8601.`)
  return parsed
}

const iso = (at: number) => new Date(at).toISOString()

const badRequest = (message: string) => new HttpError(400, 'BadRequest', message)
