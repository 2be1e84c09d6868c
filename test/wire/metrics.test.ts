import { MetricsClient } from '@azure/monitor-query-metrics'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { LOCAL_NAMES } from '../../src/local/runtime/options.ts'
import { JOB_RESOURCE_ID } from '../../src/local/stream-analytics/job-resource.ts'
import { type ControlPlane, removeFolders, startControlPlane, TOKEN } from '../support/control-plane.ts'
import { restCaller } from '../support/rest.ts'

const NAMESPACE = 'Microsoft.StreamAnalytics/streamingjobs'
let plane: ControlPlane
let client: MetricsClient
beforeEach(async () => {
  plane = await startControlPlane({ tuning: { rollIntervalMs: 3_600_000 } })
  client = new MetricsClient(plane.url, plane.credential, { audience: 'https://metrics.monitor.azure.com' })
})
afterEach(() => plane.close())
afterAll(removeFolders)

async function query(names: string[], options: Parameters<MetricsClient['queryResources']>[3] = {}) {
  const [result] = await client.queryResources([JOB_RESOURCE_ID], names, NAMESPACE, options)
  return result
}
/** Starts the job behind what the hub holds, and lands `events` of it at once. */
async function land(...bodies: (string | object)[]) {
  plane.send(0, ...bodies)
  plane.job.start({ mode: 'CustomTime', time: 0 })
  await vi.waitFor(() => expect(plane.log.properties(0).lastEnqueuedSequenceNumber).toBe(bodies.length - 1))
  await vi.waitFor(() =>
    expect(plane.job.meter.points('InputEvents', 0, Date.now() + 1, Number.POSITIVE_INFINITY)[0]?.total).toBe(
      bodies.length,
    ),
  )
}

describe('metrics through @azure/monitor-query-metrics', () => {
  it('a job that has done nothing has none', async () => {
    const result = await query(['InputEvents', 'OutputWatermarkDelaySeconds'])
    expect(result?.metrics.map(({ name, timeseries }) => [name, timeseries])).toEqual([
      ['InputEvents', []],
      ['OutputWatermarkDelaySeconds', []],
    ])
  })

  it('counts are there at once, by minute and over the whole span', async () => {
    await land({ n: 0 }, { n: 1 }, 'junk')
    const names = ['InputEvents', 'OutputEvents', 'DeserializationError', 'Errors']
    const byMinute = await query(names)
    const totals = (result: typeof byMinute) =>
      result?.metrics.map(({ timeseries }) =>
        timeseries[0]?.data?.reduce((sum, point) => sum + (point.total ?? 0), 0),
      )
    expect(totals(byMinute)).toEqual([3, 2, 1, 0])
    const startTime = new Date(plane.job.createdAt)
    const whole = await query(names, {
      startTime,
      endTime: new Date(),
      interval: 'FULL',
      aggregation: 'total',
    })
    expect(totals(whole)).toEqual([3, 2, 1, 0])
    expect(whole?.metrics[0]?.timeseries[0]?.data).toHaveLength(1)
    expect(whole?.metrics[0]?.unit).toBe('Count')
  })

  it('backlog and watermark delay are those of now', async () => {
    await land({ n: 0 })
    await vi.waitFor(() => expect(plane.job.state).toBe('Running'))
    // The next window stays open for an hour, so these wait.
    plane.send(0, { n: 1 }, { n: 2 })
    plane.send(1, { n: 0 })
    const value = async (name: string) => {
      const result = await query([name], { aggregation: 'average' })
      return result?.metrics[0]?.timeseries[0]?.data?.at(-1)?.average
    }
    expect(await value('InputEventsSourcesBacklogged')).toBe(3)
    await vi.waitFor(async () => expect(await value('OutputWatermarkDelaySeconds')).toBeGreaterThan(0.05))
    plane.job.stop()
    await plane.job.settled()
  })

  it('gives the aggregations that are asked for, and no others', async () => {
    await land({ n: 0 })
    const result = await query(['InputEvents'], { aggregation: 'Total,Count' })
    const [point] = result?.metrics[0]?.timeseries[0]?.data ?? []
    expect(point).toMatchObject({ total: 1, count: 1 })
    expect(point?.average).toBeUndefined()
  })

  it('describe themselves, and give the namespace back in the case of the request', async () => {
    await land({ n: 0 })
    const result = await query(['InputEvents'])
    expect(result?.namespace).toBe(NAMESPACE)
    expect(result?.metrics[0]?.description).toMatch(/^Events that the job read/)
    const lower = await new MetricsClient(plane.url, plane.credential).queryResources(
      [JOB_RESOURCE_ID],
      ['InputEvents'],
      NAMESPACE.toLowerCase(),
    )
    expect(lower[0]?.namespace).toBe(NAMESPACE.toLowerCase())
  })

  it('refuses a wrong token', async () => {
    const stranger = new MetricsClient(plane.url, {
      getToken: async () => ({ token: 'wrong', expiresOnTimestamp: Date.now() + 3_600_000 }),
    })
    await expect(
      stranger.queryResources([JOB_RESOURCE_ID], ['InputEvents'], NAMESPACE),
    ).rejects.toMatchObject({
      statusCode: 401,
    })
  })
})

