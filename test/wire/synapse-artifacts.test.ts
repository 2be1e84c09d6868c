/** Synapse's data plane as its JavaScript SDK sees it, unmodified: long-running changes in the recorded form, runs, refusals. */
import { ArtifactsClient, type NotebookResource, type PipelineResource } from '@azure/synapse-artifacts'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type ControlPlane, removeFolders, startControlPlane, TOKEN } from '../support/control-plane.ts'

let plane: ControlPlane
let synapse: ArtifactsClient
beforeEach(async () => {
  plane = await startControlPlane()
  synapse = new ArtifactsClient(plane.credential, `${plane.url}/synapse`)
})
afterEach(() => plane.close())
afterAll(removeFolders)

const notebook: NotebookResource = {
  name: 'mine',
  properties: {
    nbformat: 4,
    nbformatMinor: 2,
    metadata: { languageInfo: { name: 'python' } },
    cells: [{ cellType: 'code', source: ['print(1)'], metadata: {}, outputs: [] }],
  },
}
const pipelineOf = (referenceName: string): PipelineResource => ({
  concurrency: 1,
  activities: [
    { name: 'step', type: 'SynapseNotebook', notebook: { type: 'NotebookReference', referenceName } },
  ],
})
const span = () => ({
  lastUpdatedAfter: new Date(Date.now() - 3_600_000),
  lastUpdatedBefore: new Date(Date.now() + 3_600_000),
})

/** What stands in the answers that a client's poller reads. */
function listen(client: ArtifactsClient): { status: number; location: string | undefined; length: number }[] {
  const seen: { status: number; location: string | undefined; length: number }[] = []
  client.pipeline.addPolicy({
    name: 'listen',
    sendRequest: async (request, next) => {
      const response = await next(request)
      const { status, headers, bodyAsText } = response
      seen.push({ status, location: headers.get('location'), length: bodyAsText?.length ?? 0 })
      return response
    },
  })
  return seen
}

async function names(items: AsyncIterable<{ name?: string }>): Promise<(string | undefined)[]> {
  const found: (string | undefined)[] = []
  for await (const { name } of items) found.push(name)
  return found
}

describe('@azure/synapse-artifacts', () => {
  it('puts and deletes a notebook by its own poller, over 202 with a Location', async () => {
    const { notebookOperations } = synapse
    const seen = listen(synapse)
    const made = await notebookOperations.beginCreateOrUpdateNotebookAndWait('mine', notebook)
    expect(made).toMatchObject({ name: 'mine', properties: { cells: [{ source: ['print(1)'] }] } })
    expect(await notebookOperations.getNotebook('mine')).toMatchObject({ id: made.id, etag: made.etag })
    expect(await names(notebookOperations.listNotebooksByWorkspace())).toEqual(['mine'])
    const change = seen.splice(0)
    const isPoll = ({ status }: { status: number }) => status === 202
    expect(change.filter(isPoll).map(({ length }) => length > 0)).toEqual([true, true])
    expect(change.filter(isPoll).every(({ location }) => location?.startsWith(plane.url))).toBe(true)
    await notebookOperations.beginDeleteNotebookAndWait('mine')
    expect(seen.map(({ status, length }) => [status, length > 0])).toEqual([
      [202, true],
      [202, true],
      [200, false],
    ])
    await expect(notebookOperations.getNotebook('mine')).rejects.toMatchObject({
      statusCode: 404,
      code: 'NotebookNotFound',
      message: expect.stringContaining('mine'),
    })
  })

  it('makes a pipeline, runs it, finds the run and its activity, and cancels it', async () => {
    const { pipelineOperations, pipelineRunOperations } = synapse
    const made = await pipelineOperations.beginCreateOrUpdatePipelineAndWait('p', pipelineOf('aggregate'))
    expect(made.activities).toMatchObject([{ name: 'step', notebook: { referenceName: 'aggregate' } }])
    expect(await names(pipelineOperations.listPipelinesByWorkspace())).toEqual(['rtstream-aggregate', 'p'])
    const { runId } = await pipelineOperations.createPipelineRun('p', { parameters: { a: 1 } })
    expect(await pipelineRunOperations.getPipelineRun(runId)).toMatchObject({
      status: 'Queued',
      pipelineName: 'p',
      isLatest: true,
      runStart: expect.any(Date),
    })
    plane.engine.last.state = 'running'
    const { value } = await pipelineRunOperations.queryPipelineRunsByWorkspace({
      ...span(),
      filters: [{ operand: 'PipelineName', operator: 'Equals', values: ['p'] }],
      orderBy: [{ orderBy: 'RunStart', order: 'DESC' }],
    })
    expect(value.map((run) => [run.runId, run.status])).toEqual([[runId, 'InProgress']])
    const activities = await pipelineRunOperations.queryActivityRuns('p', runId, span())
    expect(activities.value).toMatchObject([{ activityName: 'step', status: 'InProgress' }])
    await pipelineRunOperations.cancelPipelineRun(runId, { isRecursive: true })
    await vi.waitFor(
      async () =>
        expect(await pipelineRunOperations.getPipelineRun(runId)).toMatchObject({
          status: 'Cancelled',
          runEnd: expect.any(Date),
          durationInMs: expect.any(Number),
        }),
      { timeout: 20_000 },
    )
  })

  it('hears refusals in the flat form: code and sentence', async () => {
    const { pipelineOperations, pipelineRunOperations } = synapse
    await expect(pipelineRunOperations.getPipelineRun('none')).rejects.toMatchObject({
      statusCode: 404,
      code: 'PipelineRunNotFound',
    })
    await expect(pipelineOperations.createPipelineRun('none')).rejects.toMatchObject({
      code: 'PipelineNotFound',
    })
    await expect(pipelineOperations.beginDeletePipelineAndWait('rtstream-aggregate')).rejects.toMatchObject({
      statusCode: 409,
      code: 'PipelineInUse',
    })
    const stranger = new ArtifactsClient(
      { getToken: async () => ({ token: 'wrong', expiresOnTimestamp: Date.now() + 3_600_000 }) },
      `${plane.url}/synapse`,
    )
    await expect(names(stranger.pipelineOperations.listPipelinesByWorkspace())).rejects.toMatchObject({
      statusCode: 401,
    })
    expect(plane.logged.text()).not.toContain(TOKEN)
  })
})
