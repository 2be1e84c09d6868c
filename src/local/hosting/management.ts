/**
 * The control planes on one port: Stream Analytics and metrics below `/`, Databricks and Synapse below their own names, and
 * Databricks at the root as well.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { clusterRoutes } from '../databricks/clusters.ts'
import {
  currentUserRoute,
  hostMetadataRoute,
  isHostMetadata,
  rootedAtDatabricks,
  WORKSPACE_ID,
} from '../databricks/discovery.ts'
import { databricksError, requireDatabricksToken } from '../databricks/errors.ts'
import { JobStore } from '../databricks/job-store.ts'
import { JobPermissions, permissionRoutes } from '../databricks/permissions.ts'
import { type RateLimit, rateLimiter, WORKSPACE_LIMIT } from '../databricks/rate-limit.ts'
import { jobsRoutes } from '../databricks/routes.ts'
import { workspaceRoutes } from '../databricks/workspace.ts'
import type { NotebookEngine } from '../engine/api/engine.ts'
import { refuseMalformedSubscription } from '../http/arm-request.ts'
import { requireBearer } from '../http/bearer.ts'
import { armError, type ErrorForm, type HttpError } from '../http/errors.ts'
import { type Guard, routes } from '../http/router.ts'
import { selfUrl } from '../http/self-url.ts'
import { type Handler, listen } from '../http/server.ts'
import { metricsRoutes } from '../monitor/metrics.ts'
import { isFlat, metricsError } from '../monitor/metrics-error.ts'
import { RunHistory } from '../notebook-runs/run-history.ts'
import type { RunRecord } from '../notebook-runs/run-record.ts'
import type { After } from '../notebook-runs/run-timers.ts'
import { type ResourceFacts, synapseWorkspace } from '../resource-manager/catalogue.ts'
import { cloudEndpointsRoute, isCloudEndpoints } from '../resource-manager/cloud-endpoints.ts'
import { resourceRoutes } from '../resource-manager/routes.ts'
import type { Certificate } from '../runtime/certificate.ts'
import type { Clock } from '../runtime/clock.ts'
import type { StreamAnalyticsJob } from '../stream-analytics/job.ts'
import { ProviderError, providerError } from '../stream-analytics/provider-error.ts'
import { streamAnalyticsRoutes } from '../stream-analytics/routes.ts'
import { synapseRoute } from '../synapse/api.ts'
import { Artifacts } from '../synapse/artifacts.ts'
import { synapseError } from '../synapse/error-form.ts'
import { pipelineRunRoutes } from '../synapse/pipeline-runs.ts'
import { withReason } from './refusal-reasons.ts'
import { isSignIn, refuseSignIn, signInError } from './sign-in.ts'

/** What the control planes steer, and what they keep. */
export interface ManagementOptions {
  job: StreamAnalyticsJob
  engine: NotebookEngine
  /** `<data>/state` */
  stateFolder: string
  /** 0 = a free port. */
  port: number
  tls: Certificate
  token: string
  newId: () => string
  clock: Clock
  logger: Logger
  /** What Resource Manager reports of the other services. */
  resources: ResourceFacts
  databricksLimit?: RateLimit | undefined
  /** Before a request is looked at: what goes wrong on purpose. */
  before?: () => void
  /** Called when the services may answer something else about the stages than before. */
  onChange?: (() => void) | undefined
  /** What a client waits before it polls for a start or a stop of the job (s). */
  retryAfterSeconds?: number | undefined
  /** Timers of runs; replaced in tests. */
  after?: After | undefined
}

/** One port, over TLS. */
export interface Management {
  port: number
  /** Takes no more requests, cancels the runs, and resolves when they have ended. */
  close(): Promise<void>
}