describe('metrics below the resource, as Resource Manager has them', () => {
  const at = (what: string, id = JOB_RESOURCE_ID) => `${id}/providers/Microsoft.Insights/${what}`
  const get = (path: string) => restCaller(plane.url, TOKEN)('GET', path)
  const version = 'api-version=2018-01-01'

  it('give the same numbers, over a span', async () => {
    await land({ n: 0 }, 'junk')
    const from = plane.job.createdAt - 60_000
    const timespan = [from, Date.now()].map((time) => new Date(time).toISOString()).join('/')
    const query = `metrics?${version}&metricnames=InputEvents,DeserializationError&timespan=${timespan}&interval=FULL&aggregation=Total`
    const { status, body } = await get(at(query))
    expect(status).toBe(200)
    expect(body).toMatchObject({ timespan, interval: 'FULL', namespace: NAMESPACE.toLowerCase() })
    const totals = body.value.map((metric: { timeseries: { data: { total: number }[] }[] }) =>
      metric.timeseries[0]?.data.map(({ total }) => total),
    )
    expect(totals).toEqual([[2], [1]])
    expect((await get(at(`metrics?${version}`).toLowerCase())).body.value[0].name.value).toBe('InputEvents')
  })

  it('have the time alone where the job did nothing, and nothing at all where it never did', async () => {
    await plane.close()
    let ahead = 0
    const begin = Date.parse('2026-11-24T02:00:20Z')
    const now = () => begin + ahead
    plane = await startControlPlane({ clock: { now } })
    plane.job.meter.count({ InputEvents: 3 })
    ahead = 180_000
    plane.job.meter.count({ InputEvents: 4 })
    const timespan = [now() - 600_000, now()].map((time) => new Date(time).toISOString()).join('/')
    const query = `metrics?${version}&metricnames=InputEvents,ResourceUtilization&aggregation=Total&timespan=${timespan}`
    const [counts] = (await get(at(query))).body.value
    const { data } = counts.timeseries[0]
    const times = data.map(({ timeStamp }: { timeStamp: string }) => Date.parse(timeStamp))
    expect(times.map((time: number) => time - times[0])).toEqual([0, 60_000, 120_000, 180_000])
    expect(data.map(({ total }: { total?: number }) => total)).toEqual([3, undefined, undefined, 4])
    expect(Object.keys(data[1])).toEqual(['timeStamp'])
    const before = [now() - 7_200_000, now() - 3_600_000]
      .map((time) => new Date(time).toISOString())
      .join('/')
    const earlier = (await get(at(`metrics?${version}&metricnames=InputEvents&timespan=${before}`))).body
    expect(earlier.value[0].timeseries).toEqual([])
  })

  it.each([
    ['a time and a length', 'START/PT2H'],
    ['a length and a time', 'PT2H/END'],
    ['a length alone, up to now', 'PT2H'],
    ['a length as Python’s SDK writes it', 'PT7200.0S'],
    ['days', 'P0DT2H'],
  ])('take a span of %s', async (_, form) => {
    await land({ n: 0 })
    const start = Date.now() - 3_600_000
    const timespan = form
      .replace('START', new Date(start).toISOString())
      .replace('END', new Date(start + 7_200_000).toISOString())
    const { status, body } = await get(at(`metrics?${version}&metricnames=InputEvents&timespan=${timespan}`))
    expect(status).toBe(200)
    const [from, to] = body.timespan.split('/').map((time: string) => Date.parse(time))
    expect(to - from).toBe(7_200_000)
    expect(body.value[0].timeseries[0].data).not.toEqual([])
  })

  it('name the namespace that they are of', async () => {
    const { body } = await get(at('metricNamespaces?api-version=2017-12-01-preview'))
    expect(body.value).toMatchObject([
      {
        classification: 'Platform',
        properties: { metricNamespaceName: 'Microsoft.StreamAnalytics/streamingjobs' },
      },
    ])
  })

  it('name every metric that there is', async () => {
    const { body } = await get(at(`metricDefinitions?${version}`))
    expect(body.value).toContainEqual(
      expect.objectContaining({
        name: { value: 'OutputWatermarkDelaySeconds', localizedValue: 'OutputWatermarkDelaySeconds' },
        displayDescription: 'Seconds by which the output lies behind.',
        unit: 'Seconds',
        primaryAggregationType: 'Average',
      }),
    )
    for (const { name } of body.value)
      expect((await get(at(`metrics?${version}&metricnames=${name.value}`))).status).toBe(200)
  })

  it.each([
    ['no api-version', 'metrics', 400],
    ['an unknown api-version', 'metricDefinitions?api-version=1999-01-01', 400],
    ['half a span', `metrics?${version}&timespan=2026-11-24T00:00:00Z`, 400],
    ['a span of other words', `metrics?${version}&timespan=yesterday/today`, 400],
    ['a span of two lengths', `metrics?${version}&timespan=PT1H/PT1H`, 400],
    ['a span of three parts', `metrics?${version}&timespan=PT1H/2026-11-24T00:00:00Z/PT1H`, 400],
    ['a span without a length', `metrics?${version}&timespan=P`, 400],
    ['a span of months', `metrics?${version}&timespan=P1M`, 400],
    ['a dimension', `metrics?${version}&$filter=${encodeURIComponent("LogicalName eq '*'")}`, 400],
    ['an unknown metric', `metrics?${version}&metricnames=Happiness`, 400],
  ])('%s is refused', async (_, what, status) => {
    expect((await get(at(what))).status).toBe(status)
  })

  it.each([
    [
      'metrics',
      'metricnames=Happiness',
      'Failed to find metric configuration for provider: Microsoft.StreamAnalytics, resource Type: streamingjobs, metric: Happiness, Valid metrics: InputEvents,',
    ],
    [
      'metrics',
      'interval=PT2M',
      'Invalid time grain duration: PT2M, supported ones are: PT1M,PT5M,PT15M,PT30M,PT1H,PT6H,PT12H,P1D',
    ],
    [
      'metrics',
      'metricnamespace=Microsoft.Web/sites',
      "Detect invalid value: Microsoft.Web/sites for query parameter: 'metricnamespace', the value must be: Microsoft.StreamAnalytics/streamingjobs",
    ],
    [
      'metricDefinitions',
      'metricnamespace=Microsoft.Web/sites',
      "Detect invalid value: Microsoft.Web/sites for query parameter: 'metricnamespace'",
    ],
  ])('%s?%s is refused flat, in the words that users quote', async (what, query, words) => {
    const { status, body } = await get(at(`${what}?${version}&${query}`))
    expect(status).toBe(400)
    expect(body).toEqual({ code: 'BadRequest', message: expect.stringContaining(words) })
  })

  it('without an api-version they answer as Resource Manager does everywhere', async () => {
    for (const what of ['metrics', 'metricDefinitions'])
      expect(await get(at(what))).toMatchObject({
        status: 400,
        body: { error: { code: 'MissingApiVersionParameter' } },
      })
  })

  it('another job has none', async () => {
    const answer = await get(at(`metrics?${version}`, `${JOB_RESOURCE_ID}x`))
    expect(answer).toMatchObject({ status: 404, body: { error: { code: 'ResourceNotFound' } } })
  })
})

