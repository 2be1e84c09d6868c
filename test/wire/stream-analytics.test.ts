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
      streamingUnits: 3,
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

  it('tells the units of a subscription, and those in use while the job runs', async () => {
    const used = async (location: string) =>
      (await client.subscriptions.listQuotas(location)).value?.map(
        ({ id, name, maxCount, currentCount }) => ({
          id,
          name,
          maxCount,
          currentCount,
        }),
      )
    const quota = (location: string, name: string, maxCount: number, currentCount: number) => ({
      id: `/subscriptions/${subscription}/providers/Microsoft.StreamAnalytics/locations/${location}/quotas/${name}`,
      name,
      maxCount,
      currentCount,
    })
    const idle = (location: string) => [
      quota(location, 'StreamingUnits', 500, 0),
      quota(location, 'StreamingClusters', 5, 0),
    ]
    expect(await used('westus')).toEqual(idle('westus'))
    await client.streamingJobs.beginStartAndWait(resourceGroup, job)
    expect(await used('westus')).toEqual([
      quota('westus', 'StreamingUnits', 500, 3),
      quota('westus', 'StreamingClusters', 5, 0),
    ])
    expect(await used('eastus')).toEqual(idle('eastus'))
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
    ).rejects.toMatchObject({
      statusCode: 409,
      // As users quote it (azure-powershell, issue 14566), and what to do.
      message: expect.stringContaining(
        'LastOutputEventTime must be available when OutputStartMode is set to LastOutputEventTime. Please make sure at least one output event has been processed.',
      ),
    })
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
    // The test of an input or output is an operation that ends with what came of it.
    const tested = await client.outputs.beginTestAndWait(resourceGroup, job, 'bronze')
    expect(tested).toMatchObject({
      status: 'TestFailed',
      error: { code: 'OutputFull', message: 'The lake has reached its limit.' },
    })
    // Without $select=* the service leaves diagnostics out.
    const [plain] = await collect(client.outputs.listByStreamingJob(resourceGroup, job))
    expect(plain?.diagnostics).toBeUndefined()
  })

  it('answers for input, output and query by name', async () => {
    expect(await client.inputs.get(resourceGroup, job, 'weather')).toMatchObject({ name: 'weather' })
    expect(await client.outputs.get(resourceGroup, job, 'bronze')).toMatchObject({ name: 'bronze' })
    expect(await client.transformations.get(resourceGroup, job, 'query')).toMatchObject({
      streamingUnits: 3,
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
  /** Where the service says to ask on. */
  const locationOf = (answer: { headers: Headers }) => new URL(answer.headers.get('location') as string)
  const follow = (answer: { headers: Headers }) => {
    const { pathname, search } = locationOf(answer)
    return rest('GET', pathname + search)
  }

  it('a start is 202 with a signed Location alone; its polls are empty, each with a new one, and end with 200', async () => {
    await plane.close()
    // It starts until it is told to stop.
    plane = await startControlPlane({ tuning: { transitionMs: 3_600_000 } })
    rest = restCaller(plane.url, TOKEN)
    let answer = await rest('POST', `${JOB}/start${VERSION}`, { outputStartMode: 'JobStartTime' })
    expect([answer.status, answer.body]).toEqual([202, undefined])
    expect(answer.headers.get('azure-asyncoperation')).toBeNull()
    const first = locationOf(answer)
    expect(first.pathname).toMatch(
      /\/resourceGroups\/[^/]+\/.*streamingjobs\/[^/]+\/OperationResults\/[^/]+$/,
    )
    expect([...first.searchParams.keys()]).toEqual(['api-version', 't', 'c', 's', 'h'])
    expect(first.href.length).toBeGreaterThan(3000)
    expect(first.href.length).toBeLessThan(4100)
    expect((await rest('GET', JOB + VERSION)).body.properties.jobState).toBe('Starting')
    expect(await rest('POST', `${JOB}/start${VERSION}`)).toMatchObject({
      status: 409,
      body: {
        code: 'Conflict',
        message: expect.stringMatching(/not in a valid state to perform this operation: it is Starting/),
        details: null,
      },
    })
    const seen = new Set([first.href])
    for (let poll = 0; poll < 3; poll++) {
      answer = await follow(answer)
      expect([answer.status, answer.body, answer.headers.get('retry-after')]).toEqual([202, undefined, null])
      seen.add(locationOf(answer).href)
    }
    expect(seen.size).toBe(4)
    await plane.close()
    plane = await startControlPlane()
    rest = restCaller(plane.url, TOKEN)
    const short = await rest('POST', `${JOB}/start${VERSION}`)
    await vi.waitFor(async () => {
      const { status, body, headers } = await follow(short)
      expect([status, body]).toEqual([200, undefined])
      // Of JSON that is not there (recording of Azure PowerShell's Start-AzStreamAnalyticsJob).
      expect(headers.get('content-type')).toBe('application/json; charset=utf-8')
    })
  })

  it('a client is told to wait ten seconds before its first poll', async () => {
    await plane.close()
    plane = await startControlPlane({ retryAfterSeconds: 'service' })
    rest = restCaller(plane.url, TOKEN)
    expect((await rest('POST', `${JOB}/start${VERSION}`)).headers.get('retry-after')).toBe('10')
  })

  it('a stop is accepted in the same form, and ends with 200 and no body', async () => {
    const started = await rest('POST', `${JOB}/start${VERSION}`)
    await vi.waitFor(async () => expect((await follow(started)).status).toBe(200))
    const answer = await rest('POST', `${JOB}/stop${VERSION}`)
    expect([answer.status, answer.body]).toEqual([202, undefined])
    expect(answer.headers.get('azure-asyncoperation')).toBeNull()
    expect(locationOf(answer).pathname).toContain('/OperationResults/')
    expect([...locationOf(answer).searchParams.keys()]).toEqual(['api-version', 't', 'c', 's', 'h'])
    await vi.waitFor(async () => {
      const { status, body } = await follow(answer)
      expect([status, body]).toEqual([200, undefined])
    })
    expect((await rest('GET', JOB + VERSION)).body.properties.jobState).toBe('Stopped')
  })

  it('the test of an input says that it can be read, and that of another that it is not there', async () => {
    const accepted = await rest('POST', `${JOB}/inputs/WEATHER/test${VERSION}`)
    expect(accepted).toMatchObject({ status: 202, body: undefined })
    await vi.waitFor(async () =>
      expect(await follow(accepted)).toMatchObject({ status: 200, body: { status: 'TestSucceeded' } }),
    )
    // Events that are no JSON are no fault of the input.
    plane.send(0, 'no JSON')
    await client.streamingJobs.beginStartAndWait(resourceGroup, job, {
      startJobParameters: { outputStartMode: 'CustomTime', outputStartTime: new Date(0) },
    })
    await vi.waitFor(() => expect(plane.job.conditions.input).toBeDefined())
    const again = await rest('POST', `${JOB}/inputs/weather/test${VERSION}`)
    await vi.waitFor(async () => expect((await follow(again)).body).toEqual({ status: 'TestSucceeded' }))
    expect((await rest('POST', `${JOB}/inputs/other/test${VERSION}`)).status).toBe(404)
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
    await vi.waitFor(async () => {
      // Flat: the provider's own words.
      expect(await follow(accepted)).toMatchObject({
        status: 409,
        body: { message: 'the disk is gone', details: null },
      })
    })
  })

  it('the job comes with what the service fills in', async () => {
    expect((await rest('GET', JOB + VERSION)).headers.get('azure-asyncoperation')).toBeNull()
    await client.streamingJobs.beginStartAndWait(resourceGroup, job)
    const { body, headers } = await rest('GET', JOB + VERSION)
    expect(headers.get('etag')).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    // Once it was started, though nothing is under way.
    const reference = new URL(headers.get('azure-asyncoperation') as string)
    expect((await rest('GET', reference.pathname + reference.search)).status).toBe(200)
    expect(body).toMatchObject({
      location: 'West US',
      identity: { type: 'SystemAssigned', principalId: expect.any(String), tenantId: expect.any(String) },
      properties: {
        sku: { name: 'StandardV2' },
        contentStoragePolicy: 'SystemAccount',
        jobStorageAccount: null,
        cluster: null,
        eventsLateArrivalMaxDelayInSeconds: 5,
      },
    })
    const { body: outputs } = await rest('GET', `${JOB}/outputs${VERSION}`)
    expect(outputs).toMatchObject({ nextLink: null })
    expect(outputs.value[0].properties.datasource.properties).toMatchObject({
      pathPattern: 'weather/{date}/{time}',
      dateFormat: 'yyyy/MM/dd',
      timeFormat: 'HH-mm',
      blobWriteMode: 'Once',
    })
    expect((await rest('GET', JOB.replace(`/${job}`, '') + VERSION)).body).toMatchObject({ nextLink: null })
  })

  // Recordings of Azure PowerShell: Get-, Start- and Stop-AzStreamAnalyticsJob.
  it('a job tells how it was started once it was, with the time at which it began', async () => {
    const told = async () => {
      const { outputStartMode, outputStartTime } = (await rest('GET', JOB + VERSION)).body.properties
      return [outputStartMode, outputStartTime]
    }
    expect(await told()).toEqual([undefined, undefined])
    const before = Date.now()
    await client.streamingJobs.beginStartAndWait(resourceGroup, job)
    const started = await told()
    expect(started).toEqual(['JobStartTime', expect.stringMatching(/Z$/)])
    expect(Date.parse(started[1])).toBeGreaterThanOrEqual(before)
    expect(Date.parse(started[1])).toBeLessThanOrEqual(Date.now())
    await client.streamingJobs.beginStopAndWait(resourceGroup, job)
    expect(await told()).toEqual(started)
    plane.log.properties = () => {
      throw new Error('the disk is gone')
    }
    await rest('POST', `${JOB}/start${VERSION}`)
    await plane.job.settled()
    expect(await told()).toEqual(['JobStartTime', undefined])
  })

  it('what is listed tells its etag beside its properties', async () => {
    const header = async (path: string) => (await rest('GET', `${path}${VERSION}`)).headers.get('etag')
    const [listed] = (await rest('GET', JOB.replace(`/${job}`, '') + VERSION)).body.value
    expect(listed.properties.etag).toBe(await header(JOB))
    const { inputs, outputs, transformation } = (
      await rest('GET', `${JOB}${VERSION}&$expand=inputs,outputs,transformation`)
    ).body.properties
    for (const [kind, expanded] of Object.entries({ inputs, outputs, transformations: [transformation] })) {
      const [one] = (await rest('GET', `${JOB}/${kind}${VERSION}`)).body.value
      expect(one.properties.etag).toBe(await header(`${JOB}/${kind}/${one.name}`))
      expect(expanded).toEqual([one])
      const { body } = await rest('GET', `${JOB}/${kind}/${one.name}${VERSION}`)
      expect(body.properties).not.toHaveProperty('etag')
    }
  })

  it('the etag changes with the job', async () => {
    const etag = async () => (await rest('GET', JOB + VERSION)).headers.get('etag')
    const before = await etag()
    expect(await etag()).toBe(before)
    await rest('POST', `${JOB}/start${VERSION}`)
    expect(await etag()).not.toBe(before)
  })

  it('an input, an output and the query have etags of their own, which stay when the job changes', async () => {
    const etags = () =>
      Promise.all(
        ['inputs/weather', 'outputs/bronze', 'transformations/query'].map(async (path) =>
          (await rest('GET', `${JOB}/${path}${VERSION}`)).headers.get('etag'),
        ),
      )
    const before = await etags()
    expect(new Set(before).size).toBe(3)
    expect(before).not.toContain((await rest('GET', JOB + VERSION)).headers.get('etag'))
    await client.streamingJobs.beginStartAndWait(resourceGroup, job)
    expect(await etags()).toEqual(before)
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
      JOB.replace(subscription, '11111111-1111-1111-1111-111111111111') + VERSION,
      undefined,
      404,
      'SubscriptionNotFound',
    ],
    ['another path', 'GET', `/nowhere${VERSION}`, undefined, 404, 'NotFound'],
    ['another method', 'DELETE', JOB + VERSION, undefined, 405, 'MethodNotAllowed'],
    ['a body that is no JSON', 'POST', `${JOB}/start${VERSION}`, '{', 400, 'InvalidRequestContent'],
    [
      'an operation that is not there',
      'GET',
      `${JOB}/OperationResults/x${VERSION}`,
      undefined,
      404,
      'OperationNotFound',
    ],
  ])('%s is refused in ARM’s form', async (_, method, path, body, status, code) => {
    const answer = await rest(method, path, body)
    expect(answer).toMatchObject({ status, body: { error: { code, message: expect.any(String) } } })
    expect(plane.job.state).toBe('Created')
  })

  it.each([
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
      422,
      '422',
    ],
    [
      'CustomTime at no time',
      'POST',
      `${JOB}/start${VERSION}`,
      { outputStartMode: 'CustomTime', outputStartTime: '5' },
      400,
      'BadRequest',
    ],
    ['a function', 'GET', `${JOB}/functions/f${VERSION}`, undefined, 404, 'NotFound'],
  ])('%s is refused in the provider’s form, which is flat', async (_, method, path, body, status, code) => {
    const answer = await rest(method, path, body)
    expect(answer).toMatchObject({ status, body: { code, message: expect.any(String), details: null } })
    expect(plane.job.state).toBe('Created')
  })

  it('no token is refused with a challenge, and everything else goes on', async () => {
    const answer = await restCaller(plane.url, undefined)('GET', JOB + VERSION)
    expect(answer).toMatchObject({ status: 401, body: { error: { code: 'AuthenticationFailed' } } })
    const wrong = await restCaller(plane.url, 'wrong')('GET', JOB + VERSION)
    expect(wrong).toMatchObject({ status: 401, body: { error: { code: 'InvalidAuthenticationToken' } } })
    expect(answer.headers.get('www-authenticate')).toContain('Bearer')
    expect((await rest('GET', JOB + VERSION)).status).toBe(200)
  })

  it('paths are compared without case, as ARM does', async () => {
    const shouted = JOB.replace('resourcegroups', 'resourceGroups').replace(job, job.toUpperCase())
    expect((await rest('GET', shouted + VERSION)).status).toBe(200)
  })

  it('a scaling is refused as a request of a job that is there, not as one of none', async () => {
    const scaled = await rest('POST', `${JOB}/scale${VERSION}`, { streamingUnits: 6 })
    expect(scaled).toMatchObject({
      status: 400,
      body: { code: 'BadRequest', message: expect.stringContaining('not scaled'), details: null },
    })
  })
})
