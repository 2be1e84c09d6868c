import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  type ControlPlane,
  removeFolders,
  startControlPlane,
  startFromStateOf,
  TOKEN,
} from '../support/control-plane.ts'
import { restCaller } from '../support/rest.ts'

let plane: ControlPlane
let rest: ReturnType<typeof restCaller>
async function start(folder?: string) {
  plane = await startControlPlane(folder === undefined ? {} : { folder })
  rest = restCaller(`${plane.url}/synapse`, TOKEN)
}
beforeEach(() => start())
afterEach(() => plane.close())
afterAll(removeFolders)

const V = 'api-version=2020-12-01'
const PIPELINE = 'rtstream-aggregate'
/** An id of no run. */
const NOBODY = '00000000-0000-0000-0000-000000000009'
const createRun = async (name = PIPELINE) =>
  (await rest('POST', `/pipelines/${name}/createRun?${V}`, {})).body.runId as string
const run = async (id: string) => (await rest('GET', `/pipelineruns/${id}?${V}`)).body
/** Times as Synapse writes them. */
const SEVEN_DIGITS = /T\d\d:\d\d:\d\d\.\d{7}Z$/
const span = { lastUpdatedAfter: '2020-01-01T00:00:00Z', lastUpdatedBefore: '2100-01-01T00:00:00Z' }
const query = async (more: object = {}) =>
  (await rest('POST', `/queryPipelineRuns?${V}`, { ...span, ...more })).body.value as {
    runId: string
    status: string
  }[]
const queryActivities = (id: string, more: object = {}) =>
  rest('POST', `/pipelines/${PIPELINE}/pipelineruns/${id}/queryActivityruns?${V}`, { ...span, ...more })
const activities = async (id: string) => (await queryActivities(id)).body.value

/** Polls the way the service documents it: 202 with a location until it is 200. */
async function settled(answer: Awaited<ReturnType<typeof rest>>) {
  let current = answer
  let polls = 0
  while (current.status === 202) {
    polls++
    // The record of the change comes with the first answer alone.
    if (polls > 1) expect(current.body).toEqual({ status: 'InProgress' })
    const location = new URL(current.headers.get('location') as string)
    current = await restCaller(plane.url, TOKEN)('GET', location.pathname + location.search)
  }
  return { current, polls }
}

