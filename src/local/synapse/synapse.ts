/** Synapse's data plane, api-version 2020-12-01: notebooks, pipelines, and runs of pipelines with one notebook activity. */
import type { NotebookName } from '../engine/engine.ts'
import type { RunHistory, RunRecord } from '../engine/run-history.ts'
import { readJson } from '../http/body.ts'
import { HttpError } from '../http/errors.ts'
import type { Call, Route } from '../http/router.ts'
import { LOCAL_NAMES } from '../options.ts'

const API_VERSION = '2020-12-01'
const MAX_ARTIFACTS = 200

interface Artifact {
  name: string
  properties: Record<string, unknown>
}

export function synapseRoutes(runs: RunHistory): Route[] {
  const pipelines = new Map<string, Artifact>([[LOCAL_NAMES.pipeline, aggregatePipeline()]])
  const notebooks = new Map<string, Artifact>()
  return [
    ...artifactRoutes('notebooks', notebooks),
    ...artifactRoutes('pipelines', pipelines),
    route('POST', '/pipelines/:name/createRun', async ({ params }) => {
      const pipeline = found(pipelines, 'Pipeline', params.name)
      const run = runs.start(pipeline.name, notebookOf(pipeline))
      return { status: 202, body: { runId: run.id } }
    }),
    route('GET', '/pipelineruns/:id', ({ params }) => ({ body: describe(runOf(runs, params.id)) })),
    route('POST', '/queryPipelineRuns', async ({ request }) => {
      const { filters, lastUpdatedAfter, lastUpdatedBefore } = await readJson(request)
      const names = namesIn(filters)
      const from = Date.parse(String(lastUpdatedAfter ?? '')) || 0
      const to = Date.parse(String(lastUpdatedBefore ?? '')) || Number.POSITIVE_INFINITY
      const value = runs
        .list()
        .filter((run) => !names || names.includes(run.owner))
        // What is still under way was updated just now.
        .filter((run) => (run.endedAt ?? to) >= from && run.startedAt <= to)
        .map(describe)
      return { body: { value } }
    }),
    route('POST', '/pipelines/:name/pipelineruns/:id/queryActivityruns', ({ params }) => {
      const run = runOf(runs, params.id)
      return { body: { value: [activity(run)] } }
    }),
    route('POST', '/pipelineruns/:id/cancel', ({ params }) => {
      void runOf(runs, params.id).live?.cancel()
      return { status: 200 }
    }),
  ]
}

function route(method: string, path: string, handle: Route['handle']): Route {
  return {
    method,
    pattern: `/synapse${path}`,
    handle: (call) => {
      checkVersion(call)
      return handle(call)
    },
  }
}

/** PUT answers like the service: accepted first, with an operation to poll, which is over at once here. */
function artifactRoutes(kind: 'notebooks' | 'pipelines', artifacts: Map<string, Artifact>): Route[] {
  const label = kind === 'notebooks' ? 'Notebook' : 'Pipeline'
  const describeArtifact = ({ name, properties }: Artifact) => ({
    id: `${kind}/${name}`,
    name,
    type: `Microsoft.Synapse/workspaces/${kind}`,
    etag: '1',
    properties,
  })
  return [
    route('GET', `/${kind}`, () => ({ body: { value: [...artifacts.values()].map(describeArtifact) } })),
    route('GET', `/${kind}/:name`, ({ params }) => ({
      body: describeArtifact(found(artifacts, label, params.name)),
    })),
    route('PUT', `/${kind}/:name`, async ({ params, request }) => {
      const name = params.name as string
      const { properties } = await readJson(request)
      if (artifacts.size >= MAX_ARTIFACTS && !artifacts.has(name))
        throw new HttpError(409, 'QuotaExceeded', 'The workspace is full.')
      artifacts.set(name, { name, properties: (properties ?? {}) as Artifact['properties'] })
      const location = `https://${request.headers.host}/synapse/operationResults/${kind}-${encodeURIComponent(name)}?api-version=${API_VERSION}`
      return {
        status: 202,
        headers: { location, 'retry-after': '1' },
        body: { recordId: 1, state: 'Creating', status: 'Creating' },
      }
    }),
    route('DELETE', `/${kind}/:name`, ({ params }) => {
      found(artifacts, label, params.name)
      artifacts.delete(params.name as string)
      return { status: 200 }
    }),
    ...(kind === 'notebooks'
      ? []
      : [
          route('GET', '/operationResults/:id', ({ params }) => {
            const name = decodeURIComponent((params.id as string).replace(/^(notebooks|pipelines)-/, ''))
            const artifact = artifacts.get(name)
            return { status: 200, body: artifact ? describeArtifact(artifact) : { name, properties: {} } }
          }),
        ]),
  ]
}

