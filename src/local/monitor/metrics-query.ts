/** What a request asks of the job's metrics; one form for the batch API and for Resource Manager's. */
import { isoDuration, isoTime } from '../http/iso-time.ts'
import { COUNTS, type CountName, GAUGES, type GaugeName } from '../stream-analytics/job-meter.ts'
import { JOB_TYPE } from '../stream-analytics/job-resource.ts'
import { badRequest } from './metrics-error.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** The time grains that the service has for these metrics (ms); `FULL` is one point for the whole span. */
export const INTERVALS: Readonly<Record<string, number>> = {
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
/** In the case in which answers have it. */
export type Aggregation = (typeof AGGREGATIONS)[number]

/** Compared without case. */
export const NAMESPACE = 'microsoft.streamanalytics/streamingjobs'
/** All that there are, in the order in which definitions list them. */
export const METRIC_NAMES = [...COUNTS, ...(Object.keys(GAUGES) as GaugeName[])]
/** What stands for a name in a list of metrics. */
export const DESCRIPTIONS: Readonly<Record<CountName | GaugeName, string>> = {
  InputEvents: 'Events that the job read from its input.',
  OutputEvents: 'Events that the job wrote to its output.',
  DeserializationError: 'Events whose body could not be read.',
  Errors: 'Errors of the query and of its input and output.',
  ConversionErrors: 'Output values that could not be converted.',
  LateInputEvents: 'Events that came later than the job waits.',
  EarlyInputEvents: 'Events from the future.',
  DroppedOrAdjustedEvents: 'Events that were dropped or given another time.',
  OutputWatermarkDelaySeconds: 'Seconds by which the output lies behind.',
  InputEventsSourcesBacklogged: 'Events that wait in the input.',
  ResourceUtilization: 'Percent of the streaming units in use.',
  ProcessCPUUsagePercentage: 'Percent of the processor in use.',
}
const MAX_NAMES = 20
const [PROVIDER, RESOURCE_TYPE] = JOB_TYPE.split('/')

export interface MetricsQuery {
  names: readonly (CountName | GaugeName)[]
  /** In the case in which the request wrote it. */
  namespace: string
  /** ISO 8601 duration, or `FULL`. */
  interval: string
  /** Undefined: each metric comes in its primary one. */
  aggregations: readonly Aggregation[] | undefined
  /** Epoch ms. */
  from: number
  to: number
}

/** Of `metrics:getBatch`: names are needed, the span is two parameters. @throws HttpError 400 */
export function batchQuery(query: URLSearchParams, now: number): MetricsQuery {
  const [start, end] = [time(query.get('starttime')), time(query.get('endtime'))]
  if (end !== undefined && start === undefined) throw badRequest('An endtime needs a starttime before it.')
  refuseFilter(query.get('filter'))
  return parse(query, { from: start, to: end }, now)
}

/** Of `…/providers/Microsoft.Insights/metrics`: without names it gives the first metric, the span is one parameter. */
export function resourceQuery(query: URLSearchParams, now: number): MetricsQuery {
  const named = new URLSearchParams(query)
  if (!query.get('metricnames')) named.set('metricnames', METRIC_NAMES[0] as string)
  refuseFilter(query.get('$filter'))
  return parse(named, spanOf(query.get('timespan'), now), now)
}

interface Span {
  /** Epoch ms; undefined: the default. */
  from: number | undefined
  to: number | undefined
}

/** An interval of ISO-8601: two times, a time and a duration on either side, or a duration up to now. @throws HttpError 400 */
function spanOf(text: string | null, now: number): Span {
  if (text === null) return { from: undefined, to: undefined }
  const refused = badRequest(
    `The timespan '${text.slice(0, 80)}' is not a start and an end in ISO-8601 with a slash between them, nor a duration.`,
  )
  const [first = '', second, ...more] = text.split('/')
  const [length, lengthBehind] = [isoDuration(first), isoDuration(second)]
  if (more.length > 0) throw refused
  if (second === undefined) {
    if (length === undefined) throw refused
    return { from: now - length, to: now }
  }
  const [from, to] = [isoTime(first), isoTime(second)]
  if (length !== undefined && to !== undefined) return { from: to - length, to }
  if (lengthBehind !== undefined && from !== undefined) return { from, to: from + lengthBehind }
  if (from === undefined || to === undefined) throw refused
  return { from, to }
}

/** The job's metrics have no dimensions here, so a filter by one would be answered with something else. */
function refuseFilter(filter: string | null): void {
  if (filter !== null && filter.trim() !== '')
    throw badRequest(`The filter '${filter.slice(0, 80)}' names a dimension, and the metrics here have none.`)
}

function parse(query: URLSearchParams, span: Span, now: number): MetricsQuery {
  const namespace = namespaceIn(query)
  const adjusts = query.get('autoadjusttimegrain')?.toLowerCase() === 'true'
  const interval = intervalOf(query.get('interval') ?? 'PT1M', adjusts)
  const { to = now, from = to - HOUR_MS } = span
  if (from > to) throw badRequest('The start time lies behind the end time.')
  return {
    names: metricNames(query.get('metricnames')),
    namespace,
    interval,
    aggregations: aggregationsOf(query.get('aggregation')),
    from,
    to,
  }
}

/** In the service's words, as users quote them (beats, issue 41478). @throws HttpError 400 */
export function namespaceIn(query: URLSearchParams): string {
  const namespace = query.get('metricnamespace') ?? NAMESPACE
  if (namespace.toLowerCase() === NAMESPACE) return namespace
  throw badRequest(
    `Detect invalid value: ${namespace.slice(0, 100)} for query parameter: 'metricnamespace', the value must be: ${JOB_TYPE} if the query parameter is provided, you can also skip this optional query parameter.`,
  )
}

/**
 * The time grain in its usual form: a day may be written PT24H.
 * @param adjusts the next longer one is taken, or the longest, where there is none of that length.
 * @throws HttpError 400
 */
function intervalOf(text: string, adjusts: boolean): string {
  if (text.toUpperCase() === 'FULL') return 'FULL'
  const length = isoDuration(text)
  const grains = Object.entries(INTERVALS).filter(([name]) => name !== 'FULL')
  const found = grains.find(([, ms]) => length !== undefined && (adjusts ? ms >= length : ms === length))
  const [name] = found ?? (adjusts && length !== undefined ? (grains.at(-1) ?? []) : [])
  if (name !== undefined) return name
  throw badRequest(
    `Invalid time grain duration: ${text.slice(0, 40)}, supported ones are: ${grains.map(([one]) => one).join(',')}`,
  )
}

function metricNames(text: string | null): MetricsQuery['names'] {
  const names = (text ?? '').split(',').filter(Boolean)
  if (names.length === 0 || names.length > MAX_NAMES)
    throw badRequest(`Between 1 and ${MAX_NAMES} metric names are needed.`)
  return names.map((name) => {
    const found = METRIC_NAMES.find((one) => one.toLowerCase() === name.trim().toLowerCase())
    if (!found)
      throw badRequest(
        `Failed to find metric configuration for provider: ${PROVIDER}, resource Type: ${RESOURCE_TYPE}, metric: ${name.slice(0, 100)}, Valid metrics: ${METRIC_NAMES.join(',')}`,
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

function time(text: string | null): number | undefined {
  if (text === null) return undefined
  const parsed = isoTime(text)
  if (parsed === undefined) throw badRequest(`'${text.slice(0, 40)}' is not a time in ISO-8601.`)
  return parsed
}
