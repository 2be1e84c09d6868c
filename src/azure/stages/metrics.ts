/** The job's metrics through @azure/monitor-query-metrics. */
import type { TokenCredential } from '@azure/identity'
import { MetricsClient, type MetricsQueryResult } from '@azure/monitor-query-metrics'
import type { JobMetrics, MetricsSource } from '../../pipeline/ports/stages.ts'
import { callSdk } from '../errors/sdk-error.ts'

export interface MetricsSettings {
  endpoint: string
  audience: string
  credential: TokenCredential
  /** ARM id of the Stream Analytics job. */
  resourceId: string
  /** When the job was made: the totals begin with it, as far as the service looks back. */
  createdAt: (signal: AbortSignal | undefined) => Promise<Date | undefined>
  clock: { now(): number }
}

const SERVICE = 'Azure Monitor'
const NAMESPACE = 'Microsoft.StreamAnalytics/streamingjobs'
const COUNTS = ['InputEvents', 'OutputEvents', 'DeserializationError', 'Errors']
const GAUGES = ['OutputWatermarkDelaySeconds', 'InputEventsSourcesBacklogged', 'ResourceUtilization']

const MINUTE_MS = 60_000
/** One query spans no more (ms). */
const LONGEST_SPAN_MS = 30 * 24 * 3_600_000
/** Gauges are minutes late on Azure; what is older than this says nothing about now (ms). */
const GAUGE_SPAN_MS = 10 * MINUTE_MS

export function createMetricsSource(settings: MetricsSettings): MetricsSource {
  const { endpoint, audience, credential, resourceId, createdAt, clock } = settings
  const client = new MetricsClient(endpoint, credential, { audience, retryOptions: { maxRetries: 0 } })
  /** Stays where it is for the whole session, so that the totals never go back. */
  let since: Date | undefined

  const query = async (
    names: string[],
    span: { startTime: Date; endTime: Date; interval: string; aggregation: string },
    signal: AbortSignal | undefined,
  ): Promise<MetricsQueryResult | undefined> => {
    const [result] = await callSdk(SERVICE, signal, (abortSignal) => {
      // The client takes the signal, as all of Azure's do, but its type does not say so.
      const options = { ...span, abortSignal }
      return client.queryResources([resourceId], names, NAMESPACE, options)
    })
    return result
  }

  return {
    async jobMetrics(signal) {
      const now = clock.now()
      since ??= new Date(Math.max(now - LONGEST_SPAN_MS, (await createdAt(signal))?.getTime() ?? 0))
      const endTime = new Date(now)
      // One after the other: a refusal of the first is one of the second as well.
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

interface Point {
  timeStamp: Date
  total?: number | undefined
  average?: number | undefined
}

const pointsOf = (result: MetricsQueryResult | undefined, name: string) =>
  (result?.metrics.find((metric) => metric.name === name)?.timeseries[0]?.data ?? []) as Point[]

function describe(
  totals: MetricsQueryResult | undefined,
  gauges: MetricsQueryResult | undefined,
  since: Date,
  now: number,
): JobMetrics | undefined {
  const sum = (name: string) => pointsOf(totals, name).reduce((all, { total = 0 }) => all + total, 0)
  const newest = (name: string) => pointsOf(gauges, name).findLast(({ average }) => average !== undefined)
  const latest = GAUGES.flatMap((name) => newest(name)?.timeStamp.getTime() ?? [])
  const hasTotals = COUNTS.some((name) => pointsOf(totals, name).length > 0)
  if (latest.length === 0 && !hasTotals) return undefined
  return {
    // A minute that is not over speaks of now; without any, the totals do.
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
