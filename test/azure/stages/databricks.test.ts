import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createRestClient } from '../../../src/azure/http/rest-client.ts'
import { createDatabricksStage } from '../../../src/azure/stages/databricks.ts'
import { type ControlPlane, removeFolders, startControlPlane, TOKEN } from '../../support/control-plane.ts'
import { type FaultProxy, startFaultProxy, throttled } from '../../support/fault-proxy.ts'
import { restCaller } from '../../support/rest.ts'

let plane: ControlPlane
let proxy: FaultProxy
beforeEach(async () => {
  plane = await startControlPlane()
  proxy = await startFaultProxy({ upstream: `${plane.url}/databricks` })
})
afterEach(async () => {
  await proxy.close()
  await plane.close()
})
afterAll(removeFolders)

let tokens = 0
const stage = (jobName = 'rtstream-silver') =>
  createDatabricksStage({
    client: createRestClient({
      service: 'Databricks',
      endpoint: proxy.url,
      credential: plane.credential,
      scope: 'scope',
    }),
    jobName,
    newToken: () => `token-${++tokens}`,
  })

const asked = (path: RegExp) => proxy.requests.filter((request) => path.test(request.path))
const pretend = (...runs: object[]) =>
  proxy.inject({ match: /runs\/list/, respond: { status: 200, body: { runs, has_more: false } } })

