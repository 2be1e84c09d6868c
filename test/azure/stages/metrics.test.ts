import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createRestClient } from '../../../src/azure/http/rest-client.ts'
import { createMetricsSource } from '../../../src/azure/stages/metrics.ts'
import { JOB_RESOURCE_ID } from '../../../src/local/stream-analytics/job-resource.ts'
import {
  type ControlPlane,
  controlPlaneCertificate,
  removeFolders,
  startControlPlane,
} from '../../support/control-plane.ts'
import { type FaultProxy, startFaultProxy, throttled } from '../../support/fault-proxy.ts'

let plane: ControlPlane
let proxy: FaultProxy
beforeEach(async () => {
  plane = await startControlPlane()
  proxy = await startFaultProxy({ upstream: plane.url, tls: await controlPlaneCertificate() })
})
afterEach(async () => {
  await proxy.close()
  await plane.close()
})
afterAll(removeFolders)

const management = () =>
  createRestClient({
    service: 'Azure Resource Manager',
    endpoint: proxy.url,
    credential: plane.credential,
    scope: 'https://management.azure.com/.default',
  })
const source = (now = () => Date.now()) =>
  createMetricsSource({
    endpoint: proxy.url,
    audience: 'https://metrics.monitor.azure.com',
    credential: plane.credential,
    management: management(),
    resourceId: JOB_RESOURCE_ID,
    createdAt: async () => new Date(plane.job.createdAt),
    clock: { now },
  })

/** Azure's form of an answer, for each of the two questions. */
function pretend(points: Record<string, { timeStamp: string; total?: number; average?: number }[]>) {
  const answer = (names: string[]) => ({
    status: 200,
    body: {
      values: [
        {
          starttime: '2026-11-24T02:00:00Z',
          endtime: '2026-11-24T03:00:00Z',
          interval: 'PT1M',
          resourceid: JOB_RESOURCE_ID,
          value: names.map((value) => ({
            id: value,
            type: 'Microsoft.Insights/metrics',
            name: { value, localizedValue: value },
            unit: 'Count',
            timeseries: points[value] ? [{ metadatavalues: [], data: points[value] }] : [],
          })),
        },
      ],
    },
  })
  proxy.inject({
    match: /interval=FULL/,
    respond: answer(['InputEvents', 'OutputEvents', 'DeserializationError', 'Errors']),
  })
  proxy.inject({
    match: /interval=PT1M/,
    respond: answer(['OutputWatermarkDelaySeconds', 'InputEventsSourcesBacklogged', 'ResourceUtilization']),
  })
}

