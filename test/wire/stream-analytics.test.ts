import { join } from 'node:path'
import { StreamAnalyticsManagementClient } from '@azure/arm-streamanalytics'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { LOCAL_NAMES } from '../../src/local/runtime/options.ts'
import { type ControlPlane, removeFolders, startControlPlane, TOKEN } from '../support/control-plane.ts'
import { readBronze, sequenceNumbers } from '../support/hub-events.ts'
import { restCaller } from '../support/rest.ts'

const { subscription, resourceGroup, job } = LOCAL_NAMES
const JOB = `/subscriptions/${subscription}/resourcegroups/${resourceGroup}/providers/Microsoft.StreamAnalytics/streamingjobs/${job}`
const VERSION = '?api-version=2020-03-01'

let plane: ControlPlane
let client: StreamAnalyticsManagementClient
let rest: ReturnType<typeof restCaller>
beforeEach(async () => {
  plane = await startControlPlane()
  client = new StreamAnalyticsManagementClient(plane.credential, subscription, {
    endpoint: plane.url,
    credentialScopes: 'https://management.azure.com/.default',
  })
  rest = restCaller(plane.url, TOKEN)
})
afterEach(() => plane.close())
afterAll(removeFolders)

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

const bronze = () => readBronze(join(plane.folder, 'lake/bronze'))

describe('Stream Analytics through @azure/arm-streamanalytics', () => {
  it('describes the job, with what is asked for beside it', async () => {
    const plain = await client.streamingJobs.get(resourceGroup, job)
    expect(plain).toMatchObject({ name: job, jobState: 'Created', provisioningState: 'Succeeded' })
    expect(plain.createdDate).toBeInstanceOf(Date)
    expect(plain.lastOutputEventTime).toBeUndefined()
    expect(plain.inputs).toBeUndefined()
    const expand = 'inputs,transformation,outputs,functions'
    const whole = await client.streamingJobs.get(resourceGroup, job, { expand })
    expect(whole.transformation).toMatchObject({
      streamingUnits: 1,
      query: expect.stringContaining('INTO bronze'),
    })
    expect(whole.inputs?.[0]?.properties).toMatchObject({
      type: 'Stream',
      datasource: {
        type: 'Microsoft.EventHub/EventHub',
        eventHubName: 'weather',
        consumerGroupName: 'stream-analytics',
      },
      serialization: { type: 'Json' },
    })
    expect(whole.outputs?.[0]).toMatchObject({
      datasource: { type: 'Microsoft.Storage/Blob', container: 'bronze' },
    })
    expect(whole.functions).toEqual([])
  })

  it('lists the one job, by group and by subscription', async () => {
    const names = async (jobs: AsyncIterable<{ name?: string }>) =>
      (await collect(jobs)).map(({ name }) => name)
    expect(await names(client.streamingJobs.listByResourceGroup(resourceGroup))).toEqual([job])
    expect(await names(client.streamingJobs.list())).toEqual([job])
  })

  it('starts, lands events and stops, each awaited by the SDK’s own poller', async () => {
    plane.send(0, { n: 0 })
    await client.streamingJobs.beginStartAndWait(resourceGroup, job, {
      startJobParameters: { outputStartMode: 'CustomTime', outputStartTime: new Date(0) },
    })
    const started = await client.streamingJobs.get(resourceGroup, job)
    expect(started).toMatchObject({
      jobState: 'Running',
      outputStartMode: 'CustomTime',
      outputStartTime: new Date(0),
    })
    plane.send(1, { n: 0 })
    await vi.waitFor(() => expect(bronze()).toHaveLength(2))
    const { lastOutputEventTime } = await client.streamingJobs.get(resourceGroup, job)
    expect(lastOutputEventTime).toBeInstanceOf(Date)
    await client.streamingJobs.beginStopAndWait(resourceGroup, job)
    expect((await client.streamingJobs.get(resourceGroup, job)).jobState).toBe('Stopped')
    // Stopping what is stopped is no error.
    await client.streamingJobs.beginStopAndWait(resourceGroup, job)
    plane.send(0, { n: 1 })
    await client.streamingJobs.beginStartAndWait(resourceGroup, job, {
      startJobParameters: { outputStartMode: 'LastOutputEventTime' },
    })
    await vi.waitFor(() => expect(sequenceNumbers(bronze(), 0)).toEqual([0, 1]))
  })

  it('starts with JobStartTime when nothing else is said', async () => {
    plane.send(0, { n: 0 })
    await client.streamingJobs.beginStartAndWait(resourceGroup, job)
    plane.send(0, { n: 1 })
    await vi.waitFor(() => expect(sequenceNumbers(bronze(), 0)).toEqual([1]))
  })

  it('refuses what the job’s state forbids', async () => {
    await expect(
      client.streamingJobs.beginStart(resourceGroup, job, {
        startJobParameters: { outputStartMode: 'LastOutputEventTime' },
      }),
    ).rejects.toMatchObject({ statusCode: 409, message: expect.stringContaining('never produced output') })
    await client.streamingJobs.beginStartAndWait(resourceGroup, job)
    await expect(client.streamingJobs.beginStart(resourceGroup, job)).rejects.toMatchObject({
      statusCode: 409,
      code: 'Conflict',
      message: expect.stringContaining('is Running'),
    })
  })

  it('a start that fails fails its operation, and the diagnostics say why', async () => {
    plane.lake.place = async () => {
      throw Object.assign(new Error('The lake has reached its limit.'), { name: 'LakeFullError' })
    }
    await client.streamingJobs.beginStartAndWait(resourceGroup, job)
    plane.send(0, { n: 0 })
    await vi.waitFor(async () =>
      expect((await client.streamingJobs.get(resourceGroup, job)).jobState).toBe('Failed'),
    )
    const [output] = await collect(client.outputs.listByStreamingJob(resourceGroup, job, { select: '*' }))
    expect(output?.diagnostics?.conditions).toEqual([
      { code: 'OutputFull', message: 'The lake has reached its limit.', since: expect.any(String) },
    ])
    // Without $select=* the service leaves diagnostics out.
    const [plain] = await collect(client.outputs.listByStreamingJob(resourceGroup, job))
    expect(plain?.diagnostics).toBeUndefined()
  })

  it('answers for input, output and query by name', async () => {
    expect(await client.inputs.get(resourceGroup, job, 'weather')).toMatchObject({ name: 'weather' })
    expect(await client.outputs.get(resourceGroup, job, 'bronze')).toMatchObject({ name: 'bronze' })
    expect(await client.transformations.get(resourceGroup, job, 'transformation')).toMatchObject({
      streamingUnits: 1,
    })
    await expect(client.inputs.get(resourceGroup, job, 'other')).rejects.toMatchObject({ statusCode: 404 })
  })

  it('refuses a wrong token', async () => {
    const stranger = new StreamAnalyticsManagementClient(
      { getToken: async () => ({ token: 'wrong', expiresOnTimestamp: Date.now() + 3_600_000 }) },
      subscription,
      { endpoint: plane.url, credentialScopes: 'https://management.azure.com/.default' },
    )
    await expect(stranger.streamingJobs.get(resourceGroup, job)).rejects.toMatchObject({ statusCode: 401 })
    await expect(stranger.streamingJobs.beginStop(resourceGroup, job)).rejects.toMatchObject({
      statusCode: 401,
    })
    expect(plane.logged.text()).not.toContain(TOKEN)
  })
})

