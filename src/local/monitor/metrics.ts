/** Azure Monitor's batch metrics for the one resource there is: the job. Values have no lag here. */
import { readJson } from '../http/body.ts'
import { HttpError } from '../http/errors.ts'
import type { Route } from '../http/router.ts'
import { JOB_RESOURCE_ID } from '../stream-analytics/arm.ts'
import type { JobMeter, Minute } from '../stream-analytics/job-meter.ts'

type MetricName = Exclude<keyof Minute, 'start'>

const UNITS: Record<MetricName, string> = {
  InputEvents: 'Count',
  OutputEvents: 'Count',
  DeserializationError: 'Count',
  Errors: 'Count',
  OutputWatermarkDelaySeconds: 'Seconds',
  InputEventsSourcesBacklogged: 'Count',
  ResourceUtilization: 'Percent',
}

const MINUTE_MS = 60_000

export function metricsRoutes(meter: JobMeter): Route[] {
  return [
    {
      method: 'POST',
      pattern: '/subscriptions/:subscription/metrics:getBatch',
      handle: async ({ request, query }) => {
        const names = (query.get('metricnames') ?? '').split(',').filter(Boolean)
        const unknown = names.filter((name) => !(name in UNITS))
        if (unknown.length > 0 || names.length === 0)
          throw new HttpError(
            400,
            'BadRequest',
            `Failed to find metric configuration for ${unknown.join(', ') || 'no metric'}.`,
          )
        const interval = query.get('interval') ?? 'PT1M'
        if (interval !== 'PT1M')
          throw new HttpError(400, 'BadRequest', `The interval ${interval} is not supported; PT1M is.`)
        const to = time(query.get('endtime')) ?? Date.now()
        const from = time(query.get('starttime')) ?? to - 60 * MINUTE_MS
        const { resourceids } = await readJson(request)
        const wanted = Array.isArray(resourceids) ? resourceids.map(String) : []
        const minutes = meter.between(from, to)
        return {
          body: {
            values: wanted
              .filter((id) => id.toLowerCase() === JOB_RESOURCE_ID.toLowerCase())
              .map((resourceid) => ({
                starttime: new Date(from).toISOString(),
                endtime: new Date(to).toISOString(),
                interval,
                namespace: query.get('metricnamespace') ?? 'microsoft.streamanalytics/streamingjobs',
                resourceregion: 'local',
                resourceid,
                value: (names as MetricName[]).map((name) => metric(name, minutes)),
              })),
          },
        }
      },
    },
  ]
}

function metric(name: MetricName, minutes: readonly Minute[]): object {
  return {
    id: `${JOB_RESOURCE_ID}/providers/Microsoft.Insights/metrics/${name}`,
    type: 'Microsoft.Insights/metrics',
    name: { value: name, localizedValue: name },
    displayDescription: name,
    errorCode: 'Success',
    unit: UNITS[name],
    timeseries: [
      {
        metadatavalues: [],
        data: minutes.map((minute) => ({
          timeStamp: new Date(minute.start).toISOString(),
          total: minute[name],
          average: minute[name],
          maximum: minute[name],
          minimum: minute[name],
        })),
      },
    ],
  }
}

function time(text: string | null): number | undefined {
  if (text === null) return undefined
  const parsed = Date.parse(text)
  if (Number.isNaN(parsed)) throw new HttpError(400, 'BadRequest', `${text} is no time in ISO-8601.`)
  return parsed
}
