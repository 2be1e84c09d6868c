/** Runs of pipelines with one notebook activity: start, look, query, cancel. */
import type { IncomingMessage } from 'node:http'
import type { NotebookName } from '../engine/api/engine.ts'
import { readJson } from '../http/body.ts'
import { HttpError } from '../http/errors.ts'
import type { Route } from '../http/router.ts'
import { notebookAt } from '../notebook-runs/notebook-name.ts'
import { QueueFullError, type RunHistory } from '../notebook-runs/run-history.ts'
import { activityPolicy } from './activity-policy.ts'
import { synapseRoute } from './api.ts'
import type { Artifact, Artifacts } from './artifacts.ts'
import { againIn } from './run-again.ts'
import { activityOperands, PIPELINE_OPERANDS, parseRunFilter, type RunFilter } from './run-filter.ts'
import { parametersIn } from './run-parameters.ts'
import { activitiesOf, describeActivity, describePipelineRun, type SeenRun } from './run-resource.ts'

/** The service's own bound, for pipelines that name none. */
const UNBOUNDED = 10_000
const PAGE = 100

interface NotebookActivity {
  name: string
  type: 'SynapseNotebook'
  typeProperties?: { notebook?: { referenceName?: string } }
  policy?: unknown
}

/** A run of a pipeline is a run of its notebook; the activity in it is described from the same record. */
export function pipelineRunRoutes(artifacts: Artifacts, runs: RunHistory): Route[] {
  const seen = (): SeenRun[] => {
    const groups = new Set<string>()
    return runs.list().map((record) => {
      const group = record.group ?? record.id
      const isLatest = !groups.has(group)
      groups.add(group)
      return { record, state: runs.stateOf(record), isLatest }
    })
  }
  const runOf = (id: string | undefined): SeenRun => {
    const run = seen().find(({ record }) => record.id === id)
    if (!run) throw new HttpError(404, 'PipelineRunNotFound', `The pipeline run '${id}' was not found.`)
    return run
  }
  const query = (filter: RunFilter, describe: (run: SeenRun) => object) => {
    const found = seen().filter((run) => filter.matches(run))
    // Without an order the service lists the oldest first (recordings of the SDK for .NET).
    const ordered = filter.isOrdered ? filter.order(found) : found.toReversed()
    const value = ordered.slice(filter.offset, filter.offset + PAGE)
    const end = filter.offset + value.length
    return {
      body: { value: value.map(describe), ...(end < found.length ? { continuationToken: String(end) } : {}) },
    }
  }
  return [
    synapseRoute('POST', '/pipelines/:name/createRun', async ({ params, request, query }) => {
      const pipeline = artifacts.find('pipelines', params.name ?? '')
      const { name: activity, policy } = notebookActivity(pipeline) ?? {}
      const find = (id: string) => runs.find(id)
      const { before, isRecovery } = againIn(query, pipeline.name, find, activity)
      const body = await readJson(request)
      // Those of the request count only where no earlier run is named, by the documentation.
      const parameters = parametersIn(before?.parameters ?? body, pipeline)
      try {
        const { id } = runs.start(pipeline.name, notebookOf(pipeline), {
          maxConcurrent: concurrencyOf(pipeline),
          whenBusy: 'queue',
          parameters,
          policy: activityPolicy(activity ?? '', policy),
          id: idGivenBy(request, runs),
          group: isRecovery ? (before?.group ?? before?.id) : undefined,
        })
        return { status: 202, body: { runId: id } }
      } catch (error) {
        if (!(error instanceof QueueFullError)) throw error
        throw new HttpError(429, 'TooManyQueuedRuns', `Pipeline ${pipeline.name}: ${error.message}`, {
          headers: { 'retry-after': '5' },
        })
      }
    }),
    synapseRoute('GET', '/pipelineruns/:id', ({ params }) => ({
      body: describePipelineRun(runOf(params.id)),
    })),
    synapseRoute('POST', '/queryPipelineRuns', async ({ request }) =>
      query(parseRunFilter(await readJson(request), PIPELINE_OPERANDS), describePipelineRun),
    ),
    synapseRoute(
      'POST',
      '/pipelines/:name/pipelineruns/:id/queryActivityruns',
      async ({ params, request }) => {
        const run = runOf(params.id)
        if (run.record.owner !== params.name)
          throw new HttpError(404, 'PipelineRunNotFound', `The run is none of pipeline '${params.name}'.`)
        const name = activityOf(artifacts, run.record.owner)?.name ?? run.record.notebook
        const filter = parseRunFilter(await readJson(request), activityOperands(name))
        const found = activitiesOf(run).filter((one) => filter.matches(one))
        return { body: { value: filter.order(found).map((one) => describeActivity(one, name)) } }
      },
    ),
    synapseRoute('POST', '/pipelineruns/:id/cancel', ({ params }) => {
      const { record } = runOf(params.id)
      if (record.endedAt !== undefined)
        throw new HttpError(
          400,
          'PipelineRunNotCancellable',
          `The pipeline run '${record.id}' has ended already.`,
        )
      runs.cancel(record)
      return { status: 200 }
    }),
  ]
}

/**
 * The run has the id of the request that began it, where a client names one (recordings of the SDK for .NET and of Azure CLI); undefined:
 * one of its own, as the same request sent again begins another run.
 */
function idGivenBy({ headers }: IncomingMessage, runs: RunHistory): string | undefined {
  const id = String(headers['x-ms-client-request-id'] ?? '')
    .replaceAll('-', '')
    .toLowerCase()
  if (!/^[0-9a-f]{32}$/.test(id)) return undefined
  const guid = id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  return runs.find(guid) ? undefined : guid
}

/** @throws HttpError 400 for a pipeline of which the engine would run a part only. */
function notebookOf(pipeline: Artifact): NotebookName {
  const { length } = activitiesIn(pipeline)
  if (length > 1)
    throw new HttpError(
      400,
      'BadRequest',
      `Pipeline '${pipeline.name}' has ${length} activities: the local engine runs pipelines of one notebook activity.`,
    )
  const reference = notebookActivity(pipeline)?.typeProperties?.notebook?.referenceName ?? ''
  const notebook = notebookAt(reference)
  if (notebook) return notebook
  throw new HttpError(
    400,
    'BadRequest',
    reference === ''
      ? `Pipeline '${pipeline.name}' has no notebook activity.`
      : `The local engine has no notebook '${reference}': it runs those named silver, gold and aggregate.`,
  )
}

/** Its activities, as far as they are a list. */
function activitiesIn({ properties: { activities } }: Artifact): readonly unknown[] {
  return Array.isArray(activities) ? activities : []
}

function notebookActivity(pipeline: Artifact): NotebookActivity | undefined {
  return activitiesIn(pipeline).find((one) => (one as NotebookActivity | null)?.type === 'SynapseNotebook') as
    | NotebookActivity
    | undefined
}

/** Of the pipeline as it is now; undefined when it was deleted. */
function activityOf(artifacts: Artifacts, pipeline: string): NotebookActivity | undefined {
  try {
    return notebookActivity(artifacts.find('pipelines', pipeline))
  } catch (error) {
    if (error instanceof HttpError && error.status === 404) return undefined
    throw error
  }
}

function concurrencyOf({ properties: { concurrency } }: Artifact): number {
  return Number.isInteger(concurrency) && Number(concurrency) > 0 ? Number(concurrency) : UNBOUNDED
}
