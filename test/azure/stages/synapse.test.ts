import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createRestClient } from '../../../src/azure/http/rest-client.ts'
import { createSynapseStage } from '../../../src/azure/stages/synapse.ts'
import { type ControlPlane, removeFolders, startControlPlane } from '../../support/control-plane.ts'
import { type FaultProxy, startFaultProxy, throttled } from '../../support/fault-proxy.ts'

let plane: ControlPlane
let proxy: FaultProxy
beforeEach(async () => {
  plane = await startControlPlane()
  proxy = await startFaultProxy({ upstream: `${plane.url}/synapse` })
})
afterEach(async () => {
  await proxy.close()
  await plane.close()
})
afterAll(removeFolders)

const stage = (pipeline = 'rtstream-aggregate', now = () => Date.now()) =>
  createSynapseStage({
    client: createRestClient({
      service: 'Synapse',
      endpoint: proxy.url,
      credential: plane.credential,
      scope: 'scope',
    }),
    pipeline,
    clock: { now },
  })
const pretend = (...value: object[]) =>
  proxy.inject({ match: /queryPipelineRuns/, respond: { status: 200, body: { value } } })

describe('the state of a pipeline run', () => {
  it.each([
    ['Queued', 'starting'],
    ['InProgress', 'running'],
    ['Succeeded', 'stopped'],
    ['Failed', 'failed'],
    ['Canceling', 'stopping'],
    ['Cancelled', 'stopped'],
    ['SomethingNew', 'unknown'],
    ['constructor', 'unknown'],
  ])('%s means %s', async (status, state) => {
    pretend({ runId: 'r', status, runStart: '2026-11-24T02:00:00Z', runEnd: null })
    expect(await stage().status()).toMatchObject({
      state,
      providerStatus: status,
      runId: 'r',
      since: new Date('2026-11-24T02:00:00Z'),
      history: [{ endedAt: undefined }],
    })
  })

  it('is stopped before there was any run, and unknown without a status', async () => {
    expect(await stage().status()).toEqual({ state: 'stopped', providerStatus: 'never run', history: [] })
    pretend({ runId: 'r' })
    expect(await stage().status()).toMatchObject({ state: 'unknown' })
  })

  it('is that of the run that is active, however many an earlier clock dated behind it', async () => {
    const old = (number: number) => ({
      runId: `old-${number}`,
      status: 'Cancelled',
      runStart: `2027-01-01T00:00:${String(number).padStart(2, '0')}Z`,
      runEnd: '2027-01-01T01:00:00Z',
    })
    const active = { runId: 'new', status: 'InProgress', runStart: '2026-11-24T02:00:00Z', runEnd: null }
    pretend(...Array.from({ length: 25 }, (_, index) => old(59 - index)), active)
    const { history, ...rest } = await stage().status()
    expect(rest).toMatchObject({ state: 'running', runId: 'new' })
    expect(history?.map(({ runId }) => runId)).toEqual([
      'new',
      ...Array.from({ length: 9 }, (_, index) => `old-${59 - index}`),
    ])
    // It is not started twice, and can be stopped.
    await stage().start()
    expect(proxy.requests.filter(({ path }) => path.includes('createRun'))).toEqual([])
    await stage()
      .stop()
      .catch(() => undefined)
    expect(proxy.requests.filter(({ path }) => path.includes('/pipelineruns/new/cancel'))).toHaveLength(1)
  })

  it('is that of the run that is active, and then of the same run, however an earlier clock dated others', async () => {
    const old = {
      runId: 'old',
      status: 'Failed',
      runStart: '2027-01-01T00:00:00Z',
      runEnd: '2027-01-01T01:00:00Z',
    }
    const run = (status: string) => ({ runId: 'new', status, runStart: '2026-11-24T02:00:00Z', runEnd: null })
    const watched = stage()
    const withdraw = pretend(old, run('InProgress'))
    expect(await watched.status()).toMatchObject({
      state: 'running',
      runId: 'new',
      history: [{ runId: 'new' }, { runId: 'old' }],
    })
    withdraw()
    pretend(old, run('Cancelled'))
    expect(await watched.status()).toMatchObject({ state: 'stopped', runId: 'new' })
  })

  it('has the first line of a failed run’s message', async () => {
    await stage().start()
    plane.engine.last.fail('gold/weather is no Delta table\nTraceback …')
    await vi.waitFor(async () => {
      const status = await stage().status()
      expect(status).toMatchObject({
        state: 'failed',
        detail: expect.stringContaining('gold/weather is no Delta table'),
      })
      expect(status.detail).not.toContain('Traceback')
    })
  })
})

describe('commands', () => {
  it('adopt a run that was started elsewhere, and start none beside it', async () => {
    await stage().start()
    await stage().start()
    expect(plane.engine.runs).toHaveLength(1)
    plane.engine.last.state = 'running'
    expect(await stage().status()).toMatchObject({ state: 'running' })
    await stage().stop()
    await vi.waitFor(async () =>
      expect(await stage().status()).toMatchObject({ state: 'stopped', providerStatus: 'Cancelled' }),
    )
    await stage().stop()
  })

  it.each([-15, 15])(
    'see a run that has just begun with a clock that is wrong by %i minutes',
    async (minutes) => {
      const one = stage('rtstream-aggregate', () => Date.now() + minutes * 60_000)
      await one.start()
      await one.start()
      expect((await one.status()).history).toHaveLength(1)
    },
  )

  it('a start during a cancellation waits for its end', async () => {
    await stage().start()
    plane.engine.last.endsAtOnce = false
    await stage().stop()
    await stage().start()
    expect(await stage().status()).toMatchObject({ state: 'starting', providerStatus: 'Queued' })
    plane.engine.runs[0]?.end()
    await vi.waitFor(() => expect(plane.engine.runs).toHaveLength(2))
  })

  it('look at the runs of their own pipeline only', async () => {
    await stage().start()
    expect(await stage('other').status()).toMatchObject({ state: 'stopped', providerStatus: 'never run' })
    await expect(stage('other').start()).rejects.toMatchObject({ kind: 'not-found', service: 'Synapse' })
  })
})

it('failures tell their kind', async () => {
  const heal = proxy.inject({ respond: { status: 401 } })
  await expect(stage().status()).rejects.toMatchObject({ kind: 'authorization' })
  expect(proxy.requests).toHaveLength(1)
  heal()
  const mend = proxy.inject({ respond: throttled(4) })
  await expect(stage().stop()).rejects.toMatchObject({ kind: 'throttled', retryAfterMs: 4000 })
  mend()
  proxy.inject({ malformed: true })
  await expect(stage().status()).rejects.toMatchObject({
    kind: 'service',
    message: expect.stringContaining('not JSON'),
  })
})

it('a list that is none is not taken for no runs', async () => {
  proxy.inject({ match: /queryPipelineRuns/, respond: { status: 200, body: { value: [null] } } })
  await expect(stage().status()).rejects.toMatchObject({ kind: 'service' })
})
