/** The job's metrics through @azure/monitor-query-metrics. */
import type { TokenCredential } from '@azure/identity'
import { MetricsClient, type MetricsQueryResult } from '@azure/monitor-query-metrics'
import type { JobMetrics, MetricsSource } from '../pipeline/ports.ts'
import { sdkError } from './sdk-error.ts'

export interface MetricsSettings {
  endpoint: string
  audience: string
  credential: TokenCredential
  /** ARM id of the Stream Analytics job. */
  resourceId: string
  clock: { now(): number }
}

const NAMESPACE = 'Microsoft.StreamAnalytics/streamingjobs'
const NAMES = [
  'InputEvents',
  'OutputEvents',
  'DeserializationError',
  'Errors',
  'OutputWatermarkDelaySeconds',
  'InputEventsSourcesBacklogged',
  'ResourceUtilization',
]
const MINUTE_MS = 60_000
/** The totals begin this long before the adapter was made (ms), and never reach back further than a day. */
const DAY_MS = 24 * 3_600_000

export function createMetricsSource(settings: MetricsSettings): MetricsSource {
  const { endpoint, audience, credential, resourceId, clock } = settings
  const client = new MetricsClient(endpoint, credential, { audience, retryOptions: { maxRetries: 0 } })
  const begun = Math.floor(clock.now() / MINUTE_MS) * MINUTE_MS

  return {
    async jobMetrics(signal) {
      const now = clock.now()
      const startTime = new Date(Math.max(begun, now - DAY_MS))
      let results: MetricsQueryResult[]
      try {
        results = await client.queryResources([resourceId], NAMES, NAMESPACE, {
          interval: 'PT1M',
          startTime,
          endTime: new Date(now + MINUTE_MS),
          ...(signal ? { abortSignal: signal } : {}),
        })
      } catch (error) {
        throw sdkError('Azure Monitor', error)
      }
      return results[0] && jobMetrics(results[0], startTime)
    },
  }
}

interface Point {
  timeStamp: Date
  total?: number | undefined
  average?: number | undefined
  maximum?: number | undefined
}

function jobMetrics(result: MetricsQueryResult, since: Date): JobMetrics | undefined {
  const series = new Map<string, Point[]>(
    result.metrics.map((metric) => [metric.name, (metric.timeseries[0]?.data ?? []) as Point[]]),
  )
  const points = (name: string) => series.get(name) ?? []
  const sum = (name: string) => points(name).reduce((total, point) => total + (point.total ?? 0), 0)
  const newest = (name: string) =>
    points(name).findLast((point) => (point.maximum ?? point.average) !== undefined)
  const value = (name: string) => {
    const point = newest(name)
    return point?.maximum ?? point?.average
  }
  const at = newest('OutputWatermarkDelaySeconds')?.timeStamp ?? newest('InputEvents')?.timeStamp
  if (!at) return undefined
  return {
    at,
    inputEvents: sum('InputEvents'),
    outputEvents: sum('OutputEvents'),
    deserializationErrors: sum('DeserializationError'),
    errors: sum('Errors'),
    totalsSince: since,
    watermarkDelaySeconds: value('OutputWatermarkDelaySeconds'),
    backloggedInputEvents: value('InputEventsSourcesBacklogged'),
    resourceUtilization: value('ResourceUtilization'),
  }
}