describe('the state of a run', () => {
  it.each([
    ['BLOCKED', 'starting'],
    ['PENDING', 'starting'],
    ['QUEUED', 'starting'],
    ['WAITING', 'starting'],
    ['RUNNING', 'running'],
    ['TERMINATING', 'stopping'],
    ['SOMETHING_NEW', 'unknown'],
    ['constructor', 'unknown'],
  ])('%s means %s', async (word, state) => {
    pretend({ run_id: 7, start_time: 1000, status: { state: word } })
    expect(await stage().status()).toMatchObject({
      state,
      providerStatus: word,
      runId: '7',
      since: new Date(1000),
    })
  })

  it.each([
    ['SUCCESS', 'stopped'],
    ['USER_CANCELED', 'stopped'],
    ['CANCELED', 'stopped'],
    ['SKIPPED', 'stopped'],
    ['MAX_JOB_QUEUE_SIZE_EXCEEDED', 'stopped'],
    ['RUN_EXECUTION_ERROR', 'failed'],
    ['DRIVER_ERROR', 'failed'],
    ['CLUSTER_ERROR', 'failed'],
    ['SOMETHING_NEW', 'failed'],
  ])('TERMINATED with %s means %s', async (code, state) => {
    pretend({ run_id: 7, status: { state: 'TERMINATED', termination_details: { code, message: 'why' } } })
    expect(await stage().status()).toMatchObject({ state, providerStatus: `TERMINATED ${code}` })
  })

  it.each([[{}], [{ status: {} }], [{ status: { state: 'TERMINATED' } }]])(
    '%j breaks nothing',
    async (run) => {
      pretend({ run_id: 7, ...run })
      expect(await stage().status()).toMatchObject({ state: 'unknown' })
    },
  )

  it('is stopped before there was any run', async () => {
    expect(await stage().status()).toEqual({ state: 'stopped', providerStatus: 'never run', history: [] })
  })

  it('says what a waiting run waits for', async () => {
    const stop = pretend({
      run_id: 7,
      status: {
        state: 'QUEUED',
        queue_details: { code: 'ACTIVE_RUNS_LIMIT_REACHED', message: 'The workspace is full.' },
      },
    })
    expect(await stage().status()).toMatchObject({ detail: 'The workspace is full.' })
    stop()
    pretend({ run_id: 7, status: { state: 'PENDING' } })
    expect(await stage().status()).toMatchObject({ detail: 'waiting for the cluster' })
  })

  it('has the error of a failed run, fetched once, from the run of its task', async () => {
    const adapter = stage()
    await adapter.start()
    plane.engine.last.fail('bronze/weather is no folder\nTraceback …')
    const failed = await vi.waitFor(async () => {
      const status = await adapter.status()
      expect(status.state).toBe('failed')
      return status
    })
    expect(failed).toMatchObject({
      detail: 'bronze/weather is no folder',
      providerStatus: 'TERMINATED RUN_EXECUTION_ERROR',
    })
    expect(failed.history?.[0]?.error).toBe('bronze/weather is no folder')
    await adapter.status()
    expect(asked(/get-output/)).toHaveLength(1)
    expect(asked(/get-output/)[0]?.path).toMatch(/run_id=1000\d{6}/)
  })

  it('has the newer error of a run that was repaired, from its last attempt', async () => {
    const adapter = stage()
    await adapter.start()
    const errorOf = async (error: string) => {
      plane.engine.last.fail(error)
      await vi.waitFor(async () => expect((await adapter.status()).detail).toBe(error))
    }
    await errorOf('no such column')
    const run_id = Number((await adapter.status()).runId)
    const repaired = await restCaller(`${plane.url}/databricks`, TOKEN)('POST', '/api/2.2/jobs/runs/repair', {
      run_id,
      rerun_all_failed_tasks: true,
    })
    expect(repaired.status).toBe(200)
    expect(await adapter.status()).toMatchObject({ runId: String(run_id), detail: 'waiting for the cluster' })
    await errorOf('no such table')
  })

  it('comes with the output of the newest runs that have ended, each asked for once', async () => {
    const ended = (run_id: number) => ({
      run_id,
      status: { state: 'TERMINATED', termination_details: { code: 'SUCCESS' } },
    })
    const adapter = stage()
    for (let times = 0; times < 2; times++) {
      pretend({ run_id: 9, status: { state: 'RUNNING' } }, ended(8), ended(7), ended(6))
      proxy.inject({ match: /runs\/get\?run_id=8/, respond: { status: 200, body: { run_id: 8 } } })
      proxy.inject({ match: /runs\/get\?run_id=7/, respond: { status: 200, body: { run_id: 7 } } })
      proxy.inject({
        match: /runs\/get-output/,
        respond: { status: 200, body: { notebook_output: { result: `{"rows":${'1'.repeat(3000)}}` } } },
      })
      const { history } = await adapter.status()
      expect(history?.map(({ runId, output }) => [runId, output?.length])).toEqual(
        expect.arrayContaining([
          ['9', undefined],
          ['6', undefined],
        ]),
      )
      // Cut: a notebook may give back megabytes.
      expect(history?.flatMap(({ output }) => output?.length ?? [])).toEqual([2000, 2000])
    }
    expect(asked(/get-output/)).toHaveLength(2)
  })

  it.each([
    [400, 1],
    [404, 1],
    [403, 2],
    [503, 2],
  ])('asks for an output that was refused with %i in two looks %i times', async (status, times) => {
    const adapter = stage()
    for (let look = 0; look < 2; look++) {
      pretend({ run_id: 8, status: { state: 'TERMINATED', termination_details: { code: 'SUCCESS' } } })
      proxy.inject({ match: /runs\/get\?run_id=8/, respond: { status: 200, body: { run_id: 8 } } })
      proxy.inject({
        match: /runs\/get-output/,
        respond: { status, body: { error_code: 'X', message: 'no' } },
      })
      expect((await adapter.status()).history?.[0]).toMatchObject({ state: 'stopped' })
    }
    expect(asked(/get-output/)).toHaveLength(times)
  })

  it('is known even where the error of the run cannot be read', async () => {
    pretend({
      run_id: 7,
      status: {
        state: 'TERMINATED',
        termination_details: { code: 'CLUSTER_ERROR', message: 'No cores.\nMore' },
      },
    })
    proxy.inject({ match: /runs\/get\?/, respond: { status: 403 } })
    expect(await stage().status()).toMatchObject({ state: 'failed', detail: 'No cores.' })
  })

  it('has at most ten runs of history, newest first', async () => {
    const adapter = stage()
    for (let index = 0; index < 12; index++) {
      await adapter.start()
      await adapter.stop()
      await vi.waitFor(async () => expect((await adapter.status()).state).toBe('stopped'))
    }
    const { history = [] } = await adapter.status()
    const ids = history.map(({ runId }) => Number(runId))
    expect(ids).toHaveLength(10)
    expect(ids).toEqual(ids.toSorted((a, b) => b - a))
  })
})