/** @throws PortTakenError, StateFileError */
export async function startManagement(options: ManagementOptions): Promise<Management> {
  const { job, engine, stateFolder, port, tls, token, newId, clock, logger } = options
  const state = (name: string) => join(stateFolder, `${name}.json`)
  const history = (name: string, nextId: (records: readonly RunRecord[]) => string) =>
    new RunHistory({
      engine,
      stateFile: state(`${name}-runs`),
      clock,
      logger,
      nextId,
      onChange: options.onChange,
      after: options.after,
    })
  const databricksRuns = history('databricks', nextNumber)
  const synapseRuns = history('synapse', () => newId())
  const artifacts = new Artifacts(state('synapse-artifacts'), newId, () => clock.now())
  const checkRate = rateLimiter(options.databricksLimit ?? WORKSPACE_LIMIT, clock)
  const jobs = new JobStore(state('databricks-jobs'), clock)
  const permissions = new JobPermissions(state('databricks-permissions'))
  const table = [
    ...resourceRoutes(options.resources),
    ...streamAnalyticsRoutes({ job, clock, nextId: newId, retryAfterSeconds: options.retryAfterSeconds }),
    ...metricsRoutes(job, clock),
    ...jobsRoutes({ jobs, permissions, runs: databricksRuns, checkRate }),
    ...workspaceRoutes(state('databricks-workspace'), clock, checkRate),
    ...clusterRoutes(checkRate),
    ...permissionRoutes(jobs, permissions, checkRate),
    currentUserRoute,
    ...artifacts.routes(),
    synapseRoute('GET', '/workspace', ({ request }) => ({
      body: synapseWorkspace(options.resources, selfUrl(request, '')),
    })),
    ...pipelineRunRoutes(artifacts, synapseRuns),
  ]
  const open = routes([hostMetadataRoute, cloudEndpointsRoute])
  const guarded = routes(
    table,
    options.before ?? (() => {}),
    requireToken(token),
    refuseMalformedSubscription,
  )
  const handler: Handler = async (request, response) => {
    rootedAtDatabricks(request)
    const isOpen = isHostMetadata(request) || isCloudEndpoints(request)
    nameAnswer(request, response)
    if (isSignIn(request)) refuseSignIn()
    try {
      await (isOpen ? open : guarded)(request, response)
    } catch (error) {
      throw withReason(error, request)
    }
    // Jobs and pipelines are made, changed and deleted, and with them their runs.
    if (request.method !== 'GET' && !isQuestion(request.url)) options.onChange?.()
  }
  const server = await listen(handler, {
    port,
    tls,
    logger,
    name: 'the management services',
    errorForm: (error, request) => errorFormOf(error, request.url ?? '')(error, request),
  })
  // Not before: where the port is taken, nothing is to run.
  for (const runs of [databricksRuns, synapseRuns]) runs.recover()
  return {
    port: server.port,
    close: async () => {
      await server.close()
      await Promise.all([databricksRuns.close(), synapseRuns.close()])
    },
  }
}

/** Each service has its own answer to a token that it does not know. */
function requireToken(token: string): Guard {
  const ofAzure = requireBearer(token, 'Bearer', { none: 'AuthenticationFailed' })
  const ofDatabricks = requireDatabricksToken(token)
  return (request) => (request.url?.startsWith('/databricks/') ? ofDatabricks : ofAzure)(request)
}

/** By which people and clients refer to an answer, and to the workspace that gave it. */
function nameAnswer({ headers, url = '' }: IncomingMessage, response: ServerResponse): void {
  if (url.startsWith('/databricks/')) {
    response.setHeader('x-databricks-org-id', WORKSPACE_ID)
    return
  }
  const id = crypto.randomUUID()
  response.setHeader('x-ms-request-id', id)
  response.setHeader('x-ms-correlation-request-id', headers['x-ms-correlation-request-id'] ?? id)
  response.setHeader('cache-control', 'no-cache')
  response.setHeader('pragma', 'no-cache')
  const given = headers['x-ms-client-request-id']
  const isWanted = String(headers['x-ms-return-client-request-id']).toLowerCase() === 'true'
  if (isWanted && typeof given === 'string' && /^[\x21-\x7e]{1,1024}$/.test(given))
    response.setHeader('x-ms-client-request-id', given)
}

/** Asked by a POST, and changes nothing. */
const isQuestion = (url = '') => /\/query|metrics:getBatch/i.test(url)

function errorFormOf(error: HttpError, url: string): ErrorForm {
  if (isSignIn({ url })) return signInError
  if (url.startsWith('/databricks/')) return databricksError
  if (url.startsWith('/synapse/')) return synapseError
  if (isFlat(error, url)) return metricsError
  return error instanceof ProviderError ? providerError : armError
}

/** Run ids of Databricks are numbers that only grow. */
const FIRST_RUN = 100_001
const nextNumber = (records: readonly RunRecord[]) =>
  String(1 + Math.max(FIRST_RUN - 1, ...records.map(({ id }) => Number(id))))