const aggregatePipeline = (): Artifact => ({
  name: LOCAL_NAMES.pipeline,
  properties: {
    activities: [
      {
        name: 'aggregate',
        type: 'SynapseNotebook',
        typeProperties: { notebook: { referenceName: 'aggregate', type: 'NotebookReference' } },
      },
    ],
  },
})

function notebookOf({ name, properties }: Artifact): NotebookName {
  const activities = (properties.activities ?? []) as {
    type?: string
    typeProperties?: { notebook?: { referenceName?: string } }
  }[]
  const reference =
    activities.find((one) => one.type === 'SynapseNotebook')?.typeProperties?.notebook?.referenceName ?? ''
  const notebook = reference.split('/').at(-1)
  if (notebook === 'aggregate' || notebook === 'silver' || notebook === 'gold') return notebook
  throw new HttpError(
    400,
    'BadRequest',
    `Pipeline ${name} has no notebook that the local engine knows (${reference || 'none'}).`,
  )
}

function status(run: RunRecord): string {
  if (run.live) {
    const words = {
      starting: 'Queued',
      running: 'InProgress',
      stopping: 'Canceling',
      cancelled: 'Canceling',
      failed: 'InProgress',
    }
    return words[run.live.state]
  }
  return run.end === 'cancelled' ? 'Cancelled' : 'Failed'
}

function describe(run: RunRecord): object {
  const iso = (time: number | undefined) => (time === undefined ? null : new Date(time).toISOString())
  return {
    id: `pipelineruns/${run.id}`,
    runId: run.id,
    runGroupId: run.id,
    pipelineName: run.owner,
    invokedBy: { name: 'Manual', invokedByType: 'Manual' },
    runStart: iso(run.startedAt),
    runEnd: iso(run.endedAt),
    durationInMs: run.endedAt === undefined ? null : run.endedAt - run.startedAt,
    lastUpdated: iso(run.endedAt ?? run.live?.progress?.at ?? run.startedAt),
    status: status(run),
    message: run.error ?? '',
  }
}

function activity(run: RunRecord): object {
  const { progress } = run.live ?? {}
  return {
    activityName: run.notebook,
    activityType: 'SynapseNotebook',
    activityRunId: run.id,
    pipelineRunId: run.id,
    pipelineName: run.owner,
    status: status(run),
    activityRunStart: new Date(run.startedAt).toISOString(),
    activityRunEnd: run.endedAt === undefined ? null : new Date(run.endedAt).toISOString(),
    output: progress ? { status: { Output: { result: { exitValue: JSON.stringify(progress) } } } } : {},
    error: {
      errorCode: run.error === undefined ? '' : '6002',
      message: run.error ?? '',
      failureType: run.error === undefined ? '' : 'UserError',
    },
  }
}

function runOf(runs: RunHistory, id: string | undefined): RunRecord {
  const run = runs.find(id ?? '')
  if (!run) throw new HttpError(404, 'PipelineRunNotFound', `The pipeline run ${id} was not found.`)
  return run
}

function found(artifacts: ReadonlyMap<string, Artifact>, label: string, name: string | undefined): Artifact {
  const artifact = artifacts.get(name ?? '')
  if (!artifact)
    throw new HttpError(404, `${label}NotFound`, `The ${label.toLowerCase()} '${name}' was not found.`)
  return artifact
}

/** The filter form of the service: `{operand: 'PipelineName', operator: 'Equals'|'In', values}`. */
function namesIn(filters: unknown): string[] | undefined {
  if (!Array.isArray(filters)) return undefined
  const filter = filters.find((one) => (one as { operand?: string }).operand === 'PipelineName') as
    | { values?: unknown[] }
    | undefined
  return filter?.values?.map(String)
}

function checkVersion({ query }: Call): void {
  const version = query.get('api-version')
  if (version !== API_VERSION)
    throw new HttpError(
      400,
      'InvalidApiVersionParameter',
      `The api-version '${version ?? ''}' is invalid; '${API_VERSION}' is supported.`,
    )
}