describe('artifacts', () => {
  it('a notebook is uploaded by a long-running operation, read back, and kept', async () => {
    const properties = { nbformat: 4, cells: [{ cell_type: 'code', source: ['print(1)'] }] }
    const { current, polls } = await settled(await rest('PUT', `/notebooks/aggregate?${V}`, { properties }))
    expect(polls).toBeGreaterThan(1)
    expect(current).toMatchObject({ status: 200, body: { name: 'aggregate', properties } })
    await plane.close()
    await start(plane.folder)
    expect((await rest('GET', `/notebooks/aggregate?${V}`)).body).toMatchObject({
      name: 'aggregate',
      properties,
    })
    expect((await rest('GET', `/notebooks?${V}`)).body.value).toHaveLength(1)
  })

  it('a put is accepted with a record of the change, as recorded', async () => {
    const answer = await rest('PUT', `/notebooks/aggregate?${V}`, { properties: { cells: [] } })
    expect(answer).toMatchObject({
      status: 202,
      body: {
        id: expect.stringMatching(/^\/subscriptions\/.*\/workspaces\/[^/]+\/notebooks\/aggregate$/),
        recordId: 1,
        state: 'Creating',
        created: expect.stringMatching(SEVEN_DIGITS),
        changed: expect.stringMatching(SEVEN_DIGITS),
        type: 'Notebook',
        name: 'aggregate',
        operationId: expect.any(String),
        artifactId: expect.any(String),
      },
    })
    const location = new URL(answer.headers.get('location') as string)
    expect(location.origin).toBe(plane.url)
    expect(location.pathname).toContain(answer.body.operationId)
    const again = await rest('PUT', `/notebooks/aggregate?${V}`, { properties: { cells: [] } })
    expect(again.body).toMatchObject({ recordId: 2, state: 'Updating' })
  })

  it('the pipeline is there from the start; others are put, listed and deleted', async () => {
    expect((await rest('GET', `/pipelines/${PIPELINE}?${V}`)).body.properties.activities[0].type).toBe(
      'SynapseNotebook',
    )
    await settled(await rest('PUT', `/pipelines/mine?${V}`, { properties: { activities: [] } }))
    expect(
      (await rest('GET', `/pipelines?${V}`)).body.value.map(({ name }: { name: string }) => name),
    ).toEqual([PIPELINE, 'mine'])
    const deleted = await rest('DELETE', `/pipelines/mine?${V}`)
    expect(deleted).toMatchObject({
      status: 202,
      body: {
        id: expect.stringMatching(/\/pipelines\/mine$/),
        recordId: 0,
        state: 'Deleting',
        created: '0001-01-01T00:00:00',
        changed: '0001-01-01T00:00:00',
        type: 'Pipeline',
        name: 'mine',
        operationId: expect.any(String),
      },
    })
    expect(deleted.body).not.toHaveProperty('artifactId')
    expect(new URL(deleted.headers.get('location') as string).origin).toBe(plane.url)
    // At its end there is nothing to show.
    const { current } = await settled(deleted)
    expect([current.status, current.body]).toEqual([200, undefined])
    expect((await rest('GET', `/pipelines/mine?${V}`)).body).toEqual({
      code: 'PipelineNotFound',
      message: expect.stringMatching(
        /^The Pipeline mine was not found in \(subscription=\S+ resourceGroup=\S+ workspace=\S+\)$/,
      ),
    })
  })

  // Recordings of the SDK for .NET (PipelineClientLiveTests) and of Azure CLI (test_pipeline).
  it('a pipeline tells when it was published, whatever a client says of it', async () => {
    const told = async (name: string) =>
      (await rest('GET', `/pipelines/${name}?${V}`)).body.properties.lastPublishTime
    expect(await told(PIPELINE)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    const before = Date.now() - 1000
    await settled(
      await rest('PUT', `/pipelines/mine?${V}`, { properties: { lastPublishTime: '2020-01-01T00:00:00Z' } }),
    )
    expect(Date.parse(await told('mine'))).toBeGreaterThan(before)
    await settled(await rest('PUT', `/notebooks/mine?${V}`, { properties: {} }))
    expect((await rest('GET', `/notebooks/mine?${V}`)).body.properties).toEqual({})
  })

  // Recording of the SDK for .NET (WorkspaceClientLiveTests).
  it('the workspace describes itself', async () => {
    expect(await rest('GET', `/workspace?${V}`)).toMatchObject({
      status: 200,
      body: {
        type: 'Microsoft.Synapse/workspaces',
        name: 'synw-rtstream-local',
        properties: {
          provisioningState: 'Succeeded',
          defaultDataLakeStorage: { filesystem: expect.any(String) },
          connectivityEndpoints: { dev: `${plane.url}/synapse` },
          privateEndpointConnections: [],
        },
      },
    })
  })

  it('a change of a version that is not the newest is refused', async () => {
    const { headers } = await rest('GET', `/pipelines/${PIPELINE}?${V}`)
    const put = (etag: string) =>
      fetch(`${plane.url}/synapse/pipelines/${PIPELINE}?${V}`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${TOKEN}`, 'if-match': etag, 'content-type': 'application/json' },
        body: JSON.stringify({ properties: { activities: [] } }),
      })
    const etag = headers.get('etag') as string
    expect((await put('other')).status).toBe(412)
    expect((await put(`"${etag}x"`)).status).toBe(412)
    expect((await put(`"${etag}"`)).status).toBe(202)
    expect((await put(etag)).status).toBe(412)
    const now = (await rest('GET', `/pipelines/${PIPELINE}?${V}`)).headers.get('etag') as string
    expect((await put(now)).status).toBe(202)
  })
})

describe('what a client knows already', () => {
  it.each(['notebooks', 'pipelines'])('of %s is not sent again', async (kind) => {
    await settled(await rest('PUT', `/${kind}/mine?${V}`, { properties: {} }))
    const { headers } = await rest('GET', `/${kind}/mine?${V}`)
    const etag = headers.get('etag') as string
    const look = (known: string) =>
      fetch(`${plane.url}/synapse/${kind}/mine?${V}`, {
        headers: { authorization: `Bearer ${TOKEN}`, 'if-none-match': known },
      })
    for (const known of [etag, `"${etag}"`, `W/"${etag}"`, '*']) {
      const answer = await look(known)
      expect({ status: answer.status, text: await answer.text() }).toEqual({ status: 304, text: '' })
    }
    expect((await look('other')).status).toBe(200)
  })
})

describe('pipeline runs', () => {
  it('go from Queued over InProgress and Canceling to Cancelled, activity and all', async () => {
    const id = await createRun()
    plane.engine.last.endsAtOnce = false
    expect(plane.engine.last.notebook).toBe('aggregate')
    const words = [(await run(id)).status]
    plane.engine.last.state = 'running'
    words.push((await run(id)).status)
    expect((await activities(id))[0]).toMatchObject({
      activityName: 'aggregate',
      activityType: 'SynapseNotebook',
      pipelineRunId: id,
      status: 'InProgress',
    })
    expect((await rest('POST', `/pipelineruns/${id}/cancel?${V}`)).status).toBe(200)
    words.push((await run(id)).status)
    plane.engine.last.end()
    await vi.waitFor(async () => expect((await run(id)).status).toBe('Cancelled'))
    expect(words).toEqual(['Queued', 'InProgress', 'Canceling'])
    expect(await run(id)).toMatchObject({
      runId: id,
      pipelineName: PIPELINE,
      runStart: expect.stringMatching(SEVEN_DIGITS),
      runEnd: expect.stringMatching(SEVEN_DIGITS),
      lastUpdated: expect.stringMatching(SEVEN_DIGITS),
      durationInMs: expect.any(Number),
      id: expect.stringMatching(/^\/SUBSCRIPTIONS\/.*\/PROVIDERS\/MICROSOFT\.SYNAPSE\/WORKSPACES\//),
      debugRunId: null,
      output: null,
      annotations: [],
      runDimension: {},
    })
    expect((await rest('POST', `/pipelineruns/${id}/cancel?${V}`)).status).toBe(400)
  })

  it('keep what their start gave them, beside the defaults of the pipeline', async () => {
    const { properties } = (await rest('GET', `/pipelines/${PIPELINE}?${V}`)).body
    const parameters = {
      day: { type: 'String', defaultValue: 'today' },
      size: { type: 'Int', defaultValue: 3 },
    }
    await settled(
      await rest('PUT', `/pipelines/${PIPELINE}?${V}`, { properties: { ...properties, parameters } }),
    )
    const begun = await rest('POST', `/pipelines/${PIPELINE}/createRun?${V}`, {
      day: '2026-11-24',
      ['__proto__']: 'x',
    })
    expect((await run(begun.body.runId)).parameters).toEqual(
      JSON.parse('{"day":"2026-11-24","size":"3","__proto__":"x"}'),
    )
    const large = await rest('POST', `/pipelines/${PIPELINE}/createRun?${V}`, { day: 'x'.repeat(100_000) })
    expect(large).toMatchObject({ status: 400 })
    expect(plane.engine.runs).toHaveLength(1)
  })

  it('begin again from an earlier one: its parameters, and its group when it is a recovery', async () => {
    const start = async (query: string, body: object) =>
      (await rest('POST', `/pipelines/${PIPELINE}/createRun?${V}${query}`, body)).body.runId as string
    const first = await start('', { day: '1', city: 'Bern' })
    const copy = await start(`&referencePipelineRunId=${first}`, { day: '2' })
    expect(await run(copy)).toMatchObject({
      parameters: { day: '1', city: 'Bern' },
      runGroupId: copy,
      isLatest: true,
    })
    const again = `&isRecovery=true&startActivityName=aggregate&referencePipelineRunId=`
    const second = await start(`${again}${first}`, {})
    const third = await start(`${again}${second}`, {})
    const seen = await Promise.all([first, second, third].map(run))
    expect(seen.map(({ runGroupId, isLatest }) => ({ runGroupId, isLatest }))).toEqual([
      { runGroupId: first, isLatest: false },
      { runGroupId: first, isLatest: false },
      { runGroupId: first, isLatest: true },
    ])
    expect(seen[2].parameters).toEqual({ day: '1', city: 'Bern' })
    const found = async (operand: string, ...values: unknown[]) =>
      (await query({ filters: [{ operand, operator: 'Equals', values }] })).map(
        ({ runId }: { runId: string }) => runId,
      )
    // Users report that the text "True" changes nothing on the service, where true does.
    expect(await found('LatestOnly', true)).toEqual([copy, third])
    expect(await found('LatestOnly', 'True')).toEqual([first, copy, second, third])
    expect(await found('RunGroupId', first)).toEqual([first, second, third])
    expect(await found('TriggeredByName', 'nightly')).toEqual([])
    const two = [{ operand: 'RunGroupId', operator: 'In', values: [first, copy] }]
    expect((await rest('POST', `/queryPipelineRuns?${V}`, { ...span, filters: two })).body).toMatchObject({
      code: 'BadRequest',
      message: expect.stringContaining("Filter operand 'RunGroupId'"),
    })
  })

  it.each([
    ['an earlier one that is not there', `&referencePipelineRunId=${NOBODY}`, `'${NOBODY}'`],
    ['a recovery of nothing', '&isRecovery=true', 'referencePipelineRunId'],
    ['an activity without a recovery', '&startActivityName=aggregate', 'isRecovery'],
    [
      'an activity that the pipeline has not',
      '&isRecovery=true&startActivityName=x&referencePipelineRunId=',
      "'x'",
    ],
  ])('refuse %s', async (_, query, words) => {
    const id = query.endsWith('=') ? await createRun() : ''
    const before = plane.engine.runs.length
    expect(await rest('POST', `/pipelines/${PIPELINE}/createRun?${V}${query}${id}`, {})).toMatchObject({
      status: 400,
      body: { code: 'BadRequest', message: expect.stringContaining(words) },
    })
    expect(plane.engine.runs).toHaveLength(before)
  })

  it('refuse an earlier one whose id is none', async () => {
    const query = `${V}&referencePipelineRunId=%7B%7D`
    expect(await rest('POST', `/pipelines/${PIPELINE}/createRun?${query}`, {})).toMatchObject({
      status: 400,
      body: {
        code: 'ReferencedPipelineRunNotValid',
        message: 'Referenced pipeline run id {} is not a valid run id.',
      },
    })
    expect(plane.engine.runs).toHaveLength(0)
  })

  it('a failed one tells why, in the run and in its activity', async () => {
    const id = await createRun()
    plane.engine.last.fail('gold/weather is no Delta table')
    await vi.waitFor(async () => expect((await run(id)).status).toBe('Failed'))
    expect((await run(id)).message).toContain('gold/weather is no Delta table')
    expect((await activities(id))[0].error).toMatchObject({ message: 'gold/weather is no Delta table' })
  })

  it('tell their last batch in the activity’s output', async () => {
    const id = await createRun()
    plane.engine.last.state = 'running'
    plane.engine.last.progress = { batchId: 1, inputRows: 2, durationMs: 3, at: Date.now() }
    const [{ output }] = await activities(id)
    expect(JSON.parse(output.status.Output.result.exitValue)).toEqual(plane.engine.last.progress)
  })

  it('wait while the pipeline’s concurrency is used up', async () => {
    const first = await createRun()
    plane.engine.last.state = 'running'
    const second = await createRun()
    expect(plane.engine.runs).toHaveLength(1)
    expect((await run(second)).status).toBe('Queued')
    expect(await activities(second)).toEqual([])
    await rest('POST', `/pipelineruns/${first}/cancel?${V}`)
    await vi.waitFor(() => expect(plane.engine.runs).toHaveLength(2))
  })

  it('are found by name, status and time, in the order that is asked for', async () => {
    const first = await createRun()
    const second = await createRun()
    await rest('POST', `/pipelineruns/${second}/cancel?${V}`)
    const ids = (found: { runId: string }[]) => found.map(({ runId }) => runId)
    const filters = (operand: string, operator: string, ...values: string[]) => ({
      filters: [{ operand, operator, values }],
    })
    // The oldest first, where no order is asked for (recordings of the SDK for .NET).
    expect(ids(await query())).toEqual([first, second])
    expect(ids(await query(filters('PipelineName', 'Equals', PIPELINE)))).toHaveLength(2)
    expect(await query(filters('PipelineName', 'In', 'other'))).toEqual([])
    expect(ids(await query(filters('Status', 'Equals', 'Cancelled')))).toEqual([second])
    expect(ids(await query(filters('Status', 'NotIn', 'Cancelled')))).toEqual([first])
    expect(ids(await query({ orderBy: [{ orderBy: 'Status', order: 'DESC' }] }))).toEqual([first, second])
    expect(await query({ lastUpdatedAfter: '2099-01-01T00:00:00Z' })).toEqual([])
    // As users report of the service: nothing at all asks for everything.
    expect((await rest('POST', `/queryPipelineRuns?${V}`, {})).body.value).toHaveLength(
      (await query()).length,
    )
  })

  // Recordings of the SDK for .NET (PipelineRunClientLiveTests) and of Azure CLI (test_pipeline).
  it('have the id of the request that began them, and of none again', async () => {
    const begin = async (given: string) => {
      const answer = await fetch(`${plane.url}/synapse/pipelines/${PIPELINE}/createRun?${V}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${TOKEN}`,
          'x-ms-client-request-id': given,
          'x-ms-return-client-request-id': 'true',
        },
      })
      expect(answer.headers.get('x-ms-client-request-id')).toBe(given)
      return ((await answer.json()) as { runId: string }).runId
    }
    const guid = '5ddd86c1-e52c-1e56-2f31-e46099461b61'
    expect(await begin(guid.replaceAll('-', ''))).toBe(guid)
    expect(await run(guid)).toMatchObject({ runId: guid, runGroupId: guid })
    expect(await begin(guid)).not.toBe(guid)
    expect(await begin('mine')).not.toBe('mine')
  })

  it('have an activity that is found by its own name, type, status and times', async () => {
    const id = await createRun()
    plane.engine.last.state = 'running'
    const [{ activityName }] = await activities(id)
    const found = async (operand: string, operator: string, ...values: string[]) =>
      (await queryActivities(id, { filters: [{ operand, operator, values }] })).body.value?.length
    expect(await found('ActivityName', 'Equals', activityName)).toBe(1)
    expect(await found('ActivityName', 'Equals', 'another')).toBe(0)
    expect(await found('ActivityType', 'In', 'Copy', 'SynapseNotebook')).toBe(1)
    expect(await found('ActivityType', 'NotEquals', 'SynapseNotebook')).toBe(0)
    expect(await found('Status', 'Equals', 'InProgress')).toBe(1)
    expect(await found('Status', 'Equals', 'Failed')).toBe(0)
    expect(await found('ActivityRunEnd', 'Equals', '')).toBe(1)
    expect(await found('ActivityRunStart', 'Equals', '')).toBe(0)
    const order = { orderBy: [{ orderBy: 'ActivityRunStart', order: 'DESC' }] }
    expect((await queryActivities(id, order)).body.value).toHaveLength(1)
    // Each query has its own.
    const ofPipeline = { filters: [{ operand: 'PipelineName', operator: 'Equals', values: [PIPELINE] }] }
    expect(await queryActivities(id, ofPipeline)).toMatchObject({ status: 400, body: { code: 'BadRequest' } })
  })

  it('come in pages', async () => {
    // As many at a time as anybody likes.
    const step = { type: 'SynapseNotebook', typeProperties: { notebook: { referenceName: 'gold' } } }
    await settled(await rest('PUT', `/pipelines/mine?${V}`, { properties: { activities: [step] } }))
    const made: string[] = []
    for (let index = 0; index < 101; index++) made.push(await createRun('mine'))
    const page = async (more: object) =>
      (await rest('POST', `/queryPipelineRuns?${V}`, { ...span, ...more })).body as {
        value: { runId: string }[]
        continuationToken?: string
      }
    const { value: first, continuationToken } = await page({})
    const { value: second, ...end } = await page({ continuationToken })
    expect([...first, ...second].map(({ runId }) => runId)).toEqual(made)
    expect(first.length).toBeLessThan(made.length)
    expect(end).toEqual({})
  })

  it('that were under way when the process ended have failed', async () => {
    const id = await createRun()
    const survivor = await startFromStateOf(plane)
    try {
      const { body } = await restCaller(`${survivor.url}/synapse`, TOKEN)('GET', `/pipelineruns/${id}?${V}`)
      expect(body).toMatchObject({ status: 'Failed', message: expect.stringContaining('driver was lost') })
    } finally {
      await survivor.close()
    }
  })
})

describe('refusals', () => {
  it.each([
    ['no api-version', 'GET', '/pipelines', undefined, 400, 'MissingApiVersionParameter'],
    [
      'another api-version',
      'GET',
      '/pipelines?api-version=2019-06-01-preview',
      undefined,
      400,
      'InvalidApiVersionParameter',
    ],
    ['a pipeline that is not there', 'POST', `/pipelines/none/createRun?${V}`, {}, 404, 'PipelineNotFound'],
    ['a notebook that is not there', 'GET', `/notebooks/none?${V}`, undefined, 404, 'NotebookNotFound'],
    ['a run that is not there', 'GET', `/pipelineruns/none?${V}`, undefined, 404, 'PipelineRunNotFound'],
    ['an artifact without properties', 'PUT', `/pipelines/x?${V}`, {}, 400, 'BadRequest'],
    ['a query without times', 'POST', `/queryPipelineRuns?${V}`, { filters: [] }, 400, 'BadRequest'],
    [
      'a continuation of nothing',
      'POST',
      `/queryPipelineRuns?${V}`,
      { ...span, continuationToken: '-5' },
      400,
      'BadRequest',
    ],
    [
      'an unknown filter',
      'POST',
      `/queryPipelineRuns?${V}`,
      { ...span, filters: [{ operand: 'constructor', operator: 'Equals', values: [] }] },
      400,
      'BadRequest',
    ],
    [
      'to delete the pipeline of the control room',
      'DELETE',
      `/pipelines/${PIPELINE}?${V}`,
      undefined,
      409,
      'PipelineInUse',
    ],
    ['a body that is no JSON', 'POST', `/queryPipelineRuns?${V}`, 'junk', 400, 'InvalidRequestContent'],
    [
      'an operation that is not there',
      'GET',
      `/operationResults/none?${V}`,
      undefined,
      404,
      'OperationNotFound',
    ],
  ])('%s, in Azure’s form', async (_, method, path, body, status, code) => {
    expect(await rest(method, path, body)).toMatchObject({
      status,
      // Flat, as recorded.
      body: { code, message: expect.any(String) },
    })
  })

  it('a pipeline whose notebook nobody has', async () => {
    const activity = (referenceName: string) => ({
      activities: [{ type: 'SynapseNotebook', typeProperties: { notebook: { referenceName } } }],
    })
    await settled(await rest('PUT', `/pipelines/p?${V}`, { properties: activity('platinum') }))
    expect((await rest('POST', `/pipelines/p/createRun?${V}`, {})).body.message).toContain('platinum')
    await settled(await rest('PUT', `/pipelines/q?${V}`, { properties: {} }))
    expect((await rest('POST', `/pipelines/q/createRun?${V}`, {})).body.message).toContain(
      'no notebook activity',
    )
  })

  it('a pipeline of several activities, of which the engine would run one', async () => {
    const notebook = { referenceName: 'aggregate' }
    const activities = [
      { name: 'first', type: 'SetVariable' },
      { name: 'second', type: 'SynapseNotebook', typeProperties: { notebook } },
    ]
    await settled(await rest('PUT', `/pipelines/p?${V}`, { properties: { activities } }))
    expect(await rest('POST', `/pipelines/p/createRun?${V}`, {})).toMatchObject({
      status: 400,
      body: { code: 'BadRequest', message: expect.stringContaining('2 activities') },
    })
    expect(plane.engine.runs).toHaveLength(0)
  })

  it.each([
    ['POST', '/livyApi/versions/2019-11-01-preview/sparkPools/spark/batches', 'no Spark pool'],
    ['GET', '/livyApi/versions/2019-11-01-preview/sparkPools/spark/sessions?detailed=true', 'no Spark pool'],
    ['GET', `/bigDataPools/spark?${V}`, 'no Spark pool'],
    ['GET', `/linkedservices?${V}`, 'its notebooks, its pipelines and their runs'],
  ])('%s %s says what there is', async (method, path, words) => {
    const { status, body } = await rest(method, path, method === 'POST' ? {} : undefined)
    expect(status).toBe(404)
    expect(body).toEqual({ code: 'NotFound', message: expect.stringContaining(words) })
  })

  it.each([
    'bigDataPools',
    'sqlPools',
    'datasets',
    'dataflows',
    'triggers',
    'sqlScripts',
    'sparkJobDefinitions',
    'libraries',
  ])('has no %s to list', async (kind) => {
    expect(await rest('GET', `/${kind}?${V}`)).toMatchObject({ status: 200, body: { value: [] } })
  })

  it('has no runs of triggers, and no sessions of data flows', async () => {
    for (const query of ['queryTriggerRuns', 'queryDataFlowDebugSessions'])
      expect(await rest('POST', `/${query}?${V}`, {})).toMatchObject({ status: 200, body: { value: [] } })
  })

  it('a wrong token', async () => {
    const stranger = restCaller(`${plane.url}/synapse`, 'wrong')
    expect(await stranger('GET', `/pipelines?${V}`)).toMatchObject({ status: 401 })
  })
})