describe('Stream Analytics as documented REST', () => {
  it('a start is 202 with both ways to poll, and either ends with the operation', async () => {
    const accepted = await rest('POST', `${JOB}/start${VERSION}`, { outputStartMode: 'JobStartTime' })
    expect(accepted.status).toBe(202)
    expect(accepted.headers.get('retry-after')).toBe('1')
    const location = new URL(accepted.headers.get('location') as string)
    const status = new URL(accepted.headers.get('azure-asyncoperation') as string)
    await vi.waitFor(async () => {
      const { status: code } = await rest('GET', location.pathname + location.search)
      expect(code).toBe(200)
    })
    expect((await rest('GET', status.pathname + status.search)).body).toMatchObject({ status: 'Succeeded' })
  })

  it('while the job starts, it says so itself, and so do both ways to poll', async () => {
    await plane.close()
    // It starts until it is told to stop.
    plane = await startControlPlane({ tuning: { transitionMs: 3_600_000 } })
    rest = restCaller(plane.url, TOKEN)
    const accepted = await rest('POST', `${JOB}/start${VERSION}`)
    const poll = (header: string) => {
      const url = new URL(accepted.headers.get(header) as string)
      return rest('GET', url.pathname + url.search)
    }
    expect((await rest('GET', JOB + VERSION)).body.properties.jobState).toBe('Starting')
    expect((await poll('location')).status).toBe(202)
    expect((await poll('azure-asyncoperation')).body).toMatchObject({ status: 'InProgress' })
    expect(await rest('POST', `${JOB}/start${VERSION}`)).toMatchObject({
      status: 409,
      body: { error: { message: expect.stringContaining('is Starting') } },
    })
  })

  it('null for the mode is its default', async () => {
    const body = { outputStartMode: null, outputStartTime: null }
    expect((await rest('POST', `${JOB}/start${VERSION}`, body)).status).toBe(202)
    expect(plane.job.outputStart).toEqual({ mode: 'JobStartTime' })
  })

  it('the operation of a start that fails says so', async () => {
    plane.log.read = () => {
      throw new Error('the disk is gone')
    }
    plane.log.sequenceNumberAt = plane.log.read as never
    const accepted = await rest('POST', `${JOB}/start${VERSION}`, {
      outputStartMode: 'CustomTime',
      outputStartTime: '2026-11-24T00:00:00Z',
    })
    const status = new URL(accepted.headers.get('azure-asyncoperation') as string)
    const location = new URL(accepted.headers.get('location') as string)
    await vi.waitFor(async () => {
      expect((await rest('GET', status.pathname + status.search)).body).toMatchObject({
        status: 'Failed',
        error: { message: 'the disk is gone' },
      })
    })
    expect((await rest('GET', location.pathname + location.search)).status).toBe(409)
  })

  it('the etag changes with the job', async () => {
    const etag = async () => (await rest('GET', JOB + VERSION)).headers.get('etag')
    const before = await etag()
    expect(await etag()).toBe(before)
    await rest('POST', `${JOB}/start${VERSION}`)
    expect(await etag()).not.toBe(before)
  })

  it.each([
    ['no api-version', 'GET', JOB, undefined, 400, 'MissingApiVersionParameter'],
    [
      'an unknown api-version',
      'GET',
      `${JOB}?api-version=1999-01-01`,
      undefined,
      400,
      'NoRegisteredProviderFound',
    ],
    ['another job', 'GET', `${JOB}x${VERSION}`, undefined, 404, 'ResourceNotFound'],
    [
      'another group',
      'GET',
      JOB.replace(resourceGroup, 'other') + VERSION,
      undefined,
      404,
      'ResourceGroupNotFound',
    ],
    [
      'another subscription',
      'GET',
      JOB.replace(subscription, 'other') + VERSION,
      undefined,
      404,
      'SubscriptionNotFound',
    ],
    ['another path', 'GET', `/subscriptions/x${VERSION}`, undefined, 404, 'NotFound'],
    ['another method', 'DELETE', JOB + VERSION, undefined, 405, 'MethodNotAllowed'],
    ['a body that is no JSON', 'POST', `${JOB}/start${VERSION}`, '{', 400, 'InvalidRequestContent'],
    [
      'an unknown start mode',
      'POST',
      `${JOB}/start${VERSION}`,
      { outputStartMode: 'Never' },
      400,
      'BadRequest',
    ],
    [
      'CustomTime without a time',
      'POST',
      `${JOB}/start${VERSION}`,
      { outputStartMode: 'CustomTime' },
      400,
      'BadRequest',
    ],
    [
      'CustomTime at no time',
      'POST',
      `${JOB}/start${VERSION}`,
      { outputStartMode: 'CustomTime', outputStartTime: '5' },
      400,
      'BadRequest',
    ],
    ['a function', 'GET', `${JOB}/functions/f${VERSION}`, undefined, 404, 'ResourceNotFound'],
    [
      'an operation that is not there',
      'GET',
      `/subscriptions/${subscription}/providers/Microsoft.StreamAnalytics/locations/local/operationresults/x${VERSION}`,
      undefined,
      404,
      'OperationNotFound',
    ],
  ])('%s is refused in ARM’s form', async (_, method, path, body, status, code) => {
    const answer = await rest(method, path, body)
    expect(answer).toMatchObject({ status, body: { error: { code, message: expect.any(String) } } })
    expect(plane.job.state).toBe('Created')
  })

  it('no token is refused with a challenge, and everything else goes on', async () => {
    const answer = await restCaller(plane.url, undefined)('GET', JOB + VERSION)
    expect(answer).toMatchObject({ status: 401, body: { error: { code: 'InvalidAuthenticationToken' } } })
    expect(answer.headers.get('www-authenticate')).toContain('Bearer')
    expect((await rest('GET', JOB + VERSION)).status).toBe(200)
  })

  it('paths are compared without case, as ARM does', async () => {
    const shouted = JOB.replace('resourcegroups', 'resourceGroups').replace(job, job.toUpperCase())
    expect((await rest('GET', shouted + VERSION)).status).toBe(200)
  })
})
