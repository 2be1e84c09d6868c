/**
 * The job's metrics through @azure/monitor-query-metrics. The batch needs Monitoring Reader on the whole
 * subscription; with rights on the job alone, the job's own metrics are read instead.
 */
import type { TokenCredential } from '@azure/identity'
import { MetricsClient } from '@azure/monitor-query-metrics'
import { ServiceError } from '../../pipeline/ports/errors.ts'
import type { JobMetrics, MetricsSource } from '../../pipeline/ports/stages.ts'
import { callSdk } from '../errors/sdk-error.ts'
import { type AnswerLimits, boundedHttpClient } from '../http/bounded-http-client.ts'
import type { RestClient } from '../http/rest-client.ts'
import { NAMESPACE, type Point, type Series, type Span } from './metric-series.ts'
import { resourceMetrics } from './resource-metrics.ts'

/** Two ways to the same numbers; which of them is allowed is found out by the first question. */
export interface MetricsSettings {
  endpoint: string
  audience: string
  credential: TokenCredential
  /** Client of Azure Resource Manager, for the job's own metrics. */
  management: RestClient
  /** ARM id of the Stream Analytics job. */
  resourceId: string
  /** When the job was created: the totals start there, or as far back as the service goes. */
  createdAt: (signal: AbortSignal | undefined) => Promise<Date | undefined>
  clock: { now(): number }
  /** Of each answer; replaced in tests. */
  limits?: AnswerLimits
}

const SERVICE = 'Azure Monitor'
const COUNTS = ['InputEvents', 'OutputEvents', 'DeserializationError', 'Errors']
const GAUGES = ['OutputWatermarkDelaySeconds', 'InputEventsSourcesBacklogged', 'ResourceUtilization']

const MINUTE_MS = 60_000
/** Longest time span of one query (ms). */
const LONGEST_SPAN_MS = 30 * 24 * 3_600_000
/** Gauges are minutes late on Azure; older values are ignored (ms). */
const GAUGE_SPAN_MS = 10 * MINUTE_MS

/** @throws ServiceError. Totals count from a time that stays the same for the session. */
export function createMetricsSource(settings: MetricsSettings): MetricsSource {
  const { endpoint, audience, credential, management, resourceId, createdAt, clock, limits } = settings
  const client = new MetricsClient(endpoint, credential, {
    audience,
    retryOptions: { maxRetries: 0 },
    httpClient: boundedHttpClient(SERVICE, limits),
  })
  /** Fixed for the whole session, so that the totals never decrease. */
  let since: Date | undefined

  /** The subscription has refused once; do not ask it again. */
  let isOfResource = false

  const batch = async (names: string[], span: Span, signal: AbortSignal | undefined): Promise<Series> => {
    const [result] = await callSdk(SERVICE, signal, (abortSignal) => {
      // The client accepts the signal, as all Azure clients do, but its type does not say so.
      const options = { ...span, abortSignal }
      return client.queryResources([resourceId], names, NAMESPACE, options)
    })
    return new Map(result?.metrics.map(({ name, timeseries }) => [name, timeseries[0]?.data ?? []]))
  }

  const query = async (names: string[], span: Span, signal: AbortSignal | undefined): Promise<Series> => {
    if (isOfResource) return resourceMetrics(management, resourceId, names, span, signal)
    try {
      return await batch(names, span, signal)
    } catch (refusal) {
      if (!isRefusal(refusal)) throw refusal
      try {
        const series = await resourceMetrics(management, resourceId, names, span, signal)
        isOfResource = true
        return series
      } catch (error) {
        // Refused by both: the first error names Azure Monitor.
        throw isRefusal(error) ? refusal : error
      }
    }
  }

  return {
    async jobMetrics(signal) {
      const now = clock.now()
      since ??= new Date(Math.max(now - LONGEST_SPAN_MS, (await createdAt(signal))?.getTime() ?? 0))
      const endTime = new Date(now)
      // One after the other: if the first is refused, so is the second.
      const totals = await query(
        COUNTS,
        { startTime: since, endTime, interval: 'FULL', aggregation: 'total' },
        signal,
      )
      const startTime = new Date(now - GAUGE_SPAN_MS)
      const gauges = await query(
        GAUGES,
        { startTime, endTime, interval: 'PT1M', aggregation: 'average' },
        signal,
      )
      return describe(totals, gauges, since, now)
    },
  }
}

/** 403, unlike a rejected token. */
const isRefusal = (error: unknown) =>
  error instanceof ServiceError && error.kind === 'authorization' && !error.needsSignIn

const pointsOf = (series: Series, name: string): readonly Point[] => series.get(name) ?? []

function describe(totals: Series, gauges: Series, since: Date, now: number): JobMetrics | undefined {
  const sum = (name: string) => pointsOf(totals, name).reduce((all, { total = 0 }) => all + total, 0)
  const newest = (name: string) => pointsOf(gauges, name).findLast(({ average }) => average !== undefined)
  const latest = GAUGES.flatMap((name) => newest(name)?.timeStamp.getTime() ?? [])
  const hasTotals = COUNTS.some((name) => pointsOf(totals, name).length > 0)
  if (latest.length === 0 && !hasTotals) return undefined
  return {
    // The current, unfinished minute is the latest value; without one, use the totals.
    at: new Date(latest.length > 0 ? Math.min(now, Math.max(...latest) + MINUTE_MS) : now),
    inputEvents: sum('InputEvents'),
    outputEvents: sum('OutputEvents'),
    deserializationErrors: sum('DeserializationError'),
    errors: sum('Errors'),
    totalsSince: since,
    watermarkDelaySeconds: newest('OutputWatermarkDelaySeconds')?.average,
    backloggedInputEvents: newest('InputEventsSourcesBacklogged')?.average,
    resourceUtilization: newest('ResourceUtilization')?.average,
  }
}
