import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  createStreamAnalyticsStage,
  type StreamAnalyticsSettings,
} from '../../../src/azure/stages/stream-analytics.ts'
import { LOCAL_NAMES } from '../../../src/local/runtime/options.ts'
import {
  type ControlPlane,
  controlPlaneCertificate,
  removeFolders,
  startControlPlane,
} from '../../support/control-plane.ts'
import { type FaultProxy, startFaultProxy, throttled } from '../../support/fault-proxy.ts'

let plane: ControlPlane
let proxy: FaultProxy
let oldest: Date | undefined
beforeEach(async () => {
  oldest = undefined
  plane = await startControlPlane({ tuning: { transitionMs: 50 } })
  // The client speaks https only, so the faults come over https too.
  proxy = await startFaultProxy({ upstream: plane.url, tls: await controlPlaneCertificate() })
})
afterEach(async () => {
  await proxy.close()
  await plane.close()
})
afterAll(removeFolders)

const stage = (more: Partial<StreamAnalyticsSettings> = {}) =>
  createStreamAnalyticsStage({
    endpoint: proxy.url,
    credential: plane.credential,
    subscriptionId: LOCAL_NAMES.subscription,
    resourceGroup: LOCAL_NAMES.resourceGroup,
    job: LOCAL_NAMES.job,
    oldestEvent: async () => oldest,
    clock: { monotonic: () => performance.now(), now: () => Date.now() },
    ...more,
  })

/** Answers in place of the job, with the properties of the given state. */
const pretend = (properties: object) =>
  proxy.inject({
    match: /^GET .*streamingjobs\/[^/]+\?/,
    respond: { status: 200, body: { name: 'x', properties } },
  })
const starts = () =>
  proxy.requests.filter(({ method, path }) => method === 'POST' && path.includes('/start?'))

describe('the state of the job', () => {
  it.each([
    ['Created', 'stopped'],
    ['Starting', 'starting'],
    ['Running', 'running'],
    ['Stopping', 'stopping'],
    ['Stopped', 'stopped'],
    ['Failed', 'failed'],
    ['Degraded', 'degraded'],
    ['Restarting', 'starting'],
    ['Scaling', 'running'],
    ['Deleting', 'stopping'],
    ['SomethingNew', 'unknown'],
    ['constructor', 'unknown'],
  ])('%s means %s, and the service’s own word stands beside it', async (jobState, state) => {
    pretend({
      jobState,
      lastOutputEventTime: '2026-11-24T02:00:00Z',
      transformation: { properties: { streamingUnits: 6 } },
    })
    expect(await stage().status()).toMatchObject({
      state,
      providerStatus: jobState,
      job: { streamingUnits: 6, lastOutputEventTime: new Date('2026-11-24T02:00:00Z') },
    })
  })

  it('an answer without a state is unknown', async () => {
    pretend({})
    expect(await stage().status()).toMatchObject({ state: 'unknown', providerStatus: 'unknown' })
  })

  it('a failed job tells the newest condition of its output', async () => {
    plane.lake.place = async () => {
      throw Object.assign(new Error('The lake has reached its limit.'), { name: 'LakeFullError' })
    }
    await stage().start()
    plane.send(0, { n: 0 })
    await vi.waitFor(async () =>
      expect(await stage().status()).toMatchObject({
        state: 'failed',
        detail: 'The lake has reached its limit.',
      }),
    )
  })
})