describe('metrics as documented REST', () => {
  const path = (query: string) => `/subscriptions/${LOCAL_NAMES.subscription}/metrics:getBatch?${query}`
  const good = `api-version=2023-10-01&metricnamespace=${NAMESPACE}&metricnames=InputEvents`
  const resourceids = [JOB_RESOURCE_ID]

  it.each([
    ['PT24H', false, 'P1D'],
    ['PT60M', false, 'PT1H'],
    ['PT300S', false, 'PT5M'],
    ['full', false, 'FULL'],
    ['PT3M', true, 'PT5M'],
    ['P7D', true, 'P1D'],
  ])('takes the interval %s, adjusted: %s, for %s', async (interval, adjusts, taken) => {
    const query = `metrics?api-version=2018-01-01&interval=${interval}&AutoAdjustTimegrain=${adjusts}`
    const { body } = await restCaller(plane.url, TOKEN)(
      'GET',
      `${JOB_RESOURCE_ID}/providers/Microsoft.Insights/${query}`,
    )
    expect(body.interval).toBe(taken)
  })

  it('takes encoded and plain queries, and names without case', async () => {
    const rest = restCaller(plane.url, TOKEN)
    for (const query of [
      good,
      good.replace('api-version', 'api%2Dversion').replace('InputEvents', 'inputevents'),
    ])
      expect((await rest('POST', path(query), { resourceids })).body.values[0]).toMatchObject({
        resourceid: JOB_RESOURCE_ID,
        value: [{ name: { value: 'InputEvents' } }],
      })
  })

  it.each([
    ['no api-version', good.replace('api-version=2023-10-01&', ''), { resourceids }, 400],
    ['an unknown api-version', good.replace('2023', '1999'), { resourceids }, 400],
    ['another namespace', good.replace('streamingjobs', 'other'), { resourceids }, 400],
    ['an unknown metric', good.replace('InputEvents', 'Happiness'), { resourceids }, 400],
    ['no metric', good.replace('InputEvents', ''), { resourceids }, 400],
    ['an unknown interval', `${good}&interval=PT2M`, { resourceids }, 400],
    [
      'an adjusted interval that is none',
      `${good}&interval=soon&AutoAdjustTimegrain=true`,
      { resourceids },
      400,
    ],
    ['an interval that is a word of the language', `${good}&interval=constructor`, { resourceids }, 400],
    ['an unknown aggregation', `${good}&aggregation=median`, { resourceids }, 400],
    ['a time that is none', `${good}&starttime=yesterday`, { resourceids }, 400],
    ['a number for a time', `${good}&starttime=5`, { resourceids }, 400],
    [
      'a start behind the end',
      `${good}&starttime=2026-11-25T00:00:00Z&endtime=2026-11-24T00:00:00Z`,
      { resourceids },
      400,
    ],
    ['an end without a start', `${good}&endtime=2026-11-25T00:00:00Z`, { resourceids }, 400],
    ['a dimension', `${good}&filter=${encodeURIComponent("PartitionId eq '*'")}`, { resourceids }, 400],
    ['another resource', good, { resourceids: ['/subscriptions/x'] }, 404],
    ['no resource', good, { resourceids: [] }, 400],
    ['a body that is no JSON', good, 'junk', 400],
  ])('%s is refused', async (_, query, body, status) => {
    const answer = await restCaller(plane.url, TOKEN)('POST', path(query), body)
    expect(answer).toMatchObject({ status, body: { error: { message: expect.any(String) } } })
  })
})