describe('commands', () => {
  it('adopt a run that was started elsewhere, and start none beside it', async () => {
    await stage().start()
    const other = stage()
    expect(await other.status()).toMatchObject({ state: 'starting' })
    await other.start()
    expect(plane.engine.runs).toHaveLength(1)
    await other.stop()
    expect(plane.engine.last.state).toBe('cancelled')
  })

  it('a start during a cancellation waits in the queue, and runs when that has ended', async () => {
    const adapter = stage()
    await adapter.start()
    plane.engine.last.endsAtOnce = false
    await adapter.stop()
    expect(await adapter.status()).toMatchObject({ state: 'stopping' })
    await adapter.start()
    expect(await adapter.status()).toMatchObject({ state: 'starting', providerStatus: 'QUEUED' })
    plane.engine.runs[0]?.end()
    await vi.waitFor(() => expect(plane.engine.runs).toHaveLength(2))
  })

  it('stopping twice cancels once', async () => {
    const adapter = stage()
    await adapter.start()
    plane.engine.last.endsAtOnce = false
    await adapter.stop()
    await adapter.stop()
    expect(asked(/runs\/cancel/)).toHaveLength(1)
  })

  /** As recorded: most often 400 with a code, sometimes 404 with a sentence alone, or with nothing. */
  const GONE = [
    [400, { error_code: 'INVALID_PARAMETER_VALUE', message: 'Job 1001 does not exist.' }],
    [404, { message: 'Job 1001 does not exist.' }],
    [404, undefined],
  ] as const

  it.each(GONE)('find the job again when somebody has made it anew, told by %i %j', async (status, body) => {
    const adapter = stage()
    await adapter.status()
    const gone = { status, ...(body ? { body } : {}) }
    proxy.inject({ match: /runs\/list/, times: 1, respond: gone })
    expect(await adapter.status()).toMatchObject({ state: 'stopped' })
    expect(asked(/jobs\/list/)).toHaveLength(2)
    // A start and its stop find it likewise.
    proxy.inject({ match: /run-now/, times: 1, respond: gone })
    await adapter.start()
    expect(plane.engine.runs).toHaveLength(1)
    expect(asked(/jobs\/list/)).toHaveLength(3)
  })

  it.each(GONE)('say that a job that is gone for good is missing, told by %i %j', async (status, body) => {
    proxy.inject({ match: /runs\/list/, respond: { status, ...(body ? { body } : {}) } })
    const refused = stage().status()
    await expect(refused).rejects.toMatchObject({ name: 'ServiceError', service: 'Databricks' })
    if (status === 404) await expect(refused).rejects.toMatchObject({ kind: 'not-found' })
  })

  it('say that the job is not there, and what makes it', async () => {
    await expect(stage('absent').status()).rejects.toMatchObject({
      kind: 'not-found',
      message: expect.stringContaining('absent'),
      hint: expect.stringContaining('setup'),
    })
  })

  it('do not ask for ever when the job is gone for good', async () => {
    const gone = {
      status: 400,
      body: { error_code: 'INVALID_PARAMETER_VALUE', message: 'Job 1001 does not exist.' },
    }
    proxy.inject({ match: /runs\/list/, respond: gone })
    await expect(stage().status()).rejects.toMatchObject({ name: 'ServiceError' })
    expect(asked(/runs\/list/).length).toBeLessThanOrEqual(2)
  })
})

describe('failures', () => {
  it('of authorisation are asked once; throttling tells when to come back', async () => {
    const heal = proxy.inject({
      respond: { status: 403, body: { error_code: 'PERMISSION_DENIED', message: 'No.' } },
    })
    await expect(stage().status()).rejects.toMatchObject({ kind: 'authorization', service: 'Databricks' })
    expect(proxy.requests).toHaveLength(1)
    heal()
    proxy.inject({ respond: throttled(3) })
    await expect(stage().start()).rejects.toMatchObject({ kind: 'throttled', retryAfterMs: 3000 })
  })

  it('of the line are unreachable, and a body that makes no sense is the service’s', async () => {
    const heal = proxy.inject({ cut: 'before' })
    await expect(stage().status()).rejects.toMatchObject({ kind: 'unreachable' })
    heal()
    // Taken for an empty list it would say that nothing runs, and costs.
    for (const runs of ['many', {}, [null]]) {
      const mend = proxy.inject({ match: /runs\/list/, respond: { status: 200, body: { runs } } })
      await expect(stage().status()).rejects.toMatchObject({
        kind: 'service',
        message: expect.stringContaining('a list that is none'),
      })
      mend()
    }
    proxy.inject({ match: /runs\/list/, respond: { status: 200, body: {} } })
    expect(await stage().status()).toMatchObject({ state: 'stopped', providerStatus: 'never run' })
  })
})