describe('starting', () => {
  const HOUR = 3_600_000

  it('for the first time begins before the oldest event of the hub', async () => {
    oldest = new Date(Date.now() - 2 * HOUR)
    await stage().start()
    const body = JSON.parse(starts()[0]?.body ?? '')
    expect(body.outputStartMode).toBe('CustomTime')
    const margin = oldest.getTime() - Date.parse(body.outputStartTime)
    expect(margin).toBeGreaterThan(0)
    expect(margin).toBeLessThan(HOUR)
  })

  it('for the first time on an empty hub leaves nothing behind that comes in meanwhile', async () => {
    const adapter = stage({
      oldestEvent: async () => {
        // Between the look at the hub and the start of the job.
        plane.send(0, { n: 0 })
        return undefined
      },
    })
    await adapter.start()
    await vi.waitFor(() => expect(plane.job.lastOutputEventTime).toBeDefined())
  })

  it('goes on where the job stopped once it has had output', async () => {
    plane.send(0, { n: 0 })
    await stage().start()
    await vi.waitFor(() => expect(plane.job.lastOutputEventTime).toBeDefined())
    await stage().stop()
    await stage().start()
    expect(starts().map(({ body }) => JSON.parse(body).outputStartMode)).toEqual([
      'CustomTime',
      'LastOutputEventTime',
    ])
  })

  /** The next start is accepted, and what comes of it is to be asked for; it goes on, for the first look. */
  const acceptStart = () => {
    const headers = { 'azure-asyncoperation': `${proxy.url}/operation` }
    proxy.inject({ match: /\/start\?/, times: 1, respond: { status: 202, headers } })
    proxy.inject({ match: /\/operation/, times: 1, respond: { status: 200, body: { status: 'InProgress' } } })
  }
  const failOperation = () => {
    const error = { code: 'BadRequest', message: 'The input weather is not reachable.' }
    proxy.inject({
      match: /\/operation/,
      times: 1,
      respond: { status: 200, body: { status: 'Failed', error } },
    })
  }

  /** As recorded: a signed Location alone, an empty poll, a flat error. */
  const acceptSignedStart = () => {
    const headers = { location: `${proxy.url}/x/OperationResults/1?api-version=2020-03-01&t=1&c=2&s=3&h=4` }
    proxy.inject({ match: /\/start\?/, times: 1, respond: { status: 202, headers } })
    proxy.inject({ match: /OperationResults/, times: 1, respond: { status: 202, headers } })
  }
  const flatFailure = {
    status: 409,
    body: { code: 'BadRequest', message: 'The input weather is not reachable.', details: null },
  }
  const questions = () => proxy.requests.filter(({ path }) => path.includes('OperationResults')).length

  it.each(['Created', 'Stopped', 'Failed'])(
    'that is accepted and comes to nothing (%s) says why, until the next one',
    async (jobState) => {
      const adapter = stage()
      acceptStart()
      await adapter.start()
      const goesOn = pretend({ jobState })
      failOperation()
      const failure = {
        state: 'failed',
        providerStatus: jobState,
        detail: expect.stringContaining('The input weather is not reachable.'),
      }
      expect(await adapter.status()).toMatchObject(failure)
      expect(await adapter.status()).toMatchObject(failure)
      goesOn()
      await adapter.start()
      await vi.waitFor(async () => expect(await adapter.status()).toMatchObject({ state: 'running' }))
      pretend({ jobState: 'Stopped' })
      expect(await adapter.status()).toMatchObject({ state: 'stopped', detail: undefined })
    },
  )

  it('whose outcome cannot be asked for is looked at again', async () => {
    const adapter = stage()
    acceptStart()
    await adapter.start()
    pretend({ jobState: 'Stopped' })
    proxy.inject({ match: /operation/, times: 1, respond: throttled(1) })
    proxy.inject({ match: /operation/, times: 1, cut: 'midway' })
    failOperation()
    expect(await adapter.status()).toMatchObject({ state: 'stopped' })
    expect(await adapter.status()).toMatchObject({ state: 'stopped' })
    expect(await adapter.status()).toMatchObject({ state: 'failed' })
  })

  it.each([401, 403, 408, 500, 502])('is not failed by a %i to the question how it goes', async (status) => {
    const adapter = stage()
    acceptSignedStart()
    await adapter.start()
    pretend({ jobState: 'Stopped' })
    const heal = proxy.inject({
      match: /OperationResults/,
      respond: { status, body: { error: { code: 'Passing', message: 'It will pass.' } } },
    })
    for (let look = 0; look < 3; look++)
      expect(await adapter.status()).toMatchObject({ state: 'stopped', detail: undefined })
    heal()
    // Asked again, it is known what became of it.
    proxy.inject({ match: /OperationResults/, respond: flatFailure })
    expect(await adapter.status()).toMatchObject({
      state: 'failed',
      detail: 'The start failed: Stream Analytics: The input weather is not reachable.',
    })
    // One poll of the start itself, three that failed, and the last.
    expect(questions()).toBe(5)
  })

  it('is no longer asked about when the question fails for ever', async () => {
    const adapter = stage()
    acceptSignedStart()
    await adapter.start()
    pretend({ jobState: 'Stopped' })
    proxy.inject({ match: /OperationResults/, respond: { status: 500, body: {} } })
    for (let look = 0; look < 25; look++) await adapter.status()
    expect(questions()).toBe(1 + 20)
    expect(await adapter.status()).toMatchObject({ state: 'stopped', detail: undefined })
  })

  it('that is accepted without a place to ask at is believed', async () => {
    proxy.inject({ match: /\/start\?/, respond: { status: 202 } })
    const adapter = stage()
    await adapter.start()
    expect(await adapter.status()).toMatchObject({ state: 'stopped', providerStatus: 'Created' })
  })

  it('of a job that is being deleted is refused at once', async () => {
    pretend({ jobState: 'Deleting' })
    await expect(stage().start()).rejects.toMatchObject({
      kind: 'not-found',
      message: expect.stringContaining('is being deleted'),
    })
  })

  it('waits for a stop that is under way', async () => {
    const adapter = stage({ sleep: async () => plane.job.settled() })
    await adapter.start()
    await plane.job.settled()
    await adapter.stop()
    expect(plane.job.state).toBe('Stopping')
    await adapter.start()
    expect(['Starting', 'Running']).toContain(plane.job.state)
  })

  it('leaves a job alone that starts or runs, and stopping one that is stopped or stops', async () => {
    await stage().stop()
    await stage().start()
    await stage().start()
    await plane.job.settled()
    await stage().start()
    expect(starts()).toHaveLength(1)
    await stage().stop()
    await stage().stop()
    expect(proxy.requests.filter(({ path }) => path.includes('/stop?'))).toHaveLength(1)
  })

  it('gives up when a stop never ends', async () => {
    pretend({ jobState: 'Stopping' })
    let now = 0
    const sleep = async () => {
      now += 60_000
    }
    const adapter = stage({ clock: { now: () => 0, monotonic: () => now }, sleep })
    await expect(adapter.start()).rejects.toMatchObject({
      kind: 'conflict',
      message: expect.stringContaining('still Stopping'),
    })
  })

  it('can be cancelled while it waits', async () => {
    pretend({ jobState: 'Stopping' })
    const cancel = new AbortController()
    const started = stage().start(cancel.signal)
    await vi.waitFor(() => expect(proxy.requests.length).toBeGreaterThan(0))
    cancel.abort(new Error('by the operator'))
    await expect(started).rejects.toThrow('by the operator')
  })
})