describe('the job’s metrics', () => {
  it('are none while the service has none', async () => {
    expect(await source().jobMetrics()).toBeUndefined()
  })

  it('are totals since the job was made and gauges of now', async () => {
    plane.send(0, { n: 0 }, { n: 1 }, 'junk')
    plane.job.start({ mode: 'CustomTime', time: 0 })
    await vi.waitFor(() => expect(plane.job.lastOutputEventTime).toBeDefined())
    const metrics = await source().jobMetrics()
    expect(metrics).toMatchObject({
      inputEvents: 3,
      outputEvents: 2,
      deserializationErrors: 1,
      errors: 0,
      totalsSince: new Date(plane.job.createdAt),
      watermarkDelaySeconds: 0,
      backloggedInputEvents: 0,
      resourceUtilization: expect.any(Number),
    })
    expect(metrics?.at.getTime()).toBeLessThanOrEqual(Date.now())
  })

  it('of Azure are minutes late: the newest minute counts, and its end is their time', async () => {
    const now = Date.parse('2026-11-24T02:10:30Z')
    pretend({
      InputEvents: [{ timeStamp: '2026-11-24T01:00:00Z', total: 1000 }],
      OutputWatermarkDelaySeconds: [
        { timeStamp: '2026-11-24T02:06:00Z', average: 9 },
        { timeStamp: '2026-11-24T02:07:00Z', average: 3 },
        // Not known yet.
        { timeStamp: '2026-11-24T02:08:00Z' },
      ],
      InputEventsSourcesBacklogged: [{ timeStamp: '2026-11-24T02:06:00Z', average: 12 }],
    })
    expect(await source(() => now).jobMetrics()).toEqual({
      at: new Date('2026-11-24T02:08:00Z'),
      inputEvents: 1000,
      outputEvents: 0,
      deserializationErrors: 0,
      errors: 0,
      totalsSince: expect.any(Date),
      watermarkDelaySeconds: 3,
      backloggedInputEvents: 12,
      resourceUtilization: undefined,
    })
  })

  it('of a stopped job are its totals, without gauges', async () => {
    pretend({ DeserializationError: [{ timeStamp: '2026-11-24T01:00:00Z', total: 5 }] })
    const now = Date.parse('2026-11-24T02:10:30Z')
    expect(await source(() => now).jobMetrics()).toMatchObject({
      at: new Date(now),
      deserializationErrors: 5,
      watermarkDelaySeconds: undefined,
    })
  })

  it('always begin at the same moment, so that totals never go back', async () => {
    let now = Date.now()
    const metrics = source(() => now)
    await metrics.jobMetrics()
    now += 3_600_000
    await metrics.jobMetrics()
    const spans = proxy.requests
      .filter(({ path }) => path.includes('interval=FULL'))
      .map(({ path }) => new URLSearchParams(path.split('?')[1]).get('starttime'))
    expect(spans).toEqual([new Date(plane.job.createdAt).toISOString(), spans[0]])
  })

  it('reach back no longer than one question may', async () => {
    const metrics = createMetricsSource({
      endpoint: proxy.url,
      audience: 'https://metrics.monitor.azure.com',
      credential: plane.credential,
      management: management(),
      resourceId: JOB_RESOURCE_ID,
      createdAt: async () => new Date(0),
      clock: { now: () => Date.parse('2026-11-24T00:00:00Z') },
    })
    await metrics.jobMetrics()
    const { path = '' } = proxy.requests.find((request) => request.path.includes('interval=FULL')) ?? {}
    expect(new URLSearchParams(path.split('?')[1]).get('starttime')).toBe('2026-10-25T00:00:00.000Z')
  })

  it('that are refused or throttled say so, and are not asked for again by themselves', async () => {
    const heal = proxy.inject({
      respond: { status: 403, body: { error: { code: 'Forbidden', message: 'No.' } } },
    })
    await expect(source().jobMetrics()).rejects.toMatchObject({
      kind: 'authorization',
      service: 'Azure Monitor',
    })
    heal()
    proxy.inject({ respond: throttled(9) })
    await expect(source().jobMetrics()).rejects.toMatchObject({ kind: 'throttled', retryAfterMs: 9000 })
    // Twice by the two doors, once by the first.
    expect(proxy.requests).toHaveLength(3)
  })

  it('come from the job itself where the subscription refuses, and the subscription is asked no more', async () => {
    plane.send(0, { n: 0 }, 'junk')
    plane.job.start({ mode: 'CustomTime', time: 0 })
    await vi.waitFor(() => expect(plane.job.lastOutputEventTime).toBeDefined())
    const whole = await source().jobMetrics()
    const heal = proxy.inject({
      match: /getBatch/,
      respond: { status: 403, body: { error: { code: 'AuthorizationFailed', message: 'No.' } } },
    })
    const metrics = source()
    expect(await metrics.jobMetrics()).toEqual({
      ...whole,
      at: expect.any(Date),
      resourceUtilization: expect.any(Number),
    })
    await metrics.jobMetrics()
    const batches = () => proxy.requests.filter(({ path }) => path.includes('getBatch')).length
    // Two of the whole one, and the one that was refused.
    expect(batches()).toBe(3)
    heal()
    // A token that is not taken is no refusal of that kind.
    proxy.inject({ match: /getBatch/, respond: { status: 401, body: {} } })
    await expect(source().jobMetrics()).rejects.toMatchObject({ needsSignIn: true })
  })

  it('can be cancelled', async () => {
    proxy.inject({ hang: true })
    const cancel = new AbortController()
    const asked = source().jobMetrics(cancel.signal)
    await vi.waitFor(() => expect(proxy.requests.length).toBeGreaterThan(0))
    cancel.abort(new Error('by the operator'))
    await expect(asked).rejects.toThrow('by the operator')
  })
})
