/**
 * Azure Monitor's metrics of one resource: rights on the resource are enough; the batch needs rights on the
 * subscription.
 */
import { listIn, type RestClient } from '../http/rest-client.ts'
import { NAMESPACE, type Series, type Span } from './metric-series.ts'

interface MetricsBody {
  value?: {
    name?: { value?: string }
    timeseries?: { data?: { timeStamp?: string; total?: number; average?: number }[] }[]
  }[]
}

/**
 * @param client of Azure Resource Manager
 * @param resourceId ARM id of the resource
 * @throws ServiceError
 */
export async function resourceMetrics(
  client: RestClient,
  resourceId: string,
  names: readonly string[],
  span: Span,
  signal?: AbortSignal,
): Promise<Series> {
  const { body } = await client.request<MetricsBody>(
    'GET',
    `${resourceId}/providers/Microsoft.Insights/metrics`,
    {
      query: {
        'api-version': '2023-10-01',
        metricnamespace: NAMESPACE,
        metricnames: names.join(','),
        timespan: `${span.startTime.toISOString()}/${span.endTime.toISOString()}`,
        interval: span.interval,
        aggregation: span.aggregation,
      },
      signal,
    },
  )
  const series: Series = new Map()
  for (const { name, timeseries } of listIn('Azure Monitor', body?.value)) {
    const data = timeseries?.[0]?.data ?? []
    series.set(
      name?.value ?? '',
      data.flatMap(({ timeStamp, ...values }) => {
        const at = new Date(timeStamp ?? '')
        return Number.isNaN(at.getTime()) ? [] : [{ ...values, timeStamp: at }]
      }),
    )
  }
  return series
}