describe('failures', () => {
  const denied = {
    status: 403,
    body: { error: { code: 'AuthorizationFailed', message: 'The client may not.\nMore.' } },
  }

  it.each([
    [401, 'authorization'],
    [403, 'authorization'],
    [404, 'not-found'],
    [409, 'conflict'],
    [429, 'throttled'],
    [503, 'throttled'],
    [500, 'service'],
  ])('status %i is %s, and is asked once', async (status, kind) => {
    proxy.inject({ respond: { status, body: { error: { code: 'Code', message: 'Because.' } } } })
    await expect(stage().status()).rejects.toMatchObject({
      name: 'ServiceError',
      kind,
      service: 'Stream Analytics',
    })
    expect(proxy.requests).toHaveLength(1)
  })

  it('are one line for a person', async () => {
    proxy.inject({ respond: denied })
    await expect(stage().status()).rejects.toMatchObject({
      message: 'Stream Analytics: The client may not.',
      hint: expect.stringContaining('doctor'),
    })
  })

  it('tell when to come back', async () => {
    proxy.inject({ respond: throttled(7) })
    await expect(stage().status()).rejects.toMatchObject({ kind: 'throttled', retryAfterMs: 7000 })
  })

  it('of the line are unreachable', async () => {
    proxy.inject({ cut: 'before' })
    await expect(stage().status()).rejects.toMatchObject({ kind: 'unreachable' })
  })

  it('an answer that is no JSON does not break the stage', async () => {
    proxy.inject({ malformed: true })
    await expect(stage().status()).rejects.toMatchObject({ name: 'ServiceError' })
  })

  it('a call that is cancelled ends with the reason of the caller', async () => {
    proxy.inject({ hang: true })
    const cancel = new AbortController()
    const asked = stage().status(cancel.signal)
    await vi.waitFor(() => expect(proxy.requests).toHaveLength(1))
    cancel.abort(new Error('by the operator'))
    await expect(asked).rejects.toThrow('by the operator')
  })
})
